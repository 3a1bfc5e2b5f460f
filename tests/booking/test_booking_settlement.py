"""The worked example of bookkeeping.md section 11, its sales part, to the cent."""

import csv
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import pytest

from booking.orders import EUROS, extra, goods, order, settings, vies
from koppel.booking import Draft, ViesState, make_draft
from koppel.model import Buyer, LineKind
from koppel.vat import Charged, Facts, Seller, Transaction, decide

D = Decimal
SHARED = Path(__file__).resolve().parents[3] / "shared" / "domain" / "settlement_example.csv"
SALES_LEDGERS = {"8000": "8000", "8010": "8010", "8030": "8030", "8040": "8040"}
VAT_LEDGERS = {"HOOG": "1520", "LAAG": "1521", "OSSDE19": "1525"}


def sales() -> list[Draft]:
    promotion = extra(LineKind.DISCOUNT, "-3.00", applies_to="g1", discounts=LineKind.GOODS)
    business = Buyer(email="inkoop@example.org", company="Voorbeeld BV", vat_id="BE0428759497")
    booked = settings(ledgers={})
    return [
        make_draft(order(goods("49.99"), extra(LineKind.SHIPPING, "4.95"), number="S1"), booked, EUROS),
        make_draft(order(goods("19.95", sku="BOOK-1"), number="S2"), booked, EUROS),
        make_draft(order(goods("29.90"), promotion, to="DE", number="S3"), booked, EUROS),
        make_draft(order(goods("100.00"), to="BE", buyer=business, number="S4"), booked, vies(ViesState.VALID)),
    ]


def test_lines_of_the_example() -> None:
    figures = [(line.gross, line.rate, line.vat, line.net) for draft in sales() for line in draft.lines]
    assert figures == [
        (D("49.99"), D(21), D("8.68"), D("41.31")),
        (D("4.95"), D(21), D("0.86"), D("4.09")),
        (D("19.95"), D(9), D("1.65"), D("18.30")),
        (D("29.90"), D(19), D("4.77"), D("25.13")),
        (D("-3.00"), D(19), D("-0.48"), D("-2.52")),
        (D("100.00"), D(0), D("0.00"), D("100.00")),
    ]


def test_totals_of_the_example() -> None:
    drafts = sales()
    assert sum(draft.total for draft in drafts) == D("201.79")
    assert sum(total.vat for draft in drafts for total in draft.vat) == D("15.48")
    assert sum(total.net for draft in drafts for total in draft.vat) == D("186.31")
    (s3,) = drafts[2].vat
    assert (s3.net, s3.vat, s3.country) == (D("22.61"), D("4.29"), "DE")


@pytest.mark.skipif(not SHARED.is_file(), reason="../shared is not here: the journal cannot be compared")
def test_journal_of_step_a() -> None:
    booked: defaultdict[str, Decimal] = defaultdict(Decimal)
    for draft in sales():
        for line in draft.lines:
            booked[line.ledger] += line.net
            if line.vat:
                booked[VAT_LEDGERS[line.vat_code]] += line.vat
    with SHARED.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["step"] == "A" and row["credit"]]
    assert dict(booked) == {row["ledger"]: D(row["credit"]) for row in rows}


def test_refund_of_the_september_order() -> None:
    facts = Facts(
        seller=Seller(oss=True),
        departure="NL",
        arrival="NL",
        on=sales()[0].tax_date,
        gross=D("-24.20"),
        transaction=Transaction.REFUND,
        channel_vat=Charged.CHARGED,
    )
    refund = decide(facts)
    assert (refund.net, refund.vat, refund.rate) == (D("-20.00"), D("-4.20"), D(21))
