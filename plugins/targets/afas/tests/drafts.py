"""Drafts for the tests of the AFAS plugin, made by hand and by hypothesis."""

from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from koppel.booking.draft import CustomerKind, Draft, DraftCustomer, DraftKind, DraftLine, VatTotal
from koppel.model import Address, LineKind, round_money
from koppel.vat.treatment import Treatment

DAY = date(2026, 11, 21)


def line(
    gross: str = "121.00",
    *,
    code: str | None = "SKU-1",
    quantity: str = "1",
    rate: str = "21",
    vat_code: str = "NL21",
    currency: str = "EUR",
    **rest: Any,
) -> DraftLine:
    total, amount = Decimal(gross), Decimal(quantity)
    vat = round_money(total * Decimal(rate) / (100 + Decimal(rate)), currency)
    values: dict[str, Any] = {
        "kind": LineKind.GOODS,
        "title": f"Artikel {code}",
        "quantity": amount,
        "unit_price": total / amount,
        "gross": total,
        "net": total - vat,
        "vat": vat,
        "treatment": Treatment.DOMESTIC,
        "country": "NL",
        "rate": Decimal(rate),
        "vat_code": vat_code,
        "ledger": "",
        "code": code,
    }
    return DraftLine(**{**values, **rest})


def customer(**rest: Any) -> DraftCustomer:
    values: dict[str, Any] = {
        "identity": "email:jan@example.com",
        "kind": CustomerKind.INDIVIDUAL,
        "name": "Jan Jansen",
        "first_name": "Jan",
        "last_name": "Jansen",
        "email": "jan@example.com",
        "phone": "+31101234567",
        "address": Address(
            name="Jan Jansen", lines=("Voorbeeldstraat 12 A",), postcode="1234 AB", city="Utrecht", country="NL"
        ),
    }
    return DraftCustomer(**{**values, **rest})


def collective(**rest: Any) -> DraftCustomer:
    return DraftCustomer(identity="collective:amazon", kind=CustomerKind.COLLECTIVE, name="Amazon-klanten NL", **rest)


def draft(*lines: DraftLine, reference: str = "302-1234567-1234567", **rest: Any) -> Draft:
    lines = lines or (line(),)
    total = sum((each.gross for each in lines), Decimal(0))
    values: dict[str, Any] = {
        "kind": DraftKind.SALE,
        "reference": reference,
        "number": reference,
        "description": f"Order {reference}",
        "document_date": DAY,
        "tax_date": DAY,
        "currency": "EUR",
        "customer": customer(),
        "lines": lines,
        "vat": (
            VatTotal(
                treatment=Treatment.DOMESTIC,
                country="NL",
                rate=Decimal(21),
                vat_code="NL21",
                net=sum((each.net for each in lines), Decimal(0)),
                vat=sum((each.vat for each in lines), Decimal(0)),
            ),
        ),
        "total": total,
        "buyer_total": total,
    }
    return Draft(**{**values, **rest})


RATES = {"NL21": "21", "NL9": "9", "DE19": "19", "FI25": "25.5", "FR5": "5.5"}


@st.composite
def random_lines(draw: st.DrawFn, currency: str = "EUR") -> list[DraftLine]:
    """Lines as the booking makes them: signs together, ``quantity * unit_price == gross``."""
    lines: list[DraftLine] = []
    for _ in range(draw(st.integers(1, 8))):
        vat_code = draw(st.sampled_from(sorted(RATES)))
        quantity = Decimal(draw(st.integers(1, 50))) * draw(st.sampled_from((1, 1, 1, -1)))
        price = Decimal(draw(st.integers(0, 250_000))).scaleb(-2)
        lines.append(
            line(
                str(price * quantity),
                code=f"SKU-{draw(st.integers(1, 5))}",
                quantity=str(quantity),
                rate=RATES[vat_code],
                vat_code=vat_code,
                currency=currency,
                title=draw(st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=300)),
            )
        )
    return lines
