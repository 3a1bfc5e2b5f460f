"""Counters of tokens and of calls in flight. Why they are safe: :mod:`koppel.vendor.counter`."""

import math

from koppel.vendor.counter import SLACK, STRAGGLING, Flight, Saved
from koppel.vendor.limits import Bucket, Concurrent


class ConcurrentCounter:
    """Calls in flight. Not kept over restarts: a killed process has cut its calls."""

    def __init__(self, rule: Concurrent) -> None:
        self.rule = rule
        self._flight = Flight()

    def delay(self, now: float) -> float:
        """See :class:`Counter`."""
        self._flight.landed(now)
        return 0.0 if self._flight.count < self.rule.calls else self._flight.next(now)

    def take(self) -> None:
        """See :class:`Counter`."""
        self._flight.count += 1

    def give_back(self) -> None:
        """See :class:`Counter`."""
        self._flight.count -= 1

    def end(self, now: float, at: float, *, told: bool) -> None:
        """See :class:`Counter`."""
        del told
        self._flight.end(now, at)

    def save(self, now: float, ahead: int) -> Saved | None:
        """See :class:`Counter`."""
        del now, ahead
        return None

    def restore(self, now: float, saved: Saved, elapsed: float) -> None:
        """See :class:`Counter`."""

    def fill(self, now: float, ago: float) -> None:
        """See :class:`Counter`."""


class BucketCounter:
    """Tokens that are missing, and calls in flight."""

    def __init__(self, rule: Bucket) -> None:
        self.rule = rule
        self.rate = rule.rate
        self._flight = Flight()
        self._missing = 0.0
        self._at = -math.inf

    def delay(self, now: float) -> float:
        """See :class:`Counter`."""
        self._settle(now)
        over = self._flight.count + self._missing + 1 - self.rule.burst
        if over <= 1e-9:
            return 0.0
        if over > self._missing + 1e-9:
            return self._flight.next(now)
        return over * SLACK / self.rate

    def take(self) -> None:
        """See :class:`Counter`."""
        self._flight.count += 1

    def give_back(self) -> None:
        """See :class:`Counter`."""
        self._flight.count -= 1

    def end(self, now: float, at: float, *, told: bool) -> None:
        """See :class:`Counter`."""
        del told
        self._settle(now)
        if self._flight.end(now, at):
            self._missing += 1

    def set_rate(self, now: float, rate: float) -> bool:
        """The vendor told how fast the bucket fills now. True if that is news."""
        if not 0 < rate < math.inf or math.isclose(rate, self.rate):
            return False
        self._settle(now)
        self.rate = rate
        return True

    def drain(self, now: float, wait: float) -> None:
        """The vendor found the bucket empty; the next token comes in ``wait`` seconds."""
        self._settle(now)
        self._missing = max(self._missing, self.rule.burst - 1 + wait * self.rate / SLACK)

    def save(self, now: float, ahead: int) -> Saved | None:
        """See :class:`Counter`."""
        self._settle(now)
        return Saved(missing=self._missing, open=self._flight.count + ahead, rate=self.rate)

    def restore(self, now: float, saved: Saved, elapsed: float) -> None:
        """See :class:`Counter`."""
        self.rate = saved.rate or self.rule.rate
        straggling = min(saved.open, self.rule.burst)
        missing = max(0.0, saved.missing - elapsed * self.rate / SLACK)
        self._missing = min(missing, self.rule.burst - straggling)  # the vendor's bucket is never more than empty
        self._at = now
        for _ in range(straggling):
            self._flight.count += 1
            self._flight.end(now, now + STRAGGLING)

    def fill(self, now: float, ago: float) -> None:
        """See :class:`Counter`."""
        self._missing = max(0.0, self.rule.burst - (ago - STRAGGLING) * self.rate / SLACK)
        self._at = now

    def _settle(self, now: float) -> None:
        for landed in self._flight.landed(now):
            self._refill(landed)
            self._missing += 1
        self._refill(now)

    def _refill(self, now: float) -> None:
        self._missing = max(0.0, self._missing - max(0.0, now - self._at) * self.rate / SLACK)
        self._at = max(self._at, now)
