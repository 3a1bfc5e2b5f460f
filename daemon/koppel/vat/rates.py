"""The dated VAT rates. The table is data (``rates.csv``); here is only how it is read.

A rate is looked up at the tax date. A product row beats nothing and is beaten by nothing: the category decides which
row is meant, and a country without a row for the category has no rate, never another category's. The one exception is
in :data:`_PART_OF`.
"""

import csv
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files

from msgspec import Struct

from koppel.vat import texts
from koppel.vat.sentence import Sentence


class Rate(Struct, frozen=True, kw_only=True):
    """A percentage that holds from a day to a day (inclusive; None = still). ``doubt`` is what to know about it."""

    country: str
    category: str
    percentage: Decimal
    valid_from: date
    valid_to: date | None
    doubt: Sentence | None = None


STANDARD = "standard"

_PART_OF = {"food_listed_staples": "food_general"}
"""Before and after a country lists its staples, they are ordinary food there (AT 10 -> 4.9, LV 21 -> 12 -> 21). In a
country that never had such a list the category says nothing [bookkeeping.md 3]."""

_DOUBTS = {
    ("DK", "books_printed"): (date(2026, 1, 1), texts.DENMARK_BOOKS),
    ("NL", "zero"): (date(2019, 1, 1), texts.ZERO_AT_HOME),
}


@cache
def rate_table() -> dict[tuple[str, str], tuple[Rate, ...]]:
    """All rates by country and category, oldest first."""
    table: dict[tuple[str, str], tuple[Rate, ...]] = {}
    with files("koppel.vat").joinpath("rates.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            rate = Rate(
                country=row["country"],
                category=row["category"],
                percentage=Decimal(row["rate"]),
                valid_from=date.fromisoformat(row["valid_from"]),
                valid_to=date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
            )
            key = (rate.country, rate.category)
            table[key] = (*table.get(key, ()), rate)
    return table


CATEGORIES = frozenset(category for _, category in rate_table())
"""Every category that the table knows, the regional ones and ``zero`` included."""


def find_rate(country: str, category: str, on: date) -> Rate | None:
    """The rate of a category in a country on a day, or None where the table has none."""
    rows = rate_table().get((country, category), ())
    for rate in rows:
        if rate.valid_from <= on and (rate.valid_to is None or on <= rate.valid_to):
            return _with_doubt(rate, on)
    wider = _PART_OF.get(category)
    return find_rate(country, wider, on) if rows and wider else None


def current_rates(country: str, on: date) -> tuple[Rate, ...]:
    """Each different rate a country has on a day, the standard rate first, regional and ``zero`` rows left out."""
    found: dict[Decimal, Rate] = {}
    for owner, category in sorted(rate_table(), key=lambda key: (key[1] != STANDARD, key[1])):
        if owner == country and category != "zero" and not category.startswith("regional_"):
            rate = find_rate(country, category, on)
            if rate:
                found.setdefault(rate.percentage, rate)
    return tuple(found.values())


def _with_doubt(rate: Rate, on: date) -> Rate:
    since, doubt = _DOUBTS.get((rate.country, rate.category), (None, None))
    if since is None or on < since:
        return rate
    return Rate(
        country=rate.country,
        category=rate.category,
        percentage=rate.percentage,
        valid_from=rate.valid_from,
        valid_to=rate.valid_to,
        doubt=doubt,
    )
