"""Orders of the vendor, built field by field, and read."""

from decimal import Decimal
from typing import Any

import msgspec

from koppel.model import Order, UnreadableOrder
from koppel_lightspeed.decoding import embedded, typed_order
from koppel_lightspeed.mapper import Shop, to_order

SHOP = Shop(currency="EUR", ships_from="NL")
UNSET: list[object] = [False, None, "", []]
"""Four ways to say "not set"."""


def line(**fields: Any) -> dict[str, Any]:
    return {
        "id": 11,
        "productTitle": "Mok",
        "variantTitle": "Rood",
        "taxRate": 0.21,
        "taxRates": [{"name": "VAT", "rate": 0.21, "amount": 3.905}],
        "quantityOrdered": 2,
        "quantityRefunded": 0,
        "articleCode": "ART-1",
        "ean": "8712345678906",
        "sku": "SKU-1",
        "basePriceIncl": 12.5,
        "priceIncl": 22.5,
        "discountIncl": 0,
        "variant": {"resource": {"id": 322}},
        **fields,
    }


def order(*lines: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {
        "id": 315900002,
        "number": "ORD00042",
        "createdAt": "2026-11-20T23:58:41+01:00",
        "updatedAt": "2026-11-21T00:03:07+01:00",
        "status": "processing_awaiting_shipment",
        "paymentStatus": "paid",
        "shipmentStatus": "not_shipped",
        "priceIncl": 22.5,
        "email": "koper@example.com",
        "firstname": "Zoë",
        "middlename": "van der",
        "lastname": "Voorbeeld",
        "phone": "",
        "mobile": "0612345678",
        "isCompany": False,
        "addressBillingName": "Zoë van der Voorbeeld",
        "addressBillingStreet": "Voorbeeldstraat",
        "addressBillingNumber": "12",
        "addressBillingExtension": "B-2",
        "addressBillingZipcode": "1234 AB",
        "addressBillingCity": "Utrecht",
        "addressBillingCountry": {"id": 150, "code": "nl", "code3": "nld", "title": "Netherlands"},
        "addressShippingCompany": False,
        "addressShippingName": "Zoë van der Voorbeeld",
        "addressShippingStreet": "Voorbeeldstraat",
        "addressShippingNumber": "12",
        "addressShippingExtension": "B-2",
        "addressShippingZipcode": "1234 AB",
        "addressShippingCity": "Utrecht",
        "addressShippingCountry": {"id": 150, "code": "nl", "code3": "nld", "title": "Netherlands"},
        "paymentTitle": "Mollie - iDEAL",
        "paymentId": "mollie",
        "products": {"resource": {"id": False, "embedded": list(lines or (line(),))}},
        **fields,
    }


def read(body: dict[str, Any], shop: Shop = SHOP) -> Order | UnreadableOrder:
    wire = typed_order(msgspec.json.encode(body))
    return to_order(wire, embedded(wire.products), shop)


def good(body: dict[str, Any], shop: Shop = SHOP) -> Order:
    found = read(body, shop)
    assert isinstance(found, Order), found
    return found


def amounts(found: Order) -> list[tuple[str, str, Decimal]]:
    return [(each.id, each.kind.value, each.gross) for each in found.lines]
