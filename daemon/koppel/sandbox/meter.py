"""The vendors' side of rate limits: what a sandbox counts, on its own clock."""

from collections import deque

from koppel.clock import Clock


class BucketMeter:
    """A token bucket: ``rate`` tokens a second up to ``burst``; starts full. ``rate`` may be changed while running."""

    def __init__(self, clock: Clock, rate: float, burst: int) -> None:
        self._clock = clock
        self.rate = rate
        self.burst = burst
        self._level = float(burst)
        self._at = clock.monotonic()

    def take(self) -> float:
        """Take a token: 0.0 if there was one, else the seconds until there is one (nothing is taken then)."""
        now = self._clock.monotonic()
        self._level = min(float(self.burst), self._level + (now - self._at) * self.rate)
        self._at = now
        if self._level >= 1.0 - 1e-9:
            self._level -= 1.0
            return 0.0
        return (1.0 - self._level) / self.rate


class WindowMeter:
    """At most ``calls`` in any sliding stretch of ``seconds``."""

    def __init__(self, clock: Clock, calls: int, seconds: float) -> None:
        self._clock = clock
        self.calls = calls
        self.seconds = seconds
        self._taken: deque[float] = deque()

    @property
    def remaining(self) -> int:
        """Calls left at this moment."""
        self._forget()
        return self.calls - len(self._taken)

    @property
    def reset_after(self) -> float:
        """Seconds until the oldest counted call leaves the window."""
        self._forget()
        return self._taken[0] + self.seconds - self._clock.monotonic() if self._taken else 0.0

    def take(self) -> float:
        """Count a call: 0.0 if allowed, else the seconds until one is (nothing is counted then)."""
        if self.remaining > 0:
            self._taken.append(self._clock.monotonic())
            return 0.0
        return max(self.reset_after, 1e-3)

    def _forget(self) -> None:
        horizon = self._clock.monotonic() - self.seconds
        while self._taken and self._taken[0] <= horizon:
            self._taken.popleft()


Meter = BucketMeter | WindowMeter
