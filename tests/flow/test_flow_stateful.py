"""Any order of events: changes at the shop, faults of the target, crashes, time, an operator. In the end every released
order is booked exactly once and to the cent, and nothing that was cancelled before its release (G1, G2, G3).
"""

import asyncio
import os
import tempfile
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from flow.desk import NAME, PLACED, Desk, order
from koppel.booking.draft import Draft
from koppel.config.daemon import DaemonConfig, Database
from koppel.config.writing import toml_text
from koppel.engine.daemon import make_runner, open_workshop
from koppel.errors import CustomerGone, KoppelError, OutcomeUnknown, Refused, RetryLater
from koppel.model import Order
from koppel.operating.applying import apply_connection
from koppel.operating.steering import retry
from koppel.plugin.loading import load_plugins
from koppel.store import DocumentState
from koppel.testing.clock import VirtualClock
from koppel.testing.scripted import ScriptedSource, ScriptedTarget

EXAMPLES = int(os.environ.get("KOPPEL_EXAMPLES", "12"))
STEPS = int(os.environ.get("KOPPEL_STEPS", "25"))


class Killed(BaseException):
    """Ends everything at once."""


FAULTS: dict[str, Callable[[], BaseException]] = {
    "cut": lambda: OutcomeUnknown("cut", "No answer."),
    "later": lambda: RetryLater("503", "Busy."),
    "refused": lambda: Refused("closed", "The year is closed."),
    "gone": lambda: CustomerGone("gone", "The relation is gone."),
    "bug": lambda: ValueError("bug"),
    "killed": Killed,
}
AFTER = ("cut", "bug", "killed")
"""What can happen when the work was done already."""


class Shop(RuleBasedStateMachine):
    """The truth is kept here; the store and the target are what is judged."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.clock = VirtualClock()
        self.source, self.target = ScriptedSource(page_size=3), ScriptedTarget()
        self.truth: dict[str, Order] = {}
        self.released: set[str] = set()
        self.never: set[str] = set()
        self.faults: list[tuple[str, bool]] = []
        self.target.before = lambda draft: self._strike(done=False)
        self.target.after = lambda draft: self._strike(done=True)

    def _strike(self, *, done: bool) -> KoppelError | None:
        if self.faults and self.faults[0][1] is done:
            make = FAULTS[self.faults.pop(0)[0]]
            raise make()
        return None

    def run(self, work: Callable[[Desk], Any]) -> None:
        """Open everything, work, close: each step is a process of its own."""

        async def go() -> None:
            plugins = load_plugins([], [])
            plugins.sources["scripted-source"] = self.source.spec()
            plugins.targets["scripted-target"] = self.target.spec()
            config = DaemonConfig(database=Database(url=f"sqlite:///{Path(self.folder.name) / 'koppel.db'}"))
            data: dict[str, dict[str, Any]] = {
                "connection": {"name": NAME, "source": "scripted-source", "target": "scripted-target"},
                "orders": {"customer_gone": "recreate"},
                "vat": {"NL": {"21": {"code": "high", "ledger": "8000"}}},
            }
            async with open_workshop(config, clock=self.clock, plugins=plugins) as workshop:
                await apply_connection(workshop, toml_text(data), "test.toml")
                await work(Desk(workshop, self.source, self.target, self.clock))

        asyncio.run(go())

    @initialize(late=st.sampled_from([0, 60, 3600]))
    def begin(self, late: int) -> None:
        self.target.recheck_after = timedelta(seconds=late)
        if late:
            self._look_late(timedelta(seconds=late))

    def _look_late(self, late: timedelta) -> None:
        """A target whose look-ups see what was written only after a while."""
        written: dict[str, Any] = {}
        find, book = self.target.find_bookings, self.target.book

        async def booked(draft: Draft, customer: str, articles: Any) -> Any:
            try:
                return await book(draft, customer, articles)
            finally:
                if draft.reference in self.target.booked:
                    written.setdefault(draft.reference, self.clock.now())

        async def found(references: Any) -> Any:
            seen = [each for each in references if each in written and self.clock.now() - written[each] >= late]
            return await find(seen)

        self.target.book, self.target.find_bookings = booked, found  # type: ignore[method-assign]

    @rule(status=st.sampled_from(["Pending", "Shipped", "Cancelled"]), cents=st.integers(1, 99_999))
    def placed(self, status: str, cents: int) -> None:
        number = f"N{len(self.truth)}"
        self._show(order(number, str(Decimal(cents) / 100), status=status))

    @rule(which=st.integers(0, 30), status=st.sampled_from(["Shipped", "Cancelled"]))
    def moved(self, which: int, status: str) -> None:
        pending = [each for each in self.truth.values() if each.status == "Pending"]
        if pending:
            old = pending[which % len(pending)]
            self._show(msgspec.structs.replace(old, status=status, cancelled=status == "Cancelled"))

    def _show(self, seen: Order) -> None:
        seen = msgspec.structs.replace(seen, changed_at=PLACED + timedelta(seconds=self.clock.monotonic()))
        self.truth[seen.number] = seen
        (self.released if seen.status == "Shipped" else self.never).add(seen.number)
        if seen.status != "Cancelled":
            self.never.discard(seen.number)
        self.source.orders_ = [*self.truth.values()]
        self.clock.advance(1)

    @rule(faults=st.lists(st.tuples(st.sampled_from(sorted(FAULTS)), st.booleans()), max_size=4))
    def poll(self, faults: list[tuple[str, bool]]) -> None:
        self.faults = [(kind, done and kind in AFTER) for kind, done in faults]

        async def work(desk: Desk) -> None:
            record = await desk.workshop.store.connections.get(NAME)
            assert record
            await make_runner(desk.workshop).cycle(record, frozenset({"orders"}))

        try:
            self.run(work)
        except BaseException as error:
            if not _was_killed(error):
                raise
        self.faults = []

    @rule(minutes=st.sampled_from([1, 5, 70, 1500]))
    def time_passes(self, minutes: int) -> None:
        self.clock.advance(60 * minutes)

    @rule()
    def operator(self) -> None:
        async def work(desk: Desk) -> None:
            await retry(desk.workshop, NAME, [], everything=True)

        self.run(work)

    @rule()
    def nightly(self) -> None:
        async def work(desk: Desk) -> None:
            self.clock.advance(120)
            await desk.poll("nightly")

        self.run(work)

    def teardown(self) -> None:
        async def settle(desk: Desk) -> None:
            for _ in range(8):
                self.clock.advance(7 * 3600)
                await desk.poll()
                await retry(desk.workshop, NAME, [], everything=True)
            await desk.poll()
            await self._judge(desk)

        try:
            self.run(settle)
        finally:
            self.folder.cleanup()

    async def _judge(self, desk: Desk) -> None:
        assert self.target.times == dict.fromkeys(self.released, 1)
        assert self.target.total == sum((self.truth[number].total or 0 for number in self.released), Decimal(0))
        booked = await desk.workshop.store.documents.in_states(NAME, {DocumentState.BOOKED}, limit=1000)
        assert {document.reference for document in booked} == self.released
        sums = await desk.workshop.store.documents.sums(NAME)
        assert sums.get("EUR", Decimal(0)) == self.target.total
        assert not await desk.workshop.store.documents.open_intents(NAME)


def _was_killed(error: BaseException) -> bool:
    if isinstance(error, BaseExceptionGroup):
        return any(_was_killed(each) for each in error.exceptions)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType, reportUnknownMemberType]
    return isinstance(error, Killed)


TestShop = Shop.TestCase
TestShop.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=STEPS,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)
