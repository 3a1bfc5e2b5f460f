"""The pure part: from drafts to requests that add up, whatever the draft."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from koppel.model import Address, LineKind
from koppel.plugin import Misconfigured, Refused, VatRow
from koppel.testing.clock import VirtualClock
from koppel.vat.treatment import Treatment
from koppel_snelstart import relatie, verkoopboeking, verkooporder
from koppel_snelstart.artikel import article_code, dutch_kind
from koppel_snelstart.chart import Chart
from koppel_snelstart.sandbox import body, bookings
from koppel_snelstart.sandbox.books import Books
from koppel_snelstart.settings import Settings
from koppel_snelstart.vat import Kind, VatCode, btw_kind, parse_code, propose
from koppel_snelstart.wire import CompanyInfo, DateRange, Grootboek, Land

ENCODER = msgspec.json.Encoder(decimal_format="number")
MakeSettings = Callable[..., Settings]


def typed(books: Books, table: str, into: Any) -> Any:
    return msgspec.convert(
        [{key: value for key, value in row.items() if key != "_at"} for row in books.records[table]], list[into]
    )


def chart_of(books: Books, settings_: Settings) -> Chart:
    company = msgspec.convert(books.company, CompanyInfo)
    return Chart(
        company=company,
        ledgers=typed(books, "ledgers", Grootboek),
        countries=typed(books, "countries", Land),
        settings=settings_,
    )


def customer_in(books: Books, country: str) -> str:
    land = {"id": books.guid("countries", country)}
    address = {"straat": "Weg 1", "postcode": "1", "plaats": "Stad", "land": land}
    made = books.add(
        "relations",
        f"{country}-{len(books.records['relations'])}",
        {"relatiesoort": ["Klant"], "nonactief": False, "vestigingsAdres": address, "btwNummer": None},
    )
    return str(made["id"])


AMOUNTS = st.integers(-50_000, 50_000).filter(bool)
LINES = st.lists(st.tuples(AMOUNTS, st.integers(1, 7), st.sampled_from(["21", "9", "0"])), min_size=1, max_size=12)


@settings(max_examples=150, deadline=None)
@given(lines=LINES, grouped=st.booleans())
def test_whatever_is_bought_the_booking_is_in_balance(
    drafts: Any, settings_: MakeSettings, lines: list[tuple[int, int, str]], grouped: bool
) -> None:
    books = Books("Zandbak BV", VirtualClock(), {})
    chart = chart_of(books, settings_(booking_lines="per_ledger" if grouped else "per_line"))
    draft = drafts.sale(
        *(drafts.line(f"{Decimal(cents) / 100}", rate, quantity=f"{quantity}") for cents, quantity, rate in lines)
    )
    request = verkoopboeking.booking(draft, customer_in(books, "NL"), chart)
    net = sum(line.bedrag for line in request.boekingsregels)
    vat = sum(row.btw_bedrag for row in request.btw)
    assert net + vat == request.factuurbedrag == draft.total
    made, invoice = bookings.create(books, body.parse(ENCODER.encode(request)))
    assert made["factuurbedrag"] == invoice["openstaandSaldo"] == draft.total


FOREIGN = st.sampled_from(
    [("DE", "19", "8031"), ("DE", "7", "8033"), ("FI", "25.5", "8031"), ("FR", "5.5", "8033"), ("HU", "27", "8031")]
)


@settings(max_examples=100, deadline=None)
@given(place=FOREIGN, amounts=st.lists(AMOUNTS, min_size=1, max_size=12))
def test_foreign_vat_stays_within_the_cent_a_line_that_is_allowed(
    drafts: Any, settings_: MakeSettings, place: tuple[str, str, str], amounts: list[int]
) -> None:
    country, rate, ledger = place
    books = Books("Zandbak BV", VirtualClock(), {})
    chart = chart_of(books, settings_(booking_lines="per_ledger"))
    lines = [drafts.oss(f"{Decimal(cents) / 100}", rate, country, ledger=ledger) for cents in amounts]
    draft = drafts.sale(*lines)
    request = verkoopboeking.booking(draft, customer_in(books, country), chart)
    assert request.btw == ()
    assert sum(line.bedrag for line in request.boekingsregels) == request.factuurbedrag == draft.total
    bookings.create(books, body.parse(ENCODER.encode(request)))


@given(cents=st.integers(1, 200_000), quantity=st.integers(1, 200), rate=st.sampled_from(["21", "9", "25.5", "5.5"]))
def test_a_net_price_comes_back_to_the_buyers_cents(drafts: Any, cents: int, quantity: int, rate: str) -> None:
    gross = Decimal(cents * quantity) / 100
    line = drafts.line(f"{gross}", rate, quantity=f"{quantity}")
    back = verkooporder.net_price(line) * quantity * (100 + Decimal(rate)) / 100
    assert back.quantize(Decimal("0.01")) == gross


def test_zero_lines_are_left_out(drafts: Any, settings_: MakeSettings) -> None:
    books = Books("Zandbak BV", VirtualClock(), {})
    chart = chart_of(books, settings_())
    request = verkoopboeking.booking(drafts.sale(drafts.line(), drafts.line("0.00")), "id", chart)
    assert len(request.boekingsregels) == 1
    with pytest.raises(Refused):
        verkoopboeking.refuse(drafts.sale(drafts.line("0.00")), settings_())


def test_amounts_that_cancel_out_still_have_lines(drafts: Any, settings_: MakeSettings) -> None:
    books = Books("Zandbak BV", VirtualClock(), {})
    chart = chart_of(books, settings_(booking_lines="per_ledger"))
    draft = drafts.sale(drafts.line("10.00"), drafts.line("-10.00", quantity="-1"))
    request = verkoopboeking.booking(draft, customer_in(books, "NL"), chart)
    assert len(request.boekingsregels) == 2
    bookings.create(books, body.parse(ENCODER.encode(request)))


def test_texts_are_clipped_and_numbers_never(drafts: Any, settings_: MakeSettings) -> None:
    chart = chart_of(Books("Zandbak BV", VirtualClock(), {}), settings_())
    request = verkoopboeking.booking(drafts.sale(drafts.line(title="x" * 400), description="y" * 400), "id", chart)
    assert len(request.omschrijving) == 250
    assert len(request.boekingsregels[0].omschrijving) == 250
    verkoopboeking.refuse(drafts.sale(reference="9" * 25), settings_())
    with pytest.raises(Refused) as caught:
        verkoopboeking.refuse(drafts.sale(reference="9" * 24), settings_(reference_prefix="A-"))
    assert "26" in caught.value.message


def test_mixtures_that_snelstart_refuses_are_refused_first(drafts: Any, settings_: MakeSettings) -> None:
    reverse = drafts.line("100.00", "0", vat_code="VerkopenVerlegd")
    verkoopboeking.refuse(drafts.sale(reverse), settings_())
    for other in (drafts.line(), drafts.line("10.00", "0")):
        with pytest.raises(Refused) as caught:
            verkoopboeking.refuse(drafts.sale(reverse, other), settings_())
        assert caught.value.code == "BOE-0062"
    with pytest.raises(Refused):
        verkoopboeking.refuse(drafts.sale(drafts.oss(), drafts.line()), settings_())
    with pytest.raises(Refused):
        verkoopboeking.refuse(drafts.sale(drafts.line(vat_code="Verlegd")), settings_())
    with pytest.raises(Misconfigured):
        verkoopboeking.refuse(drafts.sale(payment_term_days=1000), settings_())


def test_reverse_charge_has_a_row_of_nothing(drafts: Any, settings_: MakeSettings) -> None:
    books = Books("Zandbak BV", VirtualClock(), {})
    line = drafts.line("100.00", "0", vat_code="VerkopenVerlegd", ledger="")
    request = verkoopboeking.booking(drafts.sale(line), customer_in(books, "NL"), chart_of(books, settings_()))
    assert [(row.btw_soort, row.btw_bedrag) for row in request.btw] == [("VerkopenVerlegd", Decimal(0))]
    bookings.create(books, body.parse(ENCODER.encode(request)))


def test_the_ledger_of_oss_follows_country_rate_and_day(drafts: Any, settings_: MakeSettings) -> None:
    from koppel_snelstart.sandbox import rates
    from koppel_snelstart.wire import VatRate, VatRates

    chart = chart_of(Books("Zandbak BV", VirtualClock(), {}), settings_())
    known = [
        VatRates(
            country_code=three,
            vat_rates=[VatRate(rate_code=code, rate=rate, valid_from=since) for code, rate, since in entries],
        )
        for three, entries in rates.EU.values()
    ]
    chart = replace(chart, rates=known)
    posting = chart.posting(drafts.oss("25.00", "25.5", "FI"), date(2026, 1, 2))
    assert (posting.ledger.nummer, posting.vat_ledger and posting.vat_ledger.nummer) == (8031, 1690)
    assert chart.posting(drafts.oss("25.00", "7", "DE"), date(2026, 1, 2)).ledger.nummer == 8033
    assert chart.posting(drafts.oss("25.00", "24", "FI"), date(2024, 1, 2)).ledger.nummer == 8031
    for wrong in (drafts.oss("25.00", "24", "FI"), drafts.oss("25.00", "24", "FI", ledger="8031")):
        with pytest.raises(Misconfigured) as caught:
            chart.posting(wrong, date(2026, 1, 2))
        assert "FI" in caught.value.message


def test_several_ledgers_that_fit_are_a_question(drafts: Any, settings_: MakeSettings) -> None:
    books = Books("Zandbak BV", VirtualClock(), {})
    second = {**books.ledger(8000), "nummer": 8001}
    books.add("ledgers", 8001, second)
    with pytest.raises(Misconfigured) as caught:
        chart_of(books, settings_()).posting(drafts.line(ledger=""), date(2026, 1, 1))
    assert "8000, 8001" in caught.value.message
    assert "DOMESTIC NL 21%" in caught.value.message


def test_without_a_code_the_ledger_decides_or_nobody(drafts: Any, settings_: MakeSettings) -> None:
    books = Books("Zandbak BV", VirtualClock(), {})
    books.ledger(4000)["btwSoort"] = ["Laag", "Hoog"]
    chart = chart_of(books, settings_())
    assert chart.posting(drafts.line(vat_code=""), date(2026, 1, 1)).kind is Kind.HOOG
    for ledger in ("4000", ""):
        with pytest.raises(Misconfigured):
            chart.posting(drafts.line(vat_code="", ledger=ledger), date(2026, 1, 1))
    with pytest.raises(Misconfigured):
        chart.posting(drafts.line(vat_code="Geen", ledger="8040"), date(2026, 1, 1))


@pytest.mark.parametrize(
    ("flag", "ranges", "setting", "on"),
    [
        (True, [], "auto", True),
        (False, [], "auto", False),
        (False, [], "on", True),
        (True, [], "off", False),
        (False, [DateRange(from_=20210701)], "auto", True),
        (False, [DateRange(from_=1625097600)], "auto", True),
        (False, [DateRange(from_=1625097600000, to=1656633600000)], "auto", False),
        (False, [DateRange(from_=637606944000000000, to=0)], "auto", True),
        (False, [DateRange(from_=-5), DateRange()], "auto", False),
    ],
)
def test_when_oss_is_on(settings_: MakeSettings, flag: bool, ranges: list[DateRange], setting: str, on: bool) -> None:
    company = CompanyInfo(factureer_buitenlands_btw=flag, factureer_buitenlands_btw_ranges=ranges)
    chart = Chart(company=company, ledgers=(), settings=settings_(oss=setting))
    assert chart.oss_on(date(2026, 1, 1)) is on
    assert not chart.oss_on(date(2021, 6, 30)) or setting == "on"


def test_a_rounding_difference_follows_the_goods_abroad(drafts: Any, settings_: MakeSettings) -> None:
    books = Books("Zandbak BV", VirtualClock(), {})
    outside = {"country": None, "treatment": Treatment.OSS, "vat_code": "Geen", "ledger": ""}
    rounding = drafts.line("-0.05", None, quantity="-1", kind=LineKind.OTHER, **outside)
    draft = drafts.sale(drafts.oss("119.00", ledger="8031"), rounding)
    request = verkoopboeking.booking(draft, customer_in(books, "DE"), chart_of(books, settings_()))
    made, _ = bookings.create(books, body.parse(ENCODER.encode(request)))
    assert made["factuurbedrag"] == Decimal("118.95")
    assert article_code(rounding, settings_(), None) == "SKU-1-Geen"
    assert dutch_kind(rounding, settings_()) is Kind.GEEN


def test_extras_have_a_code_for_each_kind(drafts: Any, settings_: MakeSettings) -> None:
    def code(text: str, rate: str) -> str:
        return article_code(drafts.line("1.00", rate, kind=LineKind.SHIPPING, code=text), settings_(), None)

    assert code("Shipment", "21") == "Shipment"
    assert code("Shipment", "9") == "Shipment-Laag"
    assert code("Shipment 9", "9") == "Shipment 9"
    assert code("Shipment 19", "9") == "Shipment 19-Laag"


def test_both_vocabularies_are_read() -> None:
    assert parse_code("VerkopenHoog") == parse_code(" hoog ") == VatCode(Kind.HOOG)
    assert parse_code("Verlegd") == parse_code("VerkopenVerlegd") == VatCode(Kind.GEEN, reverse=True)
    assert parse_code("Grootboek: 1690") == VatCode(Kind.GEEN, ledger="1690")
    assert parse_code("") is None
    assert btw_kind(Kind.OVERIG) == "VerkopenOverig"
    for wrong in ("Grootboek:", "InkopenHoog", "21"):
        with pytest.raises(Misconfigured):
            parse_code(wrong)


def test_what_is_proposed() -> None:
    assert propose(Treatment.DOMESTIC, "NL", "21") == VatRow(code="VerkopenHoog")
    assert propose(Treatment.ORIGIN_BELOW_THRESHOLD, "NL", "9") == VatRow(code="VerkopenLaag")
    assert propose(Treatment.OSS, "DE", "19") == VatRow(code="Geen")
    assert propose(Treatment.MARKETPLACE_DEEMED, "NL", "0") == VatRow(code="Geen")
    assert propose(Treatment.DOMESTIC_FOREIGN, "DE", "19") is None
    assert propose(Treatment.DOMESTIC, "NL", "6") is None


def test_an_address_is_whole_or_not_there() -> None:
    countries = [Land(id="nl", landcode="NL", landcode_iso="NLD"), Land(id="de", landcode="DEU", landcode_iso="DE")]
    whole = Address(lines=("Straat 1",), postcode="1", city="Stad", country="DE")
    made, notes = relatie.postal(whole, "Jan", countries, "-")
    assert made is not None
    assert (made.land.id, made.contactpersoon, notes) == ("de", "Jan", ())
    assert relatie.postal(Address(city="Stad", country="NL"), None, countries, "-")[0] is None
    assert relatie.postal(Address(city="Stad", country="DE"), None, countries, "")[0] is None
    assert relatie.postal(Address(city="Stad", country="QQ"), None, countries, "-")[0] is None
    assert relatie.postal(Address(city="Stad"), None, countries, "-") == (None, ())


def test_settings_are_described() -> None:
    from koppel.testing.described import assert_described

    assert_described(Settings)


def test_a_line_without_article_code_has_a_plain_text(drafts: Any, settings_: MakeSettings) -> None:
    line = drafts.line("12.00", kind=LineKind.SHIPPING, title="Verzending", code=None)
    chart = chart_of(Books("Zandbak BV", VirtualClock(), {}), settings_())
    request = verkoopboeking.booking(drafts.sale(line), "id", chart)
    assert request.boekingsregels[0].omschrijving == "1 x Verzending"
