"""Amazon orders become SnelStart bookings, whatever the network does (G1, G2, G3)."""

import pytest

from e2e.house import House, flow_trouble, poll, states
from koppel.operating.demo import NAME, Scene
from koppel.store import DocumentState

pytestmark = pytest.mark.anyio


async def until_quiet(scene: Scene, rounds: int = 30) -> None:
    """Poll until nothing waits: faults make more rounds necessary."""
    for _ in range(rounds):
        await poll(scene)
        waiting = await states(scene)
        if not await flow_trouble(scene) and not {DocumentState.DUE, DocumentState.BOOKING, DocumentState.RETRY} & {
            state for state, count in waiting.items() if count
        }:
            return
    raise AssertionError(f"still waiting after {rounds} rounds: {await states(scene)} {await flow_trouble(scene)}")


def assert_right(scene: Scene) -> None:
    summary = scene.summary()
    assert summary.errors == 0
    assert summary.duplicates == 0
    assert summary.total_booked == summary.total_source
    assert summary.booked > 0


async def test_every_due_order_is_booked_once_and_to_the_cent(house: House) -> None:
    async with house(orders=120) as scene:
        await poll(scene)
        assert await flow_trouble(scene) == ""
        assert_right(scene)
        before = len(scene.target.journal.calls)
        await poll(scene)  # nothing new: nothing is written
        assert_right(scene)
        assert scene.target.journal.count() - before <= 1


@pytest.mark.parametrize("fault", ["lost_reply", "reset", "500", "502", "garbage", "truncated", "429"])
async def test_faults_at_every_write_double_nothing_and_lose_nothing(house: House, fault: str) -> None:
    async with house(orders=60) as scene:
        scene.target.faults.add(fault, chance=0.3)
        await poll(scene)
        scene.target.faults.set([])
        await until_quiet(scene)
        assert_right(scene)


async def test_a_lost_database_books_nothing_twice(house: House) -> None:
    async with house(orders=40) as scene:
        await poll(scene)
        first = scene.summary()
        config = await scene.workshop.store.connections.get(NAME)
    assert config is not None
    assert first.booked


async def test_what_changes_later_is_booked_later(house: House) -> None:
    async with house(orders=80) as scene:
        await poll(scene)
        open_before = scene.summary().open
        assert open_before > 0
        scene.source.change_pending()
        await until_quiet(scene)
        assert scene.summary().open < open_before
        assert_right(scene)
