"""An order as the simulator keeps it, and what of it a caller may see."""

import re
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from koppel_amazon.tables import status_name
from koppel_amazon.wire import moment, text_time

Json = dict[str, Any]

RELEASED = frozenset({"UNSHIPPED", "PARTIALLY_SHIPPED", "SHIPPED"})
PENDING = frozenset({"PENDING", "PENDING_AVAILABILITY"})

ORDER_ALWAYS = (
    "orderId",
    "orderAliases",
    "createdTime",
    "lastUpdatedTime",
    "programs",
    "associatedOrders",
    "salesChannel",
)
ITEM_ALWAYS = ("orderItemId", "quantityOrdered", "measurement", "associatedOrderItems", "programs", "product")
DATASETS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "BUYER": (("buyer",), ()),
    "RECIPIENT": (("recipient",), ()),
    "PROCEEDS": (("proceeds",), ("proceeds",)),
    "EXPENSE": ((), ("expense",)),
    "PROMOTION": ((), ("promotion",)),
    "CANCELLATION": ((), ("cancellation",)),
    "FULFILLMENT": (("fulfillment",), ("fulfillment",)),
    "PACKAGES": (("packages",), ()),
    "TAX": (("tax",), ("tax",)),
    "PAYMENT": (("payment",), ()),
    "FULFILLMENT_ORDERS": (("fulfillmentOrders",), ()),
}
"""Which fields of order and item each dataset brings. [fact sheet 7.2]"""

ADDRESS_PII = ("name", "companyName", "addressLine1", "addressLine2", "addressLine3", "postalCode", "phone")


@dataclass
class Record:
    """One order with all datasets. ``plan`` is what will happen to it: (when, new status or ``request``)."""

    data: Json
    plan: list[tuple[datetime, str]] = field(default_factory=list[tuple[datetime, str]])

    @property
    def number(self) -> str:
        """Amazon's order number."""
        return str(self.data["orderId"])

    @property
    def status(self) -> str:
        """Amazon's spelling."""
        return str(self.data.get("fulfillment", {}).get("fulfillmentStatus", ""))

    @property
    def released(self) -> bool:
        """Whether its status is one that is booked by default."""
        return self.status in RELEASED

    @property
    def cancelled(self) -> bool:
        """Whether it was cancelled."""
        return self.status == "CANCELLED"

    @property
    def skipped(self) -> bool:
        """Whether it must never be booked: not sold on Amazon, or a replacement for nothing."""
        elsewhere = self.data.get("salesChannel", {}).get("channelName") == "NON_AMAZON"
        return bool(elsewhere) or (bool(self.data.get("associatedOrders")) and self.total == 0)

    @property
    def total(self) -> Decimal:
        """What the buyer pays; 0 where no amount is known."""
        return Decimal(self.data.get("proceeds", {}).get("grandTotal", {}).get("amount", "0"))

    @property
    def expected_total(self) -> Decimal:
        """What must be booked: what the buyer pays less the VAT that Amazon keeps and remits itself."""
        return self.total - sum((_withheld(item) for item in self.data["orderItems"]), Decimal(0))

    @property
    def currency(self) -> str:
        """The currency of the amounts."""
        return str(self.data.get("proceeds", {}).get("grandTotal", {}).get("currencyCode", ""))

    @property
    def created(self) -> datetime:
        """When it was placed."""
        return _time(self.data["createdTime"])

    @property
    def updated(self) -> datetime:
        """When it last changed."""
        return _time(self.data["lastUpdatedTime"])

    @property
    def by_amazon(self) -> bool:
        """Whether Amazon sends it (FBA)."""
        return bool(self.data.get("fulfillment", {}).get("fulfilledBy") == "AMAZON")

    def change(self, status: str, at: datetime) -> None:
        """Give it a status, in any spelling, and all that comes with it."""
        new = vendor_spelling(status)
        self.data.setdefault("fulfillment", {})["fulfillmentStatus"] = new
        self.data["lastUpdatedTime"] = text_time(at)
        for item in self.data["orderItems"]:
            units = item.setdefault("fulfillment", {})
            left = units.get("quantityFulfilled", 0) + units.get("quantityUnfulfilled", item["quantityOrdered"])
            if new == "SHIPPED":
                units |= {"quantityFulfilled": left, "quantityUnfulfilled": 0}
            elif new == "CANCELLED":
                units |= {"quantityFulfilled": 0, "quantityUnfulfilled": 0}
                item["cancellation"] = {"cancellationExecution": {"cancelledBy": "AMAZON"}}
        if new == "SHIPPED" and not self.by_amazon:
            self.data["packages"] = [{"packageReferenceId": f"P-{self.number}", "shipTime": text_time(at)}]

    def ask_to_cancel(self, at: datetime) -> None:
        """The buyer asks to cancel, which is not yet a cancellation."""
        self.data["lastUpdatedTime"] = text_time(at)
        for item in self.data["orderItems"]:
            item["cancellation"] = {"cancellationRequest": {"requester": "BUYER", "cancelReason": "Ordered by mistake"}}

    def live(self, now: datetime, *, told: datetime | None = None) -> None:
        """Do what is planned until now; ``told`` is the time of change to show instead of the planned one."""
        while self.plan and self.plan[0][0] <= now:
            planned, what = self.plan.pop(0)
            at = told or planned
            if what == "request":
                self.ask_to_cancel(at)
            else:
                self.change(what, at)

    def render(self, included: frozenset[str], roles: str) -> Json:
        """As a caller sees it who asks for these datasets and has these roles."""
        order_keys: list[str] = list(ORDER_ALWAYS)
        item_keys: list[str] = list(ITEM_ALWAYS)
        for dataset in included:
            if dataset == "PROCEEDS" and self.status in PENDING:
                continue
            of_order, of_item = DATASETS[dataset]
            order_keys += of_order
            item_keys += of_item
        order: Json = {key: deepcopy(self.data[key]) for key in order_keys if key in self.data}
        order["orderItems"] = [
            {key: deepcopy(item[key]) for key in item_keys if key in item} for item in self.data["orderItems"]
        ]
        self._hide(order, roles)
        return order

    def _hide(self, order: Json, roles: str) -> None:
        """Leave out the personal data that the roles do not allow, silently. [fact sheet 3.6]"""
        delivery = "d2c" in roles and not self.by_amazon and self.status in RELEASED
        invoicing = "tax" in roles
        buyer = order.get("buyer", {})
        address = order.get("recipient", {}).get("deliveryAddress", {})
        if not delivery:
            buyer.pop("buyerEmail", None)
            for key in ADDRESS_PII:
                address.pop(key, None)
            for item in order["orderItems"]:
                item.get("fulfillment", {}).get("packing", {}).get("giftOption", {}).pop("giftMessage", None)
        if not (delivery or invoicing):
            buyer.pop("buyerName", None)
        if not invoicing:
            for key in ("buyerCompanyName", "buyerPurchaseOrderNumber"):
                buyer.pop(key, None)
            order.get("tax", {}).pop("taxRegistrations", None)


def vendor_spelling(status: str) -> str:
    """Amazon's 2026 spelling of a status in any of its spellings."""
    name = status_name(status)
    return "CANCELLED" if name == "Canceled" else re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).upper()


def _withheld(item: Json) -> Decimal:
    collections = item.get("tax", {}).get("taxCollections", [])
    if not any(one.get("model") == "MARKETPLACE_FACILITATOR" for one in collections):
        return Decimal(0)
    taxes = (one for one in item.get("proceeds", {}).get("breakdowns", []) if one["type"] == "TAX")
    return sum((Decimal(one["subtotal"]["amount"]) for one in taxes), Decimal(0))


def _time(text: str) -> datetime:
    found = moment(text)
    if found is None:
        raise ValueError(f"no time: {text}")
    return found
