"""Everything that Amazon fixed: ids, spellings, limits, waiting times. [fact sheet N] names the section it is from."""

from datetime import timedelta

from msgspec import Struct

from koppel.model import LineKind
from koppel.plugin import Status
from koppel.vendor import Bucket, Limit, LimitTable


class Marketplace(Struct, frozen=True, kw_only=True):
    """One Amazon shop: Amazon's id for it, its country (ISO 3166) and the currency that it sells in."""

    id: str
    country: str
    currency: str
    name: str


MARKETPLACES = (
    Marketplace(id="A1805IZSGTT6HS", country="NL", currency="EUR", name="Amazon.nl"),
    Marketplace(id="A1PA6795UKMFR9", country="DE", currency="EUR", name="Amazon.de"),
    Marketplace(id="AMEN7PMS3EDWL", country="BE", currency="EUR", name="Amazon.com.be"),
    Marketplace(id="A13V1IB3VIYZZH", country="FR", currency="EUR", name="Amazon.fr"),
    Marketplace(id="A28R8C7NBKEWEA", country="IE", currency="EUR", name="Amazon.ie"),
    Marketplace(id="A1RKKUPIHCS9HS", country="ES", currency="EUR", name="Amazon.es"),
    Marketplace(id="APJ6JRA9NG5V4", country="IT", currency="EUR", name="Amazon.it"),
    Marketplace(id="A1C3SOZRARQ6R3", country="PL", currency="PLN", name="Amazon.pl"),
    Marketplace(id="A2NODRKZP88ZB9", country="SE", currency="SEK", name="Amazon.se"),
    Marketplace(id="A1F83G8C2ARO7P", country="GB", currency="GBP", name="Amazon.co.uk"),
    Marketplace(id="A33AVAJ2PDY3EV", country="TR", currency="TRY", name="Amazon.com.tr"),
    Marketplace(id="AE08WJ6YKNBMC", country="ZA", currency="ZAR", name="Amazon.co.za"),
)
"""The shops behind the European host, without those whose id nobody has verified. [fact sheet 2]"""

BY_ID = {shop.id: shop for shop in MARKETPLACES}
BY_COUNTRY = {shop.country: shop for shop in MARKETPLACES}

COUNTRY_ALIASES = {"UK": "GB", "EL": "GR"}
"""Spellings of countries that are no ISO 3166 codes but are seen in addresses and settings."""

STATUSES = (
    Status(
        name="PendingAvailability",
        title_nl="Voorbestelling, nog niet leverbaar",
        title_en="Pre-order, not available yet",
        aliases=("PENDING_AVAILABILITY",),
    ),
    Status(name="Pending", title_nl="Betaling nog niet akkoord", title_en="Payment not authorised yet"),
    Status(name="Unshipped", title_nl="Te verzenden", title_en="Unshipped", releases=True),
    Status(
        name="PartiallyShipped",
        title_nl="Deels verzonden",
        title_en="Partially shipped",
        aliases=("PARTIALLY_SHIPPED",),
        releases=True,
    ),
    Status(name="Shipped", title_nl="Verzonden", title_en="Shipped", releases=True, final=True),
    Status(name="Canceled", title_nl="Geannuleerd", title_en="Cancelled", aliases=("CANCELLED",), final=True),
    Status(name="Unfulfillable", title_nl="Niet leverbaar", title_en="Unfulfillable", final=True),
    Status(
        name="InvoiceUnconfirmed",
        title_nl="Factuur niet bevestigd",
        title_en="Invoice not confirmed",
        aliases=("INVOICE_UNCONFIRMED",),
    ),
)
"""The neutral names are those of the older API, which users and reports know. [fact sheet 7.2]"""

CANCELLED = "Canceled"
RELEASING = frozenset(status.name for status in STATUSES if status.releases)


def _plain(spelling: str) -> str:
    return "".join(character for character in spelling.casefold() if character not in " -_")


_STATUS_BY_SPELLING = {
    _plain(spelling): status.name for status in STATUSES for spelling in (status.name, *status.aliases)
}


def status_name(spelling: str) -> str:
    """Our name of a status in any of Amazon's spellings; one that is new to us stays as it is."""
    return _STATUS_BY_SPELLING.get(_plain(spelling), spelling)


INCLUDED_DATA = (
    "BUYER",
    "RECIPIENT",
    "PROCEEDS",
    "PROMOTION",
    "CANCELLATION",
    "FULFILLMENT",
    "PACKAGES",
    "TAX",
    "PAYMENT",
)
"""Without these an order has no status, no money and no address. PACKAGES tells when it was sent. [fact sheet 5.1]"""

PAGE_SIZE = 100
TOKEN_LIFE = timedelta(hours=24)
"""How long a page token lives. [fact sheet 5.1]"""
BOUND_DELAY = timedelta(minutes=2)
"""An upper bound must lie at least so far before the request, and data appear that late. [fact sheet 5.1]"""
ASSUMED_DELAY = timedelta(minutes=3)
"""How far before the request we assume that an answer reaches which does not tell its own bound. [fact sheet 5.1]"""
BOUND_MARGIN = timedelta(minutes=10)
"""We name an upper bound only if it lies this far back by our clock, which may be ahead of Amazon's."""
ORDERS_KEPT_DAYS = 730
"""Orders go back two years at most. [fact sheet 1]"""
FEW_ORDERS = 30
"""So many orders are looked up one by one: the burst of getOrder. [fact sheet 4.1]"""

SECRET_LIFE_DAYS = 180
SECRET_WARNING_DAYS = 150
"""A client secret dies after 180 days. [fact sheet 3.1; gotcha 25]"""
AUTHORISATION_LIFE_DAYS = 365
AUTHORISATION_WARNING_DAYS = 335
"""The seller authorises the app again each year. [fact sheet 3.1]"""

ACCESS_REFUSED_PATIENCE = timedelta(hours=1)
ACCESS_REFUSED_PAUSE = timedelta(minutes=10)
"""403 for everybody has lasted half an hour: only after an hour is it the user's matter. [fact sheet 3.5; gotcha 7]"""

SEARCH_ORDERS = "searchOrders"
GET_ORDER = "getOrder"
PARTICIPATIONS = "getMarketplaceParticipations"

BUCKETS = {
    SEARCH_ORDERS: Bucket(rate=0.0056, burst=20),
    GET_ORDER: Bucket(rate=0.5, burst=30),
    PARTICIPATIONS: Bucket(rate=0.016, burst=15),
}
"""Default usage plans per account and application: tokens a second, burst. [fact sheet 4.1]"""


def limits(account: str) -> LimitTable:
    """The usage plans of one account-application pair."""
    return LimitTable(
        operations={operation: (Limit(operation, account, (bucket,)),) for operation, bucket in BUCKETS.items()}
    )


CHARGES = {
    "ITEM": (LineKind.GOODS, "Artikel"),
    "SHIPPING": (LineKind.SHIPPING, "Verzendkosten"),
    "GIFT_WRAP": (LineKind.GIFT_WRAP, "Cadeauverpakking"),
    "COD_FEE": (LineKind.PAYMENT_COSTS, "Rembourskosten"),
    "DELIVERY_TIP": (LineKind.TIP, "Fooi voor de bezorger"),
    "OTHER": (LineKind.OTHER, "Overige kosten"),
}
"""Breakdown types of proceeds, TAX and DISCOUNT apart; a type that is new to us counts as OTHER. [fact sheet 7.2]"""

REPLACEMENTS = frozenset({"REPLACEMENT_ORIGINAL_ID", "EXCHANGE_ORIGINAL_ID"})
