"""What SnelStart allows and what its codes mean: every number and every code of the vendor stands here."""

from datetime import date, timedelta
from typing import NamedTuple

ENDPOINT = "https://b2bapi.snelstart.nl/v2"
TOKEN_URL = "https://auth.snelstart.nl/b2b/token"  # noqa: S105 - an address [fact sheet 2]


class Quota(NamedTuple):
    """Calls that SnelStart allows per administration [fact sheet 4]."""

    per_minute: int
    per_hour: int
    concurrent: int


QUOTAS = {
    "ontwikkeling-en-test": Quota(100, 1000, 5),
    "maatwerk": Quota(500, 5000, 50),
    "productie": Quota(500, 5000, 50),
}
TEST_KEY_LIFETIME = timedelta(days=90)
"""How long a subscription key of the product "Ontwikkeling & Test" lives [fact sheet 3.1]."""

PAGE = 500
"""Rows a page [fact sheet 5.1]."""
ARTICLE_PAGE = 25
"""Rows a page of /artikelen that both readings of the documents allow [fact sheet 5.1]."""
CLAUSES = 20
"""Conditions in one filter: a hundred OData nodes, the default ceiling of ASP.NET Web API, are 20 comparisons."""
FILTER_CHARACTERS = 1800
"""Length of a filter after encoding: IIS refuses a query string over 2048 by default."""
OVERLAP = timedelta(hours=2)
"""How far a change cursor goes back: the time zone of ``modifiedOn`` is not documented [fact sheet 5.3]."""
REFERENCE_AGE = timedelta(hours=4)
"""How long reference data (ledgers, countries) is kept; a development key has 1,000 calls an hour [fact sheet 4]."""
REFERENCE_AGE_ON_MISS = timedelta(minutes=5)
"""How old reference data may be when something was not found in it: somebody may have just made it."""
RECHECK_ORDERS = timedelta(seconds=60)
"""Sales orders have no duplicate protection: look for an unanswered one over at least a minute [fact sheet 8]."""
PARALLEL = 4
"""Writes at the same time [fact sheet 4]."""

FACTUURNUMMER = 25
BOOKING_TEXT = 250
ORDER_TEXT = 50
ORDERREFERENTIE = 50
LINE_TEXT = 250
ARTICLE_TEXT = 250
NAAM = 50
CONTACTPERSOON = 50
STRAAT = 50
POSTCODE = 25
PLAATS = 50
TELEFOON = 25
EMAIL = 250
BTW_NUMMER = 50
TERM_BOOKING = 999
TERM_ORDER = 100
NUMERIC_CODE_DIGITS = 10
NUMERIC_CODE_MAX = 2147483647
YEARS_BACK = 5
"""Bookings may lie at most so many years before the current book year [BOE-0033]."""
OSS_START = date(2021, 7, 1)
"""The first day of OSS [fact sheet 7.8]."""

OMZET_ONBELAST = "VerkopenOmzetOnbelastVerlegd"
OMZET_LAAG = "VerkopenOmzetLaag"
OMZET_HOOG = "VerkopenOmzetHoog"
OMZET_OVERIG = "VerkopenOmzetOverig"
EXPORT_EU = "VerkopenExportBinnenEU"
EXPORT_NON_EU = "VerkopenExportBuitenEU"
AFSTANDSVERKOPEN = "InstallatieTeleverkoopBinnenEUgeen"
DIENSTEN_EU = "DienstverleningBinnenEU"
FUNCTION_NUMBERS = {
    OMZET_ONBELAST: 10,
    OMZET_LAAG: 11,
    OMZET_HOOG: 12,
    OMZET_OVERIG: 13,
    EXPORT_EU: 80,
    EXPORT_NON_EU: 81,
    AFSTANDSVERKOPEN: 84,
    DIENSTEN_EU: 88,
}
"""Ledger functions by the numbers that a bookkeeper knows [spec/grootboekfuncties.csv]."""

SCOPES = {
    "getCompanyInfo": "settings:read",
    "listCountries": "settings:read",
    "listVatTariffs": "settings:read",
    "listVatRates": "settings:read",
    "listCostCentres": "settings:read",
    "listLedgers": "boekhouden:read",
    "listJournals": "boekhouden:read",
    "createBooking": "boekhouden:write",
    "listRelations": "relaties:read",
    "getRelation": "relaties:read",
    "createRelation": "relaties:write",
    "listInvoices": "orders:read",
    "listOrders": "orders:read",
    "listTemplates": "orders:read",
    "createOrder": "orders:write",
    "listArticles": "artikelen:read",
    "listArticleGroups": "artikelen:read",
    "createArticle": "artikelen:write",
}
"""The right that each of our operations needs [spec/scopes.csv]."""

BASIC_SCOPES = ("relaties:read", "relaties:write", "settings:read", "boekhouden:read", "orders:read")
BOOKING_SCOPES = (*BASIC_SCOPES, "boekhouden:write")
ORDER_SCOPES = (*BASIC_SCOPES, "orders:write", "artikelen:read", "artikelen:write")

EXISTS = frozenset({"BOE-0021", "ART-0005"})
UNKNOWN_OUTCOME = frozenset({"ALG-0102"})
RELATION_GONE = frozenset({"BOE-0054", "BOE-0060", "VOR-0002", "REL-0005"})
PERHAPS_RELATION_GONE = frozenset({"BOE-0001", "ALG-0103", "ALG-0105", "snelstart.404"})
"""Codes that a missing relation may give, and other things too: the relation is looked up to tell."""
VAT_NUMBER_REFUSED = frozenset({"REL-0057", "REL-0058", "REL-0059", "REL-0087", "REL-0088"})
PERIOD = frozenset({"BOE-0033", "BOE-0042", "BOE-0051"})
FOREIGN_SALE = frozenset({"BOE-0061", "BOE-0069", "BOE-0080"})
"""Codes that a sale with VAT of another country may give when the relation is not of that country."""
STALE_REFERENCE = frozenset(
    {
        "BOE-0008",
        "BOE-0019",
        "BOE-0026",
        "BOE-0037",
        "BOE-0061",
        "BOE-0082",
        "REL-0055",
        "REL-0056",
        "VOR-0010",
        "ART-0009",
    }
)
"""Codes that may mean that our copy of ledgers, countries, groups is out of date."""


class Advice(NamedTuple):
    """What a code means and what to do, in words for a person."""

    meaning: str
    suggestion: str


_LEDGER = "Correct the ledger in the VAT table of this connection, or the ledger in SnelStart."
_KIND = "Choose in the VAT table a ledger whose function fits the VAT code; a ledger in use cannot change its function."
_ARTICLE_LENGTH = (
    "Raise the article code to 25 alphanumeric positions in the SnelStart desktop program (Administratie > "
    "Instellingen > Artikelen), or book in mode 'booking', which needs no articles."
)
_PERIOD = "Open the book year or period in SnelStart (or ask the accountant), then process the order again."

ADVICE: dict[str, Advice] = {
    "ALG-0100": Advice("a new record may have no id", "Report this problem: koppel sent something wrong."),
    "ALG-0102": Advice("SnelStart met an unknown error", "It is looked up whether it was booked."),
    "ALG-0103": Advice("an id is not valid", "Process the order again; if it stays, report this problem."),
    "ALG-0104": Advice("the filter was not understood", "Report this problem: koppel asked something wrong."),
    "ALG-0105": Advice("an item is inactive", "Make the relation or the article active again in SnelStart."),
    "ALG-0106": Advice("the request was empty", "Report this problem: koppel sent something wrong."),
    "ART-0002": Advice("the article code is empty", "Give the product a SKU, article code or EAN in the shop."),
    "ART-0003": Advice("the administration takes only numbers as article code", _ARTICLE_LENGTH),
    "ART-0004": Advice("the article code is too long for this administration", _ARTICLE_LENGTH),
    "ART-0005": Advice("the article code is in use already", "The existing article is looked up."),
    "ART-0006": Advice("the article has no description", "Give the product a title in the shop."),
    "ART-0008": Advice("the article has no revenue group", "Set article_groups in this connection's settings."),
    "ART-0009": Advice("the revenue group does not exist", "Set article_groups to a group that SnelStart has."),
    "BOE-0008": Advice(
        "a ledger is inactive", "Make the ledger active in SnelStart, or choose another in the VAT table."
    ),
    "BOE-0019": Advice("the cost centre does not exist", "Correct cost_centre in this connection's settings."),
    "BOE-0021": Advice("the invoice number exists already", "The existing booking is looked up and compared."),
    "BOE-0022": Advice("a ledger demands a cost centre", "Set cost_centre in this connection's settings."),
    "BOE-0023": Advice("there are no booking lines", "An order without amounts cannot be booked; skip it."),
    "BOE-0026": Advice("the cost centre is inactive", "Make it active in SnelStart, or set another cost_centre."),
    "BOE-0028": Advice("the amount of a line is zero", "Report this problem: koppel leaves such lines out."),
    "BOE-0033": Advice("the date lies more than five years before the current book year", _PERIOD),
    "BOE-0037": Advice("a ledger does not exist", _LEDGER),
    "BOE-0039": Advice("the booking is not in balance", "Compare the sums of the order; report this problem."),
    "BOE-0042": Advice("the date lies in a blocked period", _PERIOD),
    "BOE-0051": Advice("the accountant has blocked or checked the period", _PERIOD),
    "BOE-0054": Advice("the relation is inactive or was deleted", "Make it active again, or let it be made anew."),
    "BOE-0058": Advice("the invoice number is empty or longer than 25 characters", "Shorten reference_prefix."),
    "BOE-0060": Advice(
        "the relation is no customer", "Make it a customer (soort Klant) in SnelStart, or let it be made anew."
    ),
    "BOE-0061": Advice("a ledger may not be used here", _LEDGER),
    "BOE-0062": Advice(
        "reverse-charged VAT may not be mixed with other VAT", "Book this order by hand as two invoices."
    ),
    "BOE-0068": Advice("the document number is longer than 25 characters", "Shorten reference_prefix."),
    "BOE-0069": Advice(
        "the VAT is not valid",
        "Check in the SnelStart desktop program that the VAT balance ledgers have their VAT function, and check the "
        "VAT code in the table.",
    ),
    "BOE-0070": Advice("the date is not valid", "Look at the date of the order."),
    "BOE-0071": Advice("a description is longer than 250 characters", "Shorten the description template."),
    "BOE-0080": Advice(
        "this customer may not be booked on a revenue ledger for the EU",
        "Give the relation an address in another EU country and its valid VAT number, then process the order again.",
    ),
    "BOE-0081": Advice(
        "a VAT ledger is missing in the administration",
        "Give the VAT balance ledgers their function in the SnelStart desktop program.",
    ),
    "BOE-0082": Advice("the VAT kind is missing or does not fit the ledger", _KIND),
    "REL-0005": Advice("the relation does not exist", "It was deleted in SnelStart; let it be made anew."),
    "REL-0006": Advice("the KvK number is not valid", "Correct the relation in SnelStart."),
    "REL-0007": Advice("the name is empty", "Set a stand-in name in this connection."),
    "REL-0008": Advice("the relation code is in use", "Process the order again."),
    "REL-0011": Advice("the IBAN is not valid", "Correct the relation in SnelStart."),
    "REL-0055": Advice("the country does not exist", "Process the order again: the list of countries was refreshed."),
    "REL-0056": Advice("the country does not exist", "Process the order again: the list of countries was refreshed."),
    "REL-0060": Advice(
        "the address is not complete", "Make the relation by hand in SnelStart with the buyer's e-mail."
    ),
    "REL-0061": Advice(
        "the e-mail address is not valid", "Make the relation by hand in SnelStart with the buyer's e-mail."
    ),
    "REL-0084": Advice(
        "the e-mail address is not valid", "Make the relation by hand in SnelStart with the buyer's e-mail."
    ),
    "REL-0085": Advice("the e-mail address is too long", "Make the relation by hand in SnelStart."),
    "REL-0087": Advice("the VAT number is of another country than the address", "Correct the relation in SnelStart."),
    "REL-0088": Advice("the VAT number is not valid", "Correct the relation in SnelStart."),
    "VOR-0002": Advice(
        "the relation is no customer", "Make it a customer (soort Klant) in SnelStart, or let it be made anew."
    ),
    "VOR-0005": Advice("a new sales order may have no number", "Report this problem: koppel sent something wrong."),
    "VOR-0010": Advice("the country does not exist", "Process the order again: the list of countries was refreshed."),
    "VOR-0011": Advice("the order reference is longer than 50 characters", "Shorten reference_prefix."),
}
"""Codes that our flows meet [fact sheet 6.3]. Codes that are not here keep the vendor's own text."""
