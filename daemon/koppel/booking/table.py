"""The connection's VAT table (V1): which row holds the target's code and ledger for a decision, and how it is filled.

Names of rows (``[vat.NAME]`` in the connection file); under each, the rate -> code and ledger:

=================  ==================================================================================================
``NL``             the seller's own country: domestic sales, and distance sales below the threshold
``DE``             distance sales to a country, declared through OSS (``NL-OSS``: into the seller's own country)
``DE-local``       sales in the normal return of another country: local stock there, distance sales without OSS
``ICP``            intra-Community supplies from the seller's own country; ``ICP-DE`` from stock elsewhere
``export``         exports from the seller's own country; ``export-DE`` from stock elsewhere
``marketplace``    sales on which the marketplace collects the VAT
``KOR``            sales under the Dutch small-business scheme
``outside``        amounts outside VAT: rounding differences, deposits, tips, gift cards (else the own country's 0)
=================  ==================================================================================================
"""

from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal

from koppel.booking.settings import SellerSettings, VatRow, VatTable
from koppel.errors import Refused
from koppel.vat.countries import VAT_TERRITORIES
from koppel.vat.rates import current_rates
from koppel.vat.treatment import Treatment
from koppel.vat.verdict import plain

Propose = Callable[[Treatment, str, str], VatRow | None]
"""A target's default cell for a treatment, country and rate (as text), or None where only the user knows."""

ZERO_RATE = Decimal(0)


def row_name(treatment: Treatment, country: str | None, home: str) -> str:
    """The name of the row for a treatment; ``country`` is whose VAT it is, ``home`` the seller's country."""
    foreign = country is not None and country != home
    match treatment:
        case Treatment.OSS:
            return f"{country}" if foreign else f"{home}-OSS"
        case (
            Treatment.DOMESTIC
            | Treatment.ORIGIN_BELOW_THRESHOLD
            | Treatment.DOMESTIC_FOREIGN
            | Treatment.DESTINATION_LOCAL_REG
        ):
            return f"{country}-local" if foreign else home
        case Treatment.ICS:
            return f"ICP-{country}" if foreign else "ICP"
        case Treatment.EXPORT:
            return f"export-{country}" if foreign else "export"
        case Treatment.MARKETPLACE_DEEMED:
            return "marketplace"
        case Treatment.KOR_EXEMPT:
            return "KOR"
        case Treatment.NO_BOOKING | Treatment.FBA_TRANSFER | Treatment.REVIEW:
            return "outside"


def find_row(table: VatTable, name: str, rate: Decimal, number: str) -> VatRow:
    """The cell for a rate, compared as a number. Refused ``vat.missing-row`` if there is none."""
    for text, row in table.get(name, {}).items():
        if Decimal(text) == rate:
            return row
    raise missing_row(name, rate, number)


def missing_row(name: str, rate: Decimal, number: str) -> Refused:
    """The error that names the row which an order needs."""
    text = plain(rate)
    key = f'"{text}"' if "." in text else text
    return Refused(
        "vat.missing-row",
        f"Order {number}: the VAT table has no row [vat.{name}] for {text} %.",
        f'Add under [vat.{name}]: {key} = {{ code = "…", ledger = "…" }}',
    )


def default_vat_table(seller: SellerSettings, on: date, propose: Propose) -> VatTable:
    """The table that ``koppel vat reset`` fills: the EU's rates of a day, with the cells that the target proposes.

    Every rate of the seller's own country; the standard rate of each other country, through OSS or (above the
    threshold without OSS) through a local return; ICP, export, marketplace and what lies outside VAT.
    """
    table: VatTable = {}
    for treatment, country, rate in _wanted(seller, on):
        row = propose(treatment, country, plain(rate))
        if row is None and treatment is Treatment.NO_BOOKING:
            row = propose(Treatment.DOMESTIC, country, plain(rate))
        if row is not None:
            table.setdefault(row_name(treatment, country, seller.country), {})[plain(rate)] = row
    return table


def _wanted(seller: SellerSettings, on: date) -> Iterator[tuple[Treatment, str, Decimal]]:
    home = seller.country
    for rate in current_rates(home, on):
        yield Treatment.DOMESTIC, home, rate.percentage
    for country in sorted(VAT_TERRITORIES - {home}):
        standard = current_rates(country, on)[0].percentage
        if seller.oss:
            yield Treatment.OSS, country, standard
        elif seller.above_threshold:
            yield Treatment.DESTINATION_LOCAL_REG, country, standard
    for treatment in (Treatment.ICS, Treatment.EXPORT, Treatment.MARKETPLACE_DEEMED):
        yield treatment, home, ZERO_RATE
    if seller.kor:
        yield Treatment.KOR_EXEMPT, home, ZERO_RATE
    yield Treatment.NO_BOOKING, home, ZERO_RATE
