"""Whether what a source hands over is an order at all. One that is not becomes an error of its own, not of its page."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from koppel.errors import RetryLater
from koppel.model import Order, UnreadableOrder

Seen = Order | UnreadableOrder


def latest_by_number(orders: Sequence[Seen], now: datetime) -> dict[str, Seen]:
    """The orders of a page by number. One that moved between pages comes twice: the last counts. Two different ones
    with one number (by their ids) are both set apart. RetryLater for what has not even a number.
    """
    latest: dict[str, Seen] = {}
    for given in orders:
        order = _sound(given, now)
        before = latest.get(order.number)
        if before is not None and before.id != order.id:
            order = UnreadableOrder(
                number=order.number,
                id=before.id,
                changed_at=before.changed_at,
                placed_at=before.placed_at,
                status=before.status,
                code="source.number-twice",
                message=f"The channel has two orders with the number {order.number}: {before.id} and {order.id}.",
                suggestion="Give one another number at the channel, or book the second by hand and process this again.",
            )
        latest[order.number] = order
    return latest


def _sound(order: Any, now: datetime) -> Seen:
    if not isinstance(order, Seen) or not _is_text(order.number) or not _is_text(order.id):
        raise RetryLater(
            "source.nonsense", "The source gave something that is no order.", "Tell the makers of its plugin."
        )
    problem = _problem(order)
    if not problem:
        return order
    return UnreadableOrder(
        number=order.number,
        id=order.id,
        changed_at=order.changed_at if _is_moment(order.changed_at) else now,
        code="source.nonsense",
        message=f"Order {order.number}: the source's plugin gave a {problem} that makes no sense.",
        suggestion="Tell the makers of the plugin; then process it again.",
    )


def _problem(order: Seen) -> str:
    """The first field that is not what it must be; its name only."""
    if not _is_moment(order.changed_at):
        return "changed_at"
    if order.status != "" and not _is_text(order.status):
        return "status"
    if isinstance(order, UnreadableOrder):
        return "" if order.placed_at is None or _is_moment(order.placed_at) else "placed_at"
    checks = {
        "placed_at": _is_moment(order.placed_at),
        "currency": _is_text(order.currency),
        "total": order.total is None or _is_amount(order.total),
        "lines": all(_is_amount(getattr(line, "gross", None), getattr(line, "quantity", None)) for line in order.lines),
    }
    return next((name for name, good in checks.items() if not good), "")


def _is_text(value: object) -> bool:
    return isinstance(value, str) and value != "" and value.isprintable()


def _is_moment(value: object) -> bool:
    return isinstance(value, datetime) and value.tzinfo is not None


def _is_amount(*values: object) -> bool:
    return all(isinstance(value, Decimal) and value.is_finite() for value in values)
