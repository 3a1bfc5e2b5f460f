"""The table of section 1, row by row: which rule hit, whose VAT, what is said, what a person should do."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koppel.vat import Charged, Decision, Facts, Seller, Transaction, Treatment, ViesState, decide
from koppel.vat.facts import REVERSE_CHARGE
from koppel.vat.rules import ROWS

DAY = date(2026, 3, 1)
DE_NUMBER = "DE136695976"


def facts(**changes: Any) -> Facts:
    seller = Seller(
        country=changes.pop("seller", "NL"),
        oss=changes.pop("oss", True),
        kor=changes.pop("kor", False),
        above_threshold=changes.pop("above", True),
    )
    plain: dict[str, Any] = {
        "departure": "NL",
        "arrival": "NL",
        "postcode": "1012AB",
        "on": DAY,
        "gross": Decimal("121.00"),
    }
    return Facts(seller=seller, **{**plain, **changes})


def told(decision: Decision) -> str:
    return " ".join(sentence.en for sentence in (*decision.trail, *decision.warnings))


@pytest.mark.parametrize(
    ("changes", "treatment", "rule", "country", "rate"),
    [
        ({"departure": None}, Treatment.REVIEW, "0", None, None),
        ({"arrival": "DE", "marketplace_collects": True}, Treatment.REVIEW, "0", None, None),
        ({"transaction": Transaction.TRANSFER, "gross": None}, Treatment.NO_BOOKING, "1", None, None),
        ({"transaction": Transaction.TRANSFER, "arrival": "PL"}, Treatment.FBA_TRANSFER, "1", None, None),
        ({"arrival": "GB", "marketplace_collects": True}, Treatment.MARKETPLACE_DEEMED, "2", None, "0"),
        ({"arrival": "ES", "postcode": "38001"}, Treatment.EXPORT, "3", "NL", "0"),
        ({"departure": "DE", "arrival": "CH"}, Treatment.EXPORT, "3", "DE", "0"),
        ({"departure": "CN"}, Treatment.REVIEW, "4", None, None),
        ({"kor": True}, Treatment.KOR_EXEMPT, "5", "NL", "0"),
        ({}, Treatment.DOMESTIC, "6", "NL", "21"),
        ({"departure": "DE", "arrival": "DE"}, Treatment.DOMESTIC_FOREIGN, "7", "DE", "19"),
        ({"arrival": "DE", "buyer_vat_id": DE_NUMBER, "vies": ViesState.VALID}, Treatment.ICS, "8", "NL", "0"),
        (
            {"departure": "BE", "arrival": "DE", "buyer_vat_id": DE_NUMBER, "vies": ViesState.VALID},
            Treatment.ICS,
            "8",
            "BE",
            "0",
        ),
        ({"arrival": "DE", "buyer_vat_id": DE_NUMBER}, Treatment.REVIEW, "9", None, None),
        ({"arrival": "DE"}, Treatment.OSS, "10a", "DE", "19"),
        ({"arrival": "DE", "oss": False, "above": False}, Treatment.ORIGIN_BELOW_THRESHOLD, "10b", "NL", "21"),
        ({"arrival": "DE", "oss": False, "above": True}, Treatment.DESTINATION_LOCAL_REG, "10c", "DE", "19"),
        (
            {"departure": "DE", "arrival": "AT", "oss": False, "above": False},
            Treatment.DESTINATION_LOCAL_REG,
            "10d",
            "AT",
            "20",
        ),
    ],
)
def test_row(changes: dict[str, Any], treatment: Treatment, rule: str, country: str | None, rate: str | None) -> None:
    decision = decide(facts(**changes))
    assert (decision.treatment, decision.rule, decision.country) == (treatment, rule, country)
    assert decision.rate == (None if rate is None else Decimal(rate))
    assert decision.trail
    assert decision.refused is (treatment is Treatment.REVIEW)
    assert bool(decision.code) is decision.refused
    assert (decision.suggestion is not None) is decision.refused
    if decision.rate is not None:
        assert decision.gross is not None
        assert decision.net is not None
        assert decision.gross == decision.net + (decision.vat or 0)
    else:
        assert decision.gross is decision.net is decision.vat is None


def test_rows_stand_in_the_documents_order() -> None:
    assert [row.__name__.split("_")[1] for row in ROWS] == ["0", "0", *(str(number) for number in range(1, 11))]


def test_trail_leads_from_the_place_to_the_rule_to_the_figures() -> None:
    decision = decide(facts(arrival="GB", postcode="BT1 1AA", gross=Decimal("120.00")))
    assert [sentence.en for sentence in decision.trail] == [
        "A British address with postcode BT is in Northern Ireland, which counts as EU for goods (XI).",
        "Distance sale from NL to XI, the seller uses OSS: VAT of XI, in the OSS return.",
        "XI, standard on 2026-03-01: 20 %.",
        "Of 120.00 EUR, 20.00 is VAT.",
    ]
    assert (
        decision.trail[1].nl
        == "Afstandsverkoop van NL naar XI, de verkoper gebruikt OSS: btw van XI, in de OSS-aangifte."
    )


def test_a_refund_says_that_it_follows_its_sale() -> None:
    decision = decide(facts(transaction=Transaction.REFUND, gross=Decimal("-24.20")))
    assert (decision.net, decision.vat) == (Decimal("-20.00"), Decimal("-4.20"))
    assert decision.trail[0].en.startswith("A refund follows its sale")


def test_a_missing_postcode_is_told_where_it_could_matter() -> None:
    assert "taken as ES" in told(decide(facts(arrival="ES", postcode=None)))
    assert "taken as Great Britain" in told(decide(facts(arrival="GB", postcode=None)))
    assert "postcode" not in told(decide(facts(arrival="BE", postcode=None)))


@pytest.mark.parametrize(
    ("country", "city"),
    [("ES", "Santa Cruz de Tenerife"), ("GB", "Belfast"), ("FI", "Mariehamn"), ("IT", "Livigno (SO)")],
)
def test_a_place_with_other_vat_and_no_postcode_is_a_question(country: str, city: str) -> None:
    decision = decide(facts(arrival=country, postcode=None, city=city))
    assert (decision.treatment, decision.code) == (Treatment.REVIEW, "vat.review")
    assert "postcode is missing" in told(decision)


def test_vies_unknown_is_a_hold_and_no_error() -> None:
    for vies in (ViesState.UNKNOWN, None):
        decision = decide(facts(arrival="DE", buyer_vat_id=DE_NUMBER, vies=vies))
        assert decision.code == "vies.unknown"
    assert decide(facts(arrival="DE", buyer_vat_id=DE_NUMBER, vies=ViesState.INVALID)).code == "vat.review"
    assert "VIES gave no answer" in told(decide(facts(arrival="DE", buyer_vat_id=DE_NUMBER, vies=ViesState.UNKNOWN)))
    assert "not been checked" in told(decide(facts(arrival="DE", buyer_vat_id=DE_NUMBER)))


@pytest.mark.parametrize(
    ("number", "vies", "why"),
    [
        ("DE12345", None, "does not have the form"),
        ("DE123456789", None, "check digits"),
        ("GB980780684", None, "not of an EU country"),
        ("NL004495445B01", ViesState.VALID, "departure country (NL)"),
        (DE_NUMBER, ViesState.INVALID, "VIES calls"),
    ],
)
def test_a_useless_number_is_refused_or_a_warning(number: str, vies: ViesState | None, why: str) -> None:
    base: dict[str, Any] = {"arrival": "BE", "buyer_vat_id": number, "vies": vies}
    refused = decide(facts(**base))
    assert refused.treatment is Treatment.REVIEW
    assert why in told(refused)
    assert refused.suggestion is not None
    assert "consumer sale" in refused.suggestion.en
    charged = decide(facts(**base, channel_vat=Charged.CHARGED))
    assert charged.treatment is Treatment.OSS
    assert len(charged.warnings) == 1
    assert why in charged.warnings[0].en
    assert "booked as a consumer sale" in charged.warnings[0].en


def test_local_registration_is_a_warning() -> None:
    decision = decide(facts(arrival="DE", oss=False))
    assert decision.warnings[0].en == "This needs a VAT registration in DE, or OSS."


def test_both_warnings_stand_together() -> None:
    decision = decide(facts(arrival="DE", oss=False, buyer_vat_id="DE1", channel_vat=Charged.CHARGED))
    assert [warning.en.split()[0] for warning in decision.warnings] == ["The", "This"]


def test_a_business_without_a_number_waits_at_the_border_only() -> None:
    held = decide(facts(arrival="DE", business=True))
    assert (held.treatment, held.rule, held.code) == (Treatment.REVIEW, "9", "vat.review")
    assert decide(facts(business=True)).treatment is Treatment.DOMESTIC
    assert decide(facts(arrival="CH", business=True)).treatment is Treatment.EXPORT


@pytest.mark.parametrize(
    ("gross", "more", "treatment"),
    [
        ("12100.00", {"buyer_vat_id": "NL004495445B01"}, Treatment.REVIEW),
        ("12099.99", {"buyer_vat_id": "NL004495445B01"}, Treatment.DOMESTIC),
        ("12100.00", {"business": True}, Treatment.REVIEW),
        ("12100.00", {}, Treatment.DOMESTIC),
        ("605.00", {"business": True, "invoice_gross": Decimal("12100.00")}, Treatment.REVIEW),
        ("605.00", {"business": True, "invoice_gross": Decimal("605.00")}, Treatment.DOMESTIC),
        ("-12100.00", {"business": True}, Treatment.REVIEW),
    ],
)
def test_dutch_reverse_charge_goods(gross: str, more: dict[str, Any], treatment: Treatment) -> None:
    decision = decide(facts(category=REVERSE_CHARGE, gross=Decimal(gross), **more))
    assert decision.treatment is treatment
    assert decision.rule == "6"
    if treatment is Treatment.DOMESTIC:
        assert decision.rate == 21


def test_reverse_charge_goods_abroad_have_the_standard_rate() -> None:
    assert decide(facts(category=REVERSE_CHARGE, arrival="DE")).rate == 19
    belgian = facts(
        seller="BE", departure="BE", arrival="BE", category=REVERSE_CHARGE, business=True, gross=Decimal(50_000)
    )
    assert decide(belgian).treatment is Treatment.DOMESTIC_FOREIGN


def test_goods_that_never_were_in_the_eu_are_told() -> None:
    decision = decide(facts(departure="GB", arrival="US"))
    assert decision.treatment is Treatment.EXPORT
    assert "never in the EU" in decision.warnings[0].en
    assert not decide(facts(arrival="US")).warnings


def test_seller_from_outside_the_eu_has_no_threshold_and_no_kor() -> None:
    assert decide(facts(seller="US", arrival="DE", oss=False, above=False)).rule == "10d"
    assert decide(facts(seller="US")).treatment is Treatment.DOMESTIC
    assert decide(facts(seller="US", kor=True)).rule == "5"
    assert decide(facts(seller="US", kor=True)).refused
    assert decide(facts(seller="XX")).code == "vat.review"


def test_a_seller_in_monaco_is_at_home_in_france() -> None:
    assert decide(facts(seller="MC", departure="FR", arrival="DE", oss=False, above=False)).rule == "10b"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"channel_vat": Charged.ZERO}, "vat.channel-differs"),
        ({"arrival": "CH", "channel_vat": Charged.CHARGED}, "vat.channel-differs"),
        ({"kor": True, "channel_vat": Charged.CHARGED}, "vat.channel-differs"),
        (
            {"arrival": "DE", "buyer_vat_id": DE_NUMBER, "vies": ViesState.VALID, "channel_vat": Charged.CHARGED},
            "vat.channel-differs",
        ),
        ({"channel_vat": Charged.ZERO, "gross": Decimal("0.05")}, ""),
        ({"arrival": "CH", "channel_vat": Charged.ZERO}, ""),
        ({"arrival": "GB", "marketplace_collects": True, "channel_vat": Charged.CHARGED}, ""),
    ],
)
def test_the_channel_says_otherwise(changes: dict[str, Any], code: str) -> None:
    assert decide(facts(**changes)).code == code


def test_danish_books_are_booked_with_a_doubt() -> None:
    assert decide(facts(arrival="DK", category="books_printed")).warnings[0].en.startswith("Mind: Denmark")
    assert decide(facts(arrival="DK", category="books_printed", on=date(2026, 1, 1))).warnings
    assert not decide(facts(arrival="DK", category="books_printed", on=date(2025, 12, 31))).warnings


def test_a_tiny_refund_has_no_negative_zero() -> None:
    decision = decide(facts(transaction=Transaction.REFUND, gross=Decimal("-0.02")))
    assert str(decision.vat) == "0.00"


COUNTRIES = st.sampled_from(["NL", "DE", "AT", "ES", "FR", "GB", "XI", "MC", "US", "CH", "CN", "GR", "PT", "ZZ", None])
NUMBERS = st.sampled_from([None, "", DE_NUMBER, "NL004495445B01", "DE1", "GB1", "ATU13585627", "rubbish", "é{}"])
POSTCODES = st.sampled_from([None, "", "38001", "98000", "97400", "BT1 1AA", "27498", "9500", "{start}", "83100"])
ANY_FACTS = st.builds(
    Facts,
    seller=st.builds(
        Seller,
        country=COUNTRIES,
        oss=st.sampled_from([True, False, None]),
        kor=st.booleans(),
        above_threshold=st.sampled_from([True, False, None]),
    ),
    departure=COUNTRIES,
    arrival=COUNTRIES,
    on=st.dates(date(1990, 1, 1), date(2035, 1, 1)),
    gross=st.one_of(st.none(), st.decimals(-100_000, 100_000, places=2)),
    postcode=POSTCODES,
    city=st.sampled_from([None, "Belfast", "Tenerife", "x"]),
    transaction=st.sampled_from(Transaction),
    category=st.sampled_from(["standard", "books_printed", "food_general", "zero", "regional_azores_standard", "{x}"]),
    buyer_vat_id=NUMBERS,
    business=st.booleans(),
    vies=st.one_of(st.none(), st.sampled_from(ViesState)),
    marketplace=st.booleans(),
    marketplace_collects=st.booleans(),
    channel_vat=st.one_of(st.none(), st.sampled_from(Charged)),
)


@given(ANY_FACTS)
def test_every_set_of_facts_is_decided_or_refused_with_advice(given_facts: Facts) -> None:
    decision = decide(given_facts)
    assert decision.trail
    if decision.refused:
        assert decision.code
        assert decision.suggestion
    elif decision.rate is not None:
        assert decision.gross == given_facts.gross
        assert decision.net is not None
        assert decision.vat is not None
        assert decision.net + decision.vat == decision.gross
        assert abs(decision.vat * (100 + decision.rate) - (decision.gross or 0) * decision.rate) <= Decimal("0.005") * (
            100 + decision.rate
        )
    if decision.treatment is Treatment.ICS:
        assert given_facts.vies in (ViesState.VALID, ViesState.VALID_AT_SALE)
    assert decide(given_facts) == decision


@given(ANY_FACTS, st.decimals(0, 10_000, places=2))
def test_a_refund_is_the_mirror_of_its_sale(given_facts: Facts, gross: Decimal) -> None:
    from msgspec.structs import replace

    sale = decide(replace(given_facts, transaction=Transaction.SALE, gross=gross))
    refund = decide(replace(given_facts, transaction=Transaction.REFUND, gross=-gross))
    assert (sale.treatment, sale.rate, sale.country) == (refund.treatment, refund.rate, refund.country)
    if sale.vat is not None and refund.vat is not None:
        assert sale.vat == -refund.vat
