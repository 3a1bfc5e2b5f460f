"""Who may call next, and what the vendor's answers change about it."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import timedelta

import anyio
import pytest

from koppel.errors import RetryLater
from koppel.testing.clock import VirtualClock
from koppel.vendor import Bucket, Concurrent, Feedback, Limit, Rule, Window
from koppel.vendor.limiter import Limiter, Queue
from vendor.stores import MemoryLimits


class Desk:
    """A limiter on a clock that jumps when nothing moves."""

    def __init__(self, store: MemoryLimits | None = None) -> None:
        self.clock = VirtualClock()
        self.store = store or MemoryLimits()
        self.went: list[tuple[str, float]] = []

    def play(self, act: Callable[[Limiter], Awaitable[None]]) -> None:
        async def main() -> None:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._drive)
                await act(Limiter(self.clock, self.store, tasks))
                tasks.cancel_scope.cancel()

        asyncio.run(main())

    async def _drive(self) -> None:
        while True:
            seen = self.clock.activity
            for _ in range(12):
                await asyncio.sleep(0)
            if seen == self.clock.activity:
                self.clock.jump()

    async def calls(self, limiter: Limiter, queues: list[Queue], label: str, times: int, *, takes: float = 0.0) -> None:
        for _ in range(times):
            permit = await limiter.permit(queues, label)
            self.went.append((label, self.clock.monotonic()))
            await self.clock.sleep(takes)
            permit.ended()


def limit(scope: str, *rules: Rule) -> Limit:
    return Limit(scope, "1", rules)


def test_flows_take_turns() -> None:
    desk = Desk()

    async def act(limiter: Limiter) -> None:
        queues = limiter.queues("v", [limit("a", Window(2, 10.0))])
        async with anyio.create_task_group() as tasks:
            for _ in range(20):
                tasks.start_soon(desk.calls, limiter, queues, "catalogue", 1)
            for label in ("orders", "stock"):
                for _ in range(4):
                    tasks.start_soon(desk.calls, limiter, queues, label, 1)

    desk.play(act)
    first = Counter(label for label, _ in desk.went[:12])
    assert first == {"catalogue": 4, "orders": 4, "stock": 4}
    assert len(desk.went) == 28


def test_nobody_starves_between_two_busy_limits() -> None:
    desk = Desk()

    async def act(limiter: Limiter) -> None:
        first = limiter.queues("v", [limit("a", Bucket(0.1, 1))])
        second = limiter.queues("v", [limit("b", Bucket(0.1, 1))])
        both = [*first, *second]
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(desk.calls, limiter, first, "a", 60)
            await desk.clock.sleep(5.0)
            tasks.start_soon(desk.calls, limiter, second, "b", 60)
            await desk.clock.sleep(5.0)
            tasks.start_soon(desk.calls, limiter, both, "both", 2)

    desk.play(act)
    last = max(at for label, at in desk.went if label == "both")
    assert last < 450.0


def test_a_slow_limit_does_not_hold_up_a_shared_one() -> None:
    desk = Desk()

    async def act(limiter: Limiter) -> None:
        shared = limiter.queues("v", [limit("all", Bucket(1.0, 1))])
        slow = [*shared, *limiter.queues("v", [limit("slow", Bucket(0.01, 1))])]
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(desk.calls, limiter, slow, "slow", 5)
            tasks.start_soon(desk.calls, limiter, shared, "quick", 500)

    desk.play(act)
    assert max(at for label, at in desk.went if label == "quick") < 500 * 1.002 + 6
    assert max(at for label, at in desk.went if label == "slow") < 402


def test_never_more_at_the_same_moment() -> None:
    desk = Desk()
    under_way = 0
    most = 0

    async def act(limiter: Limiter) -> None:
        async def call() -> None:
            nonlocal under_way, most
            permit = await limiter.permit(queues, "x")
            under_way += 1
            most = max(most, under_way)
            await desk.clock.sleep(1.0)
            under_way -= 1
            permit.ended()

        queues = limiter.queues("v", [limit("a", Concurrent(4))])
        async with anyio.create_task_group() as tasks:
            for _ in range(40):
                tasks.start_soon(call)

    desk.play(act)
    assert most == 4
    assert desk.clock.monotonic() == pytest.approx(10.0)


def test_what_the_vendor_tells_lowers_a_window() -> None:
    """Somebody else uses the same counter: of sixty calls, three are left for twenty seconds."""
    desk = Desk()

    async def act(limiter: Limiter) -> None:
        queues = limiter.queues("v", [limit("a", Window(60, 60.0))])
        permit = await limiter.permit(queues, "x")
        permit.ended([Feedback(scope="a", remaining=3, window=60.0, reset_after=20.0)])
        await desk.calls(limiter, queues, "x", 30)

    desk.play(act)
    at = [moment for _, moment in desk.went]
    assert at[2] == 0.0
    assert 20.0 <= at[3] < 21.0


def test_what_the_vendor_tells_never_raises_a_window() -> None:
    desk = Desk()

    async def act(limiter: Limiter) -> None:
        queues = limiter.queues("v", [limit("a", Window(5, 60.0))])
        permit = await limiter.permit(queues, "x")
        permit.ended([Feedback(scope="a", remaining=999, window=60.0, reset_after=1.0)])
        await desk.calls(limiter, queues, "x", 5)

    desk.play(act)
    assert [at >= 60.0 for _, at in desk.went] == [False] * 4 + [True]


def test_a_told_rate_is_used_and_the_burst_stays() -> None:
    desk = Desk()

    async def act(limiter: Limiter) -> None:
        queues = limiter.queues("v", [limit("a", Bucket(1.0, 3))])
        permit = await limiter.permit(queues, "x")
        permit.ended([Feedback(scope="a", rate=0.1)])
        await desk.calls(limiter, queues, "x", 4)
        await desk.clock.sleep(1000.0)
        desk.went.append(("pause", desk.clock.monotonic()))
        await desk.calls(limiter, queues, "x", 4)

    desk.play(act)
    at = [moment for _, moment in desk.went]
    assert at[3] - at[2] == pytest.approx(10.0, rel=0.01)
    assert [moment - at[4] for moment in at[5:]] == pytest.approx([0.0, 0.0, 0.0, 10.0], rel=0.01)


def test_the_told_rate_survives_a_kill() -> None:
    desk = Desk()

    async def act(limiter: Limiter) -> None:
        queues = limiter.queues("v", [limit("a", Bucket(1.0, 20))])
        (await limiter.permit(queues, "x")).ended([Feedback(scope="a", rate=0.02)])
        await desk.calls(limiter, queues, "x", 15)

    desk.play(act)
    again = Desk(desk.store)

    async def act_again(limiter: Limiter) -> None:
        queues = limiter.queues("v", [limit("a", Bucket(1.0, 20))])
        await again.calls(limiter, queues, "x", 6)

    again.play(act_again)
    assert again.went[-1][1] > 50.0


@pytest.mark.parametrize("told", [30.0, None])
def test_slow_down_freezes_every_limit_of_the_call(told: float | None) -> None:
    desk = Desk()
    freezes: list[float] = []

    async def act(limiter: Limiter) -> None:
        always = limiter.queues("v", [limit("all", Window(100, 60.0))])
        operation = [*always, *limiter.queues("v", [limit("op", Window(100, 60.0))])]
        other = limiter.queues("v", [limit("other", Window(100, 60.0))])
        for _ in range(4):
            permit = await limiter.permit(operation, "x")
            permit.ended()
            start = desk.clock.monotonic()
            await permit.throttled(told)
            await desk.calls(limiter, other, "other", 1)
            await desk.calls(limiter, always, "x", 1)
            freezes.append(desk.clock.monotonic() - start)

    desk.play(act)
    if told:
        assert all(told < freeze < told + 1 for freeze in freezes)
    else:
        assert [2 <= freezes[0] <= 2.6, 4 <= freezes[1] <= 5.1, 8 <= freezes[2] <= 10.1, freezes[3] >= 16] == [True] * 4


def test_a_bucket_without_retry_after_waits_for_one_token() -> None:
    desk = Desk()

    async def act(limiter: Limiter) -> None:
        queues = limiter.queues("v", [limit("a", Bucket(0.05, 10))])
        permit = await limiter.permit(queues, "x")
        permit.ended()
        await permit.throttled(None)
        await desk.calls(limiter, queues, "x", 3)

    desk.play(act)
    at = [moment for _, moment in desk.went]
    assert 20.0 <= at[0] <= 26.0
    assert at[1] - at[0] > 13.0  # the vendor's bucket was empty: what we believed to have is gone


def test_a_long_freeze_survives_a_kill_and_is_not_waited_for() -> None:
    desk = Desk()

    async def act(limiter: Limiter) -> None:
        permit = await limiter.permit(limiter.queues("v", [limit("a", Concurrent(2))]), "x")
        permit.ended()
        assert await permit.throttled(7200.0) >= 7200.0

    desk.play(act)
    again = Desk(desk.store)

    async def act_again(limiter: Limiter) -> None:
        with pytest.raises(RetryLater) as caught:
            await limiter.permit(limiter.queues("v", [limit("a", Concurrent(2))]), "x")
        assert caught.value.not_before is not None
        assert caught.value.not_before - again.clock.now() > timedelta(hours=1.9)

    again.play(act_again)


def test_a_used_up_day_is_not_waited_for() -> None:
    desk = Desk()

    async def act(limiter: Limiter) -> None:
        queues = limiter.queues("v", [limit("day", Window(3, 86400.0))])
        await desk.calls(limiter, queues, "x", 3)
        with pytest.raises(RetryLater, match="day") as caught:
            await limiter.permit(queues, "x")
        assert caught.value.not_before is not None
        assert caught.value.not_before - desk.clock.now() > timedelta(hours=23)

    desk.play(act)


def test_unsent_calls_and_cancelled_waits_do_not_count() -> None:
    desk = Desk()

    async def act(limiter: Limiter) -> None:
        queues = limiter.queues("v", [limit("a", Window(2, 600.0), Concurrent(2))])
        for _ in range(10):
            (await limiter.permit(queues, "x")).unsent()
        held = [await limiter.permit(queues, "x") for _ in range(2)]
        async with anyio.create_task_group() as tasks:
            for _ in range(5):
                tasks.start_soon(limiter.permit, queues, "x")
            await asyncio.sleep(0.01)
            tasks.cancel_scope.cancel()
        for permit in held:
            permit.unsent()
        await desk.calls(limiter, queues, "x", 2)

    desk.play(act)
    assert [at for _, at in desk.went] == [0.0, 0.0]


def test_no_call_when_the_state_cannot_be_kept() -> None:
    desk = Desk()

    async def act(limiter: Limiter) -> None:
        queues = limiter.queues("v", [limit("a", Window(100, 60.0))])
        desk.store.broken = True
        with pytest.raises(RetryLater, match="disk"):
            await limiter.permit(queues, "x")
        desk.store.broken = False
        (await limiter.permit(queues, "x")).ended()

    desk.play(act)


def test_a_state_that_cannot_be_read_counts_as_used_up() -> None:
    store = MemoryLimits()
    store.kept["v|a|1"] = b"{nonsense"
    desk = Desk(store)

    async def act(limiter: Limiter) -> None:
        await desk.calls(limiter, limiter.queues("v", [limit("a", Window(10, 60.0))]), "x", 1)

    desk.play(act)
    assert 60.0 <= desk.went[0][1] <= 63.0


def test_other_figures_go_on_from_what_was_counted() -> None:
    desk = Desk()

    async def act(limiter: Limiter) -> None:
        queues = limiter.queues("v", [limit("a", Window(10, 60.0), Concurrent(1))])
        await desk.calls(limiter, queues, "x", 4)
        queues = limiter.queues("v", [limit("a", Window(5, 60.0), Concurrent(1))])
        await desk.calls(limiter, queues, "x", 2)

    desk.play(act)
    assert [at >= 60.0 for _, at in desk.went] == [False] * 5 + [True]
