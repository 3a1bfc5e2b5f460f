"""searchOrders: its parameters, all checked, and its page tokens. [fact sheet 5.1, 7.2]"""

from base64 import b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from koppel.clock import Clock
from koppel_amazon.sandbox.answers import Invalid
from koppel_amazon.sandbox.record import DATASETS, Json, Record
from koppel_amazon.tables import BOUND_DELAY, ORDERS_KEPT_DAYS, TOKEN_LIFE
from koppel_amazon.wire import moment, text_time

STATUSES = frozenset(
    {"PENDING_AVAILABILITY", "PENDING", "UNSHIPPED", "PARTIALLY_SHIPPED", "SHIPPED", "CANCELLED", "UNFULFILLABLE"}
)
TIMES = ("createdAfter", "createdBefore", "lastUpdatedAfter", "lastUpdatedBefore")
KNOWN = frozenset(
    {
        *TIMES,
        "fulfillmentStatuses",
        "marketplaceIds",
        "fulfilledBy",
        "maxResultsPerPage",
        "paginationToken",
        "includedData",
    }
)
MISMATCH = (
    "The paginationToken you have submitted is not valid. "
    "All parameters must match the original request except maxResultsPerPage."
)


@dataclass
class Query:
    """A checked request. ``family`` is ``created`` or ``lastUpdated``; both bounds are inclusive."""

    family: str
    after: datetime
    before: datetime
    statuses: frozenset[str]
    marketplaces: frozenset[str]
    senders: frozenset[str]

    def fits(self, record: Record, oldest: datetime) -> bool:
        """Whether an order belongs to the answer."""
        at = record.created if self.family == "created" else record.updated
        return (
            self.after <= at <= self.before
            and record.created >= oldest
            and (not self.statuses or record.status in self.statuses)
            and (not self.marketplaces or record.data["salesChannel"].get("marketplaceId") in self.marketplaces)
            and (not self.senders or record.data["fulfillment"].get("fulfilledBy") in self.senders)
        )


@dataclass
class _Listing:
    """What stands behind a page token: served orders with the time of change that they were served with."""

    bound_to: frozenset[tuple[str, str]]
    waiting: list[str]
    served: dict[str, datetime]
    issued: datetime
    bound: str


class Search:
    """The listings of one seller."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._listings: dict[str, _Listing] = {}

    def page(self, params: Sequence[tuple[str, str]], records: dict[str, Record], roles: str) -> Json:
        """One page. Raises Invalid."""
        now = self._clock.now()
        asked = _once(params)
        size = _page_size(asked.get("maxResultsPerPage", "100"))
        included = included_data(asked.get("includedData"))
        query = _query(asked, now)
        bound_to = frozenset(item for item in asked.items() if item[0] not in _MAY_DIFFER)
        token = asked.get("paginationToken")
        if token is None:
            listing = self._begin(query, bound_to, records, now)
        else:
            listing = self._resume(token, bound_to, records, now)
        numbers, listing.waiting = listing.waiting[:size], listing.waiting[size:]
        body: Json = {"orders": [records[number].render(included, roles) for number in numbers]}
        listing.served |= {number: records[number].updated for number in numbers}
        if listing.waiting:
            body["pagination"] = {"nextToken": self._issue(listing, now)}
        body[f"{query.family}Before"] = listing.bound
        return body

    def _begin(
        self, query: Query, bound_to: frozenset[tuple[str, str]], records: dict[str, Record], now: datetime
    ) -> _Listing:
        oldest = now - timedelta(days=ORDERS_KEPT_DAYS)
        found = [number for number, record in records.items() if query.fits(record, oldest)]
        found.sort(key=lambda number: sha256(number.encode()).digest())
        return _Listing(bound_to, found, {}, now, text_time(query.before))

    def _resume(
        self, token: str, bound_to: frozenset[tuple[str, str]], records: dict[str, Record], now: datetime
    ) -> _Listing:
        """The rest of a listing; orders that changed since they were served come again at its end."""
        kept = self._listings.get(token)
        if kept is None or kept.bound_to != bound_to or now - kept.issued >= TOKEN_LIFE:
            raise Invalid(MISMATCH)
        again = [number for number, at in kept.served.items() if records[number].updated > at]
        waiting = kept.waiting + [number for number in again if number not in kept.waiting]
        return _Listing(kept.bound_to, waiting, dict(kept.served), now, kept.bound)

    def _issue(self, listing: _Listing, now: datetime) -> str:
        """A token that must be percent-encoded on its way back. [gotcha 4]"""
        serial = sha256(f"{len(self._listings)}".encode()).digest()[:15]
        token = b64encode(serial).decode() + "+/="
        listing.issued = now
        self._listings[token] = listing
        return token


_MAY_DIFFER = frozenset({"paginationToken", "maxResultsPerPage", "includedData"})
"""What may change from page to page, by the vendor's model (``Pagination``)."""


def included_data(text: str | None) -> frozenset[str]:
    """The datasets asked for. Raises Invalid."""
    return _choice("includedData", text, DATASETS)


def _once(params: Sequence[tuple[str, str]]) -> dict[str, str]:
    asked: dict[str, str] = {}
    for name, value in params:
        if name not in KNOWN or name in asked:
            raise Invalid(f"Invalid parameter: {name}")
        asked[name] = value
    return asked


def _page_size(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 100:
        raise Invalid("maxResultsPerPage must be between 1 and 100")
    return int(text)


def _choice(name: str, text: str | None, allowed: Iterable[str]) -> frozenset[str]:
    values = frozenset(text.split(",")) if text is not None else frozenset[str]()
    if not values <= frozenset(allowed):
        raise Invalid(f"Invalid value for {name}")
    return values


def _query(asked: dict[str, str], now: datetime) -> Query:
    times: dict[str, datetime] = {}
    for name in TIMES:
        if name in asked:
            at = moment(asked[name])
            if at is None or "T" not in asked[name]:
                raise Invalid(f"Invalid value for {name}")
            times[name] = at
    created = "createdAfter" in times or "createdBefore" in times
    updated = "lastUpdatedAfter" in times or "lastUpdatedBefore" in times
    family = "created" if created else "lastUpdated"
    if created == updated or f"{family}After" not in times:
        raise Invalid("Exactly one of createdAfter and lastUpdatedAfter must be provided")
    after, latest = times[f"{family}After"], now - BOUND_DELAY
    before = times.get(f"{family}Before", latest)
    if f"{family}Before" in times and (before < after or before > latest):
        raise Invalid(f"{family}Before must be after {family}After and at least two minutes before the request")
    marketplaces = frozenset(asked["marketplaceIds"].split(",")) if "marketplaceIds" in asked else frozenset[str]()
    if len(marketplaces) > 50:
        raise Invalid("marketplaceIds takes at most 50 values")
    return Query(
        family,
        after,
        min(before, latest),
        _choice("fulfillmentStatuses", asked.get("fulfillmentStatuses"), STATUSES),
        marketplaces,
        _choice("fulfilledBy", asked.get("fulfilledBy"), ("MERCHANT", "AMAZON")),
    )
