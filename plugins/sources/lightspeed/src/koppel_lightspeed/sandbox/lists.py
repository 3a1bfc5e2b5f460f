"""Lists as the vendor gives them: newest id first, filters really evaluated, pages by number [fact sheet 5.1, 5.2]."""

from collections.abc import Callable, Iterable
from datetime import datetime, tzinfo

from starlette.datastructures import QueryParams

from koppel_lightspeed.sandbox.orders import ShopOrder


def select(orders: Iterable[ShopOrder], query: QueryParams, zone: tzinfo) -> list[ShopOrder]:
    """The orders that pass the filters. A filter that the vendor does not know is ignored. ValueError: no date."""
    tests = [_test(name, value, zone) for name, value in query.items()]
    chosen = [order for order in orders if all(test(order) for test in tests)]
    return sorted(chosen, key=lambda order: order.id, reverse=True)


def page(orders: list[ShopOrder], query: QueryParams, *, largest: int) -> list[ShopOrder]:
    """One page: 50 rows unless asked, at most ``largest``. Beyond the end it is empty."""
    limit = min(_number(query.get("limit"), 50), largest)
    start = (_number(query.get("page"), 1) - 1) * limit
    return orders[start : start + limit]


def _number(text: str | None, default: int) -> int:
    return max(1, int(text)) if text and text.isdecimal() else default


def _test(name: str, value: str, zone: tzinfo) -> Callable[[ShopOrder], bool]:
    if name in ("created_at_min", "updated_at_min", "created_at_max", "updated_at_max"):
        limit = datetime.strptime(value, "%Y-%m-%d %H:%M:%S").replace(tzinfo=zone)
        newest = name.endswith("max")

        def in_time(order: ShopOrder) -> bool:
            moment = order.created if name.startswith("created") else order.updated
            return moment <= limit if newest else moment >= limit

        return in_time
    if name == "since_id":
        return lambda order: order.id > _number(value, 0)
    if name in ("number", "status", "email"):
        return lambda order: str(order.fields[name]).casefold() == value.casefold()
    if name == "customer":
        return lambda order: str(order.fields.get("customer")) == value
    return lambda _order: True
