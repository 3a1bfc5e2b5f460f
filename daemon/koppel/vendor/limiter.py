"""Who may call now: every call waits until all its gates let it through, then passes them all at once.

Waiting calls take turns by label: the label that was let through least recently goes first, within a label who came
first. A call that waits for one gate does not hold up others at its other gates, unless it was passed over again and
again at two of them: then calls younger than it wait until it has gone.
"""

import itertools
import math
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta

import anyio
from anyio.abc import TaskGroup

from koppel.clock import Clock
from koppel.errors import RetryLater
from koppel.vendor.counter import Counter
from koppel.vendor.gate import Gate
from koppel.vendor.limits import Feedback, Limit
from koppel.vendor.ports import LimitStore

LONGEST_WAIT = 900.0
"""Seconds that a call waits for its turn at most; beyond, RetryLater says when to come back."""
LONGEST_FREEZE = 120.0
"""The same for a vendor's "slow down"."""
_STARVING = 8
_SHORTEST_SLEEP = 0.001


class _Waiter:
    def __init__(self, gates: Sequence["Queue"], label: str, ticket: int) -> None:
        self.gates = gates
        self.label = label
        self.ticket = ticket
        self.wake = anyio.Event()
        self.permit: Permit | None = None
        self.passed: dict[Queue, int] = {}


class Queue:
    """A gate, who waits at it, and who went through when."""

    def __init__(self, gate: Gate, scope: str) -> None:
        self.gate = gate
        self.scope = scope
        self.waiting: list[_Waiter] = []
        self.served: dict[str, int] = {}
        self.timer: anyio.CancelScope | None = None
        self.timer_at = math.inf

    def too_long(self, now: float) -> float:
        """Seconds until a call is allowed, if they are too many to wait here; else 0."""
        delay = self.gate.delay(now)
        longest = LONGEST_FREEZE if self.gate.frozen(now) > LONGEST_FREEZE else LONGEST_WAIT
        return delay if longest < delay < math.inf else 0.0

    def in_turn(self) -> list[_Waiter]:
        """Who waits, in the order in which they may go."""
        return sorted(self.waiting, key=lambda waiter: (self.served.get(waiter.label, 0), waiter.ticket))


class Permit:
    """The right to send one call, taken at all its gates. Ends exactly once: ``unsent`` or ``ended``."""

    def __init__(self, queues: Sequence[Queue], clock: Clock, settled: Callable[[Iterable[Queue]], None]) -> None:
        self.sent_at = clock.monotonic()
        self._queues = queues
        self._taken: list[list[Counter]] = [queue.gate.take() for queue in queues]
        self._clock = clock
        self._settled = settled

    def unsent(self) -> None:
        """The call was never sent: it does not count."""
        for counters in self._taken:
            for one in counters:
                one.give_back()
        self._settled(self._queues)

    def ended(self, feedback: Sequence[Feedback] = (), *, late: float = 0.0) -> None:
        """The call was answered, or given up; then it may arrive until ``late`` seconds from now."""
        at = self._clock.monotonic() + late
        for queue, counters in zip(self._queues, self._taken, strict=True):
            queue.gate.end(counters, at, [told for told in feedback if told.scope == queue.scope])
        self._settled(self._queues)

    def accepted(self) -> None:
        """The answer was no "slow down"."""
        for queue in self._queues:
            queue.gate.thaw()

    async def throttled(self, retry_after: float | None) -> float:
        """The answer was "slow down": nobody calls through these gates for a while. Gives the seconds."""
        for queue in self._queues:
            await queue.gate.freeze(self.sent_at, retry_after)
        self._settled(self._queues)
        now = self._clock.monotonic()
        waits = [queue.gate.delay(now) for queue in self._queues]
        return max((wait for wait in waits if wait < math.inf), default=0.0)


class Limiter:
    """All gates of a daemon. ``tasks`` runs the timers."""

    def __init__(self, clock: Clock, store: LimitStore, tasks: TaskGroup) -> None:
        self._clock = clock
        self._store = store
        self._tasks = tasks
        self._queues: dict[str, Queue] = {}
        self._tickets = itertools.count(1)
        self._starving: list[_Waiter] = []

    def queues(self, vendor: str, limits: Sequence[Limit]) -> list[Queue]:
        """The gates for these limits, shared by (vendor, scope, id)."""
        found: list[Queue] = []
        for limit in limits:
            key = f"{vendor}|{limit.scope}|{limit.id}"
            queue = self._queues.get(key)
            if queue is None:
                queue = self._queues[key] = Queue(Gate(key, limit.rules, self._clock, self._store), limit.scope)
            else:
                queue.gate.adopt(limit.rules)
            found.append(queue)
        return found

    def unlimited(self, key: str) -> list[Queue]:
        """A gate without rules, for calls that count against no known limit: only a "slow down" closes it."""
        queue = self._queues.get(f"|{key}")
        if queue is None:
            queue = self._queues[f"|{key}"] = Queue(Gate(key, (), self._clock, None), "")
        return [queue]

    async def permit(self, queues: Sequence[Queue], label: str) -> Permit:
        """Wait for the turn of one call. RetryLater if that would take too long or the store fails."""
        for queue in queues:
            await queue.gate.load()
        waiter = _Waiter(queues, label, next(self._tickets))
        for queue in queues:
            queue.waiting.append(waiter)
        try:
            return await self._turn(waiter)
        except BaseException:
            if waiter.permit is not None:
                waiter.permit.unsent()
            raise
        finally:
            if waiter.permit is None:
                self._leave(waiter)
                self._dispatch_all(queues)

    async def close(self) -> None:
        """Write the state of all gates down."""
        for queue in self._queues.values():
            await queue.gate.close()

    async def _turn(self, waiter: _Waiter) -> Permit:
        while True:
            self._dispatch_all(waiter.gates)
            if waiter.permit is not None:
                return waiter.permit
            now = self._clock.monotonic()
            for queue in waiter.gates:
                if (delay := queue.too_long(now)) > 0:
                    raise self._come_back(queue, delay)
            uncovered = [queue.gate for queue in waiter.gates if not queue.gate.covered(now)]
            if uncovered:
                for gate in uncovered:
                    await gate.reserve()
                continue
            await waiter.wake.wait()
            waiter.wake = anyio.Event()

    def _come_back(self, queue: Queue, delay: float) -> RetryLater:
        until = self._clock.now() + timedelta(seconds=delay)
        what = f"The vendor's limit {queue.scope}" if queue.scope else "The vendor"
        return RetryLater(
            "vendor.limit", f"{what} allows no call before {until:%Y-%m-%d %H:%M:%S} UTC.", not_before=until
        )

    def _dispatch_all(self, queues: Iterable[Queue]) -> None:
        for queue in queues:
            if queue.waiting:
                self._dispatch(queue)

    def _dispatch(self, queue: Queue) -> None:
        """Let through who may go, in turn; else see to it that somebody looks again when it may be time."""
        while queue.waiting:
            now = self._clock.monotonic()
            delay = queue.gate.delay(now)
            if delay > 0:
                self._later(queue, now, delay)
                return
            if not queue.gate.covered(now):
                queue.in_turn()[0].wake.set()
                return
            passed: list[_Waiter] = []
            for waiter in queue.in_turn():
                if self._let_through(waiter, now):
                    for other in passed:
                        self._passed_over(other, queue)
                    break
                passed.append(waiter)
            else:
                return

    def _let_through(self, waiter: _Waiter, now: float) -> bool:
        if any(
            senior.ticket < waiter.ticket and any(queue in senior.gates for queue in waiter.gates)
            for senior in self._starving
        ):
            return False
        slowest = max(waiter.gates, key=lambda queue: queue.gate.delay(now))
        if (delay := slowest.gate.delay(now)) > 0:
            self._later(slowest, now, delay)
            return False
        if not all(queue.gate.covered(now) for queue in waiter.gates):
            waiter.wake.set()
            return False
        turn = next(self._tickets)
        for queue in waiter.gates:
            queue.served[waiter.label] = turn
        waiter.permit = Permit(waiter.gates, self._clock, self._dispatch_all)
        waiter.wake.set()
        self._leave(waiter)
        return True

    def _leave(self, waiter: _Waiter) -> None:
        for queue in waiter.gates:
            queue.waiting.remove(waiter)
        if waiter in self._starving:
            self._starving.remove(waiter)
            self._dispatch_all(waiter.gates)

    def _passed_over(self, waiter: _Waiter, queue: Queue) -> None:
        waiter.passed[queue] = waiter.passed.get(queue, 0) + 1
        if waiter not in self._starving and sum(count >= _STARVING for count in waiter.passed.values()) >= 2:
            self._starving.append(waiter)

    def _later(self, queue: Queue, now: float, delay: float) -> None:
        if delay == math.inf:
            return
        if queue.too_long(now) > 0:
            for waiter in queue.waiting:
                waiter.wake.set()
        at = now + max(delay, _SHORTEST_SLEEP)
        if queue.timer is not None:
            if queue.timer_at <= at:
                return
            queue.timer.cancel()
        queue.timer, queue.timer_at = anyio.CancelScope(), at
        self._tasks.start_soon(self._timer, queue, queue.timer, at - now)

    async def _timer(self, queue: Queue, scope: anyio.CancelScope, seconds: float) -> None:
        with scope:
            await self._clock.sleep(seconds)
            queue.timer, queue.timer_at = None, math.inf
            self._dispatch_all([queue])
