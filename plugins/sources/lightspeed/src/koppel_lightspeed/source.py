"""The opened source: changed orders, orders again, back-fill, check.

Calls: an idle poll costs one. A list tells which orders changed, 250 at a time; it holds no order lines, so that each
changed order costs one call of its own, and none besides [fact sheet 5.4].
"""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeVar

import anyio
import msgspec

from koppel.clock import AMSTERDAM
from koppel.model import Order, OrderRef, UnreadableOrder
from koppel.plugin import Finding, KoppelError, Misconfigured, OrderPage, Refused
from koppel.vendor import Vendor
from koppel_lightspeed import cursor as cursors
from koppel_lightspeed.api import LightspeedApi
from koppel_lightspeed.checks import examine
from koppel_lightspeed.cursor import Handled, Placed, Watermark
from koppel_lightspeed.decoding import embedded
from koppel_lightspeed.dialect import NotThere
from koppel_lightspeed.listing import Span, read_list
from koppel_lightspeed.mapper import Shop, country_code, to_order
from koppel_lightspeed.settings import LightspeedSettings
from koppel_lightspeed.tables import CHUNK, FIRST_LOOK, KNOWN_WAITS, LISTED_WAITS, OVERLAP, PARALLEL, WINDOW_SPAN
from koppel_lightspeed.wire import Row

Seen = Order | UnreadableOrder
Done = tuple[Row, Seen, datetime]
"""A row, what was read of it, and when (UTC)."""
M = TypeVar("M")
NOT_THERE = "lightspeed.not-there"
LOOK_THERE = "Look whether the order still exists in the shop's back office; if so, process it again later."
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


class LightspeedSource:
    """One shop."""

    def __init__(self, settings: LightspeedSettings, vendor: Vendor) -> None:
        self._settings = settings
        self._clock = vendor.clock
        self._api = LightspeedApi(settings, vendor)
        self._shop: Shop | None = None

    async def check(self) -> Sequence[Finding]:
        """See :class:`koppel.plugin.Source`."""
        return await examine(self._api, self._settings)

    async def orders_changed(self, cursor: str | None) -> AsyncIterator[OrderPage]:
        """See :class:`koppel.plugin.ReadsOrders`."""
        mark = _mark(cursor, cursors.watermark) if cursor else Watermark(self._start())
        for low, high in _windows(mark.since - OVERLAP, self._clock.now(), None):
            listing = await read_list(self._api, self._clock, Span("updated", low, high, self._settings.behind))
            rows = [row for row in listing.rows if mark.wants(row) and _before(row.updated, high) and self._ours(row)]
            rows.sort(key=lambda row: (row.updated or _NEVER, row.id))
            for chunk in _chunks(rows):
                done, fault = await self._read(chunk)
                if done:
                    reached = chunk[len(done) - 1].updated or mark.since
                    mark = mark.after(_handled(done), self._until(reached, listing.horizon, high))
                    yield OrderPage(orders=_orders(done), cursor=cursors.text(mark), last=False)
                if fault:
                    raise fault
            mark = mark.after((), self._until(listing.horizon, high))
        yield OrderPage(orders=(), cursor=cursors.text(mark), last=True)

    async def orders(self, refs: Sequence[OrderRef]) -> AsyncIterator[Seen]:
        """See :class:`koppel.plugin.ReadsOrders`. One call each: only the single read has the lines."""
        rows = {ref.id: Row(int(ref.id), ref.number, None, ref.changed_at) for ref in refs if ref.id.isdecimal()}
        for chunk in _chunks(list(rows.values())):
            done, fault = await self._read(chunk, waits=KNOWN_WAITS)
            for order in _orders(done):
                if not (isinstance(order, UnreadableOrder) and order.code == NOT_THERE):
                    yield order
            if fault:
                raise fault

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
                done, fault = await self._read(chunk)
                if done:
                    last = chunk[len(done) - 1]
                    mark = Placed(last.created or mark.created, last.id)
                    yield OrderPage(orders=_orders(done), cursor=cursors.text(mark), last=False)
                if fault:
                    raise fault
        yield OrderPage(orders=(), cursor=cursors.text(mark), last=True)

    async def _read(
        self, rows: Sequence[Row], *, waits: Sequence[float] = LISTED_WAITS
    ) -> tuple[list[Done], KoppelError | None]:
        """The orders of these rows, read one by one, in the rows' order, and the fault that stopped it before the end.

        An order that answers 404 is tried again for a while, together with the others that do [fact sheet 5.6].
        """
        found: dict[int, Done] = {}
        faults: list[KoppelError] = []
        try:
            shop = await self._of_shop()
        except KoppelError as error:
            return [], error
        missing = list(rows)
        for wait in (0.0, *waits):
            await self._clock.sleep(wait)
            await self._read_round(missing, shop, found, faults)
            missing = [row for row in missing if row.id not in found]
            if faults or not missing:
                break
        else:
            for row in missing:
                message = f"Lightspeed lists order {row.number} but answers 404 when it is asked for."
                gone = self._unreadable(row, NOT_THERE, message, LOOK_THERE)
                found[row.id] = (row, gone, self._clock.now())
        done: list[Done] = []
        for row in rows:
            if row.id not in found:
                break
            done.append(found[row.id])
        return done, faults[0] if faults else None

    async def _read_round(
        self, rows: Sequence[Row], shop: Shop, found: dict[int, Done], faults: list[KoppelError]
    ) -> None:
        queue = iter(rows)

        async def work() -> None:
            for row in queue:
                if faults:
                    return
                at = self._clock.now()
                try:
                    found[row.id] = (row, await self._read_one(row, shop), at)
                except NotThere:
                    continue
                except KoppelError as error:
                    faults.append(error)

        async with anyio.create_task_group() as tasks:
            for _ in range(min(PARALLEL, len(rows))):
                tasks.start_soon(work)

    async def _read_one(self, row: Row, shop: Shop) -> Seen:
        try:
            wire = await self._api.order(str(row.id))
            return to_order(wire, embedded(wire.products) or await self._api.lines(str(row.id)), shop)
        except NotThere:
            raise
        except Refused as error:
            return self._unreadable(row, error.code, error.message, error.suggestion)
        except msgspec.ValidationError as error:
            message = f"Order {row.number} is not what an order of Lightspeed looks like: {error}."
            return self._unreadable(row, "lightspeed.unreadable", message, "Report it with the detail log.")

    def _unreadable(self, row: Row, code: str, message: str, suggestion: str) -> UnreadableOrder:
        return UnreadableOrder(
            number=row.number,
            id=str(row.id),
            changed_at=row.updated or self._clock.now(),
            placed_at=row.created,
            code=code,
            message=message,
            suggestion=suggestion,
        )

    async def _of_shop(self) -> Shop:
        if self._shop is None:
            settings, about = self._settings, await self._api.shop()
            self._shop = Shop(
                currency=about.currency.shortcode.upper(),
                country=country_code(about.country),
                ships_from=settings.ships_from,
                language=settings.language,
                split_discounts=settings.discounts == "separate",
                article_code_first=settings.product_code == "article_code",
            )
        return self._shop

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


def _orders(done: Iterable[Done]) -> tuple[Seen, ...]:
    return tuple(order for _, order, _ in done)


def _handled(done: Iterable[Done]) -> list[Handled]:
    """What need not be read again. An order that was not there is looked for once more as long as the list has it."""
    return [
        Handled(row.id, order.changed_at, at)
        for row, order, at in done
        if not (isinstance(order, UnreadableOrder) and order.code == NOT_THERE)
    ]
