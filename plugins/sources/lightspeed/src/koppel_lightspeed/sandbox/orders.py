"""Orders as the vendor keeps them, and what happens to them: statuses, events, edits [fact sheet 7.1, 7.2, 7.4]."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from koppel.clock import AMSTERDAM

Json = dict[str, Any]

STATES = {
    "processing_awaiting_payment": ("not_paid", "not_shipped"),
    "processing_awaiting_shipment": ("paid", "not_shipped"),
    "processing_awaiting_pickup": ("paid", "not_shipped"),
    "processing_ready_for_pickup": ("paid", "not_shipped"),
    "completed": ("paid", "shipped"),
    "completed_shipped": ("paid", "shipped"),
    "completed_picked_up": ("paid", "shipped"),
    "cancelled": ("cancelled", "cancelled"),
    "on_hold": ("not_paid", "not_shipped"),
}
"""Combined status: payment status, shipment status."""


@dataclass
class ShopOrder:
    """One order: its own fields, and what hangs below it."""

    fields: Json
    lines: list[Json]
    invoices: list[Json] = field(default_factory=list[Json])
    events: list[Json] = field(default_factory=list[Json])

    @property
    def id(self) -> int:
        """The technical key."""
        return int(self.fields["id"])

    @property
    def number(self) -> str:
        """What people call it."""
        return str(self.fields["number"])

    @property
    def created(self) -> datetime:
        """``createdAt``, aware."""
        return datetime.fromisoformat(self.fields["createdAt"])

    @property
    def updated(self) -> datetime:
        """``updatedAt``, aware."""
        return datetime.fromisoformat(self.fields["updatedAt"])

    def happen(self, at: datetime, kind: str, message: str) -> None:
        """Add an event and move ``updatedAt``."""
        self.fields["updatedAt"] = stamp(at)
        self.events.append(
            {
                "id": self.id * 10 + len(self.events),
                "createdAt": stamp(at),
                "channel": "auto",
                "type": kind,
                "message": message,
                "comment": None,
                "order": reference("orders", self.id),
                "invoice": False,
                "shipment": False,
            }
        )

    def move(self, status: str, at: datetime) -> None:
        """Change the combined status and all that follows from it."""
        paid, shipped = STATES.get(status, (self.fields["paymentStatus"], self.fields["shipmentStatus"]))
        if paid != self.fields["paymentStatus"]:
            self.happen(at, "order", paid)
            for invoice in self.invoices:
                invoice["status"] = paid
        if shipped != self.fields["shipmentStatus"]:
            self.happen(at, "shipment", shipped)
        self.fields.update(status=status, paymentStatus=paid, shipmentStatus=shipped, updatedAt=stamp(at))

    def requantify(self, quantity: int, at: datetime) -> None:
        """Change the first line's quantity, as a shopkeeper edits an order, and all amounts with it."""
        line = self.lines[0]
        line["quantityOrdered"] = quantity
        gross = line["basePriceIncl"] * quantity - line["discountIncl"]
        line.update(both("price", gross, line["taxRate"]))
        line["taxRates"] = rates(line["priceIncl"] - line["priceExcl"], line["taxRate"])
        self.fields["updatedAt"] = stamp(at)
        self.total()

    def total(self) -> None:
        """The order's own totals: goods, shipping, payment costs."""
        for side in ("Excl", "Incl"):
            goods = sum((line[f"price{side}"] for line in self.lines), Decimal(0))
            self.fields[f"price{side}"] = (
                goods + self.fields[f"shipmentPrice{side}"] + self.fields[f"paymentPrice{side}"]
            )
        used = {line["taxRate"] for line in self.lines}
        self.fields["taxRates"] = [
            {
                "name": "VAT",
                "rate": rate,
                "amount": sum(
                    (each["taxRates"][0]["amount"] for each in self.lines if each["taxRate"] == rate), Decimal(0)
                ),
            }
            for rate in sorted(used)
        ]


def stamp(moment: datetime) -> str:
    """As European shops tell moments: Dutch local time with its offset [fact sheet 5.5]."""
    return moment.astimezone(AMSTERDAM).replace(microsecond=0).isoformat()


def reference(resource: str, record_id: int) -> Json:
    """A reference to one record."""
    url = f"{resource}/{record_id}"
    return {"resource": {"id": record_id, "url": url, "link": f"https://api.webshopapp.com/nl/{url}.json"}}


def both(name: str, gross: Decimal, rate: Decimal) -> Json:
    """An amount as the vendor tells it twice: incl. VAT, and excl. VAT with four decimals. ``rate`` is a fraction."""
    excl = (gross / (1 + rate)).quantize(Decimal("0.0001"), ROUND_HALF_UP)
    return {f"{name}Excl": excl, f"{name}Incl": gross}


def rates(vat: Decimal, rate: Decimal) -> list[Json]:
    """VAT at one rate (a fraction)."""
    return [{"name": "VAT", "rate": rate, "amount": vat}]
