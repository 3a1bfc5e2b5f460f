"""What a sandbox administration holds at the start.

Ledgers: 8000 hoog, 8010 laag, 8020 overig, 8040 onbelast, 8060 outside EU, 8070 ICP goods, 8080 ICP services, and one
function-84 ledger for each rate code: 8031 SR, 8032 RRH, 8033 RRL, 8034 PR, 8035 SRR; VAT of other countries on 1690.
8090 demands a cost centre, 8999 is inactive; 4000-4218 are costs, to the 233 ledgers of a standard administration.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from koppel_snelstart import tables
from koppel_snelstart.sandbox.countries import countries

if TYPE_CHECKING:
    from koppel_snelstart.sandbox.books import Books

SUBSCRIPTION_KEYS = ("0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210")
"""Primary and secondary key of the developer's account."""
CLIENT_KEYS = {"Zandbak BV": "S2xldXRlbC1B+sandbox/A==", "Tweede Zandbak BV": "S2xldXRlbC1C+sandbox/B=="}
"""Administration -> coupling key; with the characters that must be encoded in a form."""
OSS_LEDGERS = {"SR": 8031, "RRH": 8032, "RRL": 8033, "PR": 8034, "SRR": 8035}
FOREIGN_VAT_LEDGER = 1690

LEDGERS: tuple[tuple[int, str, str, str, str], ...] = (
    (8000, "Omzet hoog (goederen)", tables.OMZET_HOOG, "Hoog", ""),
    (8010, "Omzet laag (goederen)", tables.OMZET_LAAG, "Laag", ""),
    (8020, "Omzet overig", tables.OMZET_OVERIG, "Overig", ""),
    (8040, "Omzet nultarief (goederen)", tables.OMZET_ONBELAST, "Geen", ""),
    (8060, "Omzet landen buiten EU", tables.EXPORT_NON_EU, "Geen", ""),
    (8070, "Omzet goederen binnen EU", tables.EXPORT_EU, "Geen", ""),
    (8080, "Omzet diensten binnen EU", tables.DIENSTEN_EU, "Geen", ""),
    *((number, f"OSS {code}", tables.AFSTANDSVERKOPEN, "Geen", code) for code, number in OSS_LEDGERS.items()),
    (1300, "Debiteuren", "DagboekVerkoop", "Geen", ""),
    (1671, "Btw af te dragen laag", "BtwAfteDragenLaag", "Geen", ""),
    (1672, "Btw af te dragen hoog", "BtwAfTeDragenHoog", "Geen", ""),
    (1690, "Buitenlandse btw (OSS)", "Diversen", "Geen", ""),
    (2000, "Kruisposten", "Kruisposten", "Geen", ""),
)
_JOURNALS = (
    (1000, "Kas", "Kas"),
    (1100, "Rekening-courant bank", "Bank"),
    (1300, "Debiteuren", "Verkoop"),
    (1600, "Crediteuren", "Inkoop"),
    (9010, "Memoriaal", "Memoriaal"),
    (9000, "Balans", "Balans"),
)
_GROUPS = (
    (1, "Hoog btw (goederen)", 8000, "Hoog"),
    (2, "Laag btw (goederen)", 8010, "Laag"),
    (3, "Overig btw", 8020, "Overig"),
    (4, "Geen btw", 8040, "Geen"),
    (5, "Hoog btw (diensten)", 8000, "Hoog"),
)


def company(books: "Books", switches: Mapping[str, str]) -> dict[str, Any]:
    """``companyInfo``."""
    numeric = switches.get("codes") == "numeric"
    foreign = books.guid("ledgers", FOREIGN_VAT_LEDGER)
    return {
        "administratieIdentifier": books.guid("company", "id"),
        "administratieNaam": books.name,
        "bedrijfsnaam": books.name,
        "huidigBoekjaar": int(switches.get("year", "2026")),
        "beginmaandFiscaleBoekjaar": 1,
        "artikelcodeSoort": "Numeriek" if numeric else "Alfanumeriek",
        "artikelcodeMaxLengte": int(switches.get("code_length", "10" if numeric else "25")),
        "verkoopprijsArtikelbestandExclusiefBtw": switches.get("prices", "excl") != "incl",
        "aantalDecimalenArtikelprijzen": 2,
        "aantalDecimalenArtikelaantallen": 2,
        "factureerBuitenlandsBtw": switches.get("oss", "1") != "0",
        "factureerBuitenlandsBtwRanges": [],
        "buitenlandseBtwGrootboek": {"id": foreign, "uri": f"/grootboeken/{foreign}"},
        "volgendFactuurnummer": 20260001,
        "volgendVerkoopordernummer": 20260001,
        "verkooporderVoorraadVanafNiveau": "Bevestiging",
    }


def fill(books: "Books") -> None:
    """Everything else."""
    for two, three, name in countries():
        record = {"naam": name, "landcodeISO": three, "landcode": two}
        books.add("countries", two, record)
    for number, text, function, kind, rate_code in LEDGERS:
        _ledger(books, number, text, function, kind, rate_code=rate_code)
    _ledger(books, 8090, "Omzet hoog per kostenplaats", "InkopenVraagPosten", "Hoog", centre=True)
    _ledger(books, 8999, "Omzet hoog (oud)", tables.OMZET_HOOG, "Hoog", inactive=True)
    for number in range(4000, 4000 + 233 - len(books.records["ledgers"])):
        _ledger(books, number, f"Kosten {number}", "Diversen", "Geen")
    for number, text, kind in _JOURNALS:
        books.add("journals", number, {"omschrijving": text, "soort": kind, "nonactief": False, "nummer": number})
    for number, text, ledger, kind in _GROUPS:
        books.add(
            "groups",
            number,
            {
                "nummer": number,
                "omschrijving": text,
                "verkoopGrootboekNederlandIdentifier": books.ref("ledgers", books.guid("ledgers", ledger)),
                "verkoopNederlandBtwSoort": kind,
            },
        )
    for text, inactive in (("Webwinkel", False), ("Oud sjabloon", True)):
        books.add(
            "templates",
            text,
            {
                "omschrijving": text,
                "nonactief": inactive,
                "prijsIngaveExclusiefBtw": True,
                "nieuweOrdersBlokkeren": False,
                "extraHoofdVelden": [],
                "extraRegelVelden": [],
            },
        )
    for number, text, inactive in ((1, "Webwinkel", False), (2, "Oud", True)):
        books.add("centres", number, {"nummer": number, "omschrijving": text, "nonactief": inactive})
    _relations(books)


def _ledger(
    books: "Books",
    number: int,
    text: str,
    function: str,
    kind: str,
    *,
    rate_code: str = "",
    centre: bool = False,
    inactive: bool = False,
) -> None:
    books.add(
        "ledgers",
        number,
        {
            "omschrijving": text,
            "kostenplaatsVerplicht": centre,
            "rekeningCode": "WinstEnVerlies" if number >= 4000 else "Balans",
            "nonactief": inactive,
            "nummer": number,
            "grootboekfunctie": function,
            "grootboekRubriek": "",
            "rgsCode": [],
            "btwSoort": [kind],
            "vatRateCode": rate_code or None,
        },
    )


def _relations(books: "Books") -> None:
    rows: tuple[tuple[int, list[str], str, str | None, bool], ...] = (
        (-1, ["Leverancier"], "Leverancier onbekend", None, False),
        (-2, ["Klant"], "Klant onbekend", None, False),
        (0, ["Eigen"], books.name, "info@zandbak.invalid", False),
        (1, ["Klant"], "Zonder E-mail", None, False),
        (2, ["Klant"], "Twee Adressen", "eerste@voorbeeld.invalid; Tweede@Voorbeeld.invalid", False),
        (3, ["Klant"], "Dubbel Een", "dubbel@voorbeeld.invalid", False),
        (4, ["Klant"], "Dubbel Twee", "dubbel@voorbeeld.invalid", False),
        (5, ["Klant"], "Oude Klant", "oud@voorbeeld.invalid", True),
        (6, ["Leverancier"], "Groothandel", "groothandel@voorbeeld.invalid", False),
        (7, ["Klant"], "Gemengd Geschreven", "Gemengd@Voorbeeld.invalid", False),
        (8, ["Klant"], "O'Brien", "o'brien@voorbeeld.invalid", False),
    )
    for code, kinds, name, email, inactive in rows:
        books.add("relations", code, relation(kinds, code, name, email=email, inactive=inactive))


def relation(
    kinds: list[str], code: int, name: str, *, email: str | None = None, inactive: bool = False
) -> dict[str, Any]:
    """A relation with nothing else filled in."""
    return {
        "relatiesoort": kinds,
        "relatiecode": code,
        "naam": name,
        "vestigingsAdres": None,
        "correspondentieAdres": None,
        "telefoon": None,
        "mobieleTelefoon": None,
        "email": email,
        "btwNummer": None,
        "factuurkorting": Decimal(0),
        "krediettermijn": None,
        "nonactief": inactive,
        "memo": None,
        "kvkNummer": None,
        "extraVeldenKlant": [],
    }
