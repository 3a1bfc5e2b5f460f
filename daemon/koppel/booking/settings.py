"""How a connection books: ``[orders]`` (in part), ``[seller]``, ``[vat.*]``, ``[ledgers]`` … of its file."""

from decimal import Decimal, InvalidOperation
from typing import Annotated, Literal

from msgspec import Meta, Struct

from koppel.booking.templates import COLLECTIVE, DESCRIPTION, STAND_IN, Template, check_template
from koppel.errors import Misconfigured
from koppel.vat.countries import VAT_TERRITORIES, country_code
from koppel.vat.facts import REVERSE_CHARGE
from koppel.vat.rates import CATEGORIES

_SINGLE = frozenset({"ICP", "export", "marketplace", "KOR", "outside"})
_PATTERNS = ("{}", "{}-OSS", "{}-local", "ICP-{}", "export-{}")
ROW_NAMES = _SINGLE | {pattern.format(country) for country in VAT_TERRITORIES for pattern in _PATTERNS}
"""The rows that a VAT table can have; what each is for: :mod:`koppel.booking.table`."""

GIFT_CARD = "gift_card"
"""Category of multi-purpose gift cards: selling one is no turnover but a debt, so it carries no VAT."""


class VatRow(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One cell of the VAT table: the target's VAT code and revenue ledger. Empty ledger = the target's own default."""

    code: str = ""
    ledger: str = ""


VatTable = dict[str, dict[str, VatRow]]
"""Row name -> rate as text (``"21"``, ``"5.5"``) -> cell. The names: see :mod:`koppel.booking.table`."""


class OrderBooking(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[orders]``, the part that is about documents.

    ``customers``: a debtor for each buyer, one for all, or one for each country (C6). ``collective_name`` and
    ``collective_code`` name the collective debtor in the target; ``stand_in_name`` a buyer whose name the channel hides
    (C5). ``date``: which day is the tax date (V5). ``rounding``: VAT rounded per line, or on the total of a rate; one
    of the two, for ever. ``business_without_number``: what to do with a business order that crosses a border and has
    no VAT number: wait for a person, or book it as a consumer's. ``vies``: whether VIES is asked at all (C8).
    """

    customers: Literal["individual", "collective", "collective-per-country"] = "individual"
    collective_name: str = ""
    collective_code: str = ""
    stand_in_name: str = "{channel}-klant {postcode}"
    description: str = "{order_number} {marketplace}"
    date: Literal["order", "shipment", "payment"] = "order"
    rounding: Literal["line", "total"] = "line"
    payment_term_days: Annotated[int, Meta(ge=0, le=365)] | None = None
    business_without_number: Literal["review", "consumer"] = "review"
    vies: bool = True

    def __post_init__(self) -> None:
        for key, text, known in (
            ("description", self.description, DESCRIPTION),
            ("collective_name", self.collective_name, COLLECTIVE),
            ("collective_code", self.collective_code, COLLECTIVE),
            ("stand_in_name", self.stand_in_name, STAND_IN),
        ):
            check_template(f"[orders] {key}", text, known)

    @property
    def collective_template(self) -> Template:
        """The name of the collective debtor: as configured, else told apart by country only where there is one each."""
        if self.collective_name:
            return Template(self.collective_name)
        return Template(
            "{channel} klanten {country}" if self.customers == "collective-per-country" else "{channel} klanten"
        )


class SellerSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[seller]``: who sells.

    ``country``: where the seller is established. ``ships_from``: where own-fulfilled goods leave, if the channel does
    not tell and it is another country. ``oss``: registered for the Union one-stop shop. ``kor``: uses the Dutch
    small-business scheme. ``above_threshold``: EU distance sales over **all** channels passed EUR 10,000 (excl. VAT)
    this year or last. ``vat_id``: the seller's own number; VIES gives a consultation number only to who tells it.
    """

    country: str = "NL"
    ships_from: str = ""
    oss: bool = False
    kor: bool = False
    above_threshold: bool = False
    vat_id: str = ""

    def __post_init__(self) -> None:
        for key, code in (("country", self.country), ("ships_from", self.ships_from or "NL")):
            if country_code(code) != code:
                raise Misconfigured(
                    "config.value", f"[seller] {key}: {code!r} is no ISO country code.", "Write NL, BE, DE …"
                )

    @property
    def departure(self) -> str:
        """The country that own-fulfilled goods leave from."""
        return self.ships_from or self.country


class Ledgers(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[ledgers]``: ledgers for amounts that are no goods (V4). Empty = the ledger of the goods' VAT row."""

    shipping: str = ""
    payment_costs: str = ""
    discounts: str = ""
    gift_wrap: str = ""
    rounding_differences: str = ""
    tips: str = ""
    deposits: str = ""
    vouchers: str = ""
    other: str = ""


class Articles(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[articles]``: article codes for amounts that are no goods (A5). ``{rate}`` stands for the VAT percentage."""

    shipping: str = "Shipment"
    discount: str = "Discount"
    gift_wrap: str = "Giftwrap"
    payment_costs: str = "PaymentCosts"
    rounding: str = "Rounding"
    deposit: str = "Deposit"
    tip: str = "Tip"
    other: str = "Other"

    def __post_init__(self) -> None:
        for key in self.__struct_fields__:
            check_template(f"[articles] {key}", getattr(self, key), frozenset({"rate"}))


class BookingSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All of a connection file that booking needs. Made by ``msgspec.convert``; raises Misconfigured for wrong values.

    ``categories``: VAT category -> the article codes (or globs: ``BOOK-*``) that have it; the first match counts, an
    exact code before a glob; anything else is ``standard``.
    """

    orders: OrderBooking = OrderBooking()
    seller: SellerSettings = SellerSettings()
    vat: VatTable = {}
    ledgers: Ledgers = Ledgers()
    articles: Articles = Articles()
    categories: dict[str, tuple[str, ...]] = {}

    def __post_init__(self) -> None:
        for name, cells in self.vat.items():
            _check_row_name(name)
            for rate in cells:
                _check_rate(name, rate)
        for category in self.categories:
            if category not in CATEGORIES | {REVERSE_CHARGE, GIFT_CARD}:
                raise Misconfigured(
                    "config.value",
                    f"[categories]: {category!r} is no VAT category.",
                    f"Known: {', '.join(sorted(CATEGORIES))}.",
                )


def _check_row_name(name: str) -> None:
    if name not in ROW_NAMES:
        raise Misconfigured(
            "config.value",
            f"[vat.{name}]: there is no such row.",
            f"Write a country of the EU (DE, DE-local, NL-OSS), ICP-DE, export-DE, or {', '.join(sorted(_SINGLE))}.",
        )


def _check_rate(name: str, rate: str) -> None:
    try:
        usable = 0 <= Decimal(rate) < 100
    except InvalidOperation:
        usable = False
    if not usable:
        raise Misconfigured(
            "config.value", f"[vat.{name}]: {rate!r} is no VAT rate.", 'Write a percentage: 21, or quoted: "5.5".'
        )
