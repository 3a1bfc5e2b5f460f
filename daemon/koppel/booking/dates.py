"""Which day a document is of: a day in Europe/Amsterdam, whatever time zone the channel reports in (V5)."""

from datetime import date

from koppel.booking.settings import OrderBooking
from koppel.errors import Refused
from koppel.model import Order
from koppel.vat.taxday import dutch_day

_WORDS = {
    "shipment": "has no shipment date",
    "payment": "has no payment date",
}


def tax_day(order: Order, settings: OrderBooking) -> date:
    """The tax date by setting. Refused ``booking.date-missing`` where the channel does not tell that date (yet)."""
    moment = {"order": order.placed_at, "shipment": order.shipped_at, "payment": order.payment.paid_at}[settings.date]
    if moment is None:
        raise Refused(
            "booking.date-missing",
            f"Order {order.number} {_WORDS[settings.date]}, and that is its tax date by [orders] date.",
            'Release orders at a later status, or set [orders] date = "order".',
        )
    return dutch_day(moment)
