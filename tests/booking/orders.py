"""Orders and settings for the tests of booking: plain to read, easy to vary."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec

from koppel.booking import BookingSettings, Evidence, ViesAnswer, ViesState
from koppel.model import Address, Buyer, ChannelVat, LineKind, Order, OrderLine, ProductRef

D = Decimal
EUROS = Evidence(currencies=frozenset({"EUR"}))
VAT_TABLE: dict[str, Any] = {
    "NL": {"21": {"code": "HOOG", "ledger": "8000"}, "9": {"code": "LAAG", "ledger": "8010"}},
    "NL-OSS": {"21": {"code": "OSSNL21", "ledger": "8029"}},
    "DE": {"19": {"code": "OSSDE19", "ledger": "8030"}, "7.0": {"code": "OSSDE7", "ledger": "8031"}},
    "FR": {"20": {"code": "OSSFR20", "ledger": "8032"}, "5.5": {"code": "OSSFR55", "ledger": "8033"}},
    "AT": {"20": {"code": "OSSAT20", "ledger": "8034"}},
    "DE-local": {"19": {"code": "DE19", "ledger": "8060"}},
    "ICP": {"0": {"code": "ICP", "ledger": "8040"}},
    "ICP-DE": {"0": {"code": "ICPDE", "ledger": "8041"}},
    "export": {"0": {"code": "EXP", "ledger": "8050"}},
    "marketplace": {"0": {"code": "MKT", "ledger": "8070"}},
    "KOR": {"0": {"code": "KOR", "ledger": "8080"}},
    "outside": {"0": {"code": "GEEN", "ledger": "8099"}},
}
LEDGERS = {
    "shipping": "8200",
    "payment_costs": "8210",
    "discounts": "8220",
    "gift_wrap": "8230",
    "rounding_differences": "4990",
    "tips": "1610",
    "deposits": "1620",
    "vouchers": "1630",
}


def settings(**sections: Any) -> BookingSettings:
    """Settings as the connection file gives them; a section replaces the default one."""
    plain: dict[str, Any] = {
        "seller": {"oss": True},
        "vat": VAT_TABLE,
        "ledgers": LEDGERS,
        "categories": {"books_printed": ["BOOK-*"], "gift_card": ["CARD"]},
    }
    return msgspec.convert({**plain, **sections}, BookingSettings)


def goods(gross: str, *, name: str = "g1", quantity: str = "1", sku: str = "SKU-1", **more: Any) -> OrderLine:
    """A goods line."""
    return OrderLine(
        id=name,
        kind=LineKind.GOODS,
        title=f"Artikel {sku}",
        quantity=D(quantity),
        gross=D(gross),
        product=ProductRef(sku=sku),
        **more,
    )


def extra(kind: LineKind, gross: str, *, name: str = "x1", **more: Any) -> OrderLine:
    """A line that is no goods."""
    return OrderLine(id=name, kind=kind, title=str(kind), quantity=D(1), gross=D(gross), **more)


def channel(amount: str | None = None, rate: str | None = None) -> ChannelVat:
    """What the channel reports."""
    return ChannelVat(amount=None if amount is None else D(amount), rate=None if rate is None else D(rate))


def order(*lines: OrderLine, to: str = "NL", **more: Any) -> Order:
    """An order whose total is the sum of its lines unless told otherwise."""
    plain: dict[str, Any] = {
        "number": "171-0000001-0000001",
        "id": "171-0000001-0000001",
        "placed_at": datetime(2026, 10, 2, 9, 0, tzinfo=UTC),
        "changed_at": datetime(2026, 10, 2, 9, 0, tzinfo=UTC),
        "status": "Shipped",
        "currency": "EUR",
        "lines": lines,
        "total": sum((line.gross for line in lines), D(0)),
        "channel": "amazon",
        "market": "NL",
        "delivery": address(to),
        "buyer": Buyer(email="koper@example.org", name="J. Jansen"),
    }
    return Order(**{**plain, **more})


def address(country: str = "NL", **more: Any) -> Address:
    """A delivery address."""
    plain: dict[str, Any] = {"lines": ("Voorbeeldstraat 12-A",), "postcode": "1012ab", "city": "Ergens"}
    return Address(country=country, **{**plain, **more})


def vies(state: ViesState, number: str = "BE0428759497") -> Evidence:
    """VIES has answered."""
    when = datetime(2026, 10, 2, 10, 15, tzinfo=UTC)
    answer = ViesAnswer(number=number, state=state, asked_at=when, consultation="WAPIAAAA")
    return Evidence(vies=answer, currencies=frozenset({"EUR"}))
