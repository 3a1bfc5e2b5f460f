"""The sandbox's orders, drawn with a seed: everything that a Dutch shop with customers in four countries sees.

By default every released order can be booked by a Dutch seller who uses the one-stop shop: the rate charged is that of
the country of delivery, business buyers are Dutch. The switches add what needs more thought.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from koppel_lightspeed.sandbox.making import Extras, Item, Sold, make_order
from koppel_lightspeed.sandbox.orders import ShopOrder
from koppel_lightspeed.sandbox.people import (
    DOMESTIC_VAT_IDS,
    FOREIGN_VAT_IDS,
    LANDS,
    Land,
    Person,
    draw_person,
    draw_place,
)

ITEMS = (
    Item("Mok «Café» 300 ml", "Rood", "MOK-300-R", "MOK-300-R", "8712345678906", Decimal("12.50")),
    Item("Theedoek 'Zeeuws' & Zn.", "Default", "DOEK-01", "", "", Decimal("7.95")),
    Item("Fietsbel <koper>", "Default", "BEL-1", "BEL-1", "8712345678913", Decimal("9.99")),
    Item("Lamp", "Lamp", "", "LAMP-9", "", Decimal("149.00")),
    Item("Sok (per 3)", "43/46", "SOK-43", "SOK-43", "8712345678920", Decimal("0.33")),
    Item("Boek: Leven & werk", "Default", "BOOK-01", "BOOK-01", "9789000000007", Decimal("10.90"), book=True),
    Item("Boek: L'été", "Hardcover", "BOOK-02", "BOOK-02", "9789000000014", Decimal("24.95"), book=True),
)

STATUSES = (
    ("processing_awaiting_shipment", 48),
    ("completed_shipped", 22),
    ("completed", 3),
    ("processing_awaiting_pickup", 3),
    ("processing_ready_for_pickup", 2),
    ("completed_picked_up", 3),
    ("processing_awaiting_payment", 9),
    ("on_account", 4),
    ("on_hold", 2),
    ("cancelled", 4),
)
"""What becomes of orders, by weight. ``on_account``: awaiting payment, by invoice."""
PICKED_UP = frozenset({"processing_awaiting_pickup", "processing_ready_for_pickup", "completed_picked_up"})

FIRST_ID = 315_900_001


@dataclass(frozen=True)
class Later:
    """What will happen to an order at a moment."""

    at: datetime
    order: int
    status: str


class Scenario:
    """Draws orders one after another."""

    def __init__(self, seed: int, switches: Mapping[str, str]) -> None:
        self._random = Random(seed)  # noqa: S311 - a repeatable draw, no secret
        self._business = switches.get("business") == "1"
        self._coupons = switches.get("free") == "1"
        self._noise = switches.get("noise") == "1"
        self._count = 0

    def draw(self, placed: datetime, now: datetime) -> tuple[ShopOrder, list[Later]]:
        """The next order, with its past until ``now`` behind it, and what is still to come."""
        random, count = self._random, self._count
        self._count += 1
        (status,) = random.choices([name for name, _ in STATUSES], [weight for _, weight in STATUSES])
        pickup = status in PICKED_UP
        land = LANDS["nl"] if pickup else LANDS[random.choices(("nl", "be", "de", "fr"), (65, 17, 12, 6))[0]]
        gift = random.random() < 0.08
        buyer, shifted = self._buyer(land, gift=gift)
        home = draw_place(random, land)
        billing = draw_place(random, LANDS["nl"]) if gift and not shifted else home
        sold = self._sold(land, shifted=shifted)
        extras = self._extras(land, sold, pickup=pickup, on_account=status == "on_account")
        order = make_order(FIRST_ID + count, f"ORD{count + 1:05d}", placed, buyer, (billing, home), sold, extras)
        if self._noise and random.random() < 0.3:
            order.fields["priceIncl"] += random.choice((Decimal("0.01"), Decimal("-0.01")))
        self._oddities(order)
        return order, self._future(order, status, placed, now)

    def _buyer(self, land: Land, *, gift: bool) -> tuple[Person, bool]:
        """Who buys, and whether the VAT is shifted to them. One mailbox is always of one country, and of one firm."""
        random = self._random
        foreign = self._business and land.code != "nl" and random.random() < 0.3
        if foreign or (land.code == "nl" and random.random() < 0.15):
            vat_id = FOREIGN_VAT_IDS[land.code] if foreign else random.choice(("", *DOMESTIC_VAT_IDS))
            return draw_person(random, f"Inkoop{self._count}", firm=True, vat_id=vat_id), foreign
        mailbox = f"cadeau{random.randint(1, 40)}" if gift else f"koper{random.randint(1, 400)}.{land.code}"
        return draw_person(random, mailbox), False

    def _sold(self, land: Land, *, shifted: bool) -> list[Sold]:
        random = self._random
        sold: list[Sold] = []
        for item in random.sample(ITEMS, random.choice((1, 1, 1, 2, 2, 3, 5))):
            quantity = random.choice((1, 1, 1, 2, 3, 6))
            rate = Decimal(0) if shifted else Decimal(land.books if item.book else land.standard)
            price = item.price * quantity
            share = random.choice((0, 0, 0, 0, 10, 25, 33))
            if self._coupons and random.random() < 0.1:
                share = 100
            discount = (price * share / 100).quantize(Decimal("0.01"))
            sold.append(Sold(item, quantity, rate, discount, custom=random.random() < 0.05))
        return sold

    def _extras(self, land: Land, sold: list[Sold], *, pickup: bool, on_account: bool) -> Extras:
        random = self._random
        rate = max(each.rate for each in sold)
        shipping = Decimal(0) if pickup else Decimal("4.95") if land.code == "nl" else Decimal("9.95")
        if sum(each.item.price * each.quantity - each.discount for each in sold) > 100:
            shipping = Decimal(0)
        return Extras(
            rate=rate,
            shipping=shipping,
            shipping_discount=Decimal("2.00") if shipping and random.random() < 0.1 else Decimal(0),
            payment=Decimal("0.45") if random.random() < 0.12 and not on_account else Decimal(0),
            coupon="NAJAAR" if any(each.discount for each in sold) else "",
            pickup=pickup,
            on_account=on_account,
            method=random.choice(("ideal", "bancontact", "creditcard", "paypal")),
        )

    def _oddities(self, order: ShopOrder) -> None:
        """The customer's record deleted, the order's language gone: ``false`` in their place."""
        if self._random.random() < 0.05:
            order.fields["language"] = False
        order.fields["customer"] = False if self._random.random() < 0.05 else 226_900_000 + order.id % 1000

    def _future(self, order: ShopOrder, status: str, placed: datetime, now: datetime) -> list[Later]:
        random = self._random
        steps: list[tuple[float, str]] = []
        if status == "processing_awaiting_payment":
            end = random.choice(("processing_awaiting_shipment", "cancelled", ""))
            if end:
                return [Later(now + timedelta(minutes=random.randint(5, 90)), order.id, end)]
        elif status == "completed_shipped":
            steps = [(2, "processing_awaiting_shipment"), (60, status)]
        elif status != "on_account":
            steps = [(2, status)]
        later: list[Later] = []
        for minutes, name in steps:
            at = placed + timedelta(minutes=minutes)
            if at <= now:
                order.move(name, at)
            else:
                later.append(Later(at, order.id, name))
        if status == "processing_awaiting_shipment" and random.random() < 0.2:
            later.append(Later(now + timedelta(minutes=random.randint(10, 600)), order.id, "completed_shipped"))
        return later
