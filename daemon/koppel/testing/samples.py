"""Orders that a bookkeeping plugin must be able to book, or refuse well."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from koppel.model import Address, Buyer, ChannelVat, LineKind, Order, OrderLine, ProductRef

AT = datetime(2026, 11, 18, 10, 0, tzinfo=UTC)


def line(number: int, gross: str, *, kind: LineKind = LineKind.GOODS, sku: str = "", **changes: Any) -> OrderLine:
    """One line; goods get a SKU."""
    goods = kind is LineKind.GOODS
    values: dict[str, Any] = {
        "id": str(number),
        "kind": kind,
        "title": "Theepot" if goods else str(kind),
        "quantity": Decimal(1),
        "gross": Decimal(gross),
        "product": ProductRef(sku=sku or f"{100000 + number}") if goods else None,
    }
    return OrderLine(**{**values, **changes})


def sample(number: str, lines: Sequence[OrderLine], country: str = "NL", **changes: Any) -> Order:
    """One order of a consumer in a country, shipped from the Netherlands."""
    postcodes = {"NL": "1012 AB", "DE": "50667", "BE": "2000", "FR": "75001"}
    address = Address(
        name="Jan de Vries", lines=("Voorbeeldstraat 12-A",), postcode=postcodes[country], city="Stad", country=country
    )
    values: dict[str, Any] = {
        "number": number,
        "id": number,
        "placed_at": AT,
        "changed_at": AT,
        "status": "Shipped",
        "currency": "EUR",
        "lines": tuple(lines),
        "total": sum((each.gross for each in lines), Decimal(0)),
        "channel": "lightspeed",
        "market": "NL",
        "ships_from": "NL",
        "buyer": Buyer(first_name="Jan", last_name="de Vries", email=f"klant-{number.lower()}@example.org"),
        "billing": address,
        "delivery": address,
    }
    return Order(**{**values, **changes})


def bookable() -> list[Order]:
    """One of each kind that every target must book, to the cent."""
    odd = 'Müller & Zoon "’t Hoekje" <b> ☕ | \\ ; é'
    odd_address = Address(name=odd, lines=(odd,), postcode="1012AB", city="'s-Gravenhage", country="NL")
    company = Address(company="Voorbeeld B.V.", lines=("Kade 1",), postcode="3011 AA", city="Rotterdam", country="NL")
    return [
        sample("T-1001", [line(1, "24.95")]),
        sample("T-1002", [line(1, "29.97", quantity=Decimal(3)), line(2, "4.95", kind=LineKind.SHIPPING)]),
        sample("T-1003", [line(1, "10.00", quantity=Decimal(3))]),
        sample(
            "T-1004",
            [line(1, "49.99"), line(2, "19.95", sku="BOOK-1"), line(3, "4.95", kind=LineKind.SHIPPING)],
        ),
        sample("T-1005", [line(1, "59.90"), line(2, "-10.00", kind=LineKind.DISCOUNT, discounts=LineKind.GOODS)]),
        sample("T-1006", [line(1, "119.00")], "DE"),
        sample("T-1007", [line(1, "9.99"), line(2, "0.01", kind=LineKind.PAYMENT_COSTS)], "BE"),
        sample(
            "T-1008",
            [line(1, "25.00", title=odd)],
            buyer=Buyer(name=odd, email="odd+tag@example.org"),
            billing=odd_address,
        ),
        sample(
            "T-1009", [line(1, "12.10")], buyer=Buyer(), billing=None, delivery=Address(city="Utrecht", country="NL")
        ),
        sample("T-1010", [line(1, "12.10")], delivery=company),
        sample(
            "T-1011",
            [line(1, "121.00", channel_vat=ChannelVat(amount=Decimal("21.00"), rate=Decimal(21)))],
            buyer=Buyer(company="Voorbeeld B.V.", email="inkoop@example.org", vat_id="NL004495445B01"),
            billing=company,
            delivery=company,
            business=True,
        ),
        sample("T-1012", [line(1, "6.05"), line(2, "2.50", kind=LineKind.GIFT_WRAP, applies_to="1")]),
        sample("T-1013", [line(1, "15.00")], buyer=Buyer(name="X" * 300, email="long@example.org")),
    ]


def many(count: int) -> list[Order]:
    """So many small orders, each of another buyer."""
    return [
        sample(f"M-{number:05}", [line(1, f"{10 + number % 90}.95")], placed_at=AT + timedelta(seconds=number))
        for number in range(count)
    ]
