"""New orders as the vendor's JSON: goods, shipping, payment, buyer and addresses [fact sheet 7.1, 7.2]."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from koppel_lightspeed.sandbox.orders import Json, ShopOrder, both, rates, reference, stamp
from koppel_lightspeed.sandbox.people import Person, Place


@dataclass(frozen=True)
class Item:
    """An article of the shop: unit price incl. VAT at whatever rate the buyer's country has."""

    title: str
    variant: str
    code: str
    sku: str
    ean: str
    price: Decimal
    book: bool = False


@dataclass(frozen=True)
class Sold:
    """One line: ``discount`` is for the whole line, incl. VAT; ``rate`` a fraction."""

    item: Item
    quantity: int
    rate: Decimal
    discount: Decimal = Decimal(0)
    custom: bool = False


@dataclass(frozen=True, kw_only=True)
class Extras:
    """What comes on top of the goods, incl. VAT at ``rate`` (a fraction)."""

    rate: Decimal
    shipping: Decimal = Decimal(0)
    shipping_discount: Decimal = Decimal(0)
    payment: Decimal = Decimal(0)
    coupon: str = ""
    pickup: bool = False
    on_account: bool = False
    method: str = "ideal"


def make_order(
    order_id: int,
    number: str,
    created: datetime,
    buyer: Person,
    places: tuple[Place, Place],
    sold: Sequence[Sold],
    extras: Extras,
) -> ShopOrder:
    """A new order, awaiting payment. ``places``: billing, delivery."""
    billing, delivery = places
    order = ShopOrder(
        fields={
            "id": order_id,
            "createdAt": stamp(created),
            "updatedAt": stamp(created),
            "number": number,
            "status": "processing_awaiting_payment",
            "customStatusId": None,
            "channel": "main",
            "remoteIp": "192.0.2.10",
            "userAgent": "Mozilla/5.0 (sandbox)",
            "referralId": False,
            "priceCost": 0,
            "weight": 0,
            "volume": 0,
            "colli": 0,
            **_buyer(buyer),
            **_place("addressBilling", billing, buyer.name),
            "addressShippingCompany": buyer.firm or False,
            **_place("addressShipping", delivery, buyer.name),
            **_payment(extras),
            **_shipment(extras),
            "isDiscounted": any(each.discount for each in sold),
            "discountType": "amount",
            "discountAmount": sum((each.discount for each in sold), Decimal(0)),
            "discountPercentage": 0,
            "discountCouponCode": extras.coupon,
            "isNewCustomer": True,
            "comment": "Graag na 18:00 leveren.\r\nBel is <stuk> & zo." if order_id % 7 == 0 else "",
            "memo": "",
            "allowNotifications": True,
            "doNotifyNew": False,
            "doNotifyReminder": False,
            "doNotifyCancelled": False,
            "language": {"id": 1, "code": "nl", "locale": "nl_NL", "title": "Nederlands"},
            "giftCardsPayment": [],
        },
        lines=[_line(order_id * 10 + position, each) for position, each in enumerate(sold)],
    )
    order.total()
    order.happen(created, "order", "new")
    order.invoices.append(_invoice(order, created))
    return order


def _line(line_id: int, sold: Sold) -> Json:
    item = sold.item
    gross = item.price * sold.quantity - sold.discount
    amounts = both("price", gross, sold.rate)
    return {
        "id": line_id,
        "supplierTitle": "",
        "brandTitle": "Voorbeeldmerk",
        "productTitle": item.title,
        "variantTitle": item.variant,
        "taxRate": sold.rate,
        "taxRates": rates(amounts["priceIncl"] - amounts["priceExcl"], sold.rate),
        "quantityOrdered": sold.quantity,
        "quantityInvoiced": sold.quantity,
        "quantityShipped": 0,
        "quantityRefunded": 0,
        "quantityReturned": 0,
        "articleCode": item.code,
        "ean": item.ean,
        "sku": item.sku,
        "weight": 250,
        "volume": 0,
        "colli": 0,
        "sizeX": 0,
        "sizeY": 0,
        "sizeZ": 0,
        "priceCost": 0,
        "customExcl": 0,
        "customIncl": 0,
        **both("basePrice", item.price, sold.rate),
        **amounts,
        **both("discount", sold.discount, sold.rate),
        "customFields": False,
        "product": False if sold.custom else reference("products", 163_000_000 + line_id % 1000),
        "variant": False if sold.custom else reference("variants", 322_000_000 + line_id % 1000),
    }


def _buyer(buyer: Person) -> Json:
    return {
        "gender": False,
        "birthDate": False,
        "nationalId": "",
        "email": buyer.email,
        "firstname": buyer.firstname,
        "middlename": buyer.middlename,
        "lastname": buyer.lastname,
        "phone": buyer.phone,
        "mobile": "",
        "newsletterSubscribed": False,
        "isCompany": bool(buyer.firm),
        "companyName": buyer.firm,
        "companyCoCNumber": "12345678" if buyer.firm else "",
        "companyVatNumber": buyer.vat_id,
    }


def _place(prefix: str, place: Place, name: str) -> Json:
    land = place.land
    return {
        f"{prefix}Name": name,
        f"{prefix}Street": place.street,
        f"{prefix}Street2": "",
        f"{prefix}Number": place.number,
        f"{prefix}Extension": place.extension,
        f"{prefix}Zipcode": place.zipcode,
        f"{prefix}City": place.city,
        f"{prefix}Region": "",
        f"{prefix}Country": {"id": land.number, "code": land.code, "code3": land.code3, "title": land.title},
        f"{prefix}RegionData": False,
    }


def _payment(extras: Extras) -> Json:
    amounts = both("paymentPrice", extras.payment, extras.rate)
    return {
        "paymentId": "invoice" if extras.on_account else "mollie",
        "paymentStatus": "not_paid",
        "paymentIsPost": extras.on_account,
        "paymentIsInvoiceExternal": False,
        "paymentTaxRate": extras.rate,
        "paymentTaxRates": rates(amounts["paymentPriceIncl"] - amounts["paymentPriceExcl"], extras.rate),
        **both("paymentBasePrice", extras.payment, extras.rate),
        **amounts,
        "paymentTitle": "Op rekening" if extras.on_account else f"Mollie - {extras.method}",
        "paymentData": [] if extras.on_account else {"method": extras.method},
    }


def _shipment(extras: Extras) -> Json:
    paid = extras.shipping - extras.shipping_discount
    amounts = both("shipmentPrice", paid, extras.rate)
    return {
        "shipmentId": "core|747283|3298308",
        "shipmentStatus": "not_shipped",
        "shipmentIsCashOnDelivery": False,
        "shipmentIsPickup": extras.pickup,
        "shipmentTaxRate": extras.rate,
        "shipmentTaxRates": rates(amounts["shipmentPriceIncl"] - amounts["shipmentPriceExcl"], extras.rate),
        **both("shipmentBasePrice", extras.shipping, extras.rate),
        **amounts,
        **both("shipmentDiscount", extras.shipping_discount, extras.rate),
        "shipmentTitle": "Afhalen" if extras.pickup else "PostNL",
        "shipmentData": [],
        "shippingDate": None,
        "deliveryDate": None,
    }


def _invoice(order: ShopOrder, created: datetime) -> Json:
    return {
        "id": 174_000_000 + order.id % 1_000_000,
        "createdAt": stamp(created),
        "updatedAt": stamp(created),
        "number": f"INV{order.id % 100_000:05d}",
        "status": order.fields["paymentStatus"],
        "isVatShifted": False,
        "priceExcl": order.fields["priceExcl"],
        "priceIncl": order.fields["priceIncl"],
        "doNotifyNew": False,
        "doNotifyPaid": False,
        "invoice": False,
        "isCreditNote": False,
        "creditNote": False,
        "order": reference("orders", order.id),
    }
