"""From drafts to AFAS' fields, without I/O."""

from datetime import date
from decimal import Decimal
from typing import Any, cast

import pytest

from koppel.model import Address, LineKind
from koppel.plugin import Misconfigured, Refused
from koppel.vat.treatment import Treatment
from koppel_afas import propose
from koppel_afas.address import basic_address, country_code, one_line
from koppel_afas.mapper import article, article_code, order_head, order_line, refuse_unbookable, vat_duty
from koppel_afas.parties import relation
from koppel_afas.settings import Settings

from .drafts import collective, customer, draft, line

SETTINGS = Settings(
    administration=1,
    journal="70",
    warehouse="01",
    project="WEB",
    payment_condition="14",
    summary_account="1300",
    vat_duty="1",
    vat_duty_ics="2",
    article_group="900",
)
TODAY = date(2026, 11, 21)


def inner(body: dict[str, object], *path: str) -> dict[str, Any]:
    element = cast("dict[str, Any]", body)
    for name in path:
        for part in element.get("Objects", []) if "Objects" in element else [element]:
            if name in part:
                element = part[name]["Element"]
                break
    return cast("dict[str, Any]", element["Fields"])


def test_head_has_all_that_the_user_set() -> None:
    head = order_head(draft(description="302 NL", remarks="Cadeau"), "25001", SETTINGS, {})
    assert head == {
        "OrDa": "2026-11-21",
        "DbId": "25001",
        "RfCs": "302-1234567-1234567",
        "CuId": "EUR",
        "InVa": True,
        "VaDu": "1",
        "PaCd": "14",
        "PaTp": None,
        "War": "01",
        "Unit": 1,
        "JoCo": "70",
        "PrId": "WEB",
        "SaCh": None,
        "Re": "302 NL\nCadeau",
    }


def test_line_multiplies_to_its_gross() -> None:
    fields = order_line(line("-59.97", quantity="-3", kind=LineKind.DISCOUNT), "KORTING", "STK")
    assert (fields["QuUn"], fields["Upri"], fields["VaRc"]) == (Decimal(-3), Decimal("19.99"), "NL21")


def test_new_person_matches_nobody() -> None:
    connector, body = relation(customer(), SETTINGS, TODAY)
    assert connector == "KnSalesRelationPer"
    fields = inner(body, connector)
    assert (fields["IsDb"], fields["ColA"], fields["PaCd"], fields["CuId"]) == (True, "1300", "14", "EUR")
    person = inner(body, connector, "KnPerson")
    assert (person["MatchPer"], person["AutoNum"]) == ("7", True)
    assert (person["FiNm"], person["LaNm"], person["EmAd"], person["TeNr"]) == (
        "Jan",
        "Jansen",
        "jan@example.com",
        "+31101234567",
    )
    address = inner(body, connector, "KnPerson", "KnBasicAddressAdr")
    assert (address["Ad"], address["HmNr"], address["HmAd"], address["CoId"]) == ("Voorbeeldstraat", 12, "A", "NL")


def test_new_organisation_matches_nobody() -> None:
    buyer = customer(name="Muster GmbH", company="Muster GmbH", vat_id="DE123456789")
    connector, body = relation(buyer, SETTINGS, TODAY)
    organisation = inner(body, connector, "KnOrganisation")
    assert (connector, organisation["MatchOga"], organisation["Nm"]) == ("KnSalesRelationOrg", "6", "Muster GmbH")
    assert (inner(body, connector)["VaId"], inner(body, connector)["VaDu"]) == ("DE123456789", "2")


def test_collective_debtor_is_an_organisation_without_invented_data() -> None:
    connector, body = relation(collective(), SETTINGS, TODAY)
    assert connector == "KnSalesRelationOrg"
    assert set(inner(body, connector, "KnOrganisation")) == {"PadAdr", "AutoNum", "MatchOga", "Nm"}


def test_stand_in_name_becomes_last_name() -> None:
    buyer = customer(name="Amazon-klant 1012AB", first_name=None, last_name=None, address=None)
    connector, body = relation(buyer, SETTINGS, TODAY)
    assert inner(body, connector, "KnPerson")["LaNm"] == "Amazon-klant 1012AB"


def test_relation_needs_its_settings() -> None:
    with pytest.raises(Misconfigured, match="verzamelrekening"):
        relation(customer(), Settings(), TODAY)


@pytest.mark.parametrize(
    ("lines", "country", "expected"),
    [
        (("Voorbeeldstraat 12 A",), "NL", {"Ad": "Voorbeeldstraat", "HmNr": 12, "HmAd": "A"}),
        (("Voorbeeldstraat 12-14",), "NL", {"Ad": "Voorbeeldstraat", "HmNr": 12, "HmAd": "14"}),
        (("Plein 1944",), "NL", {"Ad": "Plein 1944"}),
        (("12 rue de la Paix",), "FR", {"Ad": "12 rue de la Paix"}),
        (("Voorbeeldstraat", "7"), "NL", {"Ad": "Voorbeeldstraat", "HmNr": 7}),
        (("Voorbeeldstraat 7", "2e verdieping"), "NL", {"Ad": "Voorbeeldstraat", "HmNr": 7, "AdAd": "2e verdieping"}),
        (("Postbus 1234",), "NL", {"PbAd": True, "HmNr": 1234}),
        (("L" * 70,), "NL", {"Ad": "L" * 60, "AdAd": "L" * 70}),
    ],
)
def test_address(lines: tuple[str, ...], country: str, expected: dict[str, object]) -> None:
    fields = basic_address(Address(lines=lines, city="X", country=country), TODAY)
    assert fields is not None
    got = {name: fields.get(name) for name in ("Ad", "HmNr", "HmAd", "AdAd") if fields.get(name) is not None}
    got |= {"PbAd": True} if fields["PbAd"] else {}
    assert got == expected


def test_address_without_country_is_left_out() -> None:
    assert basic_address(Address(city="Utrecht"), TODAY) is None


@pytest.mark.parametrize(("iso", "afas"), [("DE", "D"), ("SA", "AS"), ("SV", "EL"), ("GR", "GR"), ("MH", "MAR")])
def test_country_codes_are_those_of_afas(iso: str, afas: str) -> None:
    assert country_code(iso) == afas


def test_unknown_country_is_refused() -> None:
    with pytest.raises(Refused, match="QQ"):
        country_code("QQ")


def test_one_line_starts_with_the_name() -> None:
    address = Address(name="Piet", lines=("Weg 1",), postcode="1234 AB", city="Ede", country="NL")
    assert one_line(address) == "Piet, Weg 1, 1234 AB Ede, NL"


def test_article_keeps_the_rest_of_a_long_title() -> None:
    fields = inner(article(line(title="T" * 150, ean="8712345678906"), SETTINGS), "FbItemArticle")
    assert (fields["Ds"], fields["DsEx"]) == ("T" * 100, "T" * 50)
    assert (fields["Grp"], fields["BiUn"], fields["VaRc"]) == ("900", "STK", "NL21")
    assert (fields["VaBc"], fields["BaCo"]) == ("3", "8712345678906")


def test_wrong_barcode_is_left_out() -> None:
    assert "BaCo" not in inner(article(line(ean="8712345678901"), SETTINGS), "FbItemArticle")


def test_shipping_article_keeps_no_stock() -> None:
    settings = Settings(article_group="900", track_stock=True)
    assert inner(article(line(kind=LineKind.SHIPPING), settings), "FbItemArticle")["BiSt"] is False
    assert inner(article(line(), settings), "FbItemArticle")["BiSt"] is True


@pytest.mark.parametrize("code", [None, " ", "X" * 41])
def test_article_code_must_fit(code: str | None) -> None:
    with pytest.raises(Refused):
        article_code(line(code=code))


def test_export_needs_a_duty_or_a_vat_group() -> None:
    bare = draft(line(rate="0", vat_code="", treatment=Treatment.EXPORT))
    with pytest.raises(Misconfigured, match="btw-plicht"):
        refuse_unbookable(bare, SETTINGS)
    assert vat_duty(draft(line(rate="0", vat_code="NL0", treatment=Treatment.EXPORT)), SETTINGS) is None


def test_lines_of_different_duty_are_refused() -> None:
    mixed = draft(line(), line(rate="0", treatment=Treatment.ICS))
    with pytest.raises(Refused, match="different btw-plicht"):
        refuse_unbookable(mixed, SETTINGS)


def test_sales_abroad_take_the_domestic_duty_unless_set() -> None:
    sale = draft(line(treatment=Treatment.OSS, country="DE", rate="19", vat_code="DE19"))
    assert vat_duty(sale, SETTINGS) == "1"
    assert vat_duty(sale, Settings(vat_duty="1", vat_duty_abroad="5")) == "5"


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(Refused, match="100"):
        refuse_unbookable(draft(reference="R" * 101), SETTINGS)
    with pytest.raises(Misconfigured, match="VAT group"):
        refuse_unbookable(draft(line(vat_code="HOOG21")), SETTINGS)


@pytest.mark.parametrize(
    ("treatment", "country", "rate", "code"),
    [
        (Treatment.DOMESTIC, "NL", "21", "NL21"),
        (Treatment.OSS, "FI", "25.5", "FI25"),
        (Treatment.ICS, "BE", "0", ""),
    ],
)
def test_proposals_say_what_they_mean(treatment: Treatment, country: str, rate: str, code: str) -> None:
    row = propose(treatment, country, rate)
    assert row is not None
    assert row.code == code
