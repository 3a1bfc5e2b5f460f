"""The engine inside the daemon: starts cycles when they are due, one at a time for a connection, many side by side."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import anyio
import structlog

from koppel.clock import Clock
from koppel.config.connection import ConnectionSettings
from koppel.engine.schedule import next_night
from koppel.errors import KoppelError
from koppel.flow.backfill import FLOW as BACKFILL
from koppel.flow.orders import FLOW as ORDERS
from koppel.flow.orders import NIGHTLY
from koppel.log.places import first_of, places
from koppel.store import ConnectionRecord, Store

SIDE_BY_SIDE = 64
"""Cycles at the same time; more connections take turns, by the limit of a cycle's length."""
LOOK = 30.0
"""Seconds after which the schedule is looked at even if nobody woke us (another process may have changed it)."""
REST = 5.0
"""Seconds before a connection is looked at again that another process works on."""
STEP = timedelta(minutes=1)
"""A wall clock that goes back by more was set back."""
GRACE = 8.0
"""Seconds that running cycles get to finish the page in hand before they are cut off. Cutting off loses nothing."""
DAY = timedelta(days=1)

Work = Callable[[ConnectionRecord, frozenset[str]], Awaitable[bool]]


class EmbeddedEngine:
    """``ensure`` plans a connection's flows, ``poke`` looks at the schedule now, ``run`` works until ``stop``."""

    def __init__(self, store: Store, clock: Clock, work: Work) -> None:
        self._store = store
        self._clock = clock
        self._work = work
        self._running: set[str] = set()
        self._slots = anyio.CapacityLimiter(SIDE_BY_SIDE)
        self._woken = anyio.Event()
        self._stopping = False
        self._resting: dict[str, float] = {}
        self._trouble: dict[str, str] = {}
        self._offset = clock.now() - timedelta(seconds=clock.monotonic())
        self._log = structlog.get_logger("koppel.engine")

    @property
    def stopping(self) -> bool:
        """Whether a stop was asked for."""
        return self._stopping

    @property
    def running(self) -> frozenset[str]:
        """Names of the connections whose cycle runs now."""
        return frozenset(self._running)

    async def ensure(self, settings: ConnectionSettings) -> None:
        """Plan the flows of a connection; idempotent. A new connection polls at once."""
        await plan_flows(self._store, self._clock, settings)

    def poke(self) -> None:
        """Look at the schedule now."""
        self._woken.set()

    def stop(self) -> None:
        """End: no new cycles, the running ones finish the page in hand."""
        self._stopping = True
        self._woken.set()

    async def run(self) -> None:
        """Work until :meth:`stop`."""
        async with anyio.create_task_group() as tasks:
            while not self._stopping:
                self._woken = anyio.Event()
                try:
                    await self._mind_the_clock()
                    await self._start_due(tasks)
                    await self._wait(await self._store.flows.next_due())
                except KoppelError as error:  # the store: locked, full, unreachable; it comes back
                    self._note("schedule", error)
                    await self._wait(None)
                else:
                    self._trouble.pop("schedule", None)
            tasks.start_soon(self._cut_off, tasks.cancel_scope)
            while self._running:
                self._woken = anyio.Event()
                await self._woken.wait()
            tasks.cancel_scope.cancel()

    async def _start_due(self, tasks: anyio.abc.TaskGroup) -> None:
        due: dict[str, set[str]] = {}
        for connection, flow in await self._store.flows.due(self._clock.now()):
            resting = self._resting.get(connection, 0.0) > self._clock.monotonic()
            if connection not in self._running and not resting:
                due.setdefault(connection, set()).add(flow)
        for name, flows in due.items():
            self._running.add(name)
            tasks.start_soon(self._cycle, name, frozenset(flows))

    async def _cycle(self, name: str, flows: frozenset[str]) -> None:
        rest = 0.0
        try:
            async with self._slots:
                record = await self._store.connections.get(name)
                if record is not None and not self._stopping:
                    rest = 0.0 if await self._work(record, flows) else REST
            self._trouble.pop(name, None)
        except Exception as error:  # noqa: BLE001 - see the comment
            # One connection's trouble stays its own; the schedule still has it and it is tried again.
            self._note(name, error)
            rest = LOOK
        finally:
            self._resting[name] = self._clock.monotonic() + rest
            self._running.discard(name)
            self._woken.set()

    def _note(self, name: str, error: Exception) -> None:
        """Tell of trouble once, until it is over or another."""
        first = first_of(error)
        code = first.code if isinstance(first, KoppelError) else type(first).__name__
        if self._trouble.get(name) == code:
            return
        self._trouble[name] = code
        if isinstance(first, KoppelError):
            self._log.error("cannot_work", connection=name, code=code, message=first.message, help=first.suggestion)
        else:
            self._log.error("cycle_crashed", connection=name, exception=places(error))

    async def _mind_the_clock(self) -> None:
        """Where the wall clock was set back, what is due by the old time would wait too long: an interval at most."""
        offset = self._clock.now() - timedelta(seconds=self._clock.monotonic())
        stepped, self._offset = offset - self._offset, offset
        if stepped > -STEP:
            return
        self._log.warning("clock_set_back", seconds=round(-stepped.total_seconds()))
        intervals: dict[str, dict[str, float]] = {}
        for state in await self._store.flows.states():
            intervals.setdefault(state.connection, {})[state.flow] = state.interval
        for connection, flows in intervals.items():
            await self._store.flows.ensure(connection, flows)

    async def _wait(self, next_due: datetime | None) -> None:
        seconds = LOOK if next_due is None else min(LOOK, (next_due - self._clock.now()).total_seconds())
        if seconds <= 0:  # due, but its cycle still runs: its end wakes us
            seconds = LOOK if self._running else 1.0
        async with anyio.create_task_group() as race:

            async def alarm() -> None:
                await self._clock.sleep(seconds)
                race.cancel_scope.cancel()

            race.start_soon(alarm)
            await self._woken.wait()
            race.cancel_scope.cancel()

    async def _cut_off(self, scope: anyio.CancelScope) -> None:
        await self._clock.sleep(GRACE)
        if self._running:
            self._log.warning("cycles_cut_off", connections=sorted(self._running))
            scope.cancel()


async def plan_flows(store: Store, clock: Clock, settings: ConnectionSettings) -> None:
    """Write a connection's flows into the schedule: new ones are due now, the nightly comparison at night."""
    import random

    before = {state.flow for state in await store.flows.states(settings.name)}
    intervals = {ORDERS: settings.interval.total_seconds(), NIGHTLY: DAY.total_seconds()}
    await store.flows.ensure(settings.name, intervals, keep=(BACKFILL,))
    if NIGHTLY not in before:
        await store.flows.make_due(settings.name, NIGHTLY, next_night(clock.now(), random.Random()))  # noqa: S311
