"""From drafts to Exact's documents, relations and articles."""

from collections.abc import Callable
from contextlib import suppress
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from koppel.booking.draft import CustomerKind, Draft, DraftCustomer, DraftKind, DraftLine
from koppel.model import Address, LineKind, round_money
from koppel.plugin import Refused, Secret
from koppel.testing.clock import VirtualClock
from koppel.vat.treatment import Treatment
from koppel_exact import fitting, mapper, odata, parties, relations, tables, vat
from koppel_exact.codes import CodeBook, item_code
from koppel_exact.mapper import Found
from koppel_exact.proposals import propose
from koppel_exact.received import Account, VatCode
from koppel_exact.settings import ExactSettings
from koppel_exact.signin import sign_in

INCLUDING = VatCode(code="1", percentage=Decimal("0.21"), type="I", transaction_type="B")
EXCLUDING = VatCode(code="2", percentage=Decimal("0.21"), type="E", transaction_type="S")
Line = Callable[..., DraftLine]
Drafts = Callable[..., Draft]


def settings(**changes: Any) -> ExactSettings:
    return msgspec.convert({"client_id": "a", "client_secret": Secret("b"), "division": 102, **changes}, ExactSettings)


def test_a_sales_order(draft: Drafts) -> None:
    found = Found(customer="cu", items=["i1", "i2"], vat_codes={"1": INCLUDING}, delivery_address="da", warehouse="wh")
    order = mapper.order(draft(remarks="Graag na 18:00"), settings(payment_condition="30"), found)
    assert msgspec.json.decode(msgspec.json.Encoder(decimal_format="number").encode(order)) == {
        "OrderedBy": "cu",
        "DeliverTo": "cu",
        "OrderDate": "2026-11-20T00:00:00",
        "YourRef": "403-1234567-1234567",
        "Description": "Amazon 403-1234567-1234567",
        "Currency": "EUR",
        "Remarks": "Graag na 18:00",
        "PaymentCondition": "30",
        "DeliveryAddress": "da",
        "WarehouseID": "wh",
        "SalesOrderLines": [
            {"Item": "i1", "Description": "Protein Shake", "Quantity": 2, "NetPrice": 24.95, "VATCode": "1"},
            {"Item": "i2", "Description": "Verzending", "Quantity": 1, "NetPrice": 4.95, "VATCode": "1"},
        ],
    }


def test_an_invoice_and_its_credit(draft: Drafts, line: Line) -> None:
    found = Found(customer="cu", items=["i1"], vat_codes={"1": INCLUDING}, ledgers={"8000": "gl"})
    sale = mapper.invoice(draft(line(ledger="8000"), payment_term_days=14), settings(journal="70"), found)
    assert (sale.journal, sale.type, sale.due_date, sale.lines[0].ledger) == ("70", None, "2026-12-04T00:00:00", "gl")
    back = line("-24.95", quantity="-1")
    credit = mapper.invoice(draft(back, kind=DraftKind.CREDIT), settings(journal="70"), found)
    assert credit.type == tables.CREDIT_INVOICE
    assert (credit.lines[0].quantity, credit.lines[0].net_price) == (Decimal(-1), Decimal("24.95"))


def test_an_entry_carries_the_drafts_own_vat(draft: Drafts, line: Line) -> None:
    lines = (line("49.90", vat_code="2", ledger="8000"), line("10.00", rate="0", vat_code="7", ledger="8030"))
    none = VatCode(code="7", percentage=Decimal(0), type="B")
    found = Found(customer="cu", vat_codes={"2": EXCLUDING, "7": none}, ledgers={"8000": "a", "8030": "b"})
    entry = mapper.entry(draft(*lines), settings(journal="70", document="sales_entry"), found)
    assert [(one.ledger, one.amount, one.vat_amount) for one in entry.lines] == [
        ("a", Decimal("41.24"), Decimal("8.66")),
        ("b", Decimal("10.00"), None),
    ]


@given(
    st.integers(-200_000, 200_000).filter(bool), st.integers(1, 40), st.sampled_from(["21", "9", "0", "25.5", "4.9"])
)
def test_an_excluding_code_is_exact_or_refused(cents: int, pieces: int, rate: str) -> None:
    gross = Decimal(cents) * pieces / 100
    fraction = Decimal(rate) / 100
    net = round_money(gross / (1 + fraction), "EUR")
    own = DraftLine(
        kind=LineKind.GOODS,
        title="x",
        quantity=Decimal(pieces if cents > 0 else -pieces),
        unit_price=Decimal(abs(cents)) / 100,
        gross=gross,
        net=net,
        vat=gross - net,
        treatment=Treatment.DOMESTIC,
        country="NL",
        rate=Decimal(rate),
        vat_code="2",
        ledger="",
    )
    code = VatCode(code="2", percentage=fraction, type="E")
    with suppress(Refused):
        price = vat.net_price(own, code, "EUR")
        booked = round_money(own.quantity * price, "EUR")
        assert booked + round_money(booked * fraction, "EUR") == gross


def test_one_amount_in_six_cannot_be_reached_with_an_excluding_code(line: Line) -> None:
    refused = 0
    for cents in range(1, 1211):
        try:
            vat.net_price(line(f"{cents / 100:.2f}", quantity="1"), EXCLUDING, "EUR")
        except Refused:
            refused += 1
    assert refused == 210


@pytest.mark.parametrize(
    ("code", "document", "refused"),
    [
        (msgspec.structs.replace(INCLUDING, blocked=True), "sales_order", "exact.vat-code"),
        (msgspec.structs.replace(INCLUDING, transaction_type="P"), "sales_order", "exact.vat-code"),
        (msgspec.structs.replace(INCLUDING, percentage=Decimal("0.09")), "sales_order", "exact.vat-rate"),
        (VatCode(code="0", type="N"), "sales_order", "exact.vat-rate"),
        (INCLUDING, "sales_entry", "exact.vat-type"),
    ],
)
def test_a_code_that_books_another_vat_is_refused(line: Line, code: VatCode, document: Any, refused: str) -> None:
    with pytest.raises(Refused) as error:
        vat.check(line(), code, document)
    assert error.value.code == refused


def test_a_code_that_fits_passes(line: Line) -> None:
    vat.check(line(), INCLUDING, "sales_order")
    vat.check(line(), msgspec.structs.replace(INCLUDING, percentage=Decimal(21)), "sales_order")
    vat.check(line(), msgspec.structs.replace(INCLUDING, percentage=None), "sales_order")
    vat.check(line(), EXCLUDING, "sales_entry")
    german = line(rate="19", treatment=Treatment.OSS, country="DE")
    vat.check(german, VatCode(code="DEJ", percentage=Decimal("0.19"), type="I", oss_country="DE "), "sales_order")
    with pytest.raises(Refused):
        vat.check(german, VatCode(code="ATK", percentage=Decimal("0.19"), type="I", oss_country="AT"), "sales_order")


def test_a_relation_is_a_customer(buyer: DraftCustomer) -> None:
    account = parties.account(buyer, settings(payment_condition="30"))
    assert (account.name, account.status, account.country) == ("Jan de Vries", "C", "NL")
    assert (account.line1, account.line2, account.line3) == ("Dorpsstraat 1", "achterom", None)
    assert (account.phone, account.email, account.payment_condition) == ("+31 71 0000000", "jan@example.test", "30")
    person = parties.contact(buyer, "acc")
    assert person is not None
    assert (person.first_name, person.last_name, person.email) == ("Jan", "de Vries", "jan@example.test")


def test_no_contact_without_a_person() -> None:
    nobody = DraftCustomer(identity="c", kind=CustomerKind.COLLECTIVE, name="Amazon klanten", contact="Jan")
    assert parties.contact(nobody, "acc") is None
    company = DraftCustomer(identity="e", kind=CustomerKind.INDIVIDUAL, name="B.V.", contact="Jan de Vries")
    person = parties.contact(company, "acc")
    assert person is not None
    assert (person.first_name, person.last_name) == (None, "Jan de Vries")


def test_another_recipient_stands_on_the_street_lines(buyer: DraftCustomer) -> None:
    place = Address(name="Piet Jansen", lines=("Kade 2",), postcode="1011 AA", city="Amsterdam", country="NL")
    address = parties.delivery(place, buyer, "acc")
    assert (address.type, address.line1, address.line2) == (4, "Piet Jansen", "Kade 2")
    own = parties.delivery(msgspec.structs.replace(place, name="jan de  vries"), buyer, "acc")
    assert (own.line1, own.line2) == ("Kade 2", None)


@given(st.lists(st.text(max_size=150), max_size=6))
def test_address_lines_always_fit(lines: list[str]) -> None:
    for width in (60, 80):
        made = fitting.address_lines(lines, width)
        assert all(one is None or 0 < len(one) <= width for one in made)


@pytest.mark.parametrize(
    ("given_number", "sent"),
    [
        ("+31 (0)71-000 00 00", "+31 71-000 00 00"),
        ("0031 71 00 00 00 00 00", "0031710000000000"),
        ("telefoon onbekend", None),
        ("1" * 30, None),
        (None, None),
    ],
)
def test_phones(given_number: str | None, sent: str | None) -> None:
    assert fitting.phone(given_number) == sent


def test_an_article(line: Line) -> None:
    goods = line(title="Een zeer lange artikelnaam " * 5, ean="871-1234567890")
    item = mapper.item(goods, "SKU1", settings(unit="pc"), search_code="SKU-1", group="g")
    assert len(item.description) <= 60
    assert item.extra_description is not None
    assert len(item.extra_description) <= 255
    assert (item.barcode, item.is_stock_item, item.is_webshop_item, item.unit) == ("8711234567890", True, 1, "pc")
    shipping = mapper.item(line(kind=LineKind.SHIPPING), "Shipment", settings(), search_code=None, group=None)
    assert (shipping.is_stock_item, shipping.is_webshop_item) == (False, 0)


@pytest.mark.parametrize(
    ("shop", "exact"), [("ABC-123_x", "ABC123x"), (" Café 1 ", "Cafe1"), ("A" * 30, "A" * 30), ("Shipment", "Shipment")]
)
def test_article_codes_are_letters_and_digits(shop: str, exact: str) -> None:
    assert item_code(shop, "alphanumeric") == exact
    assert item_code(exact, "alphanumeric") == exact


@pytest.mark.parametrize("shop", ["A" * 31, "---", "", "東京"])
def test_a_code_that_does_not_fit_is_refused(shop: str) -> None:
    with pytest.raises(Refused):
        item_code(shop, "alphanumeric")


def test_codes_as_given_stay_and_still_have_a_length() -> None:
    assert item_code("ABC-123", "as_given") == "ABC-123"
    with pytest.raises(Refused):
        item_code("A" * 31, "as_given")


def test_two_articles_never_share_a_code() -> None:
    book = CodeBook("alphanumeric")
    assert book.code("AB-1") == "AB1"
    assert book.code("AB-1") == "AB1"
    with pytest.raises(Refused, match="AB-1"):
        book.code("A-B1")
    with pytest.raises(Refused):
        book.code("ab1")


def test_an_item_of_another_shop_code_is_not_the_article() -> None:
    book = CodeBook("alphanumeric")
    book.code("AB-1")
    assert book.matches("AB1", None)
    assert book.matches("AB1", "AB-1  ")
    assert book.matches("AB1", "SOMETHING ELSE")
    assert not book.matches("AB1", "A-B1")
    assert book.code("AB-1") == "AB1"
    with pytest.raises(Refused, match="A-B1"):
        book.own_code("AB-1")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"reference": "R" * 31}, "exact.reference-length"),
        ({"reference": " R"}, "exact.reference-length"),
        ({"currency": "SEK"}, "exact.currency"),
    ],
)
def test_drafts_that_can_never_be_booked(draft: Drafts, changes: dict[str, Any], code: str) -> None:
    with pytest.raises(Refused) as error:
        mapper.refuse(draft(**changes), settings())
    assert error.value.code == code


def test_lines_that_can_never_be_booked(draft: Drafts, line: Line) -> None:
    for own, document, code in (
        (line(vat_code=""), "sales_order", "exact.vat-code"),
        (line(code=None), "sales_order", "exact.article-code"),
        (line(ledger=""), "sales_entry", "exact.ledger"),
    ):
        with pytest.raises(Refused) as error:
            mapper.refuse(draft(own), settings(document=document, journal="70"))
        assert error.value.code == code
    mapper.refuse(draft(line(code=None, ledger="8000")), settings(document="sales_entry", journal="70"))


def test_filters_are_quoted_and_stay_within_an_address() -> None:
    assert odata.equals("Email", "o'neil+x@example.test") == "Email eq 'o''neil+x@example.test'"
    assert odata.padded("24") == " " * 16 + "24"
    filters = list(odata.any_of(odata.equals("Email", f"{'ü' * 60}{n}@example.test") for n in range(80)))
    assert sum(one.count(" or ") + 1 for one in filters) == 80
    assert all(len(quote(one, safe="")) <= tables.QUERY_LIMIT for one in filters)
    assert list(odata.any_of([])) == []


def test_the_oldest_usable_relation_is_chosen(buyer: DraftCustomer) -> None:
    def account(key: str, **more: Any) -> Account:
        facts: dict[str, Any] = {"email": "JAN@example.test ", "status": "C", "created": f"/Date({key})/", **more}
        return Account(id=key, **facts)

    accounts = [
        account("500"),
        account("100", blocked=True),
        account("200", status="P"),
        account("300", end_date="/Date(0)/"),
        account("400"),
        account("50", email="other@example.test"),
    ]
    found = relations.chosen(accounts, buyer, date(2026, 11, 21))
    assert found is not None
    assert found.id == "400"


def test_collective_debtors_by_code_else_name() -> None:
    coded = DraftCustomer(identity="c", kind=CustomerKind.COLLECTIVE, name="Amazon", code="24")
    assert relations.terms(coded) == ["Code eq '                24'"]
    assert relations.is_meant(Account(id="a", code="                24"), coded)
    named = DraftCustomer(identity="c", kind=CustomerKind.COLLECTIVE, name="Amazon's klanten")
    assert relations.terms(named) == ["Name eq 'Amazon''s klanten'"]
    assert relations.is_meant(Account(id="a", name="amazon's klanten"), named)


def test_business_buyers_without_address_by_vat_number() -> None:
    firm = DraftCustomer(identity="v", kind=CustomerKind.INDIVIDUAL, name="B.V.", vat_id="BE0123456789")
    assert relations.terms(firm) == ["VATNumber eq 'BE0123456789'"]
    assert relations.is_meant(Account(id="a", vat_number="be0123456789"), firm)


def test_proposals() -> None:
    proposed = {
        (Treatment.DOMESTIC, "NL", "21"): "1",
        (Treatment.ORIGIN_BELOW_THRESHOLD, "NL", "9"): "3",
        (Treatment.ICS, "BE", "0"): "7",
        (Treatment.EXPORT, "GB", "0"): "6",
        (Treatment.OSS, "DE", "19"): "DEJ",
        (Treatment.OSS, "FI", "25.5"): "FIP",
    }
    for (treatment, country, rate), code in proposed.items():
        row = propose(treatment, country, rate)
        assert row is not None
        assert row.code == code
    assert propose(Treatment.DOMESTIC_FOREIGN, "DE", "19") is None
    assert propose(Treatment.DOMESTIC, "NL", "6") is None


def test_the_570_second_rule_stands_in_the_sign_in() -> None:
    own = sign_in(settings(), VirtualClock())
    assert own.hold == 570
    assert own.early <= 30


def test_settings_refuse_what_they_do_not_know() -> None:
    with pytest.raises(msgspec.ValidationError):
        settings(dokument="sales_order")
    with pytest.raises(msgspec.ValidationError):
        settings(document="invoice")
