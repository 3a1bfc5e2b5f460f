"""One cycle of one connection under its lease: the flows that are due, by urgency, each failure kept to itself."""

import random
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import anyio
import structlog

from koppel.clock import Clock
from koppel.engine.facts import Facts
from koppel.engine.opening import DetailTracer, Opened, Opener
from koppel.engine.schedule import after_failure, next_night, next_poll
from koppel.errors import KoppelError, Misconfigured, RetryLater, SignInNeeded
from koppel.flow.backfill import FLOW as BACKFILL
from koppel.flow.backfill import run_backfill
from koppel.flow.cycle import Cycle, tell
from koppel.flow.orders import FLOW as ORDERS
from koppel.flow.orders import NIGHTLY, run_nightly, run_orders
from koppel.store import ConnectionRecord, FlowState, Lease, LeaseLost, Store
from koppel.vendor import flow_label

LEASE = timedelta(seconds=60)
DETAIL_SWITCH = 2.0
"""Seconds within which a running cycle notices that the detail log was switched."""
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

    async def _now(self, record: ConnectionRecord) -> ConnectionRecord:
        """The settings as they are under the lease: somebody may have changed them since the record was read."""
        return await self._store.connections.get(record.name) or record

    async def _run(self, record: ConnectionRecord, lease: Lease, flows: frozenset[str]) -> None:
        states = {state.flow: state for state in await self._store.flows.states(record.name)}
        try:
            opened = await self._opener.open(record)
        except KoppelError as error:
            for flow in flows & states.keys():
                await self._failed(lease, states[flow], error)
            return
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._watch_switch, opened.tracer)
            for flow, run in FLOWS.items():
                if flow in flows and flow in states and not self._stopping():
                    await self._flow(lease, opened, states[flow], run)
            tasks.cancel_scope.cancel()

    async def _watch_switch(self, tracer: DetailTracer) -> None:
        while True:
            await self._clock.sleep(DETAIL_SWITCH)
            await tracer.refresh()

    async def _flow(
        self, lease: Lease, opened: Opened, state: FlowState, run: Callable[[Cycle], Awaitable[None]]
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
            stopping=self._stopping,
            log=self._log.bind(connection=lease.connection, flow=state.flow),
        )
        async with self._store.write(lease) as tx:
            await tx.flow_started(state.flow)
        label = flow_label.set(state.flow)
        try:
            await run(cycle)
        except LeaseLost:
            raise
        except KoppelError as error:
            await self._failed(lease, state, error)
        except Exception as error:  # noqa: BLE001 - a bug in one flow stays in that flow
            self._log.exception("flow_crashed", connection=lease.connection, flow=state.flow)
            code = f"internal.{type(error).__name__}"
            await self._failed(lease, state, RetryLater(code, "The flow failed unexpectedly; see the journal."))
        else:
            await self._succeeded(lease, state, cycle)
        finally:
            flow_label.reset(label)

    async def _succeeded(self, lease: Lease, state: FlowState, cycle: Cycle) -> None:
        now = self._clock.now()
        if state.flow == NIGHTLY:
            due_at = next_night(now, self._dice)
        elif self._stopping():
            due_at = now  # go on where the page in hand was the last
        else:
            due_at = next_poll(now, cycle.settings.interval, cycle.wake_at, self._dice)
        async with self._store.write(lease) as tx:
            await tx.flow_finished(state.flow, due_at, ok=True)
        if state.failures:
            self._log.info("flow_recovered", connection=lease.connection, flow=state.flow, failures=state.failures)

    async def _failed(self, lease: Lease, state: FlowState, error: KoppelError) -> None:
        if isinstance(error, SignInNeeded | Misconfigured):
            self._opener.forget(lease.connection)
        code, message, suggestion = tell(error)
        due_at = after_failure(self._clock.now(), state.failures + 1, error, self._dice)
        async with self._store.write(lease) as tx:
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
            self._hooks.koppel_flow_failed(connection=lease.connection, flow=state.flow, code=code, message=message)
