"""VAT rates: the Dutch history, and those of the other EU countries by rate code. Facts of law."""

from decimal import Decimal

TARIFFS = (
    ("Geen", "0", "1900-01-01", "2400-12-31"),
    ("Laag", "9", "2019-01-01", "2400-12-31"),
    ("Laag", "6", "1986-10-01", "2018-12-31"),
    ("Hoog", "21", "2012-10-01", "2400-12-31"),
    ("Hoog", "19", "2001-01-01", "2012-09-30"),
    ("Overig", "0", "1968-01-01", "2400-12-31"),
)
"""Kind, percentage, first and last day."""

_SINCE = "2019-01-01"
_RATES = """
AUT AT SR 20; RRH 13; RRL 10
BEL BE SR 21; RRH 12; RRL 6; PR 12
BGR BG SR 20; RRL 9
CYP CY SR 19; RRH 9; RRL 5; SRR 3
CZE CZ SR 21; RRL 12 2024-01-01
DEU DE SR 19 2021-01-01; SR 16 2020-07-01; SR 19 2007-01-01; RRL 7
DNK DK SR 25
EST EE SR 20 2009-07-01; SR 22 2024-01-01; SR 24 2025-07-01; RRH 13 2025-01-01; RRL 9
ESP ES SR 21; RRL 10; SRR 4
FIN FI SR 24 2013-01-01; SR 25.5 2024-09-01; RRH 13.5 2026-01-01; RRL 10
FRA FR SR 20; RRH 10; RRL 5.5; SRR 2.1
GRC GR SR 24; RRH 13; RRL 6
HRV HR SR 25; RRH 13; RRL 5
HUN HU SR 27; RRH 18; RRL 5
IRL IE SR 23 2021-03-01; RRH 13.5; RRL 9; SRR 4.8
ITA IT SR 22; RRH 10; RRL 5; SRR 4
LTU LT SR 21; RRH 12 2026-01-01; RRL 5
LUX LU SR 16 2023-01-01; SR 17 2024-01-01; RRH 14 2024-01-01; RRL 8 2024-01-01; SRR 3
LVA LV SR 21; RRH 12; RRL 5
MLT MT SR 18; PR 12 2024-01-01; RRH 7; RRL 5
NLD NL SR 21; RRL 9
POL PL SR 23; RRH 8; RRL 5
PRT PT SR 23; RRH 13; RRL 6
ROU RO SR 19 2017-01-01; SR 21 2025-08-01; RRL 11 2025-08-01
SWE SE SR 25; RRH 12; RRL 6
SVN SI SR 22; RRH 9.5; RRL 5
SVK SK SR 20 2011-01-01; SR 23 2025-01-01; RRH 19 2025-01-01; RRL 5 2025-01-01
"""


def _read() -> dict[str, tuple[str, tuple[tuple[str, Decimal, str], ...]]]:
    found: dict[str, tuple[str, tuple[tuple[str, Decimal, str], ...]]] = {}
    for line in _RATES.strip().splitlines():
        three, two, rest = line.split(" ", 2)
        entries: list[tuple[str, Decimal, str]] = []
        for entry in rest.split(";"):
            code, rate, *since = entry.split()
            entries.append((code, Decimal(rate), since[0] if since else _SINCE))
        found[two] = (three, tuple(entries))
    return found


EU = _read()
"""Two letters -> three letters and the rates: code, percentage, first day."""


def foreign_rate(country: str, code: str, day: str) -> Decimal | None:
    """The percentage that a rate code has in a country (two letters) on a day (``yyyy-MM-dd``)."""
    entries = EU.get(country, ("", ()))[1]
    valid = [(since, rate) for each, rate, since in entries if each == code and since <= day]
    return max(valid)[1] if valid else None


def dutch_rate(kind: str, day: str) -> Decimal:
    """The Dutch percentage of a VAT kind on a day."""
    return next(Decimal(rate) for each, rate, first, last in TARIFFS if each == kind and first <= day <= last)
