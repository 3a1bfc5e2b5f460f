"""Drafts to documents: numbers, rows, items, foreign VAT; what does not fit is refused."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from koppel.model import LineKind
from koppel.plugin import Misconfigured, Refused, Secret
from koppel.vat.treatment import Treatment
from koppel_eboekhouden import mapper, tables
from koppel_eboekhouden.administration import Chart
from koppel_eboekhouden.document import Document, Key, Ledger, Template
from koppel_eboekhouden.numbers import invoice_number
from koppel_eboekhouden.parties import own_code, party, read_key
from koppel_eboekhouden.proposals import propose
from koppel_eboekhouden.settings import Settings, check

PLAIN = Settings(token=Secret("x"))
references = st.text("abcXYZ0189-_.", min_size=1, max_size=30)


@pytest.fixture
def make(ledgers: list[Ledger]) -> Callable[..., Document]:
    def made(draft: Any, **changes: Any) -> Document:
        own = Settings(token=Secret("x"), template="Webwinkel", **changes)
        template = Template(id=2100, name="Webwinkel")
        return mapper.make(draft, Key(id=1, code="K1"), Chart(ledgers, own), own, template, None)

    return made


@given(references, references)
def test_two_references_never_have_one_number(one: str, other: str) -> None:
    numbers = [invoice_number(reference, "") for reference in (one, other)]
    assert (numbers[0] == numbers[1]) == (one == other)
    assert all(number[-1].isdigit() for number in numbers)


def test_numbers_keep_what_already_fits() -> None:
    assert invoice_number("112-0000001-0000001", "") == "112-0000001-0000001"
    assert invoice_number("ORD7", "AMZ-") == "AMZ-ORD7"
    assert invoice_number("ORD7A", "") == "ORD7A-0"


@pytest.mark.parametrize("reference", ["9" * 49, "A,1", "A 1", "é1", "A%1", ""])
def test_a_number_that_does_not_fit_is_refused(reference: str) -> None:
    with pytest.raises(Refused) as caught:
        invoice_number(reference, "")
    assert caught.value.suggestion


def test_rows_are_added_up_per_code_and_ledger(drafts: Any, make: Callable[..., Document]) -> None:
    shipping = drafts.line("4.95", kind=LineKind.SHIPPING, ledger="8100", code=None)
    document = make(drafts.sale(drafts.line("10.00"), drafts.line("20.00"), shipping, drafts.line("5.00", "9")))
    assert [(row.vat_code, row.ledger.code, row.gross) for row in document.rows] == [
        ("HOOG_VERK_21", "8000", Decimal("30.00")),
        ("HOOG_VERK_21", "8100", Decimal("4.95")),
        ("LAAG_VERK_9", "8000", Decimal("5.00")),
    ]
    assert (document.in_ex, document.total) == ("IN", Decimal("39.95"))


def test_oss_is_a_net_row_and_a_row_on_the_country_s_ledger(drafts: Any, make: Callable[..., Document]) -> None:
    document = make(drafts.sale(drafts.oss("119.00"), drafts.oss("107.00", "7")))
    rows = [(row.vat_code, row.ledger.description, row.gross, row.vat) for row in document.rows]
    zero = Decimal(0)
    assert rows == [
        ("AFST_VERK", "Omzet", Decimal("200.00"), zero),
        ("GEEN", "Btw Duitsland (OSS)", Decimal("19.00"), zero),
        ("GEEN", "Btw Duitsland (OSS)", Decimal("7.00"), zero),
    ]
    assert [row.description for row in document.rows][1:] == ["Btw Duitsland 19%", "Btw Duitsland 7%"]
    assert document.in_ex == "EX"


def test_oss_and_dutch_vat_in_one_document_stay_exact(drafts: Any, make: Callable[..., Document]) -> None:
    document = make(drafts.sale(drafts.oss("119.00"), drafts.line("12.10")))
    assert (document.in_ex, document.total, document.vat) == ("IN", Decimal("131.10"), Decimal("2.10"))


def test_a_ledger_for_foreign_vat_can_be_chosen(drafts: Any, make: Callable[..., Document]) -> None:
    local = drafts.oss(treatment=Treatment.DESTINATION_LOCAL_REG, vat_code="GEEN")
    with pytest.raises(Refused, match="DE-local"):
        make(drafts.sale(local))
    document = make(drafts.sale(local), foreign_vat_ledgers={"DE-local": "1695", "DE": "1696"})
    assert document.rows[1].ledger.code == "1695"
    assert make(drafts.sale(drafts.oss()), foreign_vat_ledgers={"DE": "1696"}).rows[1].ledger.code == "1696"


@pytest.mark.parametrize(
    ("descriptions", "code"),
    [
        ((), None),
        (("Btw OSS",), "1900"),
        (("Btw België (OSS)",), None),
        (("Btw België (OSS)", "OSS overig"), "1901"),
        (("Germany VAT OSS", "OSS overig"), "1900"),
        (("DE OSS 19%", "DE OSS 7%"), None),
        (("Crossdock",), None),
    ],
)
def test_ledgers_for_oss_are_found_by_name(drafts: Any, descriptions: tuple[str, ...], code: str | None) -> None:
    chart = Chart(
        [Ledger(id=n, code=f"{1900 + n}", description=text, category="BAL") for n, text in enumerate(descriptions)],
        PLAIN,
    )
    if code is None:
        with pytest.raises(Refused, match="DE"):
            chart.foreign_vat("DE", local=False)
    else:
        assert chart.foreign_vat("DE", local=False).code == code


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"vat_code": "LAAG_VERK_9"}, "eboekhouden.vat-rate"),
        ({"vat_code": "GEEN"}, "eboekhouden.vat-rate"),
        ({"vat_code": "BU_EU_VERK"}, "eboekhouden.vat-rate"),
        ({"vat_code": "HOOG_INK_21"}, "eboekhouden.vat-code"),
        ({"vat_code": "HOOG_VERK"}, "eboekhouden.vat-code"),
        ({"vat_code": ""}, "eboekhouden.vat-code"),
        ({"country": "BE"}, "eboekhouden.vat-rate"),
        ({"ledger": "9999"}, "eboekhouden.ledger"),
        ({"ledger": "1300"}, "eboekhouden.ledger-category"),
    ],
)
def test_what_would_be_booked_otherwise_is_refused(
    drafts: Any, make: Callable[..., Document], changes: dict[str, Any], code: str
) -> None:
    with pytest.raises(Refused) as caught:
        make(drafts.sale(drafts.line(**changes)))
    assert (caught.value.code, bool(caught.value.suggestion)) == (code, True)


def test_only_euros_and_at_most_500_lines(drafts: Any) -> None:
    with pytest.raises(Refused, match="euros"):
        mapper.refuse(drafts.sale(currency="USD"), PLAIN)
    many = drafts.sale(*[drafts.line("1.21")] * 501)
    mapper.refuse(many, PLAIN)
    with pytest.raises(Refused, match="501 lines"):
        mapper.refuse(many, Settings(token=Secret("x"), document="both", template="T"))


def test_items_keep_their_quantity_where_cents_allow(drafts: Any, make: Callable[..., Document]) -> None:
    document = make(drafts.sale(drafts.line("36.30", quantity="3"), drafts.line("-12.10", quantity="-1")))
    assert [(item.quantity, item.price) for item in document.items] == [
        (Decimal(3), Decimal("12.10")),
        (Decimal(-1), Decimal("12.10")),
    ]
    odd = make(drafts.sale(drafts.oss("30.00", quantity="3"))).items[0]  # net 25.21 is no three equal prices
    assert (odd.quantity, odd.price, odd.row.description) == (Decimal(1), Decimal("25.21"), "3 x Theepot")


def test_delivery_and_remarks_are_read_on_the_invoice(drafts: Any, make: Callable[..., Document]) -> None:
    home = drafts.customer().address
    text = make(drafts.sale(remarks="Graag snel", delivery=home)).text
    assert text == "Graag snel\nAfleveradres: Dorpsstraat 1-A, 1234 AB Leiden, Nederland"


def test_an_order_of_nothing_keeps_a_row(drafts: Any, make: Callable[..., Document]) -> None:
    assert len(make(drafts.sale(drafts.line("0.00"))).rows) == 1


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(-500, 5000), st.sampled_from(["21", "9", None, "DE", "FR"])), min_size=1))
def test_nothing_is_lost_between_lines_rows_and_items(
    drafts: Any, make: Callable[..., Document], parts: list[tuple[int, str | None]]
) -> None:
    lines: list[Any] = []
    for cents, rate in parts:
        amount = f"{Decimal(cents) / 100:.2f}"
        quantity = "-1" if cents < 0 else "1"
        abroad = rate in ("DE", "FR")
        lines.append(
            drafts.oss(amount, "19" if rate == "DE" else "5.5", rate, quantity=quantity)
            if abroad
            else drafts.line(amount, rate, quantity=quantity)
        )
    document = make(drafts.sale(*lines))
    wanted = sum((line.gross for line in lines), Decimal(0))
    assert document.total == wanted
    assert sum((row.gross for row in document.rows), Decimal(0)) == wanted
    assert sum((item.quantity * item.price for item in document.items), Decimal(0)) == wanted
    assert all(row.gross == row.net + row.vat for row in document.rows)
    if document.in_ex == "EX":
        assert all(row.gross == row.net for row in document.rows)


def test_codes_of_relations_are_short_and_always_the_same(drafts: Any) -> None:
    code = own_code(drafts.customer())
    assert code == own_code(drafts.customer("JAN@example.test"))
    assert len(code) == tables.RELATION_CODE
    assert code != own_code(drafts.customer("piet@example.test"))
    assert own_code(drafts.customer(code=" AMZ ")) == "AMZ"


def test_relations_fit(drafts: Any) -> None:
    made = party(drafts.customer(name="X" * 300, company="X" * 300, phone="1" * 80, contact="Jan"), "en")
    assert (len(made.name), made.phone, made.business, made.contact) == (100, None, True, "Jan")
    assert (made.address, made.country) == ("Dorpsstraat 1-A", "Netherlands")
    assert party(drafts.customer(email="a" * 200 + "@example.test"), "code").email is None


def test_keys_hold_both_names() -> None:
    assert read_key("70001:KABC:1") == Key(id=70001, code="KABC:1")
    with pytest.raises(Refused):
        read_key("KABC")


def test_proposals_are_codes_that_can_be_booked() -> None:
    assert [propose(Treatment.DOMESTIC, "NL", rate) for rate in ("21", "9", "0")] != [None] * 3
    for treatment in Treatment:
        row = propose(treatment, "DE" if treatment is Treatment.OSS else "NL", "21")
        assert row is None or (row.code in tables.VAT_CODES and not row.ledger)
    assert propose(Treatment.DOMESTIC, "NL", "6") is None
    assert propose(Treatment.DESTINATION_LOCAL_REG, "DE", "19") is None


def test_settings_tell_what_is_missing() -> None:
    for wanted, missing in (
        (Settings(), "token"),
        (Settings(api="soap", username="u"), "security_code_1"),
        (Settings(token=Secret("t"), document="both"), "template"),
    ):
        with pytest.raises(Misconfigured, match=missing):
            check(wanted)


def test_debtors_are_not_guessed(ledgers: list[Ledger]) -> None:
    two = [*ledgers, Ledger(id=9, code="1310", category="DEB")]
    assert Chart(ledgers, PLAIN).debtors().code == "1300"
    assert Chart(two, PLAIN).debtors().code == "1300"
    chosen = Settings(token=Secret("x"), debtor_ledger="1310")
    assert Chart(two, chosen).debtors().code == "1310"
    with pytest.raises(Misconfigured, match="1310"):
        Chart(ledgers, chosen).debtors()
