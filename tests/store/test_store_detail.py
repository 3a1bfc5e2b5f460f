"""The detail log: only when switched on, never older than 14 days, never too large."""

import random
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from koppel.store import ConnectionRecord, Store, open_store
from koppel.testing.clock import VirtualClock
from koppel.vendor.ports import Exchange

pytestmark = pytest.mark.anyio
DAY = timedelta(days=1)


def exchange(at: datetime, operation: str = "getOrders", body: str = "{}", status: int | None = 200) -> Exchange:
    return Exchange(
        at=at,
        operation=operation,
        method="GET",
        url="https://api.example.nl/orders",
        request_headers={"accept": "application/json"},
        request_body="",
        status=status,
        response_headers={},
        response_body=body,
        seconds=0.25,
        error="" if status else "no answer",
    )


async def operations(store: Store, limit: int = 10_000) -> list[str]:
    return [entry.operation for entry in await store.detail.show("winkel", limit)]


async def test_it_keeps_exchanges_only_while_it_is_on(store: Store, clock: VirtualClock) -> None:
    assert not await store.detail.record("winkel", exchange(clock.now()))
    await store.connections.set_detail("winkel", clock.now() + DAY)
    assert await store.detail.record("winkel", exchange(clock.now(), "first"))
    assert await store.detail.record("winkel", exchange(clock.now(), "second", status=None))
    assert not await store.detail.record("nobody", exchange(clock.now()))
    second, first = await store.detail.show("winkel", 5)
    assert (second.operation, second.status, second.exchange["error"]) == ("second", None, "no answer")
    assert (first.at, first.status, first.exchange["response_body"]) == (clock.now(), 200, "{}")
    assert [entry.operation for entry in await store.detail.show("winkel", 5, before_id=second.id)] == ["first"]
    await store.connections.set_detail("winkel", None)
    assert not await store.detail.record("winkel", exchange(clock.now()))
    await store.connections.set_detail("winkel", clock.now() + DAY)
    clock.advance(DAY.total_seconds())
    assert not await store.detail.record("winkel", exchange(clock.now()))


async def test_a_switch_turned_by_another_process_is_seen(path: Path, clock: VirtualClock) -> None:
    async with (
        open_store(f"sqlite:///{path}", clock=clock) as daemon,
        open_store(f"sqlite:///{path}", clock=clock) as command,
    ):
        await daemon.connections.put(ConnectionRecord(name="winkel", source="a", target="b", config=""))
        assert not await daemon.detail.record("winkel", exchange(clock.now()))
        await command.connections.set_detail("winkel", clock.now() + DAY)
        clock.advance(2)
        assert await daemon.detail.record("winkel", exchange(clock.now()))
        await command.connections.set_detail("winkel", None)
        clock.advance(2)
        assert not await daemon.detail.record("winkel", exchange(clock.now()))


async def test_nothing_stays_longer_than_14_days(store: Store, clock: VirtualClock) -> None:
    await store.connections.set_detail("winkel", clock.now() + 100 * DAY)
    start = clock.now()
    for day in range(20):
        for _ in range(10):
            await store.detail.record("winkel", exchange(start + day * DAY, f"day{day}"))
    now = start + 20 * DAY
    assert await store.detail.purge(now, keep=timedelta(days=90)) == 60
    assert set(await operations(store)) == {f"day{day}" for day in range(6, 20)}
    assert await store.detail.purge(now, keep=timedelta(days=1)) == 130
    assert set(await operations(store)) == {"day19"}
    assert await store.detail.purge(now, keep=timedelta(days=1)) == 0


async def test_the_oldest_go_when_it_grows_too_large(store: Store, clock: VirtualClock) -> None:
    await store.connections.set_detail("winkel", clock.now() + DAY)
    for number in range(100):
        body = random.Random(number).randbytes(2500).hex()
        await store.detail.record("winkel", exchange(clock.now() + timedelta(seconds=number), f"{number}", body))
    assert await store.detail.purge(clock.now()) == 0
    kept = 100 - await store.detail.purge(clock.now(), max_size=100_000)
    assert 0 < kept < 100
    assert await operations(store) == [f"{number}" for number in range(99, 99 - kept, -1)]
    assert await store.detail.purge(clock.now(), max_size=100_000) == 0
    assert await store.detail.purge(clock.now(), max_size=0) == kept


async def test_what_is_purged_is_gone_from_the_file(path: Path, clock: VirtualClock) -> None:
    async with open_store(f"sqlite:///{path}", clock=clock) as store:
        await store.connections.put(ConnectionRecord(name="winkel", source="a", target="b", config=""))
        await store.connections.set_detail("winkel", clock.now() + DAY)
        for number in range(50):
            await store.detail.record("winkel", exchange(clock.now(), body=f"{number}" * 500))
    before = sealed_values(path)
    assert before >= 50
    async with open_store(f"sqlite:///{path}", clock=clock) as store:
        assert await store.detail.purge(clock.now() + 15 * DAY) == 50
    assert sealed_values(path) == before - 50


def sealed_values(path: Path) -> int:
    """Sealed values are recognised by their beginning: Fernet's version byte and time."""
    return path.read_bytes().count(b"gAAAAA")
