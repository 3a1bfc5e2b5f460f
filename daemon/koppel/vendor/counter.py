"""What one rule of a limit has counted so far, so pessimistically that the vendor never counts more.

A call is counted by the vendor when it *arrives*, which is some time between its sending and its answer. So a call in
flight takes its place wholly, and a call that has ended counts as if it had arrived at the last possible moment:

* window (:mod:`koppel.vendor.window`): a place is taken from sending until ``seconds`` after the answer. Proof: of the
  calls that arrive within one stretch of ``seconds``, look at the one sent last; all others were answered less than
  ``seconds`` before it was sent, or are still in flight: they all had a place then, and the places are ``calls``.
* bucket (:mod:`koppel.vendor.bucket`): a token is taken at sending and only starts to grow back at the answer, for what
  the vendor's full bucket spills while a call is on its way is lost. In flight + missing never exceeds ``burst``, so
  nor does what is missing at the vendor.

The cost is the latency: one latency per window, and nothing for a bucket that holds more than the calls in flight.
All times are seconds of the monotonic clock. ``SLACK`` covers clocks that do not run equally fast.
"""

import math
from heapq import heappop, heappush
from typing import Protocol

from msgspec import Struct

SLACK = 1.001
"""How much slower than ours the vendor's clock may run."""
STRAGGLING = 2.0
"""Seconds that a killed process's last calls may still be on their way when the next one has loaded the state."""


class Saved(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The state of one counter in the store: ``seconds`` (None: a bucket) is its key, the rest is how full it is.

    ``slots`` are (seconds until free, how many); ``open`` calls may have been made at any time until the state is
    loaded; ``missing`` tokens at ``rate``; ``cap``: (calls left, for so many seconds), told by the vendor.
    """

    seconds: float | None = None
    slots: list[tuple[float, int]] = []
    open: int = 0
    missing: float = 0.0
    rate: float = 0.0
    cap: tuple[int, float] | None = None


class Counter(Protocol):
    """One rule and what it has counted."""

    def delay(self, now: float) -> float:
        """Seconds until one more call is allowed; infinite if that depends on calls in flight."""
        ...

    def take(self) -> None:
        """Count a call that is about to be sent."""
        ...

    def give_back(self) -> None:
        """A call that was taken was never sent."""
        ...

    def end(self, now: float, at: float, *, told: bool) -> None:
        """A call is over: it arrived no later than ``at`` (the future, after a time-out). ``told``: corrected by it."""
        ...

    def save(self, now: float, ahead: int) -> Saved | None:
        """The state as if ``ahead`` more calls were made; None if there is nothing worth keeping."""
        ...

    def restore(self, now: float, saved: Saved, elapsed: float) -> None:
        """Start from what was saved ``elapsed`` seconds ago."""
        ...

    def fill(self, now: float, ago: float) -> None:
        """Start as if all that is allowed was used ``ago`` seconds ago."""
        ...


class Flight:
    """Calls in flight; a call that timed out lands some time later."""

    def __init__(self) -> None:
        self.count = 0
        self._late: list[float] = []

    def end(self, now: float, at: float) -> bool:
        """True if the call has landed now."""
        if at > now:
            heappush(self._late, at)
            return False
        self.count -= 1
        return True

    def landed(self, now: float) -> list[float]:
        """The times at which late calls have landed since."""
        times: list[float] = []
        while self._late and self._late[0] <= now:
            times.append(heappop(self._late))
            self.count -= 1
        return times

    def next(self, now: float) -> float:
        """Seconds until the next late call lands."""
        return self._late[0] - now if self._late else math.inf
