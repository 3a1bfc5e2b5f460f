"""Limits against a simulated vendor that counts when calls arrive: never over, hardly ever under (G5)."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

import anyio
import pytest
from anyio.abc import TaskGroup
from hypothesis import given, settings
from hypothesis import strategies as st

from koppel.errors import RetryLater
from koppel.sandbox import BucketMeter, Meter, WindowMeter
from koppel.testing.clock import START, VirtualClock
from koppel.vendor import Bucket, Concurrent, Limit, Rule, Window
from koppel.vendor.limiter import Limiter, Queue
from vendor.meters import CalendarMeter, SlowVendor
from vendor.stores import MemoryLimits

RULES: Sequence[tuple[Rule, ...]] = (
    (Window(60, 60.0),),
    (Window(5, 300.0),),
    (Window(20, 30.0), Window(200, 3600.0)),
    (Window(300, 300.0), Concurrent(3)),
    (Bucket(0.5, 30),),
    (Bucket(0.0167, 15),),
    (Bucket(2.0, 2),),
    (Bucket(5.0, 10), Window(400, 120.0)),
    (Window(8, 2.0),),
)


def meter(rule: Rule, clock: VirtualClock, *, calendar: bool) -> Meter | CalendarMeter | None:
    match rule:
        case Bucket(rate=rate, burst=burst):
            return BucketMeter(clock, rate, burst)
        case Window(calls=calls, seconds=seconds):
            return (CalendarMeter if calendar else WindowMeter)(clock, calls, seconds)
        case Concurrent():
            return None


def allowed(rules: Sequence[Rule], seconds: float) -> float:
    """How many calls the rules allow in so many seconds from a fresh start."""
    most = [
        rule.burst + rule.rate * seconds if isinstance(rule, Bucket) else rule.calls * seconds / rule.seconds
        for rule in rules
        if not isinstance(rule, Concurrent)
    ]
    return min(most)


def step(rule: Rule) -> float:
    """The time that matters for a latency: a window's length, or one token's time."""
    match rule:
        case Bucket(rate=rate):
            return 1 / rate
        case Window(seconds=seconds):
            return seconds
        case Concurrent():
            return 0.0


def longest(rules: Sequence[Rule]) -> float:
    return max(
        rule.burst / rule.rate if isinstance(rule, Bucket) else rule.seconds
        for rule in rules
        if not isinstance(rule, Concurrent)
    )


class Scene:
    """A daemon with a backlog and some workers, killed and restarted at will, and the vendor that it calls."""

    def __init__(self, rules: Sequence[Rule], *, latency: float, seed: int, calendar: bool, told: bool) -> None:
        self.clock = VirtualClock()
        self.rules = tuple(rules)
        self.told = told
        self.store = MemoryLimits()
        meters = [one for rule in rules if (one := meter(rule, self.clock, calendar=calendar)) is not None]
        self.vendor = SlowVendor(self.clock, meters, latency, random.Random(seed))
        self.network: TaskGroup

    async def until(self, moment: float) -> None:
        """Let time pass; a few turns of the event loop for everything that happens at one moment."""
        woke = anyio.Event()

        async def alarm() -> None:
            await self.clock.sleep(moment - self.clock.monotonic())
            woke.set()

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(alarm)
            while not woke.is_set():
                seen = self.clock.activity
                for _ in range(12):
                    await asyncio.sleep(0)
                if seen == self.clock.activity and not woke.is_set():
                    self.clock.jump()

    def play(self, lives: Callable[[], Awaitable[None]]) -> None:
        """Run some lives of a daemon; calls under way at a kill arrive in the next life."""

        async def main() -> None:
            async with anyio.create_task_group() as self.network:
                await lives()
                self.network.cancel_scope.cancel()

        asyncio.run(main())

    async def run(self, seconds: float, workers: int, *, graceful: bool = False) -> None:
        """One life of a daemon, killed (or stopped) after so many seconds."""
        async with anyio.create_task_group() as tasks:
            limiter = Limiter(self.clock, self.store, tasks)
            queues = limiter.queues("vendor", [Limit("scope", "id", self.rules)])
            async with anyio.create_task_group() as crew:
                for number in range(workers):
                    crew.start_soon(self._work, limiter, queues, f"flow-{number % 3}")
                await self.until(self.clock.monotonic() + seconds)
                crew.cancel_scope.cancel()
            if graceful:
                await limiter.close()
            tasks.cancel_scope.cancel()
        if self.vendor.latency:
            await self.until(self.clock.monotonic() + self.vendor.draw.uniform(0.0, self.vendor.latency))

    async def _work(self, limiter: Limiter, queues: Sequence[Queue], label: str) -> None:
        while True:
            try:
                permit = await limiter.permit(queues, label)
            except RetryLater as later:
                await self.clock.sleep(((later.not_before or START) - self.clock.now()).total_seconds())
                continue
            answered = anyio.Event()
            self.network.start_soon(self._call, answered)
            try:
                await answered.wait()
            finally:
                permit.ended(
                    self.vendor.feedback("scope") if self.told else (), late=0.0 if answered.is_set() else 30.0
                )

    async def _call(self, answered: anyio.Event) -> None:
        await self.vendor.call()
        answered.set()


@settings(max_examples=25, deadline=None)
@given(
    rules=st.sampled_from(RULES),
    workers=st.integers(1, 6),
    share=st.sampled_from([0.0, 0.002, 0.01]),
    seed=st.integers(0, 1000),
    calendar=st.booleans(),
    told=st.booleans(),
)
def test_a_backlog_uses_the_limit_and_never_breaks_it(
    rules: tuple[Rule, ...], workers: int, share: float, seed: int, calendar: bool, told: bool
) -> None:
    scene = Scene(rules, latency=share * step(rules[0]), seed=seed, calendar=calendar, told=told)
    seconds = longest(rules) * 6
    if scene.vendor.latency:  # the workers themselves must be able to keep up
        workers = max(workers, 3)

    scene.play(lambda: scene.run(seconds, workers))

    assert not scene.vendor.refused
    assert scene.vendor.accepted >= 0.95 * allowed(rules, seconds) - 1


@settings(max_examples=15, deadline=None)
@given(
    rules=st.sampled_from(RULES),
    latency=st.sampled_from([0.0, 0.2, 0.9]),
    lives=st.lists(st.tuples(st.floats(0.5, 400.0), st.booleans(), st.floats(-1e6, 0.0)), min_size=1, max_size=6),
    steps=st.lists(st.floats(-1e7, 4e7), max_size=2),
    seed=st.integers(0, 1000),
    told=st.booleans(),
)
def test_kills_and_clock_steps_never_break_a_limit(
    rules: tuple[Rule, ...],
    latency: float,
    lives: list[tuple[float, bool, float]],
    steps: list[float],
    seed: int,
    told: bool,
) -> None:
    scene = Scene(rules, latency=latency, seed=seed, calendar=False, told=told)

    async def live() -> None:
        for number, (seconds, graceful, step) in enumerate(lives):
            await scene.run(seconds, 4, graceful=graceful)
            scene.clock.step(timedelta(seconds=step))  # back, while the daemon is away
            if number < len(steps):
                async with anyio.create_task_group() as tasks:

                    async def jolt(by: float) -> None:
                        await scene.clock.sleep(longest(rules) / 3)
                        scene.clock.step(timedelta(seconds=by))

                    tasks.start_soon(jolt, steps[number])
                    await scene.run(2 * longest(rules), 4)

    scene.play(live)
    assert not scene.vendor.refused


def test_kills_waste_little() -> None:
    rules = (Window(60, 60.0), Window(1000, 3600.0))
    scene = Scene(rules, latency=0.05, seed=1, calendar=False, told=False)

    async def live() -> None:
        for _ in range(24):
            await scene.run(600.0, 3)

    scene.play(live)
    assert not scene.vendor.refused
    assert scene.vendor.accepted >= 0.93 * allowed(rules, 24 * 600.0)


@pytest.mark.parametrize("rules", [(Window(8, 2.0),), (Window(400, 3600.0), Concurrent(1)), (Bucket(5.0, 30),)])
def test_a_jump_forward_while_running_costs_nothing(rules: tuple[Rule, ...]) -> None:
    """The calls after it write the state anew before they are made, although the last block was not used up."""
    scene = Scene(rules, latency=0.2, seed=1, calendar=False, told=False)

    async def live() -> None:
        async with anyio.create_task_group() as tasks:

            async def jolt() -> None:
                await scene.clock.sleep(21.0)
                scene.clock.step(timedelta(days=365))

            tasks.start_soon(jolt)
            await scene.run(24.0, 3)
        await scene.run(400.0, 3)

    scene.play(live)
    assert not scene.vendor.refused


def test_a_jump_forward_while_away_costs_one_window_at_most() -> None:
    rules = (Window(60, 60.0),)
    scene = Scene(rules, latency=0.0, seed=1, calendar=False, told=False)

    async def live() -> None:
        await scene.run(30.0, 3)
        scene.clock.step(timedelta(days=365))
        await scene.run(200.0, 3)

    scene.play(live)
    assert len(scene.vendor.refused) <= 60


@pytest.mark.parametrize(
    ("rule", "most"), [(Window(5000, 86400.0), 120), (Bucket(100.0, 900), 3), (Window(60, 60.0), 650)]
)
def test_few_writes_to_the_store(rule: Rule, most: int) -> None:
    scene = Scene((rule,), latency=0.0, seed=1, calendar=False, told=False)
    counted = MemoryLimits()

    async def live() -> None:
        async with anyio.create_task_group() as tasks:
            limiter = Limiter(scene.clock, counted, tasks)
            queues = limiter.queues("vendor", [Limit("scope", "id", (rule,))])

            async def work() -> None:
                for _ in range(600):
                    (await limiter.permit(queues, "")).ended()

            tasks.start_soon(work)
            await scene.until(700.0)
            tasks.cancel_scope.cancel()

    scene.play(live)
    assert 0 < counted.saves <= most
