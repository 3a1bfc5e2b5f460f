"""Exact Online's figures and codes, all in one place. Sources in square brackets point into the vendor fact sheet."""

import re
from datetime import timedelta

VENDOR = "exact"
HOST = "https://start.exactonline.nl"
TOKEN_URL = f"{HOST}/api/oauth2/token"
CONSENT_URL = f"{HOST}/api/oauth2/auth"

# --- signing in [3] ---------------------------------------------------------------------------------------------
TOKEN_HOLD = 570.0
"""Seconds after a successful token request during which the next one is refused, and counted as an error [4]."""
TOKEN_EARLY = 0.0
"""The vendor allows 570 s, one integrator saw refusals until the full 600 s [3.3]: waiting for the end suits both."""
TOKEN_REFUSED_WAIT = timedelta(seconds=120)
"""After "too early": at most five more tries before 570 s are over, so that ten errors an hour are never reached."""
TOKENS_PER_DAY = 200
REFRESH_LIFE = timedelta(days=30)
"""Of a refresh token, counted from its last renewal [3.3]."""

# --- limits [4] -------------------------------------------------------------------------------------------------
MINUTE = 60.0
DAY = 86_400.0
CALLS_PER_MINUTE = 60
CALLS_PER_DAY = 5_000
SCOPE = "division"
ERROR_STATUSES = frozenset({400, 401, 403, 404})
"""What Exact counts towards ten errors an hour per app, user, division and endpoint; 500 (business rule) is not."""
ERROR_STOP = 6
ERROR_WINDOW = timedelta(hours=1)

# --- reading [2, 5] ---------------------------------------------------------------------------------------------
QUERY_LIMIT = 4_500
"""Characters of an encoded $filter: the whole address may have 6,000, $select and paging need their part."""
BATCH = 40
"""References per look-up. Codes go 25 at a time in a commercial connector; forty stay far below the address limit."""
RECHECK_AFTER = timedelta(minutes=5)
"""A look-up while the write still runs may miss it: look after 60 s and again after five minutes [8]."""
CACHE_FOR = timedelta(hours=24)
MAX_PAGES = 500

# --- lengths. Official are only those of item descriptions and account codes; the rest are soft, the smaller taken [7]
REFERENCE = 30
DESCRIPTION = 60
LINE_DESCRIPTION = 60
ACCOUNT_CODE = 18
ACCOUNT_NAME = 50
ACCOUNT_ADDRESS_LINE = 60
ADDRESS_LINE = 80
ADDRESS_LINES = 3
POSTCODE = 20
CITY = 30
PHONE = 17
EMAIL = 100
VAT_NUMBER = 20
ITEM_CODE = 30
ITEM_DESCRIPTION = 60
ITEM_EXTRA_DESCRIPTION = 255
BARCODE = 64
PRICE_DECIMALS = 6
"""Decimals of an excl.-VAT unit price, so that quantity times price comes out at the cent up to 10,000 pieces."""

# --- codes [7] --------------------------------------------------------------------------------------------------
CUSTOMER = "C"
DELIVERY = 4
SALES_JOURNAL = 20
CREDIT_INVOICE = 8021
PROFIT_AND_LOSS = "W"
ITEM_START = "2000-01-01T00:00:00"
"""An order dated before the item's start date may be refused [7.5]."""
DIVISION_ACTIVE = 1
VAT_INCLUDING = "I"
VAT_EXCLUDING = "E"
VAT_WITHOUT = frozenset({"N", "B"})
VAT_SALES = frozenset({"B", "S"})
YEAR_AHEAD = timedelta(days=60)
"""How long before its start a missing book year is worth a warning (O12)."""

# --- what the vendor's texts mean [6]. `code` and `lang` are always empty: only the text tells, in the user's language.
GENERIC_FAULT = re.compile(
    r"a problem has occurred|er is een probleem opgetreden|object reference not set|objectverwijzing is niet"
    r"|server unavailable|timeout|time-out|deadlock",
    re.IGNORECASE,
)
"""A 500 with such a text proves nothing about a write."""

EXISTS = re.compile(
    r"bestaat (?:reeds|al)\b|already exists|in gebruik: boekstuknummer|in use: entry number"
    r"|moet zijn: uniek|must be: unique",
    re.IGNORECASE,
)
PERIOD_CLOSED = re.compile(r"periode is (?:af)?gesloten|period is closed|period closed", re.IGNORECASE)
YEAR_MISSING = re.compile(
    r"boekjaar|fiscal year|financial year|periode-datum tabel|period.{1,3}date table", re.IGNORECASE
)
CUSTOMER_REFUSED = re.compile(
    r"(?:ongeldige referentie|invalid reference|ongeldig|invalid|geblokkeerd|blocked|inactief|inactive)\W+"
    r"(?:klant|relatie|account|customer|debiteur|debtor|besteld door|ordered ?by|geleverd aan|deliver ?to)",
    re.IGNORECASE,
)
REFERENCE_REFUSED = re.compile(
    r"ongeldige referentie|invalid reference|niet herkende guid|unrecognized guid", re.IGNORECASE
)
VALIDATION = re.compile(
    r"(?:^|[\s.;:\-])(?:verplicht|mandatory|required|ongeldige?|invalid|onbekend|unknown|niet toegestaan|not allowed"
    r"|in gebruik|in use|moet zijn|must be|reeds verwerkt|already processed|niet in evenwicht|out of balance"
    r"|bestaat niet|does not exist|niet gevonden|not found|niet herkende|unrecognized|geblokkeerd|blocked"
    r"|niet aanwezig|not available|te lang|too long|maximaal|maximum|minimaal|minimum|komt niet overeen"
    r"|does not match|kan niet|cannot)\b",
    re.IGNORECASE,
)
"""Business texts that a 500 may carry: nothing was written."""
SCOPE_VIOLATED = re.compile(r"scope violated\W*(?:cannot \w+ '(?P<scope>[^']+)')?", re.IGNORECASE)
TOO_EARLY = re.compile(r"not expired|TooEarly|rate limit", re.IGNORECASE)
OLD_TOKEN = re.compile(r"old refresh token", re.IGNORECASE)
