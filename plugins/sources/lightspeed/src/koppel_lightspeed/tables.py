"""Lightspeed eCom's numbers and names: addresses, limits, paging, waiting times, statuses. All in one place."""

from collections.abc import Sequence
from datetime import timedelta

from koppel.plugin import Status
from koppel.vendor import Limit, LimitTable, Window

VENDOR = "lightspeed"


EUROPE = "https://api.webshopapp.com"
AMERICA = "https://api.shoplightspeed.com"
"""The vendor's two clusters: separate systems with the same API [fact sheet 2]."""

BEHIND = {EUROPE: timedelta(hours=1), AMERICA: timedelta(hours=12)}
"""How far local time may lie behind UTC in a cluster's shops. List filters take a time without zone, and in which zone
they are read is not known [fact sheet 5.5]: a lower bound is sent in UTC less this."""

AHEAD = timedelta(hours=14)
"""How far any local time may lie ahead of UTC: added to upper bounds of filters, for the same reason."""

KEY_LENGTH = 32
"""Characters of an API key and of an API secret [fact sheet 3.1]."""

LIMIT_SCOPE = "key"
FIVE_MINUTES, HOUR, DAY = 300.0, 3600.0, 86400.0
WINDOWS = (FIVE_MINUTES, HOUR, DAY)
"""The three windows in the order of the X-RateLimit headers, in seconds [fact sheet 4]."""
CALLS = "300/3000/12000"
"""Calls per window and API key that most shops have; others occur [fact sheet 4]."""


def limits(key_id: str, calls: Sequence[int]) -> LimitTable:
    """The limits of one API key. ``key_id`` names the key without telling it; ``calls`` go with WINDOWS."""
    rules = tuple(Window(allowed, seconds) for allowed, seconds in zip(calls, WINDOWS, strict=True))
    return LimitTable(always=(Limit(LIMIT_SCOPE, key_id, rules),))


PAGE_SIZES = (250, 125, 25, 5, 1)
"""Rows asked per page: the vendor's maximum, then smaller ones after a 504 [fact sheet 5.1, 5.6]."""
DEFAULT_PAGE = 50
"""The vendor's default: a page with fewer rows than this ends a list whatever maximum the server keeps."""
ROW_FIELDS = "id,number,createdAt,updatedAt"
"""All that is wanted of a list row; the list embeds no order lines anyway [fact sheet 5.4]."""
WINDOW_SPAN = timedelta(days=31)
"""A long period is listed month by month: deep pages are said to be capped [fact sheet 5.1, 5.7]."""
SMALLEST_SPAN = timedelta(hours=1)
PASSES = 5
"""How often a list that does not stand still is read before it is put off."""

FIRST_LOOK = timedelta(days=7)
"""How far the first poll of a connection without a start date looks back."""

CHUNK = 50
"""Orders per committed page."""
PARALLEL = 4
"""Single orders asked at the same time: enough to use the limit with a slow vendor, too few to be a burden."""
OVERLAP = timedelta(minutes=30)
"""How far each poll reads back: the vendor's lists may lag behind its changes [fact sheet 5.3, 5.6]."""
SETTLED = timedelta(seconds=10)
"""An order that changed less than this ago is read once more: ``updatedAt`` knows no parts of a second."""

MOST_TROUBLED = 3
"""So many orders one after the other may fail by themselves; if more do, the vendor is in trouble."""
GONE_AFTER = timedelta(days=1)
"""An order that answers 404 for so long is taken as deleted."""

BODY_WAITS = (2.0, 10.0)
"""Seconds before an answer with an error or garbage inside a 2xx is asked again [fact sheet 6]."""
HEAVY_WAIT = 5.0
"""Seconds before a page that ended in 504 is asked again."""
LISTED_WAITS = (2.0, 8.0, 20.0, 40.0, 50.0)
"""Seconds between tries for an order that is in the list but answers 404: two minutes in all [fact sheet 5.6]."""
KNOWN_WAITS = (5.0,)
"""The same for an order that koppel knows already: it may really be gone."""

ON_ACCOUNT = "on_account"
"""Not the vendor's: awaiting payment, and the payment method is "on account" (``paymentIsPost``) [fact sheet 7.1]."""
UNKNOWN = "unknown"
"""Not the vendor's: a status that this plugin does not know."""
AWAITING_PAYMENT = "processing_awaiting_payment"
CANCELLED = "cancelled"


def _status(name: str, nl: str, en: str, *aliases: str, releases: bool = False, final: bool = False) -> Status:
    return Status(name=name, title_nl=nl, title_en=en, aliases=aliases, releases=releases, final=final)


STATUSES = (
    _status(AWAITING_PAYMENT, "Wacht op betaling", "Awaiting payment", "awaiting_payment", "not_paid", "unpaid"),
    _status(ON_ACCOUNT, "Op rekening, nog niet betaald", "On account, not paid yet", "op_rekening", releases=True),
    _status(
        "processing_awaiting_shipment",
        "Betaald, klaar voor verzending",
        "Paid, awaiting shipment",
        "awaiting_shipment",
        "paid",
        "betaald",
        releases=True,
    ),
    _status("processing_awaiting_pickup", "Klaar voor afhaling", "Awaiting pick-up", "awaiting_pickup", releases=True),
    _status(
        "processing_ready_for_pickup", "Ligt klaar om af te halen", "Ready for pick-up", "ready_for_pickup",
        releases=True,
    ),
    _status("completed", "Afgerond", "Completed", "afgerond", releases=True, final=True),
    _status(
        "completed_shipped", "Afgerond, verzonden", "Completed, shipped", "shipped", "verzonden",
        releases=True, final=True,
    ),
    _status(
        "completed_picked_up", "Afgerond, afgehaald", "Completed, picked up", "picked_up", "afgehaald",
        releases=True, final=True,
    ),
    _status(CANCELLED, "Geannuleerd", "Cancelled", "canceled", "geannuleerd", final=True),
    _status("on_hold", "In de wacht", "On hold"),
    _status("new", "Nieuw (oude status)", "New (legacy)"),
    _status("offer", "Offerte (oude status)", "Offer (legacy)"),
    _status("off_hold", "Uit de wacht (oude status)", "Off hold (legacy)"),
    _status("processing", "In behandeling (oude status)", "Processing (legacy)"),
    _status("processing_partially_paid", "Deels betaald (oude status)", "Partially paid (legacy)", "partially_paid"),
    _status(
        "processing_partially_shipped", "Deels verzonden (oude status)", "Partially shipped (legacy)",
        "partially_shipped", releases=True,
    ),
    _status(
        "processing_partially_picked_up", "Deels afgehaald (oude status)", "Partially picked up (legacy)",
        "partially_picked_up", releases=True,
    ),
    _status(UNKNOWN, "Onbekende status", "Unknown status"),
)  # fmt: skip
"""The vendor's combined statuses, the legacy ones it may still send, and two of our own [fact sheet 7.1]."""

STATUS_NAMES = frozenset(status.name for status in STATUSES)
