"""What a VAT decision is made from, and what comes out of it."""

from datetime import date
from decimal import Decimal
from enum import StrEnum

from msgspec import Struct

from koppel.model import ZERO
from koppel.vat.rates import STANDARD
from koppel.vat.sentence import Sentence
from koppel.vat.treatment import Treatment
from koppel.vat.vies import ViesState


class Transaction(StrEnum):
    """What happened. A refund carries the facts and the date of its sale: it is never decided anew."""

    SALE = "sale"
    REFUND = "refund"
    TRANSFER = "transfer"
    """Stock moved between fulfilment centres."""


class Charged(StrEnum):
    """Whether the channel reports VAT on this amount. Not reported is None, which is not zero."""

    CHARGED = "charged"
    ZERO = "zero"


REVERSE_CHARGE = "reverse_charge"
"""Category of phones, chips, laptops, consoles: standard rate, but reverse-charged to Dutch businesses from 10,000."""


class Seller(Struct, frozen=True, kw_only=True):
    """Who sells. ``oss`` and ``above_threshold`` None = not known; see :class:`koppel.booking.SellerSettings`."""

    country: str | None = "NL"
    oss: bool | None = None
    kor: bool = False
    above_threshold: bool | None = None


class Facts(Struct, frozen=True, kw_only=True):
    """All that decides the VAT of one amount [bookkeeping.md 1].

    ``departure`` is where the goods leave (FBA: the warehouse), ``arrival`` and ``postcode`` the **delivery** address;
    ``city`` helps where the postcode is missing. ``vies`` None = not asked. ``business`` marks a verified business
    buyer, with or without a number. ``marketplace_collects`` is what the channel says, never derived; ``marketplace``
    False marks an own shop, which cannot collect for the seller. ``gross`` includes VAT (None only for transfers),
    in ``currency``; negative for refunds and discounts; ``whole_units`` = counted without decimals though the currency
    has them (forints). ``on`` is the tax date. ``invoice_gross`` is the document's
    total of reverse-charge goods, where it is more than this amount.
    """

    seller: Seller
    departure: str | None
    arrival: str | None
    on: date
    gross: Decimal | None
    postcode: str | None = None
    city: str | None = None
    transaction: Transaction = Transaction.SALE
    category: str = STANDARD
    currency: str = "EUR"
    whole_units: bool = False
    buyer_vat_id: str | None = None
    business: bool = False
    vies: ViesState | None = None
    marketplace: bool = True
    marketplace_collects: bool = False
    channel_vat: Charged | None = None
    invoice_gross: Decimal | None = None


class Decision(Struct, frozen=True, kw_only=True):
    """What is booked, and why.

    ``rule`` is the row of the table [bookkeeping.md 1] that hit: ``"6"``, ``"10a"``. ``country`` is whose VAT, None
    where none is booked. ``rate`` is a percentage; ``gross = net + vat`` in ``currency``. All four are None where
    nothing is booked as revenue (REVIEW, transfers). ``code`` and ``suggestion`` are set for REVIEW: ``vies.unknown``
    may change by itself and is asked again, the others wait for a person. ``trail``: from the facts to the rule to the
    figures.
    """

    treatment: Treatment
    rule: str
    trail: tuple[Sentence, ...]
    currency: str
    country: str | None = None
    rate: Decimal | None = None
    gross: Decimal | None = None
    net: Decimal | None = None
    vat: Decimal | None = None
    code: str = ""
    suggestion: Sentence | None = None
    warnings: tuple[Sentence, ...] = ()

    @property
    def refused(self) -> bool:
        """Whether a person (or VIES) must speak first."""
        return self.treatment is Treatment.REVIEW


def vat_inside(gross: Decimal, rate: Decimal) -> Decimal:
    """The VAT inside an amount that includes it, unrounded: ``gross * rate / (100 + rate)``."""
    return gross * rate / (100 + rate) if rate else ZERO
