"""From an order and its settings to the facts that its VAT is decided by."""

from datetime import date
from decimal import Decimal
from fnmatch import fnmatchcase

from koppel.booking.settings import BookingSettings
from koppel.model import ZERO, Fulfilment, LineKind, Order, OrderLine
from koppel.vat.facts import REVERSE_CHARGE, Charged, Facts, Seller
from koppel.vat.numbers import judge_number
from koppel.vat.rates import STANDARD
from koppel.vat.vies import ViesAnswer, ViesState


def departure(order: Order, settings: BookingSettings) -> str | None:
    """Where the goods leave: what the channel tells, else for own-fulfilled orders the seller's; None = not known."""
    if order.ships_from:
        return order.ships_from
    return settings.seller.departure if order.fulfilment is Fulfilment.MERCHANT else None


def category_of(line: OrderLine, settings: BookingSettings) -> str:
    """The VAT category of a goods line: the user's, else standard."""
    return chosen_category(line, settings) or STANDARD


def chosen_category(line: OrderLine, settings: BookingSettings) -> str | None:
    """The VAT category by the user's table: an exact code first, then the first glob; None = the table is silent."""
    product = line.product
    if not settings.categories:
        return None
    codes = {code for code in (product.sku, product.article_code, product.ean) if code} if product else set[str]()
    for category, patterns in settings.categories.items():
        if not codes.isdisjoint(patterns):
            return category
    for category, patterns in settings.categories.items():
        if any(fnmatchcase(code, pattern) for code in codes for pattern in patterns):
            return category
    return None


def facts_of(
    order: Order,
    line: OrderLine,
    settings: BookingSettings,
    on: date,
    vies: ViesAnswer | None,
    category: str | None = None,
) -> Facts:
    """The facts of one goods line. An answer of VIES about another number than the buyer's counts as none.

    ``category`` overrules the user's table.
    """
    seller, delivery, buyer = settings.seller, order.delivery, order.buyer
    wait = settings.orders.business_without_number == "review"
    return Facts(
        seller=Seller(country=seller.country, oss=seller.oss, kor=seller.kor, above_threshold=seller.above_threshold),
        departure=departure(order, settings),
        arrival=delivery.country if delivery else None,
        postcode=delivery.postcode if delivery else None,
        city=" ".join(filter(None, (delivery.city, delivery.region))) if delivery else None,
        on=on,
        category=category or category_of(line, settings),
        gross=line.gross - line.vat_withheld,
        currency=order.currency,
        buyer_vat_id=buyer.vat_id,
        business=order.business and wait,
        vies=answer_about(buyer.vat_id, vies),
        marketplace_collects=line.marketplace_vat,
        channel_vat=reported(line) or (Charged.CHARGED if _any_charged(order) else None),
        invoice_gross=_reverse_charge_total(order, settings),
    )


def reported(line: OrderLine) -> Charged | None:
    """Whether the channel reports VAT on a line: by its amount, else by its rate."""
    if line.channel_vat is None or line.marketplace_vat:
        return None
    amount, rate = line.channel_vat.amount, line.channel_vat.rate
    told = amount if amount is not None else rate
    if told is None or (not line.gross and not told):
        return None
    return Charged.CHARGED if told else Charged.ZERO


def _any_charged(order: Order) -> bool:
    return any(reported(line) is Charged.CHARGED for line in order.lines)


def answer_about(vat_id: str | None, vies: ViesAnswer | None) -> ViesState | None:
    """What VIES said about this number; None = nothing, or it was asked about another."""
    if not vat_id or vies is None or judge_number(vies.number).text != judge_number(vat_id).text:
        return None
    return vies.state


def _reverse_charge_total(order: Order, settings: BookingSettings) -> Decimal | None:
    if REVERSE_CHARGE not in settings.categories:
        return None
    goods = [
        line.gross
        for line in order.lines
        if line.kind is LineKind.GOODS and category_of(line, settings) == REVERSE_CHARGE
    ]
    return sum(goods, ZERO) if goods else None
