"""One cycle of one connection under its lease: the flows that are due, by urgency, each failure kept to itself."""

import random
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import anyio
import structlog

from koppel.clock import Clock
from koppel.engine.facts import Facts
from koppel.engine.opening import Opened, Opener
from koppel.engine.schedule import after_failure, next_night, next_poll
from koppel.engine.watching import Watch
from koppel.errors import KoppelError, Misconfigured, RetryLater, SignInNeeded
from koppel.flow.backfill import FLOW as BACKFILL
from koppel.flow.backfill import run_backfill
from koppel.flow.cycle import Cycle, call_hooks, tell
from koppel.flow.orders import FLOW as ORDERS
from koppel.flow.orders import NIGHTLY, run_nightly, run_orders
from koppel.log.places import first_of, places
from koppel.store import ConnectionRecord, FlowState, Lease, LeaseLost, Store
from koppel.vendor import flow_label

LEASE = timedelta(seconds=60)
FLOWS: dict[str, Callable[[Cycle], Awaitable[None]]] = {
    ORDERS: run_orders,
    NIGHTLY: run_nightly,
    BACKFILL: run_backfill,
}
"""In order of urgency."""


class Runner:
    """Runs cycles. ``owner`` tells processes apart in the lease; ``stopping`` ends a cycle after the page in hand."""

    def __init__(
        self,
        *,
        store: Store,
        opener: Opener,
        clock: Clock,
        facts: Facts,
        hooks: Any,
        owner: str,
        stopping: Callable[[], bool] = lambda: False,
        dice: random.Random | None = None,
    ) -> None:
        self._store = store
        self._opener = opener
        self._clock = clock
        self._facts = facts
        self._hooks = hooks
        self._owner = owner
        self._stopping = stopping
        self._dice = dice or random.Random()  # noqa: S311 - jitter, no secret
        self._log = structlog.get_logger("koppel.engine")

    async def cycle(self, record: ConnectionRecord, flows: frozenset[str]) -> bool:
        """Run these flows of a connection if nobody else does. Tells whether the lease was to be had."""
        lease = await self._store.leases.acquire(record.name, self._owner, LEASE.total_seconds())
        if lease is None:
            return False
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._keep, lease, tasks.cancel_scope)
                await self._run(await self._now(record), lease, flows)
                tasks.cancel_scope.cancel()
        except* LeaseLost:
            self._log.warning("lease_lost", connection=record.name)
        finally:
            with anyio.CancelScope(shield=True):
                await self._store.leases.release(lease)
        return True

    async def _keep(self, lease: Lease, scope: anyio.CancelScope) -> None:
        while True:
            await self._clock.sleep(LEASE.total_seconds() / 3)
            try:
                await self._store.leases.renew(lease, LEASE.total_seconds())
            except LeaseLost:
                scope.cancel()
                raise
            except KoppelError as error:  # the store is away for a moment; whoever took the lease meanwhile is told us
                self._log.warning("lease_not_renewed", connection=lease.connection, code=error.code)

    async def _now(self, record: ConnectionRecord) -> ConnectionRecord:
        """The settings as they are under the lease: somebody may have changed them since the record was read."""
        return await self._store.connections.get(record.name) or record

    async def _run(self, record: ConnectionRecord, lease: Lease, flows: frozenset[str]) -> None:
        states = {state.flow: state for state in await self._store.flows.states(record.name)}
        try:
            opened = await self._opener.open(record)
        except KoppelError as error:
            for flow in flows & states.keys():
                await self._failed(lease, states[flow], error, started=False)
            return
        watch = Watch(self._clock, opened.tracer)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(watch.run)
            for flow, run in FLOWS.items():
                if flow in flows and flow in states and not self._stopping() and not watch.enough:
                    await self._flow(lease, opened, states[flow], run, watch)
            tasks.cancel_scope.cancel()

    async def _flow(
        self,
        lease: Lease,
        opened: Opened,
        state: FlowState,
        run: Callable[[Cycle], Awaitable[None]],
        watch: Watch,
    ) -> None:
        cycle = Cycle(
            settings=opened.settings,
            source=opened.source,
            target=opened.target,
            store=self._store,
            lease=lease,
            clock=self._clock,
            hooks=self._hooks,
            facts=self._facts.of(opened.settings),
            stopping=lambda: self._stopping() or watch.enough,
            log=self._log.bind(connection=lease.connection, flow=state.flow),
        )
        async with self._store.write(lease) as tx:
            await tx.flow_started(state.flow)
        label = flow_label.set(state.flow)
        try:
            error = await self._fault(cycle, run, watch)
        finally:
            flow_label.reset(label)
        if error is None:
            await self._succeeded(lease, state, cycle)
        else:
            await self._failed(lease, state, error)

    async def _fault(self, cycle: Cycle, run: Callable[[Cycle], Awaitable[None]], watch: Watch) -> KoppelError | None:
        """Run one flow; what it failed with. Raises LeaseLost only."""
        try:
            with anyio.CancelScope() as watch.flow:
                await run(cycle)
        except Exception as raised:
            error = first_of(raised)
            if isinstance(error, LeaseLost):
                raise
            if isinstance(error, KoppelError):
                return error
            cycle.log.error("flow_crashed", exception=places(raised))  # noqa: TRY400 - without what messages quote
            return RetryLater(f"internal.{type(error).__name__}", "The flow failed unexpectedly; see the journal.")
        if watch.stalled:
            message = "The flow did not come to an end and was cut off: a plugin waits for what never comes."
            return RetryLater("plugin.stalled", message, "Nothing is lost; if it stays so, tell the plugin's makers.")
        return None

    async def _succeeded(self, lease: Lease, state: FlowState, cycle: Cycle) -> None:
        now = self._clock.now()
        if state.flow == NIGHTLY:
            due_at = next_night(now, self._dice)
        elif cycle.stopping():
            due_at = now  # go on where the page in hand was the last
        else:
            due_at = next_poll(now, cycle.settings.interval, cycle.wake_at, self._dice)
        async with self._store.write(lease) as tx:
            await tx.flow_finished(state.flow, due_at, ok=True)
        if state.failures:
            self._log.info("flow_recovered", connection=lease.connection, flow=state.flow, failures=state.failures)

    async def _failed(self, lease: Lease, state: FlowState, error: KoppelError, *, started: bool = True) -> None:
        if isinstance(error, SignInNeeded | Misconfigured):
            self._opener.forget(lease.connection)
        code, message, suggestion = tell(error)
        due_at = after_failure(self._clock.now(), state.failures + 1, error, self._dice)
        async with self._store.write(lease) as tx:
            if not started:
                await tx.flow_started(state.flow)
            await tx.flow_finished(state.flow, due_at, ok=False, code=code, message=f"{message} {suggestion}".strip())
        if state.failures == 0 or state.code != code:
            log = self._log.error if isinstance(error, Misconfigured) else self._log.warning
            log(
                "flow_failing",
                connection=lease.connection,
                flow=state.flow,
                code=code,
                message=message,
                help=suggestion,
            )
            hook = self._hooks.koppel_flow_failed
            call_hooks(hook, connection=lease.connection, flow=state.flow, code=code, message=message)
