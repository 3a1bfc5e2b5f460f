"""One counter at a vendor, as all calls of the daemon pass it: its rules, its freeze, its state over restarts.

**Over restarts and kills** the state in the store is never more hopeful than the truth. Before calls are made they are
written down, in blocks of at most 2.5 % of the smallest rule (one by one for small rules), at first of as many as this
process has made; calls written down and perhaps not made count, after a kill, as made at the moment of loading. Rules
that are as good as new within ten seconds are not written down call by call: the state says "in use until" (a minute
ahead), and whoever loads it takes all as used then.

**Clocks.** A running daemon counts by the monotonic clock only, so a jump of the wall clock changes nothing; the jump
is noticed before the next call, and the state saved anew by the new time. Over a restart only the wall clock can tell
how long the daemon was away. If it went back, no time has passed: too little is allowed for at most one window, never
too much. If it jumped forward while the daemon was away, or after the last call before a kill, old calls are forgotten
too early: at most one window's worth of calls too much, once. Nothing that a program can read tells that apart from
having been away.
"""

import logging
import math
import random
from collections.abc import Sequence

import anyio
import msgspec

from koppel.clock import Clock
from koppel.errors import RetryLater
from koppel.vendor.bucket import BucketCounter
from koppel.vendor.counter import Counter, Saved
from koppel.vendor.limits import Feedback, Rule
from koppel.vendor.ports import LimitStore
from koppel.vendor.rules import block, carry_over, fast, matching
from koppel.vendor.window import WindowCounter

_LEASE = 60.0
_JUMP = 1.0
_WORTH_KEEPING = 10.0
_LONGEST_FREEZE = 86400.0
_log = logging.getLogger(__name__)


class _State(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the store keeps of a gate. Times are Unix times of the wall clock, the rest durations in seconds."""

    saved_at: float
    busy_until: float = 0.0
    frozen: float = 0.0
    counters: list[Saved] = []


class Gate:
    """All rules of one limit. ``key`` names its state in the store; without a store nothing survives a restart."""

    def __init__(self, key: str, rules: Sequence[Rule], clock: Clock, store: LimitStore | None) -> None:
        self.key = key
        self._clock = clock
        self._store = store
        self._lock = anyio.Lock()
        self._loaded = store is None
        self._ahead = 0
        self._passed = 0
        self._busy_until = 0.0
        self._skew = 0.0
        self._frozen_until = 0.0
        self._struck_at = -math.inf
        self._strikes = 0
        self._rules: tuple[Rule, ...] = ()
        self._counters: list[Counter] = []
        self.adopt(rules)

    def adopt(self, rules: Sequence[Rule]) -> None:
        """Use these rules from now on, going on from what was counted: the settings of a connection changed."""
        if tuple(rules) == self._rules:
            return
        self._counters = carry_over(self._clock.monotonic(), rules, self._counters)
        self._rules = tuple(rules)
        blocks = [size for rule in self._rules if (size := block(rule)) is not None]
        self._block = min(blocks, default=0)
        self._fast = any(fast(rule) for rule in self._rules)
        self._ahead = 0

    async def load(self) -> None:
        """Fetch the state from the store, once. RetryLater if the store fails."""
        if self._loaded:
            return
        async with self._lock:
            if self._store is None or self._loaded:
                return
            try:
                blob = await self._store.load(self.key)
            except Exception as error:
                raise _store_failed(error) from error
            if blob is not None:
                self._restore(blob)
            self._loaded = True

    def delay(self, now: float) -> float:
        """Seconds until one more call may be sent, as far as this gate knows; infinite: when a call comes back."""
        wait = max(0.0, self._frozen_until - now)
        for one in self._counters:
            wait = max(wait, one.delay(now))
        return wait

    def frozen(self, now: float) -> float:
        """Seconds that the vendor asked us to stay away."""
        return max(0.0, self._frozen_until - now)

    def covered(self, now: float) -> bool:
        """Is one more call written down already?"""
        if self._store is None or not (self._block or self._fast):
            return True
        if self._block and self._ahead <= 0:
            return False
        if self._fast and now >= self._busy_until:
            return False
        return abs(self._offset() - self._skew) <= _JUMP

    async def reserve(self) -> None:
        """Write down the next calls before they are made. RetryLater if the store fails."""
        async with self._lock:
            if self.covered(self._clock.monotonic()):
                return
            self._ahead = 0
            size = min(self._block, max(1, self._passed))
            try:
                await self._save(size)
            except Exception as error:
                raise _store_failed(error) from error
            self._ahead = size

    async def close(self) -> None:
        """Write down what was really used."""
        if self._store is None or not self._loaded or not self._skew:
            return
        async with self._lock:
            self._ahead = 0
            try:
                await self._save(0, lease=0.0)
            except Exception as error:  # noqa: BLE001 - the state in the store stays pessimistic, which is safe
                _log.warning("limit state not saved at the end: %s", type(error).__name__)

    def take(self) -> list[Counter]:
        """Count a call that is about to be sent; gives the counters to end it with."""
        self._ahead -= 1
        self._passed += 1
        for one in self._counters:
            one.take()
        return self._counters

    def end(self, taken: Sequence[Counter], at: float, feedback: Sequence[Feedback] = ()) -> None:
        """A call is over, and arrived no later than ``at``; ``feedback`` is what its answer told about this gate."""
        now = self._clock.monotonic()
        for one in taken:
            told = False
            for told_one in feedback:
                told |= self._correct(one, now, told_one)
            one.end(now, at, told=told)

    def _correct(self, one: Counter, now: float, told: Feedback) -> bool:
        if isinstance(one, BucketCounter) and told.rate is not None:
            if one.set_rate(now, told.rate):
                self._ahead = min(self._ahead, 0)
            return True
        if not isinstance(one, WindowCounter) or told.remaining is None:
            return False
        if told.window not in (None, one.rule.seconds):
            return False
        one.correct(now, told.remaining, told.reset_after)
        return True

    def thaw(self) -> None:
        """The vendor answered something else than "slow down"."""
        self._strikes = 0

    async def freeze(self, sent_at: float, retry_after: float | None) -> None:
        """The vendor said "slow down" to a call sent at ``sent_at``.

        Without a time from the vendor: one token's time for a bucket, else two seconds, doubling at every try up to a
        quarter of an hour, always with jitter. A call that was sent before the last such answer does not double.
        """
        now = self._clock.monotonic()
        if sent_at > self._struck_at:
            self._strikes += 1
            self._struck_at = now
        buckets = [one for one in self._counters if isinstance(one, BucketCounter)]
        if retry_after is None:
            start = max((1 / one.rate for one in buckets), default=2.0)
            wait = max(start, min(900.0, start * 2 ** (self._strikes - 1)))
            wait *= random.uniform(1.0, 1.25)  # noqa: S311 - jitter
        else:
            wait = min(retry_after, _LONGEST_FREEZE) + random.uniform(0.05, 0.5)  # noqa: S311 - jitter
        for one in buckets:
            one.drain(now, wait)
        self._frozen_until = max(self._frozen_until, now + wait)
        if self._store is not None and wait > _WORTH_KEEPING:
            async with self._lock:
                try:
                    await self._save(max(0, self._ahead))
                except Exception as error:  # noqa: BLE001 - the freeze holds in this process all the same
                    _log.warning("freeze not saved: %s", type(error).__name__)

    def _offset(self) -> float:
        return self._clock.now().timestamp() - self._clock.monotonic()

    async def _save(self, ahead: int, lease: float = _LEASE) -> None:
        if self._store is None:
            return
        now = self._clock.monotonic()
        offset = self._offset()
        saved = [one.save(now, ahead) for one in self._counters]
        state = _State(
            saved_at=now + offset,
            busy_until=now + offset + lease if self._fast else 0.0,
            frozen=self.frozen(now),
            counters=[one for one in saved if one is not None],
        )
        await self._store.save(self.key, msgspec.json.encode(state))
        self._busy_until = now + lease
        self._skew = offset

    def _restore(self, blob: bytes) -> None:
        now = self._clock.monotonic()
        try:
            state = msgspec.json.decode(blob, type=_State)
        except msgspec.DecodeError:
            _log.warning("state of limit %s cannot be read: taken as used up", self.key)
            state = _State(saved_at=now + self._offset(), busy_until=now + self._offset())
        wall = now + self._offset()
        elapsed = max(0.0, wall - state.saved_at)
        self._frozen_until = max(self._frozen_until, now + state.frozen - elapsed)
        for rule, one, saved in zip(self._rules, self._counters, matching(self._rules, state.counters), strict=True):
            if fast(rule):
                one.fill(now, max(0.0, wall - state.busy_until))
            elif saved is None:
                one.fill(now, elapsed)
            else:
                one.restore(now, saved, elapsed)


def _store_failed(error: Exception) -> RetryLater:
    return RetryLater(
        "vendor.limit-state",
        f"The state of the vendor's limits cannot be kept ({type(error).__name__}), so no call was made.",
        "Look whether the disk is full or the database is unreachable.",
    )
