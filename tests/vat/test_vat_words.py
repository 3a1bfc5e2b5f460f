"""Every refusal says which row refused, why, and what to do; every decision says in which currency it is."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from koppel.vat import Charged, Decision, Facts, Seller, Transaction, Treatment, ViesState, decide, texts
from koppel.vat.facts import REVERSE_CHARGE
from koppel.vat.sentence import Sentence
from koppel.vat.verdict import plain

DE_NUMBER = "DE136695976"
VALID: dict[str, Any] = {"arrival": "DE", "buyer_vat_id": DE_NUMBER, "vies": ViesState.VALID}


def decided(**changes: Any) -> Decision:
    seller = Seller(
        country=changes.pop("seller", "NL"),
        oss=changes.pop("oss", True),
        kor=changes.pop("kor", False),
        above_threshold=changes.pop("above", True),
    )
    plain_facts: dict[str, Any] = {
        "departure": "NL",
        "arrival": "NL",
        "postcode": "1012AB",
        "on": date(2026, 3, 1),
        "gross": Decimal("121.00"),
    }
    return decide(Facts(seller=seller, **{**plain_facts, **changes}))


@pytest.mark.parametrize(
    ("changes", "rule", "code", "why", "advice"),
    [
        ({"departure": None}, "0", "vat.review", texts.DEPARTURE_UNKNOWN.fill(given="-"), texts.GIVE_COUNTRY),
        ({"departure": "ZZ"}, "0", "vat.review", texts.DEPARTURE_UNKNOWN.fill(given="ZZ"), texts.GIVE_COUNTRY),
        ({"arrival": None}, "0", "vat.review", texts.ARRIVAL_UNKNOWN.fill(given="-"), texts.GIVE_COUNTRY),
        ({"arrival": "ZZ"}, "0", "vat.review", texts.ARRIVAL_UNKNOWN.fill(given="ZZ"), texts.GIVE_COUNTRY),
        ({"seller": "ZZ"}, "0", "vat.review", texts.SELLER_UNKNOWN, texts.SET_SELLER),
        ({"category": ""}, "0", "vat.review", texts.CATEGORY_UNKNOWN.fill(category="-"), texts.CHOOSE_CATEGORY),
        ({"category": "x"}, "0", "vat.review", texts.CATEGORY_UNKNOWN.fill(category="x"), texts.CHOOSE_CATEGORY),
        ({"gross": None}, "0", "vat.review", texts.AMOUNT_MISSING, texts.GIVE_AMOUNT),
        (
            {"marketplace": False, "marketplace_collects": True},
            "0", "vat.review", texts.OWN_SHOP_COLLECTS, texts.CORRECT_COLLECTOR,
        ),
        ({"marketplace_collects": True}, "0", "vat.review", texts.CANNOT_COLLECT, texts.ASK_CHANNEL),
        (
            {"arrival": "CH", "channel_vat": Charged.CHARGED},
            "0", "vat.channel-differs", texts.EXPORT.fill(end="CH").then(texts.CHANNEL_CHARGED), texts.CORRECT_INVOICE,
        ),
        (
            {"channel_vat": Charged.ZERO},
            "0", "vat.channel-differs",
            texts.DOMESTIC.fill(end="NL").then(texts.CHANNEL_ZERO.fill(rate="21")), texts.SET_CHANNEL,
        ),
        ({"departure": "CN"}, "4", "vat.review", texts.FROM_OUTSIDE.fill(start="CN"), texts.BY_BOOKKEEPER),
        ({"seller": "DE", "kor": True}, "5", "vat.review", texts.KOR_ABROAD, texts.CORRECT_KOR),
        (
            {"seller": "DE", "kor": True, "departure": "DE", "arrival": "DE"},
            "5", "vat.review", texts.KOR_ABROAD, texts.CORRECT_KOR,
        ),
        (
            {"category": REVERSE_CHARGE, "business": True, "gross": Decimal(20_000)},
            "6", "vat.review", texts.REVERSE_CHARGE, texts.BY_BOOKKEEPER,
        ),
        (
            {**VALID, "channel_vat": Charged.CHARGED},
            "8", "vat.channel-differs", texts.ICS_CHARGED, texts.CORRECT_INVOICE,
        ),
        (
            {"arrival": "DE", "buyer_vat_id": None, "vies": ViesState.VALID},
            "9", "vat.review", texts.NUMBER_CONTRADICTED, texts.CHECK_NUMBER,
        ),
        (
            {**VALID, "vies": ViesState.UNKNOWN},
            "9", "vies.unknown", texts.VIES_SILENT, texts.HOLD,
        ),
        (
            {**VALID, "vies": ViesState.INVALID},
            "9", "vat.review", texts.NUMBER_INVALID.then(texts.NOT_CHARGED), texts.AS_CONSUMER,
        ),
        ({"arrival": "DE", "business": True}, "9", "vat.review", texts.NUMBER_TO_COME, texts.WAIT_FOR_REPORT),
        ({"arrival": "DE", "oss": None, "above": True}, "0", "vat.review", texts.OSS_UNKNOWN, texts.SET_OSS),
        ({"arrival": "DE", "oss": False, "above": None}, "0", "vat.review", texts.OSS_UNKNOWN, texts.SET_OSS),
        (
            {"arrival": "PT", "postcode": "9500-100", "category": "food_listed_staples"},
            "0", "vat.review",
            texts.OSS.fill(start="NL", end="PT").then(
                texts.NO_RATE.fill(country="PT", category="regional_azores_food_listed_staples", on="2026-03-01")
            ),
            texts.CHOOSE_CATEGORY,
        ),
    ],
)  # fmt: skip
def test_a_refusal_says_why_and_what_to_do(
    changes: dict[str, Any], rule: str, code: str, why: Sentence, advice: Sentence
) -> None:
    decision = decided(currency="SEK", **changes)
    assert (decision.treatment, decision.rule, decision.code, decision.currency) == (
        Treatment.REVIEW,
        rule,
        code,
        "SEK",
    )
    assert decision.trail[-1] == why
    assert decision.suggestion == advice


def test_a_missing_postcode_that_matters_is_asked_for() -> None:
    decision = decided(arrival="ES", postcode=None, city="Tenerife")
    assert (decision.rule, decision.suggestion) == ("0", texts.GIVE_POSTCODE)
    assert "Canary Islands" in decision.trail[-1].en


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"arrival": "CH"},
        {"transaction": Transaction.TRANSFER},
        {"transaction": Transaction.TRANSFER, "arrival": "PL"},
    ],
)
def test_the_currency_stays(changes: dict[str, Any]) -> None:
    assert decided(currency="SEK", **changes).currency == "SEK"


def test_stock_abroad_needs_a_registration() -> None:
    decision = decided(departure="DE", arrival="AT", oss=False, above=False)
    assert decision.rule == "10d"
    assert decision.warnings == (texts.REGISTER.fill(end="AT"),)


def test_goods_that_never_were_in_the_eu_are_named_by_where_they_left() -> None:
    assert decided(departure="GB", arrival="US").warnings == (texts.NEVER_INSIDE.fill(start="GB"),)


@pytest.mark.parametrize(("rate", "text"), [("21.00", "21"), ("5.50", "5.5"), ("100", "100"), ("0", "0")])
def test_a_percentage_is_written_as_people_do(rate: str, text: str) -> None:
    assert plain(Decimal(rate)) == text


AZORES = {"arrival": "PT", "postcode": "9500-100"}
ISLAND = {"arrival": "GR", "postcode": "81100"}


@pytest.mark.parametrize(
    ("where", "category", "rate"),
    [(AZORES, "standard", 16), (AZORES, "regional_azores_standard", 16), (ISLAND, "regional_islands_standard", 17)],
)
def test_a_region_has_its_own_rate(where: dict[str, str], category: str, rate: int) -> None:
    decision = decided(**where, category=category)
    assert (decision.rule, decision.rate) == ("10a", Decimal(rate))


@pytest.mark.parametrize(
    ("where", "category", "why"),
    [
        ({"arrival": "PT", "postcode": "1000-001"}, "regional_azores_standard", texts.REGION_ELSEWHERE),
        ({"arrival": "PT", "postcode": "9000-001"}, "regional_azores_standard", texts.REGION_ELSEWHERE),
        (ISLAND, "standard", texts.REGION_POSSIBLE),
    ],
)
def test_a_regional_rate_elsewhere_or_in_doubt_is_refused(where: dict[str, str], category: str, why: Sentence) -> None:
    decision = decided(**where, category=category)
    filled = why.fill(category=category, region="islands")
    assert decision.refused
    assert decision.trail[-1] == texts.OSS.fill(start="NL", end=where["arrival"]).then(filled)


def test_where_the_goods_leave_is_told_where_it_is_not_simply_its_country() -> None:
    assert "Monaco" in decided(departure="MC", arrival="FR").trail[0].en


@pytest.mark.parametrize(
    ("changes", "gross", "vat"),
    [
        ({"currency": "EUR"}, "1000.00", "173.55"),
        ({"currency": "JPY"}, "1000", "174"),
        ({"currency": "KWD"}, "1000.000", "173.554"),
        ({"currency": "HUF", "whole_units": True}, "1000", "174"),
    ],
)
def test_figures_are_in_the_currencys_own_unit(changes: dict[str, Any], gross: str, vat: str) -> None:
    decision = decided(gross=Decimal(1000), **changes)
    assert (str(decision.gross), str(decision.vat)) == (gross, vat)


@pytest.mark.parametrize(("gross", "booked"), [("10.125", "10.13"), ("-10.125", "-10.13")])
def test_half_a_cent_is_rounded_away_from_zero(gross: str, booked: str) -> None:
    assert decided(arrival="CH", gross=Decimal(gross)).gross == Decimal(booked)


@pytest.mark.parametrize(
    ("changes", "rule", "code"),
    [
        ({}, "5", ""),
        ({"above": True}, "10c", ""),
        ({"oss": True}, "10a", ""),
        ({"departure": "DE", "arrival": "AT"}, "10d", ""),
        ({"business": True}, "9", "vat.review"),
        ({"buyer_vat_id": DE_NUMBER, "vies": ViesState.VALID}, "8", ""),
        ({"buyer_vat_id": "DE1"}, "9", "vat.review"),
        ({"buyer_vat_id": "DE1", "channel_vat": Charged.CHARGED}, "0", "vat.channel-differs"),
    ],
)
def test_the_small_business_scheme_reaches_consumers_abroad_below_the_threshold(
    changes: dict[str, Any], rule: str, code: str
) -> None:
    decision = decided(**{"kor": True, "arrival": "DE", "oss": False, "above": False, **changes})
    assert (decision.rule, decision.code) == (rule, code)


def test_reverse_charge_goods_before_the_table_of_rates_begins_are_asked_about() -> None:
    decision = decided(category=REVERSE_CHARGE, business=True, on=date(1990, 1, 1))
    assert (decision.rule, decision.trail[-1]) == ("6", texts.REVERSE_CHARGE)


def test_a_number_of_the_departure_country_is_told_whatever_its_check_digits() -> None:
    decision = decided(departure="DE", arrival="BE", buyer_vat_id="DE123456789")
    assert decision.trail[-1] == texts.NUMBER_OF_DEPARTURE.fill(start="DE").then(texts.NOT_CHARGED)


def test_braces_that_mean_nothing_stay() -> None:
    assert Sentence("{a} {b}", "{b} {a}").fill(a=1) == Sentence("1 {b}", "{b} 1")
