"""The mapper on orders built field by field: who, where, when, and in which status."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from koppel.model import Address, Order, UnreadableOrder
from koppel_lightspeed.tables import STATUSES

from .lightspeed_orders import UNSET, good, line, order, read

OPTIONAL = (
    "middlename, phone, mobile, companyName, companyVatNumber, companyCoCNumber, gender, birthDate, customStatusId, "
    "addressBillingStreet2, addressBillingExtension, addressBillingRegion, addressBillingRegionData, referralId, "
    "addressShippingCompany, addressShippingStreet2, addressShippingRegion, paymentData, shipmentData, shippingDate, "
    "language, customer, giftCardsPayment, memo, comment, invoices, events, isCompany, paymentTitle"
)


def test_an_order_as_a_whole() -> None:
    found = good(order())
    assert (found.number, found.id, found.channel, found.currency) == ("ORD00042", "315900002", "lightspeed", "EUR")
    assert found.placed_at == datetime(2026, 11, 20, 22, 58, 41, tzinfo=UTC)
    assert found.changed_at == datetime(2026, 11, 20, 23, 3, 7, tzinfo=UTC)
    assert found.total == Decimal("22.50")
    assert (found.buyer.first_name, found.buyer.last_name) == ("Zoë", "van der Voorbeeld")
    assert found.buyer.phone == "0612345678"
    assert not found.business
    assert (
        found.billing
        == found.delivery
        == Address(
            name="Zoë van der Voorbeeld",
            lines=("Voorbeeldstraat 12 B-2",),
            postcode="1234 AB",
            city="Utrecht",
            country="NL",
        )
    )
    assert found.payment.method == "Mollie - iDEAL"
    assert found.ships_from == "NL"
    assert not found.warnings


@pytest.mark.parametrize(
    "fields",
    [
        {"priceIncl": False},
        {"number": ""},
        {"createdAt": "2026-11-20T23:58:41"},
        {"products": {"resource": {"embedded": [line(priceIncl=None)]}}},
        {"products": {"resource": {"embedded": [line(quantityOrdered=0)]}}},
    ],
)
def test_what_is_missing_is_never_guessed(fields: dict[str, Any]) -> None:
    assert isinstance(read(order(**fields)), UnreadableOrder)


@pytest.mark.parametrize("unset", UNSET)
def test_every_way_to_say_nothing(unset: object) -> None:
    found = good(
        order(line(variant=unset, product=unset, sku=unset, ean=unset), **dict.fromkeys(OPTIONAL.split(", "), unset))
    )
    assert found.buyer.last_name == "Voorbeeld"
    assert found.buyer.vat_id is None
    assert not found.business
    assert found.payment.method == "mollie"
    assert found.market == "NL"
    assert found.billing is not None
    assert found.billing.lines == ("Voorbeeldstraat 12",)
    assert found.lines[0].product is not None
    assert found.lines[0].product.code == "ART-1"
    assert not found.warnings


@pytest.mark.parametrize(
    ("street", "number", "extension", "shown"),
    [
        ("Voorbeeldstraat", "12", "B-2", "Voorbeeldstraat 12 B-2"),
        ("Voorbeeldstraat 12", "12", "", "Voorbeeldstraat 12"),
        ("Voorbeeldstraat 12 B-2", "12", "b-2", "Voorbeeldstraat 12 B-2"),
        ("Voorbeeldstraat 12B", "12", "B", "Voorbeeldstraat 12B"),
        ("Plein 1940", "12", "", "Plein 1940 12"),
        ("Voorbeeldstraat 112", "12", "", "Voorbeeldstraat 112 12"),
        ("Voorbeeldstraat 12", "", "", "Voorbeeldstraat 12"),
        ("", "86C", "bus 3", "86C bus 3"),
    ],
)
def test_the_house_number_stands_in_the_street_line_once(street: str, number: str, extension: str, shown: str) -> None:
    found = good(
        order(addressBillingStreet=street, addressBillingNumber=number, addressBillingExtension=extension)
    ).billing
    assert found is not None
    assert found.lines == (shown,)


def test_a_company_its_vat_number_and_another_delivery_address() -> None:
    found = good(
        order(
            isCompany=True,
            companyName="Voorbeeld B.V.",
            companyVatNumber=" BE0123456749 ",
            addressShippingCompany="Magazijn Voorbeeld BVBA",
            addressShippingName="Goederenontvangst",
            addressShippingStreet="Havenlaan",
            addressShippingNumber="86C",
            addressShippingExtension="bus 3",
            addressShippingZipcode="1000",
            addressShippingCity="Brussel",
            addressShippingCountry={"code": "be"},
        )
    )
    assert found.business
    assert (found.buyer.company, found.buyer.vat_id) == ("Voorbeeld B.V.", "BE0123456749")
    assert found.billing is not None
    assert found.billing.company == "Voorbeeld B.V."
    assert found.delivery is not None
    assert found.delivery.company == "Magazijn Voorbeeld BVBA"
    assert found.delivery.lines == ("Havenlaan 86C bus 3",)
    assert found.delivery.country == "BE"


@pytest.mark.parametrize(("code", "country"), [("uk", "GB"), ("gb", "GB"), ("el", "GR"), ("nl", "NL")])
def test_countries_are_isos(code: str, country: str) -> None:
    found = good(order(addressShippingCountry={"code": code}))
    assert found.delivery is not None
    assert found.delivery.country == country


def test_no_address_at_all_is_none() -> None:
    body = {name: value for name, value in order().items() if not name.startswith("addressShipping")}
    assert good(body | {"addressShippingCountry": False}).delivery is None


@pytest.mark.parametrize(
    ("fields", "status", "releases", "cancelled"),
    [
        ({"status": "processing_awaiting_payment"}, "processing_awaiting_payment", False, False),
        ({"status": "processing_awaiting_payment", "paymentIsPost": True}, "on_account", True, False),
        ({"status": "completed", "paymentIsPost": True}, "completed", True, False),
        ({"status": "completed"}, "completed", True, False),
        ({"status": "completed_shipped"}, "completed_shipped", True, False),
        ({"status": "completed_picked_up"}, "completed_picked_up", True, False),
        ({"status": "processing_ready_for_pickup"}, "processing_ready_for_pickup", True, False),
        ({"status": "on_hold"}, "on_hold", False, False),
        ({"status": "offer"}, "offer", False, False),
        ({"status": "cancelled"}, "cancelled", False, True),
        ({"status": "off_hold", "paymentStatus": "cancelled", "shipmentStatus": "cancelled"}, "cancelled", False, True),
        ({"status": "processing_on_the_moon"}, "unknown", False, False),
        ({"status": False}, "unknown", False, False),
    ],
)  # fmt: skip
def test_statuses(fields: dict[str, Any], status: str, releases: bool, cancelled: bool) -> None:
    found = good(order(**fields))
    assert found.status == status
    assert next(each.releases for each in STATUSES if each.name == status) is releases
    assert found.cancelled is cancelled
    assert ("lightspeed.unknown-status" in found.warnings) is (status == "unknown")


def test_status_names_and_aliases_are_told_apart() -> None:
    names = [name for status in STATUSES for name in (status.name, *status.aliases)]
    assert len(names) == len(set(names))


def test_paid_unpaid_and_paid_again() -> None:
    def event(kind: str, message: str, minute: int) -> dict[str, Any]:
        return {"type": kind, "message": message, "createdAt": f"2026-11-20T10:{minute:02}:00+01:00", "comment": None}

    events = [event("order", "paid", 1), event("order", "not_paid", 2), event("order", "paid", 3)]
    events += [event("invoice", "paid", 4), event("shipment", "new", 5), event("shipment", "shipped", 6)]
    hanging = {"resource": {"id": False, "embedded": events}}
    found = good(order(events=hanging))
    assert found.payment.paid_at == datetime(2026, 11, 20, 9, 3, tzinfo=UTC)
    assert found.shipped_at == datetime(2026, 11, 20, 9, 6, tzinfo=UTC)
    assert good(order(events=hanging, paymentStatus="not_paid")).payment.paid_at is None


def test_the_first_invoice_and_a_credit_note() -> None:
    invoices = [
        {"id": 3, "number": "INV3", "isCreditNote": True},
        {"id": 2, "number": "INV2", "isCreditNote": False},
        {"id": 1, "number": "INV1", "isCreditNote": False},
    ]
    found = good(order(invoices={"resource": {"id": False, "embedded": invoices}}))
    assert found.invoice_number == "INV1"
    assert found.warnings == ("lightspeed.refunded",)


def test_what_a_person_should_know() -> None:
    found = good(
        order(
            line(quantityRefunded=1),
            giftCardsPayment=[{"anything": 10}],
            shipmentIsPickup=True,
            addressShippingCountry={"code": "be"},
        )
    )
    assert set(found.warnings) == {"lightspeed.refunded", "lightspeed.gift-card", "lightspeed.pickup-abroad"}
    assert found.total == Decimal("22.50")


def test_a_number_of_digits_only_may_come_as_a_number() -> None:
    assert good(order(number=20260042)).number == "20260042"
    assert good(order(number="00042")).number == "00042"


def test_the_hour_that_comes_twice_in_october() -> None:
    first = good(order(createdAt="2026-10-25T02:30:00+02:00")).placed_at
    second = good(order(createdAt="2026-10-25T02:30:00+01:00")).placed_at
    assert (second - first).total_seconds() == 3600


@pytest.mark.parametrize("status", ["cancelled", "completed"])
def test_a_cancelled_order_troubles_nobody_with_its_sums(status: str) -> None:
    found = read(order(status=status, priceIncl=99))
    assert isinstance(found, Order if status == "cancelled" else UnreadableOrder)
