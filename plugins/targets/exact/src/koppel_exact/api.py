"""The REST API of one division: lists with paging, creates that are sent once, and the brake on errors."""

from collections.abc import Iterable, Sequence
from typing import TypeVar
from urllib.parse import parse_qsl, quote, urlsplit

from msgspec import Struct

from koppel.plugin import OutcomeUnknown, RetryLater
from koppel.vendor import Concurrent, Limit, LimitTable, Reply, Vendor, VendorClient, Window
from koppel_exact import odata, tables, wire
from koppel_exact.dialect import dialect
from koppel_exact.settings import ExactSettings
from koppel_exact.signin import sign_in, token_key
from koppel_exact.velocity import shared_velocity

T = TypeVar("T")

_ROOT = "/api/v1"
_PREFER = {"Prefer": "return=representation"}
"""Without it a POST answers with nulls [2]."""


class ExactApi:
    """One division, signed in. Operations are named after what Exact counts errors by: `GET crm/Accounts`."""

    def __init__(self, settings: ExactSettings, vendor: Vendor) -> None:
        owner = f"{token_key(settings)}:{settings.division}"
        self._division = settings.division
        self._velocity = shared_velocity(vendor.clock, owner)
        self._client: VendorClient = vendor.client(
            vendor=tables.VENDOR,
            base_url=settings.endpoint.rstrip("/") + _ROOT,
            dialect=dialect(vendor.clock, self._velocity),
            sign_in=sign_in(settings, vendor.clock),
            limits=limits(settings, owner),
            headers={"Accept": "application/json"},
        )

    async def read(self, resource: str, params: Sequence[tuple[str, str]] = (), *, division: bool = True) -> Reply:
        """One call; ``resource`` may carry a key in brackets. RetryLater while the brake on errors is on."""
        operation = f"GET {resource.partition('(')[0]}"
        self._velocity.check(resource.partition("(")[0])
        path = f"/{self._division}/{resource}" if division else f"/{resource}"
        return await self._client.read(operation, quote(path, safe="/()'"), params=params)

    async def rows(self, resource: str, into: type[T], select: str, condition: str = "") -> list[T]:
        """All rows of a list, page after page. ``select`` is always sent: some resources demand it [5.1]."""
        params: Sequence[tuple[str, str]] = [("$select", select)]
        if condition:
            params = [("$filter", condition), *params]
        found: list[T] = []
        for _ in range(tables.MAX_PAGES):
            page, following = wire.rows(await self.read(resource, params), into)
            found += page
            if not following:
                return found
            params = _query(following)
        raise RetryLater("exact.endless", f"Exact Online's list of {resource} does not end.")

    async def matching(self, resource: str, into: type[T], select: str, terms: Iterable[str]) -> list[T]:
        """All rows that match any of the terms, in as few calls as the length of an address allows."""
        found: list[T] = []
        for condition in odata.any_of(terms):
            found += await self.rows(resource, into, select, condition)
        return found

    async def create(self, resource: str, body: Struct, into: type[T]) -> T:
        """One POST, sent once. An answer that cannot be read leaves the outcome unknown: Exact may have done it."""
        self._velocity.check(resource)
        reply = await self._client.write(
            f"POST {resource}", f"/{self._division}/{resource}", headers=_PREFER, json=body
        )
        try:
            return wire.entity(reply, into)
        except RetryLater as error:
            raise OutcomeUnknown(
                "exact.unreadable", f"Exact Online's answer to a new {resource} cannot be read (status {reply.status})."
            ) from error


def _query(following: str) -> list[tuple[str, str]]:
    """The query of a `__next` address. Only the query: the token goes to the configured host and nowhere else [5.3]."""
    return parse_qsl(urlsplit(following).query, keep_blank_values=True)


def limits(settings: ExactSettings, owner: str) -> LimitTable:
    """What Exact allows per app and division [4]; strictly one call at a time, or the order is not kept [2]."""
    rules = (
        Window(settings.calls_per_minute, tables.MINUTE),
        Window(settings.calls_per_day, tables.DAY),
        Concurrent(1),
    )
    return LimitTable(always=(Limit(tables.SCOPE, owner, rules),))
