"""What stands in the sandbox's Profit: masters, parties, relations, articles, orders; and how AFAS adds an order up."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from koppel.model import round_money
from koppel_afas.countries import AFAS_COUNTRIES

WITH_VAT, ICS, EXPORT, NO_VAT = "1", "2", "3", "4"
"""The btw-plicht codes of this environment."""
UNIT = 1
"""The administration."""

MASTERS: dict[str, dict[str, str]] = {
    "Unit": {str(UNIT): "Webwinkel Voorbeeld B.V."},
    "JoCo": {"70": "Verkoopboek", "71": "Verkoopboek marktplaatsen"},
    "War": {"01": "Hoofdmagazijn", "02": "Magazijn Zuid", "*****": "Standaard"},
    "Grp": {"100": "Handelsgoederen", "300": "Diensten", "900": "Webwinkel"},
    "Unit of article": {"STK": "Stuk", "DOOS": "Doos", "*****": "Geen"},
    "ColA": {"1300": "Debiteuren", "1400": "Debiteuren webwinkel"},
    "Account": {"1300": "Debiteuren", "1400": "Debiteuren webwinkel", "8000": "Omzet hoog", "8010": "Omzet laag"},
    "PaCd": {"00": "Al betaald", "14": "14 dagen", "30": "30 dagen"},
    "PaTp": {"1": "Overboeking"},
    "PrId": {"WEB": "Webwinkel"},
    "SaCh": {"1": "Website", "2": "Marktplaats"},
    "VaDu": {WITH_VAT: "Binnenland", ICS: "ICL", EXPORT: "Export", NO_VAT: "Geen"},
    "CuId": {
        code: code
        for code in [
            "EUR",
            "USD",
            "GBP",
            "CHF",
            "SEK",
            "NOK",
            "DKK",
            "PLN",
            "CZK",
            "HUF",
            "RON",
            "BGN",
            "TRY",
            "JPY",
            "CAD",
            "AUD",
            "MXN",
            "BRL",
            "AED",
            "SAR",
            "SGD",
            "INR",
            "KWD",
        ]
    },
    "CoId": {code: iso for iso, code in AFAS_COUNTRIES.items()},
}
"""Codes that exist here, by the field that refers to them."""

_RATES = {"1": "21", "2": "9", "3": "0"}
_FRACTIONS = {
    "AT4": "4.9",
    "FI13": "13.5",
    "FI25": "25.5",
    "FR2": "2.1",
    "FR5": "5.5",
    "IE13": "13.5",
    "IE4": "4.8",
    "SI9": "9.5",
    "CH2": "2.6",
    "CH8": "8.1",
}


def vat_rate(group: str) -> Decimal | None:
    """The rate of a btw-tariefgroep, None if there is none: ``1`` high, ``2`` low, ``3`` nil, or ``DE19`` and the
    like.
    """
    known = _RATES.get(group) or _FRACTIONS.get(group)
    match = re.fullmatch(r"[A-Z]{2}(\d{1,2})", group)
    return Decimal(known) if known else Decimal(match.group(1)) if match else None


@dataclass
class Address:
    """One address; equal ones are one record."""

    id: int
    fields: dict[str, object]


@dataclass
class Party:
    """An organisation or person. ``changes`` counts how often an existing one was written over."""

    number: str
    person: bool
    fields: dict[str, object]
    address: Address | None
    created: datetime
    deliveries: list[Address] = field(default_factory=list[Address])
    changes: int = 0

    @property
    def name(self) -> str:
        """As AFAS shows it."""
        parts = [self.fields.get(name) for name in (("FiNm", "Is", "LaNm") if self.person else ("Nm",))]
        return " ".join(str(part) for part in parts if part)


@dataclass
class Relation:
    """A sales relation."""

    number: str
    party: Party
    fields: dict[str, object]
    created: datetime
    changes: int = 0


@dataclass
class Article:
    """An article."""

    code: str
    fields: dict[str, object]
    created: datetime
    changed: datetime


@dataclass
class Line:
    """One line of an order. Values are those of the fields, converted."""

    guid: str
    fields: dict[str, object]
    created: datetime
    delivered: Decimal = Decimal(0)

    def number(self, name: str) -> Decimal:
        """A numeric field, zero if absent."""
        value = self.fields.get(name)
        return value if isinstance(value, Decimal) else Decimal(0)


@dataclass
class Order:
    """A sales order."""

    number: str
    fields: dict[str, object]
    created: datetime
    changed: datetime
    lines: list[Line] = field(default_factory=list[Line])
    invoiced: bool = False

    @property
    def currency(self) -> str:
        """ISO code."""
        return str(self.fields.get("CuId") or "EUR")


class Books:
    """The state of one environment."""

    def __init__(self, years: range, closed: frozenset[int]) -> None:
        self.years = years
        self.closed = closed
        self.parties: dict[str, Party] = {}
        self.relations: dict[str, Relation] = {}
        self.articles: dict[str, Article] = {}
        self.orders: dict[str, Order] = {}
        self.addresses: dict[tuple[str, ...], Address] = {}
        self._numbers = {"party": 1000000, "relation": 25000, "article": 50000, "order": 60000000, "line": 0}

    def next(self, kind: str) -> str:
        """The next number of a series."""
        self._numbers[kind] += 1
        return str(self._numbers[kind])

    def address(self, fields: dict[str, object]) -> Address:
        """The record of this address; AFAS merges equal ones [fact sheet 7.5]."""
        key = tuple(
            str(fields.get(name) or "").casefold() for name in ("CoId", "Ad", "HmNr", "HmAd", "ZpCd", "Rs", "AdAd")
        )
        return self.addresses.setdefault(key, Address(len(self.addresses) + 1, fields))

    def is_open(self, day: date) -> bool:
        """Whether the book year of this day exists and is open."""
        return day.year in self.years and day.year not in self.closed

    def periods(self) -> Iterator[tuple[int, int, bool]]:
        """Year, period, whether it is blocked."""
        for year in self.years:
            for period in range(1, 13):
                yield year, period, year in self.closed

    def line_amount(self, order: Order, line: Line) -> Decimal:
        """What a line comes to, incl. or excl. VAT as the order has its prices."""
        gross = line.number("QuUn") * line.number("Upri") * (1 - line.number("PRDc") / 100) - line.number("ARDc")
        return round_money(gross, order.currency)

    def totals(self, order: Order) -> tuple[Decimal, Decimal]:
        """Total incl. VAT and the VAT in it, calculated by line from tariff group and btw-plicht."""
        total = vat = Decimal(0)
        for line in order.lines:
            value, rate = self.line_amount(order, line), self.rate(order, line)
            included = bool(order.fields.get("InVa"))
            tax = value * rate / (100 + rate) if included else value * rate / 100
            tax = round_money(tax, order.currency)
            vat += tax
            total += value if included else value + tax
        return total, vat

    def rate(self, order: Order, line: Line) -> Decimal:
        """The VAT rate that AFAS finds for a line."""
        relation = self.relations[str(order.fields["DbId"])]
        duty = str(order.fields.get("VaDu") or relation.fields.get("VaDu") or WITH_VAT)
        article = self.articles.get(str(line.fields["ItCd"]).casefold())
        group = line.fields.get("VaRc") or (article.fields.get("VaRc") if article else None) or ""
        return (vat_rate(str(group)) or Decimal(0)) if duty == WITH_VAT else Decimal(0)
