"""Connections, leases and the schedule."""

from datetime import timedelta

import pytest

from koppel.errors import KoppelError, Misconfigured
from koppel.store import ConnectionRecord, ConnectionState, Lease, LeaseLost, Store
from koppel.testing.clock import VirtualClock

pytestmark = pytest.mark.anyio
MINUTE = timedelta(minutes=1)


def record(name: str, config: str = "[orders]\n", state: ConnectionState = ConnectionState.ACTIVE) -> ConnectionRecord:
    return ConnectionRecord(name=name, source="lightspeed", target="snelstart", config=config, state=state)


async def test_put_tells_whether_something_changed_and_keeps_the_operators_switches(
    store: Store, clock: VirtualClock
) -> None:
    assert await store.connections.put(record("a"))
    assert not await store.connections.put(record("a"))
    await store.connections.set_state("a", ConnectionState.PAUSED)
    await store.connections.set_detail("a", clock.now() + MINUTE)
    assert await store.connections.put(record("a", config="[stock]\n"))
    found = await store.connections.get("a")
    assert found is not None
    assert (found.config, found.state, found.detail_until) == (
        "[stock]\n",
        ConnectionState.PAUSED,
        clock.now() + MINUTE,
    )
    assert [each.name for each in await store.connections.all()] == ["a", "winkel"]
    assert await store.connections.get("b") is None


async def test_every_change_of_a_connection_is_in_the_log(store: Store, clock: VirtualClock) -> None:
    await store.connections.set_detail("winkel", clock.now())
    await store.connections.set_state("winkel", ConnectionState.DEACTIVATED)
    events = await store.documents.events("winkel", None, 10)
    assert [(event.kind, event.after) for event in events] == [
        ("connection.state", "deactivated"),
        ("connection.detail", "on"),
        ("connection.applied", ""),
    ]


async def test_an_unknown_connection_is_told(store: Store) -> None:
    with pytest.raises(Misconfigured, match="no connection b"):
        await store.connections.set_state("b", ConnectionState.PAUSED)
    with pytest.raises(Misconfigured, match="no connection b"):
        await store.connections.set_detail("b", None)
    with pytest.raises(KoppelError) as told:
        await store.leases.acquire("b", "me", 60)
    assert told.value.code == "store.conflict"


async def test_one_holder_at_a_time_and_the_generation_goes_up(store: Store, clock: VirtualClock) -> None:
    first = await store.leases.acquire("winkel", "one", 60)
    assert first is not None
    assert first == Lease(connection="winkel", owner="one", generation=1)
    assert await store.leases.acquire("winkel", "two", 60) is None
    clock.advance(59)
    assert await store.leases.acquire("winkel", "two", 60) is None
    clock.advance(1)
    second = await store.leases.acquire("winkel", "two", 60)
    assert second is not None
    assert second == Lease(connection="winkel", owner="two", generation=2)
    with pytest.raises(LeaseLost):
        await store.leases.renew(first, 60)
    await store.leases.release(first)  # too late: changes nothing
    assert await store.leases.acquire("winkel", "one", 60) is None
    await store.leases.release(second)
    third = await store.leases.acquire("winkel", "one", 60)
    assert third is not None
    assert third.generation == 3


async def test_renewing_and_writing_hold_the_lease(store: Store, lease: Lease, clock: VirtualClock) -> None:
    clock.advance(50)
    await store.leases.renew(lease, 30)
    clock.advance(25)
    async with store.write(lease):
        pass
    clock.advance(29)
    assert await store.leases.acquire("winkel", "two", 60) is None
    clock.advance(1)
    assert await store.leases.acquire("winkel", "two", 60) is not None


async def test_a_lease_from_before_the_clock_was_set_back_does_not_block_for_a_day(
    store: Store, lease: Lease, clock: VirtualClock
) -> None:
    clock.step(-timedelta(days=1))
    assert await store.leases.acquire("winkel", "two", 60) is not None
    with pytest.raises(LeaseLost):
        async with store.write(lease):
            pytest.fail("a lost lease must not get in")


async def test_a_stalled_worker_writes_nothing(store: Store, lease: Lease, clock: VirtualClock) -> None:
    await store.flows.ensure("winkel", {"orders": 60})
    clock.advance(3600)
    assert await store.leases.acquire("winkel", "two", 60) is not None
    with pytest.raises(LeaseLost) as lost:
        async with store.write(lease) as tx:
            await tx.cursor("orders", "stolen")
    assert lost.value.code == "store.lease-lost"
    assert (await store.flows.states("winkel"))[0].cursor is None


async def test_after_giving_the_lease_back_nothing_can_be_written(store: Store, lease: Lease) -> None:
    await store.leases.release(lease)
    with pytest.raises(LeaseLost):
        async with store.write(lease):
            pytest.fail("a released lease must not get in")


async def test_new_flows_are_due_now_and_shorter_intervals_soon(
    store: Store, lease: Lease, clock: VirtualClock
) -> None:
    assert await store.flows.next_due() is None
    await store.flows.ensure("winkel", {"orders": 900, "stock": 3600})
    assert await store.flows.due(clock.now()) == [("winkel", "orders"), ("winkel", "stock")]
    async with store.write(lease) as tx:
        for flow in ("orders", "stock"):
            await tx.flow_started(flow)
            await tx.flow_finished(flow, clock.now() + timedelta(hours=1), progress="done")
    assert await store.flows.due(clock.now()) == []
    await store.flows.ensure("winkel", {"orders": 60, "stock": 3600})
    assert await store.flows.next_due() == clock.now() + MINUTE
    assert [state.progress for state in await store.flows.states()] == ["done", "done"]


async def test_a_flow_that_is_switched_on_again_goes_on_where_it_was(store: Store, lease: Lease) -> None:
    await store.flows.ensure("winkel", {"orders": 900, "stock": 900})
    async with store.write(lease) as tx:
        await tx.cursor("orders", "2026-11-01")
    await store.flows.ensure("winkel", {"stock": 900})
    assert [state.flow for state in await store.flows.states("winkel")] == ["stock"]
    await store.flows.ensure("winkel", {"orders": 900})
    assert [(state.flow, state.cursor) for state in await store.flows.states("winkel")] == [("orders", "2026-11-01")]


async def test_a_flow_taken_off_during_its_run_stays_off(store: Store, lease: Lease, clock: VirtualClock) -> None:
    await store.flows.ensure("winkel", {"orders": 900})
    async with store.write(lease) as tx:
        await tx.flow_started("orders")
    await store.flows.ensure("winkel", {})
    async with store.write(lease) as tx:
        await tx.flow_finished("orders", clock.now())
    assert await store.flows.states("winkel") == []
    assert await store.flows.due(clock.now()) == []


async def test_only_active_connections_are_due(store: Store, clock: VirtualClock) -> None:
    await store.flows.ensure("winkel", {"orders": 900})
    await store.connections.set_state("winkel", ConnectionState.PAUSED)
    assert await store.flows.due(clock.now()) == []
    assert await store.flows.next_due() is None
    await store.connections.set_state("winkel", ConnectionState.ACTIVE)
    assert await store.flows.due(clock.now()) == [("winkel", "orders")]


async def test_failures_are_counted_until_it_works_again(store: Store, lease: Lease, clock: VirtualClock) -> None:
    await store.flows.ensure("winkel", {"orders": 900})
    began = clock.now() + MINUTE
    for _ in range(2):
        clock.advance(60)
        async with store.write(lease) as tx:
            await tx.flow_started("orders")
            message = "no answer for jan@example.nl"
            await tx.flow_finished("orders", clock.now() + MINUTE, ok=False, code="vendor.down", message=message)
    (state,) = await store.flows.states("winkel")
    assert (state.failures, state.failing_since, state.ok_at, state.code) == (2, began, None, "vendor.down")
    assert state.message == "no answer for ***"
    clock.advance(60)
    async with store.write(lease) as tx:
        await tx.flow_started("orders")
        await tx.flow_finished("orders", clock.now() + MINUTE)
    (state,) = await store.flows.states("winkel")
    assert (state.failures, state.failing_since, state.ok_at, state.code, state.message) == (
        0,
        None,
        clock.now(),
        "",
        "",
    )
    assert state.started_at == state.finished_at == clock.now()


async def test_somebody_who_asks_during_a_run_gets_another(store: Store, lease: Lease, clock: VirtualClock) -> None:
    await store.flows.ensure("winkel", {"orders": 900, "stock": 900})
    await store.flows.make_due("winkel", None, clock.now())
    async with store.write(lease) as tx:
        await tx.flow_started("orders")
        await tx.flow_started("stock")
    await store.flows.make_due("winkel", "orders", clock.now())
    later = clock.now() + timedelta(minutes=15)
    for _ in range(2):
        async with store.write(lease) as tx:
            await tx.flow_finished("orders", later)
            await tx.flow_finished("stock", later)
        due = await store.flows.due(clock.now())
        assert due == [("winkel", "orders")]
    async with store.write(lease) as tx:
        await tx.flow_started("orders")
        await tx.flow_finished("orders", later)
    assert await store.flows.due(clock.now()) == []


async def test_a_flow_that_was_never_scheduled_is_a_mistake(store: Store, lease: Lease, clock: VirtualClock) -> None:
    with pytest.raises(LookupError, match="orders"):
        async with store.write(lease) as tx:
            await tx.cursor("orders", "x")
