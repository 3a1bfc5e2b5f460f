"""Stopping before Exact does: ten errors an hour on one endpoint block the app for an hour, then longer [4]."""

from collections import deque
from datetime import timedelta
from weakref import WeakKeyDictionary

from koppel.clock import Clock
from koppel.plugin import RetryLater
from koppel_exact import tables


class ErrorVelocity:
    """Counts the answers that Exact counts as errors, per key, over the last hour; stops well before the tenth.

    A sliding hour also covers a vendor that counts per clock hour. Stops early because one call may cost two errors
    (an expired token) and because other programs may use the same app.
    """

    def __init__(self, clock: Clock, *, stop: int = tables.ERROR_STOP, window: timedelta = tables.ERROR_WINDOW) -> None:
        self._clock = clock
        self._stop = stop
        self._window = window.total_seconds()
        self._errors: dict[str, deque[float]] = {}

    def note(self, key: str, status: int) -> None:
        """Count an answer, if it is of the sort that Exact counts."""
        if status in tables.ERROR_STATUSES:
            self._recent(key).append(self._clock.monotonic())

    def check(self, key: str) -> None:
        """Raise RetryLater, with the moment when the oldest counted error is forgotten, if no more may be risked."""
        recent = self._recent(key)
        if len(recent) < self._stop:
            return
        wait = recent[len(recent) - self._stop] + self._window - self._clock.monotonic()
        raise RetryLater(
            "exact.too-many-errors",
            f"Exact Online refused {len(recent)} calls to {key} within an hour; koppel waits, because ten would block "
            "the app.",
            "Look at the errors of the last hour and mend their cause; koppel goes on by itself.",
            not_before=self._clock.now() + timedelta(seconds=wait),
        )

    def _recent(self, key: str) -> deque[float]:
        recent = self._errors.setdefault(key, deque())
        horizon = self._clock.monotonic() - self._window
        while recent and recent[0] <= horizon:
            recent.popleft()
        return recent


_COUNTERS: WeakKeyDictionary[Clock, dict[str, ErrorVelocity]] = WeakKeyDictionary()


def shared_velocity(clock: Clock, owner: str) -> ErrorVelocity:
    """The one counter of an app (and division) in this process: the vendor adds up all connections that use it."""
    return _COUNTERS.setdefault(clock, {}).setdefault(owner, ErrorVelocity(clock))
