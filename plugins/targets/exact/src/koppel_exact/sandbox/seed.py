"""What a new division of the sandbox holds: a small Dutch web shop's administration. Nothing in it is real."""

from calendar import monthrange
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from koppel.vat.countries import EU
from koppel.vat.rates import current_rates
from koppel_exact.proposals import oss_code
from koppel_exact.sandbox.books import Books

CLIENT_ID = "5a9dbe00-0000-4000-8000-00000000c11e"
CLIENT_SECRET = "sandbox-secret"  # noqa: S105 - opens nothing but this sandbox
FIRST_REFRESH_TOKEN = "sandbox!first-refresh-token"  # noqa: S105
REDIRECT_URI = "https://shop.example/exact"
DIVISION = 102

_VAT = (
    ("0", "Geen btw", "0", "N", "N"),
    ("1", "Btw hoog tarief, inclusief", "0.21", "I", "N"),
    ("2", "Btw hoog tarief, exclusief", "0.21", "E", "N"),
    ("3", "Btw laag tarief, inclusief", "0.09", "I", "N"),
    ("4", "Btw laag tarief, exclusief", "0.09", "E", "N"),
    ("5", "Btw 0%", "0", "B", "N"),
    ("6", "Uitvoer buiten de EU", "0", "B", "N"),
    ("7", "Intracommunautaire levering", "0", "B", "L"),
)
_LEDGERS = (
    ("1300", "Debiteuren", 20, "B"),
    ("1500", "Af te dragen btw", 24, "B"),
    ("8000", "Omzet hoog tarief", 110, "W"),
    ("8010", "Omzet laag tarief", 110, "W"),
    ("8020", "Omzet afstandsverkopen EU", 110, "W"),
    ("8030", "Omzet intracommunautair", 110, "W"),
    ("8040", "Omzet export", 110, "W"),
    ("8100", "Verzendkosten", 110, "W"),
)


def fill(books: Books, years: Iterable[int]) -> None:
    """Fill an empty division."""
    for code, description, percentage, kind, listing in _VAT:
        _vat_code(books, code, description, Decimal(percentage), kind, listing)
    _oss_codes(books)
    for code, description, ledger, balance in _LEDGERS:
        row: dict[str, object] = {"Code": code, "Description": description, "Type": ledger, "BalanceType": balance}
        books.add("financial/GLAccounts", {**row, "IsBlocked": False})
    for code, description, journal in (("70", "Verkoopboek", 20), ("20", "Bank", 12), ("90", "Memoriaal", 90)):
        books.add("financial/Journals", {"Code": code, "Description": description, "Type": journal, "IsBlocked": False})
    for code, description, days in (("30", "30 dagen", 30), ("00", "Vooruitbetaald", 0)):
        books.add("cashflow/PaymentConditions", {"Code": code, "Description": description, "PaymentDays": days})
    for code, description, main in (("1", "Hoofdmagazijn", 1), ("2", "Retouren", 0)):
        books.add("inventory/Warehouses", {"Code": code, "Description": description, "Main": main})
    for code, description, default in (("ALG", "Algemeen", 1), ("WEB", "Webwinkel", 0)):
        books.add("logistics/ItemGroups", {"Code": code, "Description": description, "IsDefault": default})
    for code in ("EUR", "USD", "GBP", "SEK", "PLN"):
        books.add("general/Currencies", {"Code": code, "Description": code})
    books.add(
        "system/Divisions",
        {
            "Code": books.number,
            "Description": "Webwinkel (zandbak)",
            "CustomerName": "Webwinkel",
            "Status": 1,
            "BlockingStatus": 0,
            "Currency": "EUR",
            "Country": "NL",
            "Current": True,
        },
    )
    for year in years:
        add_year(books, year)


def add_year(books: Books, year: int) -> None:
    """Make a book year of twelve months, as the user does before it starts."""
    for month in range(1, 13):
        start, end = datetime(year, month, 1), datetime(year, month, monthrange(year, month)[1])  # noqa: DTZ001
        row: dict[str, object] = {"FinYear": year, "FinPeriod": month, "StartDate": start, "EndDate": end}
        books.add("financial/FinancialPeriods", row)


def _oss_codes(books: Books) -> None:
    today = books.now().date()
    for country in sorted(EU - {"NL"}):
        for rate in current_rates(country, today):
            code = oss_code(country, str(rate.percentage))
            if books.find("vat/VATCodes", "Code", code) is None:
                name, fraction = f"OSS {country} {rate.percentage} %", rate.percentage / 100
                _vat_code(books, code, f"{name}, inclusief", fraction, "I", "N", country)
                _vat_code(books, code[2:] + code[:2], f"{name}, exclusief", fraction, "E", "N", country)


def _vat_code(
    books: Books, code: str, description: str, percentage: Decimal, kind: str, listing: str, oss: str | None = None
) -> None:
    books.add(
        "vat/VATCodes",
        {
            "Code": code,
            "Description": description,
            "Percentage": percentage,
            "Type": kind,
            "VATTransactionType": "B",
            "IsBlocked": False,
            "EUSalesListing": listing,
            "OssCountry": oss,
        },
    )
