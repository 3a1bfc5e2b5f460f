"""The counter of a sliding window. Why it is safe: :mod:`koppel.vendor.counter`."""

import math
from bisect import insort

from koppel.vendor.counter import SLACK, STRAGGLING, Saved
from koppel.vendor.limits import Window

_GRAINS = 256


class WindowCounter:
    """Places that are taken: calls in flight, and when the others become free, in grains of time rounded up."""

    def __init__(self, rule: Window) -> None:
        self.rule = rule
        self._flying = 0
        self._slots: list[tuple[float, int]] = []
        self._held = 0
        self._left = 0
        self._left_until = -math.inf
        self._untold = 0

    def delay(self, now: float) -> float:
        """See :class:`Counter`."""
        self._forget(now)
        wait = 0.0
        if now < self._left_until and self._left - self._flying - self._untold <= 0:
            wait = self._left_until - now
        over = self._held + self._flying + 1 - self.rule.calls
        if over <= 0:
            return wait
        for free_at, count in self._slots:
            over -= count
            if over <= 0:
                return max(wait, free_at - now)
        return math.inf

    def take(self) -> None:
        """See :class:`Counter`."""
        self._flying += 1

    def give_back(self) -> None:
        """See :class:`Counter`."""
        self._flying -= 1

    def end(self, now: float, at: float, *, told: bool) -> None:
        """See :class:`Counter`."""
        self._flying -= 1
        self._untold += 0 if told else 1
        self._hold(max(now, at) + self.rule.seconds * SLACK, 1)

    def correct(self, now: float, remaining: int, reset_after: float | None) -> None:
        """The vendor told how many calls are left until when: others may use the same counter. Only ever lowers.

        Answers of one window may come in any order: the lowest figure of a window counts the calls of all answers that
        told a higher one, so what may still be sent is that figure less the calls in flight and those whose answer
        told nothing. Without a reset time a whole window is taken.
        """
        seconds = self.rule.seconds
        until = now + (seconds if reset_after is None else min(max(reset_after, 0.0), seconds)) * SLACK
        same = min(2.0, seconds / 4)
        if now >= self._left_until or until > self._left_until + same:
            self._left, self._left_until, self._untold = max(0, remaining), until, 0
        elif until >= self._left_until - same:
            self._left = min(self._left, max(0, remaining))
            self._left_until = max(self._left_until, until)

    def save(self, now: float, ahead: int) -> Saved | None:
        """See :class:`Counter`."""
        self._forget(now)
        left = max(0, self._left - self._flying - self._untold - ahead)
        return Saved(
            seconds=self.rule.seconds,
            slots=[(free_at - now, count) for free_at, count in self._slots],
            open=self._flying + ahead,
            cap=(left, self._left_until - now) if now < self._left_until else None,
        )

    def restore(self, now: float, saved: Saved, elapsed: float) -> None:
        """See :class:`Counter`."""
        for left, count in saved.slots:
            if left > elapsed:
                self._hold(now + left - elapsed, count)
        if saved.open:
            self._hold(now + STRAGGLING + self.rule.seconds * SLACK, saved.open)
        if saved.cap and saved.cap[1] > elapsed:
            self._left, self._left_until = saved.cap[0], now + saved.cap[1] - elapsed

    def fill(self, now: float, ago: float) -> None:
        """See :class:`Counter`."""
        left = STRAGGLING + self.rule.seconds * SLACK - ago
        if left > 0:
            self._hold(now + left, self.rule.calls)

    def _hold(self, until: float, count: int) -> None:
        grain = self.rule.seconds / _GRAINS
        free_at = math.ceil(until / grain) * grain
        self._held += count
        for index, (at, before) in enumerate(reversed(self._slots), 1):
            if at == free_at:
                self._slots[-index] = (at, before + count)
                return
            if at < free_at:
                break
        insort(self._slots, (free_at, count))

    def _forget(self, now: float) -> None:
        gone = 0
        for free_at, count in self._slots:
            if free_at > now:
                break
            self._held -= count
            gone += 1
        del self._slots[:gone]
