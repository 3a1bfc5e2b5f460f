"""Cases worked out from the domain rules alone, by somebody who had not seen the code."""

import csv
from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest

from koppel.booking.table import row_name
from koppel.vat import Treatment
from koppel.vat.cases import Outcome, decide_cases

FILE = Path(__file__).parent / "examiner_cases.csv"
with FILE.open(encoding="utf-8", newline="") as opened:
    ROWS = {row["id"]: row for row in csv.DictReader(opened)}


@cache
def outcomes() -> dict[str, Outcome]:
    return {outcome.id: outcome for outcome in decide_cases(FILE.read_text("utf-8"), "nl")}


@pytest.mark.parametrize("case", ROWS)
def test_examiner_case(case: str) -> None:
    outcome = outcomes()[case]
    extra = outcome.extra
    expected = tuple(extra[f"expected_{name}"] for name in ("treatment", "rate", "net", "vat"))
    assert (outcome.treatment, outcome.rate, outcome.net, outcome.vat) == expected, extra["why"]


def test_net_and_vat_add_up_to_what_the_row_says() -> None:
    booked = [outcome for outcome in outcomes().values() if outcome.net]
    assert len(booked) > 300
    for outcome in booked:
        assert Decimal(outcome.net) + Decimal(outcome.vat) == Decimal(ROWS[outcome.id]["gross"]), outcome.id


def test_every_treatment_is_among_the_cases() -> None:
    assert {outcome.treatment for outcome in outcomes().values()} == {str(treatment) for treatment in Treatment}


def test_dutch_sale_of_a_belgian_seller_is_not_booked_as_its_oss_sale() -> None:
    assert row_name(Treatment.DOMESTIC, "NL", "BE") == "NL-local" != row_name(Treatment.OSS, "NL", "BE")
    assert row_name(Treatment.DOMESTIC_FOREIGN, "BE", "BE") == "BE"
