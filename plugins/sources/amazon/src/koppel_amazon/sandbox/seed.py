"""Orders by seed: every kind that Amazon has, all of them bookable once released, unless a switch asks for trouble."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from koppel.model import ZERO
from koppel.sandbox import Options
from koppel_amazon.sandbox.catalogue import (
    COMPANIES,
    NAMES,
    PLACES,
    PRODUCTS,
    RATES,
    Place,
    Product,
    vat_number,
)
from koppel_amazon.sandbox.record import Json, Record
from koppel_amazon.sandbox.till import GROSS, INFORMATIONAL, NET, Sale, Style, item_proceeds, money, order_proceeds
from koppel_amazon.tables import BY_COUNTRY
from koppel_amazon.wire import text_time

DAYS = 5
"""Orders are placed in so many days before now."""


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of order. ``plan``: what happens later, in seconds after the start. ``weight``: how often."""

    country: str = "NL"
    shop: str = "NL"
    status: str = "SHIPPED"
    by_amazon: bool = False
    business: bool = False
    untaxed: bool = False
    facilitated: bool = False
    replacement: bool = False
    elsewhere: bool = False
    cancelled_units: bool = False
    pickup: bool = False
    plan: tuple[tuple[float, str], ...] = ()
    programs: tuple[str, ...] = ()
    extra: dict[str, Decimal] = field(default_factory=dict[str, Decimal])
    charge: dict[str, Decimal] = field(default_factory=dict[str, Decimal])
    off_by: Decimal = ZERO
    weight: int = 1


KINDS = (
    Kind(weight=30),
    Kind(status="UNSHIPPED", weight=10, plan=((7200, "SHIPPED"),)),
    Kind(country="DE", shop="DE", weight=14),
    Kind(country="BE", shop="BE", weight=8),
    Kind(country="BE", weight=4),
    Kind(country="FR", shop="FR", weight=6),
    Kind(country="AT", shop="DE", weight=3),
    Kind(country="IT", shop="FR", weight=2),
    Kind(country="ES", shop="FR", weight=2),
    Kind(business=True, weight=4),
    Kind(by_amazon=True, weight=5),
    Kind(country="DE", shop="DE", by_amazon=True, weight=3),
    Kind(country="GB", shop="DE", facilitated=True, weight=2),
    Kind(status="PENDING", weight=3, plan=((900, "UNSHIPPED"), (9000, "SHIPPED"))),
    Kind(country="DE", shop="DE", status="PENDING", weight=2, plan=((2400, "CANCELLED"),)),
    Kind(status="CANCELLED", weight=2),
    Kind(status="PARTIALLY_SHIPPED", plan=((3600, "SHIPPED"),)),
    Kind(status="UNSHIPPED", plan=((3000, "request"),)),
    Kind(status="PENDING_AVAILABILITY", programs=("PREORDER",), plan=((86400, "PENDING"),)),
    Kind(replacement=True),
    Kind(elsewhere=True, by_amazon=True),
    Kind(cancelled_units=True),
    Kind(pickup=True, programs=("PRIME", "SOMETHING_NEW")),
)
BUSINESS = (
    Kind(country="DE", shop="DE", business=True, untaxed=True, weight=3),
    Kind(country="BE", shop="BE", business=True, untaxed=True, weight=3),
)
CURRENCIES = (Kind(country="PL", shop="PL", weight=3), Kind(country="SE", shop="SE", weight=3))
ODD = (
    Kind(status="ON_HOLD"),
    Kind(extra={"DELIVERY_TIP": Decimal("5.00")}),
    Kind(charge={"COD_FEE": Decimal("3.50")}),
    Kind(charge={"OTHER": Decimal("0.25")}),
    Kind(off_by=Decimal("0.01")),
)


def make_orders(options: Options) -> Iterator[Record]:
    """The shop's orders: first one of each kind, then as often as each kind's weight tells."""
    rng = Random(options.seed)  # noqa: S311 - repeatable data, no secret
    switches = options.switches
    kinds = list(KINDS)
    for switch, more in (("business", BUSINESS), ("currencies", CURRENCIES), ("odd", ODD)):
        if switches.get(switch) == "1":
            kinds += more
    weights = [kind.weight for kind in kinds]
    now = options.clock.now()
    for index in range(options.size):
        kind = kinds[index] if index < len(kinds) else rng.choices(kinds, weights)[0]
        yield _Maker(rng, kind, index, now, _style(rng, kind, switches)).record()


def _style(rng: Random, kind: Kind, switches: Any) -> Style:
    way = switches.get("money", "mixed")
    sign = {"positive": 1, "negative": -1}.get(switches.get("discount", "mixed")) or rng.choice((1, -1))
    chosen = rng.choice((GROSS, INFORMATIONAL, NET)) if way == "mixed" else way
    if kind.untaxed:
        chosen = GROSS
    elif kind.facilitated:
        chosen = NET
    return Style(chosen, sign, rng.random() < 0.5)


@dataclass
class _Maker:
    rng: Random
    kind: Kind
    index: int
    now: datetime
    style: Style

    def record(self) -> Record:
        """One order with everything in it."""
        kind, rng = self.kind, self.rng
        shop = BY_COUNTRY[kind.shop]
        place = rng.choice(PLACES[kind.country])
        placed = self.now - timedelta(seconds=rng.randrange(3600, DAYS * 86400), milliseconds=rng.randrange(1000))
        changed = placed + timedelta(seconds=rng.randrange(600, 3000))
        items = [self._item(number, shop.currency) for number in range(rng.choice((1, 1, 1, 2, 3)))]
        prefix = {"NL": "171", "DE": "305", "BE": "405", "FR": "404"}.get(kind.shop, "026")
        order: Json = {
            "orderId": f"{prefix}-{rng.randrange(10**7):07d}-{self.index:07d}",
            "createdTime": placed.strftime("%Y-%m-%dT%H:%M:%S.") + f"{placed.microsecond // 1000:03d}Z",
            "lastUpdatedTime": text_time(changed),
            "programs": [*kind.programs, *(("AMAZON_BUSINESS",) if kind.business else ())],
            "salesChannel": {
                "channelName": "NON_AMAZON" if kind.elsewhere else "AMAZON",
                "marketplaceId": shop.id,
                "marketplaceName": shop.name,
            },
            "fulfillment": {
                "fulfillmentStatus": kind.status,
                "fulfilledBy": "AMAZON" if kind.by_amazon else "MERCHANT",
                "fulfillmentServiceLevel": "STANDARD",
            },
            "orderItems": items,
            "recipient": {"deliveryAddress": self._address(place)},
            "buyer": {} if kind.by_amazon else {"buyerName": rng.choice(NAMES), "buyerEmail": self._relay(shop.name)},
            "payment": {"paymentExecutions": [{"paymentMethod": "Invoice" if kind.business else "CreditCard"}]},
        }
        order["proceeds"] = order_proceeds([item["proceeds"] for item in items], shop.currency, kind.extra)
        if kind.business:
            self._make_business(order)
        if kind.replacement:
            original = {"orderId": "171-0000001-0000001", "associationType": "REPLACEMENT_ORIGINAL_ID"}
            order["associatedOrders"] = [original]
        if kind.off_by:
            total = Decimal(order["proceeds"]["grandTotal"]["amount"]) + kind.off_by
            order["proceeds"]["grandTotal"] = money(total, shop.currency)
        if kind.status in {"SHIPPED", "PARTIALLY_SHIPPED"} and not kind.by_amazon:
            order["packages"] = [
                {"packageReferenceId": f"P-{self.index}", "carrier": "PostNL", "shipTime": text_time(changed)}
            ]
        if kind.status == "CANCELLED":
            record = Record(order)
            record.change("CANCELLED", changed)
            return record
        return Record(order, [(self.now + timedelta(seconds=after), what) for after, what in kind.plan])

    def _item(self, number: int, currency: str) -> Json:
        kind, rng = self.kind, self.rng
        product = rng.choice([one for one in PRODUCTS if one.category in RATES[kind.country]])
        ordered = rng.choice((1, 1, 1, 2, 3))
        units = ordered
        if kind.cancelled_units and number == 0:
            ordered, units = 3, 2
        sent = units if kind.status == "SHIPPED" or (kind.status == "PARTIALLY_SHIPPED" and number == 0) else 0
        item: Json = {
            "orderItemId": f"{self.index:08d}{number:06d}",
            "quantityOrdered": ordered,
            "product": {
                "asin": product.asin,
                "title": product.title,
                "sellerSku": product.sku,
                "condition": {"conditionType": "NEW", "conditionSubtype": "NEW"},
                "price": {"unitPrice": money(product.price, currency)},
            },
            "fulfillment": {"quantityFulfilled": sent, "quantityUnfulfilled": units - sent},
        }
        sale = self._sale(product, units)
        item["proceeds"] = item_proceeds(sale, self.style, currency)
        if sale.discounts:
            item["promotion"] = {"breakdowns": [{"promotionId": "Core Free Shipping"}]}
        if "GIFT_WRAP" in sale.amounts:
            item["fulfillment"]["packing"] = {"giftOption": {"giftMessage": "Hoera!", "giftWrapLevel": "PREMIUM"}}
        if kind.facilitated:
            item["tax"] = {
                "taxCollections": [{"model": "MARKETPLACE_FACILITATOR", "responsibleParty": "Amazon Services Europe"}]
            }
        return item

    def _sale(self, product: Product, units: int) -> Sale:
        """What is charged: sometimes a price for several that no unit price gives, postage, wrapping, promotions."""
        kind, rng = self.kind, self.rng
        rate = ZERO if kind.untaxed else RATES[kind.country][product.category]
        if kind.replacement:
            return Sale({"ITEM": ZERO}, {}, rate)
        price = product.price * units
        if units == 3 and rng.random() < 0.3:
            price -= Decimal("0.01")
        amounts = {"ITEM": price}
        discounts: dict[str, Decimal] = {}
        if rng.random() < 0.4:
            amounts["SHIPPING"] = rng.choice((Decimal("3.99"), Decimal("4.95")))
            if rng.random() < 0.3:
                discounts["SHIPPING"] = amounts["SHIPPING"]
        if rng.random() < 0.1:
            amounts["GIFT_WRAP"] = Decimal("2.99")
        if rng.random() < 0.15:
            discounts["ITEM"] = (price / 10).quantize(Decimal("0.01"))
        return Sale(amounts | kind.charge, discounts, rate)

    def _address(self, place: Place) -> Json:
        """Amazon's own orders tell little more than the town; others mix empty strings and missing keys."""
        if self.kind.by_amazon:
            return {"city": place.city, "stateOrRegion": "", "countryCode": place.country}
        address: Json = {
            "name": self.rng.choice(NAMES),
            "addressLine1": place.street,
            "addressLine2": "",
            "city": place.city,
            "postalCode": place.postcode,
            "countryCode": place.country,
            "phone": "+31 30 000 0000",
            "addressType": "PICKUP_POINT" if self.kind.pickup else "RESIDENTIAL",
        }
        if self.rng.random() < 0.3:
            del address["addressLine2"]
            address["stateOrRegion"] = ""
        return address

    def _relay(self, shop: str) -> str:
        return f"koppel{self.index}@marketplace.{shop.lower()}"

    def _make_business(self, order: Json) -> None:
        country = self.kind.country
        company = COMPANIES[country]
        order["buyer"] |= {"buyerCompanyName": company, "buyerPurchaseOrderNumber": f"PO-{self.index}"}
        order["recipient"]["deliveryAddress"] |= {"companyName": company, "addressType": "COMMERCIAL"}
        registration = {
            "entityType": "BUYER",
            "legalName": company,
            "taxRegistrationType": "VAT",
            "taxRegistrationNumber": vat_number(country, self.rng),
        }
        merchant = {"entityType": "MERCHANT", "legalName": "Voorbeeldwinkel"}
        order["tax"] = {"taxRegistrations": [registration, merchant]}
