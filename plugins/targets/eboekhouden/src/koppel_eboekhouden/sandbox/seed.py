"""The sandbox's one administration: sign-in, chart, templates, cost centres, opening balance. Nothing is real."""

from decimal import Decimal
from typing import Any

TOKEN = "sandbox-api-token-3f9c2b71"  # noqa: S105 - opens nothing
USERNAME = "sandbox-gebruiker"
SECURITY_CODE_1 = "sandbox-code-een-5d1e"
SECURITY_CODE_2 = "{6D2C1F0A-0000-4000-8000-00000000E8B0}"
TEMPLATE = "Webwinkel"

_COUNTRIES = [
    "België",
    "Duitsland",
    "Frankrijk",
    "Oostenrijk",
    "Bulgarije",
    "Cyprus",
    "Tsjechië",
    "Denemarken",
    "Estland",
    "Spanje",
    "Finland",
    "Griekenland",
    "Kroatië",
    "Hongarije",
    "Ierland",
    "Italië",
    "Litouwen",
    "Luxemburg",
    "Letland",
    "Malta",
    "Polen",
    "Portugal",
    "Roemenië",
    "Zweden",
    "Slovenië",
    "Slowakije",
]

Row = dict[str, Any]


def ledgers() -> list[Row]:
    """A small Dutch chart with a ledger for each country's VAT."""
    chart = [
        ("1010", "Bank", "FIN"),
        ("1100", "Amazon tussenrekening", "FIN"),
        ("1300", "Debiteuren", "DEB"),
        ("1500", "Btw hoog", "AF19"),
        ("1600", "Crediteuren", "CRED"),
        ("1695", "Cadeaubonnen", "BAL"),
        ("1696", "Statiegeld", "BAL"),
        ("4500", "Verkoopkosten Amazon", "VW"),
        ("8000", "Omzet", "VW"),
        ("8010", "Omzet laag", "VW"),
        ("8100", "Verzendkosten", "VW"),
        ("8200", "Betaalkosten", "VW"),
        ("8300", "Omzet buiten Nederland", "VW"),
    ]
    chart += [(str(1640 + number), f"Btw {name} (OSS)", "BAL") for number, name in enumerate(_COUNTRIES)]
    return [
        {"id": 22206450 + number, "code": code, "description": text, "category": category, "group": None}
        for number, (code, text, category) in enumerate(sorted(chart))
    ]


def templates() -> list[Row]:
    """One of each kind, and one that is not used any more."""
    return [
        {"id": 2100, "name": TEMPLATE, "active": True, "type": "E"},
        {"id": 2101, "name": "Uitgebreid", "active": True, "type": "A"},
        {"id": 2102, "name": "Oud", "active": False, "type": "E"},
    ]


def cost_centres() -> list[Row]:
    """Two, one inactive."""
    return [
        {"id": 31, "description": "Webwinkel", "parentId": 0, "active": True},
        {"id": 32, "description": "Markt", "parentId": 0, "active": False},
    ]


def opening_balance(day: str) -> list[Row]:
    """Several mutations of type 0 with id 0, as a real administration has [10.6]."""
    return [
        {
            "id": 0,
            "type": 0,
            "date": day,
            "invoiceNumber": "",
            "ledgerId": 0,
            "entryNumber": "",
            "amount": Decimal(amount),
        }
        for amount in ("1000.00", "-1000.00")
    ]
