"""The connection file's part that is about booking: read strictly, wrong values named."""

import tomllib
from datetime import date
from typing import Any

import msgspec
import pytest

from booking.orders import EUROS, goods, order, settings
from koppel.booking import BookingSettings, SellerSettings, VatRow, default_vat_table, make_draft
from koppel.booking.table import row_name
from koppel.booking.templates import Template, preview
from koppel.errors import Misconfigured
from koppel.operating.vat_table import vat_table_text, without_vat_table
from koppel.vat import Treatment

FILE = """
[orders]
customers = "collective"
description = "{order_number} {marketplace}"
date = "shipment"
[seller]
country = "NL"
oss = true
[vat.NL]
21 = { code = "VerkopenHoog", ledger = "8000" }
"9.0" = { code = "VerkopenLaag" }
[ledgers]
shipping = "8100"
[articles]
shipping = "Verzend{rate}"
[categories]
books_printed = ["BOOK-*", "X1"]
"""


def read(text: str) -> BookingSettings:
    return msgspec.convert(tomllib.loads(text), BookingSettings)


def test_a_file() -> None:
    found = read(FILE)
    assert found.orders.customers == "collective"
    assert found.orders.date == "shipment"
    assert found.seller == SellerSettings(oss=True)
    assert found.vat["NL"]["21"] == VatRow(code="VerkopenHoog", ledger="8000")
    assert found.vat["NL"]["9.0"] == VatRow(code="VerkopenLaag", ledger="")
    assert found.ledgers.shipping == "8100"
    assert found.articles.shipping == "Verzend{rate}"
    assert found.articles.discount == "Discount"
    assert found.categories == {"books_printed": ("BOOK-*", "X1")}


def test_defaults() -> None:
    found = msgspec.convert({}, BookingSettings)
    assert (found.orders.customers, found.orders.date, found.orders.rounding) == ("individual", "order", "line")
    assert (found.seller.country, found.seller.oss, found.seller.departure) == ("NL", False, "NL")
    assert found.orders.vies
    assert found.orders.payment_term_days is None


def test_paid_at_once_and_after_a_year() -> None:
    for days in (0, 365):
        assert settings(orders={"payment_term_days": days}).orders.payment_term_days == days


@pytest.mark.parametrize(
    ("sections", "named"),
    [
        ({"orders": {"description": "{order} x"}}, "{order}"),
        ({"orders": {"description": "{order_number"}}, "brace"),
        ({"orders": {"description": "}"}}, "brace"),
        ({"orders": {"stand_in_name": "{name}"}}, "stand_in_name"),
        ({"orders": {"collective_name": "{postcode}"}}, "collective_name"),
        ({"orders": {"collective_code": "{x}"}}, "collective_code"),
        ({"articles": {"shipping": "{kind}"}}, "[articles] shipping"),
        ({"seller": {"country": "Nederland"}}, "[seller] country"),
        ({"seller": {"ships_from": "EL"}}, "[seller] ships_from"),
        ({"vat": {"NL": {"high": {}}}}, "[vat.NL]"),
        ({"vat": {"NL": {"-1": {}}}}, "[vat.NL]"),
        ({"vat": {"NL": {"100": {}}}}, "[vat.NL]"),
        ({"vat": {"NL": {"nan": {}}}}, "[vat.NL]"),
        ({"vat": {"Germany": {"19": {}}}}, "[vat.Germany]"),
        ({"vat": {"DE-Local": {"19": {}}}}, "[vat.DE-Local]"),
        ({"categories": {"unicorns": ["U1"]}}, "unicorns"),
    ],
)
def test_wrong_values_are_named(sections: dict[str, Any], named: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        msgspec.convert(sections, BookingSettings)
    assert named in caught.value.message
    assert caught.value.suggestion


@pytest.mark.parametrize(
    "sections",
    [
        {"order": {}},
        {"seller": {"name": "x"}},
        {"vat": {"FR": {"5": {"5": {"code": "x"}}}}},
        {"orders": {"customers": "some"}},
        {"orders": {"payment_term_days": -1}},
    ],
)
def test_unknown_keys_are_errors(sections: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(sections, BookingSettings)


@pytest.mark.parametrize(
    "name", ["NL", "XI", "NL-OSS", "DE-local", "ICP", "ICP-DE", "export", "export-DE", "marketplace", "KOR", "outside"]
)
def test_every_name_of_a_row_is_known(name: str) -> None:
    assert msgspec.convert({"vat": {name: {"0": {}}}}, BookingSettings).vat[name]


@pytest.mark.parametrize(
    ("treatment", "country", "name"),
    [
        (Treatment.DOMESTIC, "NL", "NL"),
        (Treatment.ORIGIN_BELOW_THRESHOLD, "NL", "NL"),
        (Treatment.KOR_EXEMPT, "NL", "KOR"),
        (Treatment.OSS, "DE", "DE"),
        (Treatment.OSS, "NL", "NL-OSS"),
        (Treatment.DOMESTIC_FOREIGN, "DE", "DE-local"),
        (Treatment.DESTINATION_LOCAL_REG, "DE", "DE-local"),
        (Treatment.DESTINATION_LOCAL_REG, "NL", "NL"),
        (Treatment.ICS, "NL", "ICP"),
        (Treatment.ICS, "DE", "ICP-DE"),
        (Treatment.EXPORT, "NL", "export"),
        (Treatment.EXPORT, "DE", "export-DE"),
        (Treatment.MARKETPLACE_DEEMED, None, "marketplace"),
        (Treatment.NO_BOOKING, "NL", "outside"),
    ],
)
def test_row_names(treatment: Treatment, country: str | None, name: str) -> None:
    assert row_name(treatment, country, "NL") == name


def test_rates_compare_as_numbers() -> None:
    for key in ("21", "21.0", "21.00", "+21"):
        draft = make_draft(order(goods("121.00")), settings(vat={"NL": {key: {"code": "H"}}}), EUROS)
        assert draft.lines[0].vat_code == "H"


def propose(treatment: Treatment, country: str, rate: str) -> VatRow | None:
    return None if treatment is Treatment.NO_BOOKING else VatRow(code=f"{treatment}/{country}/{rate}", ledger="80")


def test_default_table_with_oss() -> None:
    table = default_vat_table(SellerSettings(oss=True), date(2026, 11, 21), propose)
    assert table["NL"] == {
        "21": VatRow(code="DOMESTIC/NL/21", ledger="80"),
        "9": VatRow(code="DOMESTIC/NL/9", ledger="80"),
    }
    assert table["DE"] == {"19": VatRow(code="OSS/DE/19", ledger="80")}
    assert list(table["FI"]) == ["25.5"]
    assert list(table["XI"]) == ["20"]
    assert len([name for name in table if len(name) == 2]) == 28
    assert table["ICP"]["0"].code == "ICS/NL/0"
    assert table["export"]["0"].code == "EXPORT/NL/0"
    assert table["marketplace"]["0"].code == "MARKETPLACE_DEEMED/NL/0"
    assert table["outside"]["0"].code == "DOMESTIC/NL/0"
    assert "KOR" not in table


def test_default_table_on_another_day_and_for_other_sellers() -> None:
    assert list(default_vat_table(SellerSettings(oss=True), date(2024, 8, 31), propose)["FI"]) == ["24"]
    below = default_vat_table(SellerSettings(kor=True), date(2026, 11, 21), propose)
    assert list(below) == ["NL", "ICP", "export", "marketplace", "KOR", "outside"]
    above = default_vat_table(SellerSettings(above_threshold=True), date(2026, 11, 21), propose)
    assert above["DE-local"]["19"].code == "DESTINATION_LOCAL_REG/DE/19"
    assert "DE" not in above
    belgian = default_vat_table(SellerSettings(country="BE", oss=True), date(2026, 11, 21), propose)
    assert set(belgian["BE"]) == {"21", "6", "12"}
    assert list(belgian["NL"]) == ["21"]


def nothing(treatment: Treatment, country: str, rate: str) -> VatRow | None:
    return None


def test_cells_that_nobody_can_propose_are_left_out() -> None:
    assert default_vat_table(SellerSettings(oss=True), date(2026, 11, 21), nothing) == {}


def test_table_as_toml_reads_back() -> None:
    table = default_vat_table(SellerSettings(oss=True), date(2026, 11, 21), propose)
    assert read(vat_table_text(table)).vat == table
    odd = {"NL": {"21": VatRow(code='a"b\\c', ledger="")}}
    assert read(vat_table_text(odd)).vat == odd


def test_the_rest_of_the_file_stays_when_the_table_goes() -> None:
    rest = without_vat_table(FILE)
    assert read(rest).vat == {}
    assert read(rest).orders == read(FILE).orders
    assert read(rest).categories == read(FILE).categories


def test_template_leaves_no_holes() -> None:
    template = Template("{order_number} - {invoice_number} {marketplace}")
    assert template.fill({"order_number": "1", "invoice_number": "2", "marketplace": "NL"}) == "1 - 2 NL"
    assert template.fill({"order_number": "1", "invoice_number": None, "marketplace": None}) == "1"
    assert Template("x  {a}  y").fill({}) == "x y"


def test_values_are_not_templates() -> None:
    assert Template("{a}").fill({"a": "{b}", "b": "no"}) == "{b}"


def test_preview() -> None:
    assert preview(
        "{order_number} {invoice_number} {payment_method} {marketplace} {channel} {date} {buyer_country}"
    ) == ("171-1234567-1234567 INV00038 iDEAL NL Amazon 2026-03-01 DE")
    with pytest.raises(Misconfigured, match="no placeholder"):
        preview("{nonsense}")


@pytest.mark.parametrize(
    ("sku", "category"),
    [("BOOK-1", "LAAG"), ("X1", "LAAG"), ("book-1", "HOOG"), ("X11", "HOOG"), ("BOOK-TOY", "HOOG"), ("CAKE", "LAAG")],
)
def test_category_of_an_article(sku: str, category: str) -> None:
    categories = {"books_printed": ["BOOK-*", "X1"], "standard": ["BOOK-TOY"], "food_general": ["CA*", "BOOK-*"]}
    draft = make_draft(order(goods("10.00", sku=sku)), settings(categories=categories), EUROS)
    assert draft.lines[0].vat_code == category


def test_first_glob_counts() -> None:
    categories = {"books_printed": ["A*"], "accommodation": ["*"]}
    draft = make_draft(order(goods("10.00", sku="AB")), settings(categories=categories), EUROS)
    assert draft.lines[0].rate == 9
    assert make_draft(order(goods("10.00", sku="B")), settings(categories=categories), EUROS).lines[0].rate == 21
