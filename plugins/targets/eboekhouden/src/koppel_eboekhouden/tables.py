"""All that e-Boekhouden.nl fixes: addresses, limits, lengths, VAT codes. Numbers in brackets: sections of its facts."""

from datetime import timedelta
from decimal import Decimal

from msgspec import Struct

VENDOR = "e-Boekhouden.nl"
REST_HOST = "https://api.e-boekhouden.nl"
SOAP_URL = "https://soap.e-boekhouden.nl/soap.asmx"
"""The WSDL says http, which would send the security codes in clear text [2]."""
SOAP_NAMESPACE = "http://www.e-boekhouden.nl/soap"
SOURCE = "koppel"
"""What koppel calls itself at sign-in: letters, digits, underscore and space only, at most 10 [3.1]."""

SESSION_EARLY = 60.0
SOAP_SESSION = timedelta(minutes=10)
"""How long a SOAP session is used; its life is not documented, clients take 20 minutes [3.2]."""

CALLS_PER_SECOND = 5
"""No limit is documented; bursts are throttled, and this is the advice [4]."""
PAGE = 2000
MAX_PAGES = 500
BATCH = 20
CACHE = timedelta(hours=1)
DOUBTED = timedelta(minutes=1)
"""Lists of this age are read again when something in them does not fit: the user may be mending it."""
RECHECK_REST = timedelta(seconds=2)
"""The server refuses doubles and shows what it wrote at once; one more look-up is cheap insurance [8.5]."""
RECHECK_SOAP = timedelta(minutes=1)
SCAN_BACK = timedelta(days=400)
"""How old documents may be to be found in bulk; older ones are found when the server refuses their number."""

# Lengths [7.2-7.4].
INVOICE_NUMBER = 50
COMPLETION = "-M"
"""Ends the payment reference of a mutation that completes an invoice: each create has its own."""
ENTRY_NUMBER = 50
REFERENCE = 50
MUTATION_DESCRIPTION = 50
INVOICE_MUTATION_DESCRIPTION = 200
SOAP_DESCRIPTION = 200
"""`Omschrijving` of a SOAP mutation, as clients copied it from the manual."""
ITEM_CODE = 50
ITEM_DESCRIPTION = 150
"""Our own choice: the vendor tells no length [13.13]."""
INVOICE_TEXT = 35000
ROWS = 500
QUANTITY_DECIMALS = 4
SOAP_PRICE_DECIMALS = 6

RELATION_NAME = 100
RELATION_CODE = 15
ADDRESS = 150
PLACE = 50
"""Postcode, city, country, phone, VAT number, contact person."""
EMAIL = 150
FREE_TEXT = 100

REVENUE_LEDGER = "8000"
"""What the vendor's own web-shop module books on unless told otherwise [12, EB-MAGENTO]."""
DEBTOR_LEDGER = "1300"
DEBTORS = "DEB"
NO_ROWS = frozenset({"FIN", "CRED", "DEB"})
"""Categories that rows of a sales mutation may not have: MUT_106 [7.4]."""
BALANCE = "BAL"
ANY_OSS = "OSS"
"""Names the ledger for the VAT of all countries that have none of their own."""

INCLUDING = "IN"
EXCLUDING = "EX"


class VatCode(Struct, frozen=True):
    """``rate``: what is charged, in percent; None = any, the amount is sent along (`AFW_VERK`)."""

    title: str
    rate: Decimal | None
    country: str = "NL"


def _codes() -> dict[str, VatCode]:
    dutch = {
        "HOOG_VERK_21": ("Btw 21%", "21"),
        "LAAG_VERK_9": ("Btw 9%", "9"),
        "VERL_VERK": ("Btw verlegd 21%", "0"),
        "VERL_VERK_L9": ("Btw verlegd 9%", "0"),
        "BI_EU_VERK": ("Levering binnen de EU 0% (ICP)", "0"),
        "BI_EU_VERK_D": ("Diensten binnen de EU 0%", "0"),
        "BU_EU_VERK": ("Levering buiten de EU 0%", "0"),
        "AFST_VERK": ("Afstandsverkopen binnen de EU 0%", "0"),
        "GEEN": ("Geen btw", "0"),
    }
    belgian = {
        "BE_21_VERK": ("Verkoop 21%", "21"),
        "BE_12_VERK": ("Verkoop 12%", "12"),
        "BE_6_VERK": ("Verkoop 6%", "6"),
        "BE_0_VERK": ("Verkoop 0%", "0"),
        "BE_VERL_VERK": ("Medecontractant", "0"),
        "BE_IC_VERK": ("Levering binnen de EU 0%", "0"),
        "BE_IC_D_VERK": ("Diensten binnen de EU 0%", "0"),
        "BE_EXP_VERK": ("Uitvoer 0%", "0"),
    }
    codes = {code: VatCode(title, Decimal(rate)) for code, (title, rate) in dutch.items()}
    codes["AFW_VERK"] = VatCode("Afwijkend: het btw-bedrag gaat mee", None)
    return codes | {code: VatCode(title, Decimal(rate), "BE") for code, (title, rate) in belgian.items()}


VAT_CODES = _codes()
"""Codes for sales; there is no endpoint that lists them [7.8]. Those of before 2019 are never sent."""
NO_VAT = "GEEN"
DISTANCE = "AFST_VERK"
DIVERGENT = "AFW_VERK"
TAKES_FOREIGN_VAT = frozenset({NO_VAT, DISTANCE, "BE_0_VERK"})
"""Codes of a net row whose foreign VAT is booked as a row of its own (OSS) [7.8]."""
