"""The dated rates: our table is the one that was handed over, and a change takes effect on its day."""

import csv
from datetime import date
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest

from koppel.vat.countries import EU
from koppel.vat.rates import CATEGORIES, current_rates, find_rate, rate_table

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared" / "domain" / "eu_vat_rates.csv"


@pytest.mark.skipif(not SHARED.is_file(), reason="../shared is not here: the table cannot be compared with its source")
def test_our_table_is_the_handed_over_one() -> None:
    def rows(path: Path) -> list[tuple[str, ...]]:
        with path.open(encoding="utf-8", newline="") as file:
            return [tuple(row[:5]) for row in csv.reader(file)]

    assert rows(ROOT / "daemon" / "koppel" / "vat" / "rates.csv") == rows(SHARED)


def test_every_member_state_has_a_standard_rate_today() -> None:
    assert all(find_rate(country, "standard", date(2026, 11, 21)) for country in EU | {"XI"})


def test_periods_of_one_row_do_not_overlap() -> None:
    for rates in rate_table().values():
        for earlier, later in pairwise(rates):
            assert earlier.valid_to is not None
            assert earlier.valid_to < later.valid_from


@pytest.mark.parametrize(
    ("country", "category", "on", "rate"),
    [
        ("EE", "standard", "2023-12-31", "20"),
        ("EE", "standard", "2024-01-01", "22"),
        ("EE", "standard", "2025-07-01", "24"),
        ("DE", "standard", "2020-07-01", "16"),
        ("DE", "standard", "2020-12-31", "16"),
        ("DE", "standard", "2021-01-01", "19"),
        ("NL", "standard", "2012-09-30", None),
        ("NL", "standard", "2012-10-01", "21"),
        ("AT", "food_listed_staples", "2026-06-30", "10"),
        ("AT", "food_listed_staples", "2026-07-01", "4.9"),
        ("LV", "food_listed_staples", "2027-06-30", "12"),
        ("LV", "food_listed_staples", "2027-07-01", "21"),
        ("NL", "food_listed_staples", "2026-07-01", None),
        ("SK", "food_high_sugar_salt", "2024-12-31", None),
        ("DK", "reduced_1", "2026-01-01", None),
        ("XI", "books_printed", "2026-01-01", None),
        ("GR", "standard", "2026-01-01", "24"),
        ("ZZ", "standard", "2026-01-01", None),
    ],
)
def test_rate_of_a_day(country: str, category: str, on: str, rate: str | None) -> None:
    found = find_rate(country, category, date.fromisoformat(on))
    assert (found.percentage if found else None) == (None if rate is None else Decimal(rate))


def test_current_rates_start_with_the_standard_one_and_are_different() -> None:
    def plain(country: str) -> list[Decimal]:
        return [rate.percentage for rate in current_rates(country, date(2026, 11, 21))]

    assert plain("NL") == [21, 9]
    assert plain("FR")[0] == 20
    assert set(plain("FR")) == {Decimal(20), Decimal("5.5"), Decimal(10), Decimal("2.1")}
    assert plain("DK") == [25]
    assert 16 not in plain("PT")
    assert plain("ZZ") == []


def test_categories_are_those_of_the_table() -> None:
    assert {"standard", "books_printed", "zero", "regional_azores_standard"} <= CATEGORIES
    assert "unicorns" not in CATEGORIES
