"""Single orders: read a few at a time, tried again for a while, and what cannot be read set aside for the others."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import anyio
import msgspec

from koppel.clock import Clock
from koppel.model import Order, UnreadableOrder
from koppel.plugin import KoppelError, Refused
from koppel_lightspeed.api import LightspeedApi
from koppel_lightspeed.decoding import embedded
from koppel_lightspeed.dialect import NotThere
from koppel_lightspeed.mapper import Shop, country_code, to_order
from koppel_lightspeed.settings import LightspeedSettings
from koppel_lightspeed.tables import MOST_TROUBLED, PARALLEL
from koppel_lightspeed.wire import Row

OF_ONE_ORDER = frozenset({"lightspeed.unavailable", "vendor.garbage", "vendor.no-answer"})
"""Temporary faults that may be those of one order alone (too many lines); others hold for all."""


@dataclass(frozen=True)
class Handled:
    """A row, what was read of it, and when (UTC). ``owed``: nothing was read, it must be tried again; ``gone``: because
    the answer was 404.
    """

    row: Row
    order: Order | UnreadableOrder
    at: datetime
    owed: bool = False
    gone: bool = False


@dataclass(frozen=True)
class Outcome:
    """What was read, in the rows' order without a gap, and the fault that stopped it before the end."""

    done: Sequence[Handled]
    fault: KoppelError | None = None

    @property
    def orders(self) -> tuple[Order | UnreadableOrder, ...]:
        """The orders."""
        return tuple(each.order for each in self.done)


class OrderReader:
    """Reads single orders of one shop."""

    def __init__(self, api: LightspeedApi, clock: Clock, settings: LightspeedSettings) -> None:
        self._api = api
        self._clock = clock
        self._settings = settings
        self._shop: Shop | None = None

    async def read(self, rows: Sequence[Row], waits: Sequence[float]) -> Outcome:
        """The orders of these rows. What answers 404 or fails by itself is tried again after each of ``waits``
        (seconds), then comes as an UnreadableOrder that is still owed [fact sheet 5.6]. If one after the other fails at
        the first try, the vendor is in trouble and not the orders.
        """
        try:
            shop = await self._of_shop()
        except KoppelError as error:
            return Outcome((), error)
        found: dict[int, Handled] = {}
        round_ = await self._round(rows, shop, found, first=True)
        for wait in waits:
            if round_.fault or not round_.troubled:
                break
            await self._clock.sleep(wait)
            round_ = await self._round([row for row, _ in round_.troubled], shop, found, first=False)
        if not round_.fault:
            for row, fault in round_.troubled:
                gone = isinstance(fault, NotThere)
                found[row.id] = Handled(row, self._unread(row, fault), self._clock.now(), owed=True, gone=gone)
        done: list[Handled] = []
        for row in rows:
            if row.id not in found:
                break
            done.append(found[row.id])
        return Outcome(done, round_.fault)

    async def _round(self, rows: Sequence[Row], shop: Shop, found: dict[int, Handled], *, first: bool) -> "_Round":
        round_ = _Round(rows, first=first)
        async with anyio.create_task_group() as tasks:
            for _ in range(min(PARALLEL, len(rows))):
                tasks.start_soon(self._work, round_, shop, found)
        return round_

    async def _work(self, round_: "_Round", shop: Shop, found: dict[int, Handled]) -> None:
        for row in round_.queue:
            if round_.fault:
                return
            at = self._clock.now()
            try:
                found[row.id] = Handled(row, await self._read_one(row, shop), at)
                round_.in_a_row = 0
            except KoppelError as error:
                round_.note(row, error)

    async def _read_one(self, row: Row, shop: Shop) -> Order | UnreadableOrder:
        try:
            wire = await self._api.order(str(row.id))
            return to_order(wire, embedded(wire.products) or await self._api.lines(str(row.id)), shop)
        except NotThere:
            raise
        except Refused as error:
            return _unreadable(row, error, row.updated or self._clock.now())
        except msgspec.ValidationError as error:
            message = f"Order {row.number} is not what an order of Lightspeed looks like: {error}."
            fault = Refused("lightspeed.unreadable", message, "Report it with the detail log.")
            return _unreadable(row, fault, row.updated or self._clock.now())

    def _unread(self, row: Row, error: KoppelError) -> UnreadableOrder:
        """Its moment is now: the change that the list tells of has not been seen."""
        fault = Refused(
            error.code,
            f"Lightspeed lists order {row.number}, but it cannot be read. {error.message}",
            "It is tried again at each poll. Look whether the order still opens in the shop's back office.",
        )
        return _unreadable(row, fault, self._clock.now())

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


class _Round:
    """One try for a number of rows, shared by those who work on it."""

    def __init__(self, rows: Sequence[Row], *, first: bool) -> None:
        self.queue = iter(rows)
        self.troubled: list[tuple[Row, KoppelError]] = []
        self.fault: KoppelError | None = None
        self.in_a_row = 0
        self._first = first

    def note(self, row: Row, error: KoppelError) -> None:
        """An order could not be read: its own trouble, or everybody's."""
        self.troubled.append((row, error))
        if isinstance(error, NotThere):
            return
        self.in_a_row += 1
        if error.code not in OF_ONE_ORDER or (self._first and self.in_a_row > MOST_TROUBLED):
            self.fault = self.fault or error


def _unreadable(row: Row, error: KoppelError, changed_at: datetime) -> UnreadableOrder:
    return UnreadableOrder(
        number=row.number,
        id=str(row.id),
        changed_at=changed_at,
        placed_at=row.created,
        code=error.code,
        message=error.message,
        suggestion=error.suggestion,
    )
