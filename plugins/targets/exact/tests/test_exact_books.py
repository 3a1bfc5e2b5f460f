"""Random drafts are accepted by the sandbox, with totals equal to the cent. No network: mapper against books."""

from datetime import date
from decimal import Decimal
from typing import Any, Literal

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from koppel.booking.draft import CustomerKind, Draft, DraftCustomer, DraftKind, DraftLine
from koppel.model import LineKind, round_money
from koppel.plugin import Secret
from koppel.testing.clock import VirtualClock
from koppel.vat.treatment import Treatment
from koppel_exact import mapper, vat
from koppel_exact.documents import DOCUMENTS
from koppel_exact.received import VatCode
from koppel_exact.sandbox import intake, seed
from koppel_exact.sandbox.books import Books
from koppel_exact.sandbox.ledger import Ledger
from koppel_exact.sandbox.relations import add_account, add_item
from koppel_exact.sandbox.schema import RESOURCES
from koppel_exact.settings import ExactSettings

DocumentName = Literal["sales_order", "sales_invoice", "sales_entry"]
CODES = {  # rate -> (including, excluding or without)
    "21": ("1", "2"),
    "9": ("3", "4"),
    "0": ("5", "5"),
}


def division() -> tuple[Ledger, str, str, str]:
    books = Books(102, VirtualClock(), 1)
    seed.fill(books, [2026])
    account = add_account(books, {"Name": "Jan", "Status": "C"})
    item = add_item(books, {"Code": "A", "Description": "A", "IsSalesItem": True})
    revenue = books.find("financial/GLAccounts", "Code", "8000")
    assert revenue is not None
    return Ledger(books), str(account["ID"]), str(item["ID"]), str(revenue["ID"])


@st.composite
def lines(draw: st.DrawFn, document: str) -> DraftLine:
    pieces = draw(st.integers(1, 50))
    sign = draw(st.sampled_from([1, 1, 1, -1]))
    price = Decimal(draw(st.integers(0, 500_000))) / 100
    rate = draw(st.sampled_from(sorted(CODES)))
    gross = sign * pieces * price
    tax = round_money(gross * Decimal(rate) / (100 + Decimal(rate)), "EUR")
    return DraftLine(
        kind=draw(st.sampled_from(LineKind)),
        title=draw(st.text(max_size=90)),
        quantity=Decimal(sign * pieces),
        unit_price=price,
        gross=gross,
        net=gross - tax,
        vat=tax,
        treatment=Treatment.DOMESTIC,
        country="NL",
        rate=Decimal(rate),
        vat_code=CODES[rate][document == "sales_entry"],
        ledger="8000",
        code="A",
    )


@st.composite
def drafts(draw: st.DrawFn, document: str) -> Draft:
    own = tuple(draw(st.lists(lines(document), min_size=1, max_size=8)))
    total = sum((line.gross for line in own), Decimal(0))
    return Draft(
        kind=draw(st.sampled_from(DraftKind)),
        reference=draw(st.from_regex(r"[0-9A-Za-z-]{1,30}", fullmatch=True)),
        number="1",
        description=draw(st.text(max_size=120)),
        document_date=draw(st.dates(date(2026, 1, 1), date(2026, 12, 31))),
        tax_date=date(2026, 11, 20),
        currency="EUR",
        customer=DraftCustomer(identity="c", kind=CustomerKind.COLLECTIVE, name="Jan"),
        lines=own,
        vat=(),
        total=total,
        buyer_total=total,
        remarks=draw(st.text(max_size=300)),
    )


def book(draft: Draft, document: DocumentName) -> dict[str, Any]:
    ledger, account, item, revenue = division()
    own = msgspec.convert(
        {"client_id": "a", "client_secret": Secret("b"), "division": 102, "document": document, "journal": "70"},
        ExactSettings,
    )
    mapper.refuse(draft, own)
    codes = {row["Code"]: row for row in ledger.books.rows["vat/VATCodes"]}
    known = {code: msgspec.convert(codes[code], VatCode) for code in {line.vat_code for line in draft.lines}}
    for line in draft.lines:
        vat.check(line, known[line.vat_code], document)
    found = mapper.Found(customer=account, items=[item] * len(draft.lines), vat_codes=known, ledgers={"8000": revenue})
    kind = DOCUMENTS[document]
    body = msgspec.json.Encoder(decimal_format="number").encode(kind.build(draft, own, found))
    row = intake.parse(body, RESOURCES[kind.resource])
    makers = {
        "sales_order": ledger.add_order,
        "sales_invoice": ledger.add_invoice,
        "sales_entry": ledger.add_entry,
    }
    return makers[document](row)


@settings(max_examples=60, deadline=None)
@given(drafts("sales_order"))
def test_orders_come_out_at_the_cent(draft: Draft) -> None:
    assert book(draft, "sales_order")["AmountFC"] == draft.total


@settings(max_examples=60, deadline=None)
@given(drafts("sales_invoice"))
def test_invoices_come_out_at_the_cent(draft: Draft) -> None:
    assert book(draft, "sales_invoice")["AmountFC"] == draft.total


@settings(max_examples=60, deadline=None)
@given(drafts("sales_entry"))
def test_entries_come_out_at_the_cent_with_the_drafts_vat(draft: Draft) -> None:
    row = book(draft, "sales_entry")
    assert row["AmountFC"] == draft.total
    assert row["VATAmountFC"] == sum((line.vat for line in draft.lines), Decimal(0))
