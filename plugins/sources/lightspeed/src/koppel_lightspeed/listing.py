"""Reading a whole order list although it moves: new orders come in on top, pages shift, big pages time out.

Only rows are read here, before any single order. The rows are then worked through by their own timestamps, so that the
order of the list, its page numbers and what happens to it meanwhile do not matter to where reading goes on.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from koppel.clock import Clock
from koppel.plugin import RetryLater
from koppel_lightspeed.api import LightspeedApi
from koppel_lightspeed.dialect import TooHeavy
from koppel_lightspeed.tables import AHEAD, DEFAULT_PAGE, HEAVY_WAIT, PAGE_SIZES, PASSES, SMALLEST_SPAN
from koppel_lightspeed.wire import Row

Key = Literal["created", "updated"]


@dataclass(frozen=True)
class Span:
    """Which orders: those created or updated from ``low`` on and before ``high`` (UTC; None = open)."""

    key: Key
    low: datetime
    high: datetime | None
    behind: timedelta

    def params(self) -> list[tuple[str, str]]:
        """The filters, with a margin for not knowing in which zone the server reads them."""
        params = [(f"{self.key}_at_min", _naive(self.low - self.behind))]
        if self.high is not None:
            params.append((f"{self.key}_at_max", _naive(self.high + AHEAD)))
        return params

    def moment(self, row: Row) -> datetime | None:
        """The moment of the row that this span is about."""
        return row.created if self.key == "created" else row.updated


@dataclass(frozen=True)
class Listing:
    """All rows of a span. Up to ``horizon`` it is complete; later changes came in while it was read."""

    rows: tuple[Row, ...]
    horizon: datetime | None


async def read_list(api: LightspeedApi, clock: Clock, span: Span) -> Listing:
    """Every row of the span, each order once.

    A list of one page is a snapshot. A longer one is read until a whole pass over it brings nothing that was there
    before, and as many rows are known as the server counts. If the server withholds rows (deep pages are said to be
    capped), the span is halved. Raises RetryLater if the list does not come to rest.
    """
    reader = _Reader(api, clock, span)
    if await reader.read_pass():
        return reader.listing()
    for _ in range(PASSES):
        counted = await api.count(span.params())
        before = len(reader.rows)
        missed_before = reader.missed
        await reader.read_pass()
        if reader.missed == missed_before and len(reader.rows) >= counted:
            return reader.listing()
        if len(reader.rows) == before:
            return await _halves(api, clock, span)
    raise RetryLater(
        "lightspeed.restless-list",
        f"The order list of Lightspeed kept changing while it was read {PASSES + 1} times.",
    )


async def _halves(api: LightspeedApi, clock: Clock, span: Span) -> Listing:
    high = span.high or clock.now()
    if high - span.low < SMALLEST_SPAN:
        raise RetryLater(
            "lightspeed.incomplete-list",
            f"Lightspeed counts more orders than it lists from {span.low:%Y-%m-%d %H:%M} to {high:%Y-%m-%d %H:%M} UTC.",
            "If this stays so, report it to Lightspeed: orders cannot be read completely.",
        )
    middle = span.low + (high - span.low) / 2
    first = await read_list(api, clock, Span(span.key, span.low, middle, span.behind))
    second = await read_list(api, clock, Span(span.key, middle, span.high, span.behind))
    rows = {row.id: row for row in (*first.rows, *second.rows)}
    return Listing(tuple(rows.values()), second.horizon or first.horizon)


class _Reader:
    """The passes over one list."""

    def __init__(self, api: LightspeedApi, clock: Clock, span: Span) -> None:
        self._api = api
        self._clock = clock
        self._span = span
        self._params = span.params()
        self._size = PAGE_SIZES[0]
        self._horizon: datetime | None = None
        self._passes = 0
        self.rows: dict[int, Row] = {}
        self.missed = 0
        """Rows that the first pass should have had: they had moved from a page not read yet to one that was."""

    def listing(self) -> Listing:
        """What was found."""
        return Listing(tuple(self.rows.values()), self._horizon)

    async def read_pass(self) -> bool:
        """Read the list once from top to bottom. True if one page was surely all of it.

        A first page with fewer rows than asked for may be the server's own maximum. How many there are is counted; of a
        few, the page behind them is asked for at the same price, since it holds what the count only promises. A server
        that gave a wider page before has no such maximum.
        """
        offset, few, widest = 0, 0, self._api.widest
        here: set[int] = set()
        while True:
            rows = await self._page(offset)
            if here.issuperset(row.id for row in rows):
                break  # the end, or a server that gives the same page for ever
            here.update(row.id for row in rows)
            for row in rows:
                self._note(row)
            if offset and len(rows) < self._size:
                break
            if len(rows) < self._size:
                if len(rows) < DEFAULT_PAGE:
                    few = len(rows)
                    if few < widest:
                        break
                elif await self._api.count(self._params) <= len(rows):
                    self._end_pass()
                    return True
                self._size = len(rows)
            offset += self._size
        self._end_pass()
        return len(here) == few

    def _end_pass(self) -> None:
        if not self._passes:
            moments = [moment for row in self.rows.values() if (moment := self._span.moment(row))]
            self._horizon = max(moments, default=None)
        self._passes += 1

    def _note(self, row: Row) -> None:
        if row.id not in self.rows and self._passes:
            moment = self._span.moment(row)
            if self._horizon and (moment is None or moment <= self._horizon):
                self.missed += 1
        self.rows[row.id] = row

    async def _page(self, offset: int) -> list[Row]:
        """The rows from ``offset`` on; fewer at a time from the second 504 on (a first one may be chance)."""
        heavy = 0
        while True:
            page = offset // self._size + 1
            try:
                return await self._api.rows(self._params, page=page, limit=self._size)
            except TooHeavy as error:
                heavy += 1
                smaller = [size for size in PAGE_SIZES if size < self._size and offset % size == 0]
                if heavy > 1 and not smaller:
                    raise RetryLater(error.code, error.message) from error
                if heavy > 1:
                    self._size = smaller[0]
                await self._clock.sleep(HEAVY_WAIT)


def _naive(moment: datetime) -> str:
    """As the filters want it, in UTC [fact sheet 5.1]."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
