"""From Amazon's JSON to :class:`koppel.model.Order`. Pure: no network, no clock. [fact sheet 9]"""

from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec
from msgspec import Struct

from koppel.errors import RetryLater
from koppel.model import Fulfilment, Order, Payment, UnreadableOrder
from koppel_amazon.lines import LinesOf, still_ordered
from koppel_amazon.money import DoNotFit
from koppel_amazon.people import billing_address, buyer_of, delivery_address
from koppel_amazon.pricing import NoAmounts, Priced, price
from koppel_amazon.tables import BY_ID, CANCELLED, RELEASING, REPLACEMENTS, status_name
from koppel_amazon.wire import Item, OrderHead, WireOrder, moment

NO_CURRENCY = "XXX"
"""ISO 4217 for "no currency": an order without any amount in a shop that we do not know."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Departure(Struct, frozen=True, kw_only=True):
    """Where goods leave from (ISO 3166), by who sends them. None = not said here."""

    own: str | None
    fba: str | None


def read_order(raw: bytes | msgspec.Raw, departure: Departure) -> Order | UnreadableOrder:
    """One order of Amazon's JSON. Raises RetryLater only if not even its number can be found."""
    try:
        wire = msgspec.json.decode(raw, type=WireOrder, strict=False)
    except msgspec.ValidationError as error:
        return _unreadable_shape(raw, str(error))
    except msgspec.DecodeError as error:
        raise RetryLater("amazon.garbage", "Amazon's answer holds an order that is no JSON.") from error
    if not wire.order_id:
        raise RetryLater(
            "amazon.garbage",
            "Amazon sent an order without a number.",
            "If this stays so for more than a day, report it with a detail log.",
        )
    return _order(wire, wire.order_id, departure)


def _order(wire: WireOrder, number: str, departure: Departure) -> Order | UnreadableOrder:
    placed = moment(wire.created_time)
    changed = moment(wire.last_updated_time) or placed
    spelling = (wire.fulfillment.fulfillment_status if wire.fulfillment else None) or ""
    status = status_name(spelling)
    if placed is None or changed is None:
        return _unreadable(wire, number, "amazon.no-time", "Amazon does not tell when this order was placed.")
    if not spelling:
        return _unreadable(wire, number, "amazon.no-status", "Amazon gave this order without a status.")
    try:
        currency = currency_of(wire)
        items = tuple(still_ordered(wire.order_items or ()))
        priced = _price(wire, status, items, currency)
    except DoNotFit as error:
        return _unreadable(
            wire,
            number,
            "amazon.amounts",
            f"The amounts of order {number} cannot be read: {error}.",
            "Look the order up in Seller Central, book it by hand, and report the figures.",
        )
    except NoAmounts:
        return _unreadable(
            wire,
            number,
            "amazon.no-amounts",
            f"Order {number} is {status}, but Amazon gives no amounts for it.",
            "Wait for the next change of the order; if it stays so, book it by hand from Seller Central.",
        )
    fba = ((wire.fulfillment.fulfilled_by if wire.fulfillment else None) or "").upper() == "AMAZON"
    shop = BY_ID.get((wire.sales_channel.marketplace_id if wire.sales_channel else None) or "")
    buyer = buyer_of(wire)
    return Order(
        number=number,
        id=number,
        placed_at=placed,
        changed_at=changed,
        status=status,
        currency=currency,
        lines=LinesOf(items, priced, facilitated(items)).all() if priced else (),
        total=priced.total if priced else None,
        channel="amazon_fba" if fba else "amazon",
        market=shop.country if shop else None,
        fulfilment=Fulfilment.CHANNEL if fba else Fulfilment.MERCHANT,
        ships_from=departure.fba if fba else departure.own,
        buyer=buyer,
        billing=billing_address(wire),
        delivery=delivery_address(wire),
        payment=Payment(method=_payment_method(wire)),
        shipped_at=_shipped_at(wire),
        business="AMAZON_BUSINESS" in (wire.programs or ()) or buyer.vat_id is not None,
        cancelled=status == CANCELLED,
        skip=_skip(wire, status, items, priced),
        warnings=tuple(_warnings(wire, priced, departure, fba=fba)),
    )


def currency_of(wire: WireOrder) -> str:
    """The order's currency: of its total, else of any amount, else of the shop. [fact sheet 9]"""
    amounts = [wire.proceeds.grand_total if wire.proceeds else None]
    for item in wire.order_items or ():
        if item.proceeds:
            amounts.append(item.proceeds.proceeds_total)
            amounts.extend(breakdown.subtotal for breakdown in item.proceeds.breakdowns or ())
    amounts.extend(
        item.product.price.unit_price for item in wire.order_items or () if item.product and item.product.price
    )
    for amount in amounts:
        if amount is not None and amount.currency_code:
            return amount.currency_code
    shop = BY_ID.get((wire.sales_channel.marketplace_id if wire.sales_channel else None) or "")
    return shop.currency if shop else NO_CURRENCY


def _price(wire: WireOrder, status: str, items: tuple[Item, ...], currency: str) -> Priced | None:
    """Prices, or None where they are not there yet and need not be.

    Only a status that is booked must have amounts that fit; a pending order may still change, a cancelled one, a
    replacement or one that was not sold on Amazon is never booked.
    """
    try:
        return price(wire.proceeds, items, currency)
    except NoAmounts:
        if status not in RELEASING or _foreign(wire) or _replacement(wire) or not items:
            return None
        raise
    except DoNotFit:
        if status not in RELEASING or _foreign(wire):
            return None
        raise


def facilitated(items: tuple[Item, ...]) -> frozenset[int]:
    """Which items (by position) have VAT that Amazon collects and remits itself."""
    return frozenset(
        index
        for index, item in enumerate(items)
        if item.tax
        and any((one.model or "").upper() == "MARKETPLACE_FACILITATOR" for one in item.tax.tax_collections or ())
    )


def _foreign(wire: WireOrder) -> bool:
    channel = (wire.sales_channel.channel_name if wire.sales_channel else None) or ""
    return channel.upper().replace("-", "_").replace(" ", "_") == "NON_AMAZON"


def _replacement(wire: WireOrder) -> str:
    """The order that this one replaces, or nothing."""
    for other in wire.associated_orders or ():
        if (other.association_type or "").upper() in REPLACEMENTS:
            return other.order_id or "another order"
    return ""


def _skip(wire: WireOrder, status: str, items: tuple[Item, ...], priced: Priced | None) -> str:
    """Why this order must never be booked, or nothing."""
    if _foreign(wire):
        return "Not sold on Amazon: Amazon only ships it for another channel."
    original = _replacement(wire)
    if original and (priced is None or not priced.total):
        return f"Replaces {original}; nothing is charged."
    if status in RELEASING and wire.order_items and not items:
        return "All units were cancelled."
    return ""


def _warnings(wire: WireOrder, priced: Priced | None, departure: Departure, *, fba: bool) -> Iterator[str]:
    asked = (item.cancellation.cancellation_request for item in wire.order_items or () if item.cancellation)
    if any(request is not None and (request.requester or "").upper() == "BUYER" for request in asked):
        yield "amazon.cancellation-requested"
    if ((wire.sales_channel.marketplace_id if wire.sales_channel else None) or "") not in BY_ID:
        yield "amazon.unknown-marketplace"
    if priced is not None and not priced.total_told:
        yield "amazon.no-grand-total"
    seen = {
        package.ship_from_address.country_code
        for package in wire.packages or ()
        if package.ship_from_address and package.ship_from_address.country_code
    }
    if not fba and departure.own and seen - {departure.own}:
        yield "amazon.ships-from-differs"


def _payment_method(wire: WireOrder) -> str:
    """Amazon's word for how the buyer paid; mostly it tells nothing, and the money comes from Amazon anyway."""
    executions = (wire.payment.payment_executions if wire.payment else None) or ()
    return next((one.payment_method for one in executions if one.payment_method), "Amazon")


def _shipped_at(wire: WireOrder) -> datetime | None:
    """When the first parcel left. The first one stays the first: a date that was booked does not change later."""
    times = [time for package in wire.packages or () if (time := moment(package.ship_time))]
    return min(times, default=None)


def _unreadable(wire: WireOrder, number: str, code: str, message: str, suggestion: str = "") -> UnreadableOrder:
    placed, changed = moment(wire.created_time), moment(wire.last_updated_time)
    return UnreadableOrder(
        number=number,
        id=number,
        changed_at=changed or placed or EPOCH,
        code=code,
        message=message,
        suggestion=suggestion or "Look the order up in Seller Central; if it looks normal there, report it.",
        placed_at=placed,
        status=status_name((wire.fulfillment.fulfillment_status if wire.fulfillment else None) or ""),
    )


def _unreadable_shape(raw: bytes | msgspec.Raw, place: str) -> UnreadableOrder:
    try:
        head = msgspec.json.decode(raw, type=OrderHead)
    except msgspec.ValidationError as error:
        raise RetryLater("amazon.garbage", "Amazon sent an order without a number.") from error
    placed, changed = moment(head.created_time), moment(head.last_updated_time)
    return UnreadableOrder(
        number=head.order_id,
        id=head.order_id,
        changed_at=changed or placed or EPOCH,
        code="amazon.shape",
        message=f"Order {head.order_id} has a shape that Amazon does not document: {place}.",
        suggestion="Report it; koppel must learn this shape.",
        placed_at=placed,
    )
