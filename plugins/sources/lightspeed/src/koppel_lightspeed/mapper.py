"""From Lightspeed's order to koppel's. Pure: no clock, no network."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from koppel.model import Address, Buyer, Fulfilment, LineKind, Order, OrderLine, Payment, UnreadableOrder
from koppel_lightspeed.amounts import CENT, Amounts, Unreadable
from koppel_lightspeed.decoding import aware, embedded
from koppel_lightspeed.tables import AWAITING_PAYMENT, CANCELLED, ON_ACCOUNT, STATUS_NAMES, UNKNOWN
from koppel_lightspeed.wire import AddressWire, Country, EventWire, LineWire, OrderWire, Text

CHANNEL = "lightspeed"
COUNTRIES = {"UK": "GB", "EL": "GR"}
"""Codes of common use that are not ISO's."""


@dataclass(frozen=True)
class Shop:
    """What the order itself does not tell: currency, country of the shop and (None = not set) of the stock, and the
    connection's choices.
    """

    currency: str
    country: str | None = None
    ships_from: str | None = None
    language: str = "nl"
    split_discounts: bool = True
    article_code_first: bool = False


def to_order(wire: OrderWire, goods: Sequence[LineWire], shop: Shop) -> Order | UnreadableOrder:
    """One order with its lines, checked to the cent; UnreadableOrder with the figures where they do not fit."""
    try:
        return _order(wire, goods, shop)
    except Unreadable as error:
        number = str(wire.number or wire.id)
        return UnreadableOrder(
            number=number,
            id=str(wire.id),
            changed_at=_utc(wire.updated_at),
            placed_at=_utc(wire.created_at),
            status=wire.status,
            code=error.code,
            message=f"Order {number}: {error.message}",
            suggestion=error.suggestion,
        )


def _order(wire: OrderWire, goods: Sequence[LineWire], shop: Shop) -> Order:
    if aware(wire.created_at) is None or aware(wire.updated_at) is None:
        raise Unreadable("lightspeed.time", "its moments have no time zone, so that its day in the books is not known.")
    if wire.number is None:
        raise Unreadable("lightspeed.number", "it has no number.")
    status = _status(wire)
    try:
        lines, total = _money(wire, goods, Amounts(shop.currency, shop.split_discounts, shop.article_code_first))
    except Unreadable:
        if status != CANCELLED:
            raise
        lines, total = (), None  # will never be booked: no reason to trouble anybody
    events = embedded(wire.events)
    business = wire.is_company or wire.company_vat_number is not None
    language = wire.language.code if wire.language and wire.language.code else shop.language
    return Order(
        number=str(wire.number),
        id=str(wire.id),
        placed_at=_utc(wire.created_at),
        changed_at=_utc(wire.updated_at),
        status=status,
        currency=shop.currency,
        lines=lines,
        total=total,
        channel=CHANNEL,
        market=language.upper(),
        fulfilment=Fulfilment.MERCHANT,
        ships_from=shop.ships_from,
        buyer=_buyer(wire, business=business),
        billing=_address(wire.billing, wire.company_name if business else None),
        delivery=_address(wire.shipping, wire.shipping.company),
        payment=Payment(
            method=_text(wire.payment_title) or _text(wire.payment_id),
            paid_at=_last(events, "order", "paid") if wire.payment_status == "paid" else None,
        ),
        shipped_at=_last(events, "shipment", "shipped"),
        business=business,
        cancelled=status == CANCELLED,
        invoice_number=_invoice_number(wire),
        warnings=tuple(_warnings(wire, goods, status, shop)),
    )


def _money(wire: OrderWire, goods: Sequence[LineWire], amounts: Amounts) -> tuple[tuple[OrderLine, ...], Decimal]:
    """The lines, and what the buyer paid. The two may differ by the shop's rounding, a cent a line [fact sheet 7.1]:
    the core books or refuses that by its own rule. More means that something was not understood.
    """
    if wire.price_incl is None:
        raise Unreadable("lightspeed.total", "it has no total.")
    lines = amounts.lines(wire, goods)
    total = amounts.cents(wire.price_incl)
    found = sum((line.gross for line in lines), Decimal(0))
    if abs(total - found) > CENT * max(1, len(goods)):
        parts = {kind: sum((line.gross for line in lines if line.kind is kind), Decimal(0)) for kind in LineKind}
        told = ", ".join(f"{kind.value} {amount}" for kind, amount in parts.items() if amount)
        raise Unreadable(
            "lightspeed.total",
            f"its total is {total} {amounts.currency}, but its parts add up to {found} ({told or 'no lines'}).",
            "Compare the order in the shop's back office, and book it by hand if it is right there.",
        )
    return lines, total


def _status(wire: OrderWire) -> str:
    if wire.status == CANCELLED or (wire.payment_status == CANCELLED and wire.shipment_status == CANCELLED):
        return CANCELLED
    if wire.status == AWAITING_PAYMENT and wire.payment_is_post:
        return ON_ACCOUNT
    return wire.status if wire.status in STATUS_NAMES else UNKNOWN


def _warnings(wire: OrderWire, goods: Sequence[LineWire], status: str, shop: Shop) -> list[str]:
    found: list[str] = []
    if status == UNKNOWN:
        found.append("lightspeed.unknown-status")
    if wire.gift_cards_payment is not None:
        found.append("lightspeed.gift-card")
    if any(line.quantity_refunded for line in goods) or any(each.is_credit_note for each in embedded(wire.invoices)):
        found.append("lightspeed.refunded")
    here, delivery = shop.ships_from or shop.country, country_code(wire.shipping.country)
    if wire.shipment_is_pickup and here and delivery and here != delivery:
        found.append("lightspeed.pickup-abroad")
    return found


def _buyer(wire: OrderWire, *, business: bool) -> Buyer:
    surname = " ".join(part for part in (_text(wire.middlename), _text(wire.lastname)) if part)
    return Buyer(
        first_name=_text(wire.firstname),
        last_name=surname or None,
        company=_text(wire.company_name) if business else None,
        email=wire.email,
        phone=_text(wire.phone) or _text(wire.mobile),
        vat_id=_text(wire.company_vat_number),
    )


def _address(wire: AddressWire, company: Text) -> Address | None:
    """Street, number and extension are separate fields, but buyers also type the number into the street."""
    street, number, extension = _text(wire.street) or "", _text(wire.number) or "", _text(wire.extension) or ""
    house = f"{number} {extension}".strip()
    typed_already = house and street.casefold().endswith((f" {house}".casefold(), f" {number}{extension}".casefold()))
    lines = (street if typed_already else f"{street} {house}".strip(), _text(wire.street2) or "")
    address = Address(
        name=_text(wire.name),
        company=_text(company),
        lines=tuple(line for line in lines if line),
        postcode=_text(wire.zipcode),
        city=_text(wire.city),
        region=_text(wire.region),
        country=country_code(wire.country),
    )
    return None if address == Address(company=address.company) else address


def country_code(country: Country | None) -> str | None:
    """A country by ISO 3166, from the vendor's lower-case code."""
    code = (country.code or "").upper() if country else ""
    return COUNTRIES.get(code, code) or None


def _invoice_number(wire: OrderWire) -> str | None:
    """The first invoice; an order has none, one or several [fact sheet 7.5]."""
    invoices = [each for each in embedded(wire.invoices) if not each.is_credit_note]
    return _text(min(invoices, key=lambda each: each.id).number) if invoices else None


def _last(events: Sequence[EventWire], kind: str, message: str) -> datetime | None:
    """When this last happened: an order can be paid, unpaid and paid again."""
    moments = [
        moment
        for event in events
        if event.type == kind and event.message == message and (moment := aware(event.created_at))
    ]
    return _utc(max(moments)) if moments else None


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _text(value: Text) -> str | None:
    return None if value is None else str(value)
