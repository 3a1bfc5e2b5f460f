"""All numbers, codes and lengths of AFAS Profit that this plugin uses, each with its source."""

from datetime import date, timedelta

from koppel.model import LineKind
from koppel.vat.treatment import Treatment

HOSTS = {"production": "rest", "test": "resttest", "accept": "restaccept"}
"""Kind of environment -> part of its host name [fact sheet 2]."""
BASE_URL = "https://{environment}.{host}.afas.online/ProfitRestServices"

PARALLEL_CALLS = 5
"""AFAS allows 8 calls at a time and advises 5 [fact sheet 4]."""
PARALLEL_WRITES = 4
"""Leaves one of the calls to reads."""
SERVER_TIMEOUT = timedelta(seconds=900)
"""AFAS goes on with a call that nobody waits for any more, for at most so long [fact sheet 6]."""
CLIENT_TIMEOUT = 120.0
"""Seconds that we wait for an answer; a good call takes one [fact sheet 4]."""

QUERY_LENGTH = 2049
"""Longest query string, ``?`` and ``&`` included; a longer one is answered with 404 [fact sheet 4]."""
PAGE = 1000
"""Rows asked for at a time: below 150,000 cells for any connector of ours [fact sheet 4]."""
DEFAULT_PAGE = 100
"""Rows of a page when none are asked for; a page with fewer was the last [fact sheet 5]."""
BATCH = 40
"""References, e-mail addresses or codes in one look-up; more would not fit the query string."""

EQUALS = "1"
"""Operator ``=`` of a filter [fact sheet 5]."""
REPLACED = "(replaced)"
"""What a field gives that was taken out of the GetConnector's definition [fact sheet 5]."""

LENGTHS = {
    "BaCo": 30,
    "Ad": 60,
    "AdAd": 255,
    "Ds": 100,
    "DsEx": 100,
    "EmAd": 255,
    "ExAd": 255,
    "FiNm": 50,
    "HmAd": 30,
    "ItCd": 40,
    "LaNm": 80,
    "Nm": 255,
    "Rs": 50,
    "TeNr": 255,
    "VaId": 21,
    "ZpCd": 15,
}
"""Longest text of each field that gets text from outside [fact sheet 7, spec/fields.csv]."""
REFERENCE_LENGTH = 100
"""``FbSales.RfCs``."""
LINE_TITLE_LENGTH = 255
"""``FbSalesLines.Ds``; the article's own ``Ds`` is shorter."""
ITEM_CODE_LENGTH = LENGTHS["ItCd"]
VAT_GROUP_LENGTH = 4
"""``VaRc``, btw-tariefgroep."""
ARTICLE = "2"
"""``VaIt`` of an article line [fact sheet 7.8]."""
TEXT_LINE = "3"
"""``VaIt`` of a line of text, which has no amount."""
MATCH_KNOWN = "0"
"""``MatchPer``/``MatchOga``: the one with this ``BcCo``."""
NEW_ORGANISATION = "6"
"""``MatchOga``: always new. For a person 6 would match on name and birth date, and change whom it finds [fact sheet
7.3].
"""
NEW_PERSON = "7"
"""``MatchPer``: always new."""
DELIVERY_ADDRESS = "AFL"
"""``ViKc`` of a contact that is a delivery address [fact sheet 7.5]."""
GENDER_UNKNOWN = "O"
"""``ViGe``: onbekend."""
BARCODES = {8: "1", 12: "2", 13: "3", 14: "4"}
"""Digits of a GTIN -> ``VaBc``, type of barcode [spec/fields.csv]."""

ARTICLE_NAMES = {
    LineKind.SHIPPING: "Verzendkosten",
    LineKind.GIFT_WRAP: "Cadeauverpakking",
    LineKind.PAYMENT_COSTS: "Betaalkosten",
    LineKind.DISCOUNT: "Korting",
    LineKind.VOUCHER: "Cadeaubon",
    LineKind.DEPOSIT: "Statiegeld",
    LineKind.TIP: "Fooi",
}
"""What the article of a line that is no product is called: every order shares it, so that the first one's own words
("Korting Lamp") would be wrong for the next.
"""

DUTY_SETTINGS = {
    Treatment.DOMESTIC: "vat_duty",
    Treatment.ORIGIN_BELOW_THRESHOLD: "vat_duty",
    Treatment.DOMESTIC_FOREIGN: "vat_duty_abroad",
    Treatment.OSS: "vat_duty_abroad",
    Treatment.DESTINATION_LOCAL_REG: "vat_duty_abroad",
    Treatment.ICS: "vat_duty_ics",
    Treatment.EXPORT: "vat_duty_export",
    Treatment.KOR_EXEMPT: "vat_duty_none",
    Treatment.MARKETPLACE_DEEMED: "vat_duty_none",
}
"""VAT treatment -> the setting that holds its btw-plicht (``VaDu``); the codes are the environment's own [fact sheet
7.8].
"""

TOKEN_EXPIRY = date(2027, 5, 1)
"""Since September 2026 every classic AppConnector token ends on this day [fact sheet 1]."""
TOKEN_END = date(2027, 8, 31)
"""The last day on which any classic token works [fact sheet 1]."""
SECRET_WARNING = timedelta(days=30)
"""How long before a client secret ends `check` warns."""
NEW_YEAR_WARNING = timedelta(days=61)
"""How long before a new year `check` warns that its book year is missing (from 1 November)."""

READ_BACK_EVERY = 20
"""One order in so many is read back to compare totals, besides the first of each VAT combination."""
VAT_TOLERANCE = "0.02"
"""Difference in VAT per line, in the currency's main unit, that rounding alone explains."""
