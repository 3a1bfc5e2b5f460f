"""The source: what the core asks of Amazon."""

from collections.abc import AsyncIterator, Sequence
from datetime import date, datetime, time, timedelta

import msgspec

from koppel.clock import AMSTERDAM
from koppel.errors import Refused
from koppel.model import Order, OrderRef, UnreadableOrder
from koppel.plugin import Finding, OrderPage
from koppel.vendor import Vendor
from koppel_amazon.api import INVALID_INPUT, NOT_FOUND, Api
from koppel_amazon.checks import findings
from koppel_amazon.listing import CHANGED, PLACED, Cursor, Found, Lister, PageTokenDead
from koppel_amazon.mapper import Departure, read_order
from koppel_amazon.settings import AmazonSettings
from koppel_amazon.tables import ASSUMED_DELAY, FEW_ORDERS, ORDERS_KEPT_DAYS
from koppel_amazon.wire import moment, text_time

FIRST_DAYS = 7
"""How far back the first poll reaches without a setting."""


class AmazonSource:
    """One connection's view of its Amazon account. Implements Source and ReadsOrders."""

    def __init__(self, settings: AmazonSettings, vendor: Vendor) -> None:
        self._settings = settings
        self._clock = vendor.clock
        self._api = Api(settings, vendor)
        self._departure = Departure(own=settings.ships_from, fba=settings.fba_ships_from)
        self._lister = Lister(
            self._api,
            vendor.clock,
            marketplace_ids=settings.marketplace_ids,
            overlap=timedelta(minutes=settings.overlap_minutes),
            window=timedelta(days=settings.window_days),
            read=self._read,
        )

    async def check(self) -> Sequence[Finding]:
        """See :class:`koppel.plugin.Source`. Costs one call of searchOrders."""
        return await findings(self._api, self._lister, self._settings, self._clock.now())

    async def orders_changed(self, cursor: str | None) -> AsyncIterator[OrderPage]:
        """See :class:`koppel.plugin.ReadsOrders`."""
        position = Cursor.of(cursor) if cursor else Cursor(after=text_time(self._start()))
        async for step in self._lister.steps(CHANGED, position):
            orders = tuple(order for order in step.orders if not self._too_old(order))
            yield OrderPage(orders=orders, cursor=step.cursor.text(), last=step.done)

    async def orders_placed(self, since: date, until: date, cursor: str | None = None) -> AsyncIterator[OrderPage]:
        """See :class:`koppel.plugin.ReadsOrders`.

        Raises Refused for days that Amazon no longer keeps, or that all lie before the setting ``start``.
        """
        now = self._clock.now()
        oldest = (now - timedelta(days=ORDERS_KEPT_DAYS)).astimezone(AMSTERDAM).date() + timedelta(days=1)
        if since < oldest:
            raise Refused(
                "amazon.too-old",
                f"Amazon keeps orders for two years: {since} is too long ago.",
                f"Start the back-fill on {oldest} or later.",
            )
        start = self._settings.start
        if start is not None and until < start:
            raise Refused(
                "amazon.before-start",
                f"Orders placed before {start} are left alone, by the setting start.",
                "Set an earlier start, and mind what another program has booked already.",
            )
        since = max(since, start or since)
        first, end = _midnight(since), _midnight(until + timedelta(days=1))
        position = Cursor.of(cursor) if cursor else Cursor(after=text_time(first), end=text_time(end))
        if (moment(position.after) or first) >= min(end, now - ASSUMED_DELAY):
            yield OrderPage(orders=(), cursor=position.text(), last=True)
            return
        async for step in self._lister.steps(PLACED, position):
            orders = tuple(order for order in step.orders if _placed_within(order, since, until))
            yield OrderPage(orders=orders, cursor=step.cursor.text(), last=step.done)

    async def orders(self, refs: Sequence[OrderRef]) -> AsyncIterator[Order | UnreadableOrder]:
        """See :class:`koppel.plugin.ReadsOrders`.

        Few are asked one by one. Many are looked for in the list of what changed since the oldest of them last did,
        page by page as long as a page brings as many as the burst of single look-ups would; the rest one by one.
        """
        wanted = {ref.id: ref for ref in refs}
        if len(wanted) > FEW_ORDERS:
            oldest = min(ref.changed_at for ref in wanted.values()) - timedelta(minutes=self._settings.overlap_minutes)
            params = self._lister.params(CHANGED, text_time(oldest), None)
            token: str | None = None
            while True:
                try:
                    found, answer = await self._lister.page(params, token)
                except PageTokenDead:
                    break
                hits = 0
                for order in found:
                    if wanted.pop(order.id, None):
                        hits += 1
                        yield order
                token = answer.pagination.next_token if answer.pagination else None
                if token is None or hits < FEW_ORDERS or len(wanted) <= FEW_ORDERS:
                    break
        for ref in wanted.values():
            again = await self._one(ref)
            if again is not None:
                yield again

    async def _one(self, ref: OrderRef) -> Found | None:
        """One order by its number; None if Amazon does not know it, or knows that it cannot be a number of its own."""
        try:
            return self._read(await self._api.get_order(ref.id))
        except Refused as error:
            if error.code in {NOT_FOUND, INVALID_INPUT}:
                return None
            raise

    def _read(self, raw: bytes | msgspec.Raw) -> Found:
        return read_order(raw, self._departure)

    def _start(self) -> datetime:
        start = self._settings.start
        return self._clock.now() - timedelta(days=FIRST_DAYS) if start is None else _midnight(start)

    def _too_old(self, order: Found) -> bool:
        """Placed before the day that the user set: those are left to whatever booked them then."""
        start = self._settings.start
        return start is not None and order.placed_at is not None and order.placed_at < _midnight(start)


def _midnight(day: date) -> datetime:
    """The start of a day of Dutch books."""
    return datetime.combine(day, time(), AMSTERDAM)


def _placed_within(order: Found, since: date, until: date) -> bool:
    """Whether it was placed on one of these days; one that does not tell is kept."""
    if order.placed_at is None:
        return True
    return since <= order.placed_at.astimezone(AMSTERDAM).date() <= until
