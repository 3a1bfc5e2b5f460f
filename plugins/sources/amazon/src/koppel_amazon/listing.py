"""Going through searchOrders page by page, so that a stop at any moment loses nothing. [fact sheet 5.1]

A page token is only good for a day and only with exactly the parameters of page 1. So the parameters, the token and the
time that it was given are kept in the cursor; where the token died, the listing starts over with a shorter stretch of
time, so that even a listing that no day would be enough for gets on.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime, timedelta

import msgspec
from msgspec import Struct

from koppel.clock import Clock
from koppel.errors import Misconfigured, Refused, RetryLater
from koppel.model import Order, UnreadableOrder
from koppel_amazon.api import Api, Params
from koppel_amazon.tables import ASSUMED_DELAY, BOUND_MARGIN, INCLUDED_DATA, PAGE_SIZE, TOKEN_LIFE
from koppel_amazon.wire import OrdersAnswer, moment, text_time

CHANGED = "lastUpdated"
PLACED = "created"
"""The two families of time parameters; they cannot be mixed."""

REPEATS = 3
EMPTY_PAGES = 30
"""So many pages in a row without a new order mean that Amazon goes round in circles. A few empty ones are normal.
[gotcha 5; fact sheet 5.2]"""
RESTARTS = 3
"""So many dead tokens in one go are no accident."""
SHORTEST = timedelta(hours=1)

Found = Order | UnreadableOrder
Read = Callable[[bytes | msgspec.Raw], Found]


class Listing(Struct, frozen=True, omit_defaults=True):
    """A listing under way: page 1's parameters to the letter, its upper bound, and the way to the next page."""

    params: Params
    until: str
    token: str
    issued: datetime


class Cursor(Struct, frozen=True, omit_defaults=True):
    """Where reading stands. ``after``: everything up to here was read. ``end``: where a back-fill is to stop.

    ``stretch`` is the length in seconds of the next stretch where the usual one proved too long.
    """

    after: str
    end: str | None = None
    stretch: float | None = None
    listing: Listing | None = None

    def text(self) -> str:
        """As kept by the core."""
        return msgspec.json.encode(self).decode()

    @staticmethod
    def of(text: str) -> "Cursor":
        """From what the core kept."""
        return msgspec.json.decode(text, type=Cursor)


class Step(Struct, frozen=True):
    """One page and the cursor after it. ``done``: nothing is left to read now."""

    orders: tuple[Found, ...]
    cursor: Cursor
    done: bool


class PageTokenDead(Exception):
    """The page token is no good: too old, or its parameters are not those of page 1. The listing must start over."""


class Lister:
    """Lists orders of one account. ``window`` is the longest stretch of time asked at once."""

    def __init__(
        self,
        api: Api,
        clock: Clock,
        *,
        marketplace_ids: Sequence[str],
        overlap: timedelta,
        window: timedelta,
        read: Read,
    ) -> None:
        self._api = api
        self._clock = clock
        self._marketplaces = ",".join(marketplace_ids)
        self._overlap = overlap
        self._window = window
        self._read = read

    async def steps(self, family: str, cursor: Cursor) -> AsyncIterator[Step]:
        """All pages from the cursor to now, or to its ``end``."""
        seen: set[str] = set()
        barren = restarts = 0
        while True:
            try:
                step = await self._step(family, cursor)
            except PageTokenDead as dead:
                restarts += 1
                cursor = _over(cursor)
                yield Step((), cursor, done=False)
                if restarts > RESTARTS:
                    raise RetryLater(
                        "amazon.paging", "Amazon does not accept its own page tokens; the listing starts over."
                    ) from dead
                continue
            new = {order.number for order in step.orders} - seen
            seen |= new
            barren = 0 if new or step.cursor.listing is None else barren + 1
            if barren >= (REPEATS if step.orders else EMPTY_PAGES):
                yield Step(step.orders, _over(cursor), done=False)
                raise RetryLater("amazon.paging", "Amazon repeats the same page of orders; the listing starts over.")
            yield step
            if step.done:
                return
            if step.cursor.listing is None:
                seen.clear()
            cursor = step.cursor

    async def page(self, params: Params, token: str | None) -> tuple[tuple[Found, ...], OrdersAnswer]:
        """One page, read. The parameters are sent as they are, in this order, with the token at the end.

        Raises PageTokenDead where Amazon does not take the token, Misconfigured where it does not take page 1.
        """
        try:
            answer = await self._api.search_orders((*params, ("paginationToken", token)) if token else params)
        except Refused as error:
            if token:
                raise PageTokenDead from error
            raise Misconfigured(
                error.code, error.message, "Check the settings of the source; if they are right, report it."
            ) from error
        return tuple(self._read(raw) for raw in answer.orders), answer

    def params(self, family: str, after: str, before: str | None) -> Params:
        """Page 1's parameters: all marketplaces and both ways of sending in one call."""
        bounds = [(f"{family}After", after)] + ([(f"{family}Before", before)] if before else [])
        return (
            *bounds,
            ("marketplaceIds", self._marketplaces),
            ("maxResultsPerPage", str(PAGE_SIZE)),
            ("includedData", ",".join(INCLUDED_DATA)),
        )

    async def _step(self, family: str, cursor: Cursor) -> Step:
        asked_at = self._clock.now()
        listing = cursor.listing
        if listing is None:
            params = self._next_params(family, cursor, asked_at)
            orders, answer = await self.page(params, None)
            until = _bound(family, params, answer, max(_time(cursor.after), asked_at - ASSUMED_DELAY))
        else:
            params, until = listing.params, listing.until
            if asked_at - listing.issued >= TOKEN_LIFE:
                raise PageTokenDead
            orders, answer = await self.page(params, listing.token)
        token = answer.pagination.next_token if answer.pagination else None
        if token:
            under_way = Listing(params, until, token, asked_at)
            return Step(orders, msgspec.structs.replace(cursor, listing=under_way), done=False)
        bounded = any(name == f"{family}Before" for name, _ in params)
        reached_end = cursor.end is not None and _time(until) >= _time(cursor.end)
        return Step(orders, Cursor(after=until, end=cursor.end), done=reached_end or not bounded)

    def _next_params(self, family: str, cursor: Cursor, now: datetime) -> Params:
        """The next stretch of time. An upper bound is named only where it lies safely in the past by any clock."""
        after = _time(cursor.after) - (self._overlap if family == CHANGED else timedelta(0))
        stretch = timedelta(seconds=cursor.stretch) if cursor.stretch else self._window
        before = _time(cursor.after) + stretch
        if cursor.end is not None:
            before = min(before, _time(cursor.end))
        return self.params(family, text_time(after), text_time(before) if before <= now - BOUND_MARGIN else None)


def _over(cursor: Cursor) -> Cursor:
    """The same listing from its first page, over half the time."""
    if cursor.listing is None:
        return cursor
    length = (_time(cursor.listing.until) - _time(cursor.after)) / 2
    return Cursor(after=cursor.after, end=cursor.end, stretch=max(length, SHORTEST).total_seconds())


def _bound(family: str, params: Params, answer: OrdersAnswer, otherwise: datetime) -> str:
    """Up to where page 1 says that its listing reaches: Amazon's word, else the bound that we named.

    A word that lies before the listing's own start would lead backwards and is not believed.
    """
    told = answer.last_updated_before if family == CHANGED else answer.created_before
    at = moment(told)
    if told is not None and at is not None and at >= _time(params[0][1]):
        return told
    named = next((value for name, value in params if name == f"{family}Before"), None)
    return named or text_time(otherwise)


def _time(text: str) -> datetime:
    found = moment(text)
    if found is None:
        raise ValueError(f"no time: {text}")
    return found
