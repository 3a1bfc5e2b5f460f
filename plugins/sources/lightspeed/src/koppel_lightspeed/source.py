"""The opened source: changed orders, orders again, back-fill, check.

Calls: an idle poll costs one. A list tells which orders changed, 250 at a time; it holds no order lines, so that each
changed order costs one call of its own, and none besides [fact sheet 5.4].
"""

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeVar

import msgspec

from koppel.clock import AMSTERDAM
from koppel.model import Order, OrderRef, UnreadableOrder
from koppel.plugin import Finding, Misconfigured, OrderPage, RetryLater
from koppel.vendor import Vendor
from koppel_lightspeed import cursor as cursors
from koppel_lightspeed.api import LightspeedApi
from koppel_lightspeed.checks import examine
from koppel_lightspeed.cursor import Placed, Watermark
from koppel_lightspeed.listing import Span, read_list
from koppel_lightspeed.reading import OrderReader
from koppel_lightspeed.settings import LightspeedSettings
from koppel_lightspeed.tables import CHUNK, FIRST_LOOK, KNOWN_WAITS, LISTED_WAITS, OVERLAP, WINDOW_SPAN
from koppel_lightspeed.wire import Row

M = TypeVar("M")
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


class LightspeedSource:
    """One shop."""

    def __init__(self, settings: LightspeedSettings, vendor: Vendor) -> None:
        self._settings = settings
        self._clock = vendor.clock
        self._api = LightspeedApi(settings, vendor)
        self._reader = OrderReader(self._api, vendor.clock, settings)

    async def check(self) -> Sequence[Finding]:
        """See :class:`koppel.plugin.Source`."""
        return await examine(self._api, self._settings)

    async def orders_changed(self, cursor: str | None) -> AsyncIterator[OrderPage]:
        """See :class:`koppel.plugin.ReadsOrders`."""
        mark = _mark(cursor, cursors.watermark) if cursor else Watermark(self._start())
        for chunk in _chunks(mark.owed_rows()):
            read = await self._reader.read(chunk, KNOWN_WAITS)
            if read.fault and not isinstance(read.fault, RetryLater):
                raise read.fault
            mark = mark.after(read.done, None)
            found = tuple(each.order for each in read.done if not each.owed)
            yield OrderPage(orders=found, cursor=cursors.text(mark), last=False)
        for low, high in _windows(mark.since - OVERLAP, self._clock.now(), None):
            listing = await read_list(self._api, self._clock, Span("updated", low, high, self._settings.behind))
            rows = [row for row in listing.rows if mark.wants(row) and _before(row.updated, high) and self._ours(row)]
            rows.sort(key=lambda row: (row.updated or _NEVER, row.id))
            for chunk in _chunks(rows):
                read = await self._reader.read(chunk, LISTED_WAITS)
                if read.done:
                    reached = chunk[len(read.done) - 1].updated or mark.since
                    mark = mark.after(read.done, self._until(reached, listing.horizon, high))
                    yield OrderPage(orders=read.orders, cursor=cursors.text(mark), last=False)
                if read.fault:
                    raise read.fault
            mark = mark.after((), self._until(listing.horizon, high))
        yield OrderPage(orders=(), cursor=cursors.text(mark), last=True)

    async def orders(self, refs: Sequence[OrderRef]) -> AsyncIterator[Order | UnreadableOrder]:
        """See :class:`koppel.plugin.ReadsOrders`. One call each: only the single read has the lines."""
        rows = {ref.id: Row(int(ref.id), ref.number, None, ref.changed_at) for ref in refs if ref.id.isdecimal()}
        for chunk in _chunks(list(rows.values())):
            read = await self._reader.read(chunk, KNOWN_WAITS)
            for each in read.done:
                if not each.owed:
                    yield each.order
            if read.fault:
                raise read.fault

    async def orders_placed(self, since: date, until: date, cursor: str | None = None) -> AsyncIterator[OrderPage]:
        """See :class:`koppel.plugin.ReadsOrders`. A cursor goes on after the last order of its page."""
        tomorrow = self._clock.now().astimezone(AMSTERDAM).date() + timedelta(days=1)
        first = _midnight(max(since, self._settings.start or since))
        end = _midnight(min(until, tomorrow) + timedelta(days=1))
        mark = _mark(cursor, cursors.placed) if cursor else Placed(first)
        for low, high in _windows(max(first, mark.created), end, end):
            listing = await read_list(self._api, self._clock, Span("created", low, high, self._settings.behind))
            rows = [row for row in listing.rows if mark.wants(row) and _before(row.created, high)]
            rows.sort(key=lambda row: (row.created or _NEVER, row.id))
            for chunk in _chunks(rows):
                read = await self._reader.read(chunk, LISTED_WAITS)
                if read.done:
                    last = chunk[len(read.done) - 1]
                    mark = Placed(last.created or mark.created, last.id)
                    yield OrderPage(orders=read.orders, cursor=cursors.text(mark), last=False)
                if read.fault:
                    raise read.fault
        yield OrderPage(orders=(), cursor=cursors.text(mark), last=True)

    def _ours(self, row: Row) -> bool:
        """Whether the order was placed late enough to be koppel's."""
        start = self._settings.start
        return start is None or row.created is None or row.created >= _midnight(start)

    def _start(self) -> datetime:
        start = self._settings.start
        return _midnight(start) if start else self._clock.now() - FIRST_LOOK

    def _until(self, *moments: datetime | None) -> datetime | None:
        """The earliest of the moments that are known, and never later than now."""
        known = [moment for moment in moments if moment is not None]
        return min(*known, self._clock.now()) if known else None


def _mark(cursor: str, read: Callable[[str], M]) -> M:
    try:
        return read(cursor)
    except msgspec.DecodeError as error:
        raise Misconfigured(
            "lightspeed.cursor",
            "The place where reading Lightspeed's orders stopped cannot be read back.",
            "Restore the database, or read the last days again with a back-fill.",
        ) from error


def _windows(low: datetime, until: datetime, end: datetime | None) -> Iterator[tuple[datetime, datetime | None]]:
    """Months from ``low`` to ``until``; the last one ends at ``end`` (None = open)."""
    while until - low > WINDOW_SPAN:
        yield low, low + WINDOW_SPAN
        low += WINDOW_SPAN
    yield low, end


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), AMSTERDAM).astimezone(UTC)


def _before(moment: datetime | None, high: datetime | None) -> bool:
    return moment is None or high is None or moment < high


def _chunks(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    for start in range(0, len(rows), CHUNK):
        yield rows[start : start + CHUNK]
