"""A clock that jumps: simulated days in seconds of test, over real sockets."""

import asyncio
import itertools
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from selectors import BaseSelector, SelectorKey
from typing import cast

import anyio
import anyio.lowlevel

START = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)


class VirtualClock:
    """Implements :class:`koppel.clock.Clock`. Time stands still while work is done and jumps to the next sleeper when
    nothing has happened for a few real milliseconds.

    Run :meth:`drive` in a task group; without it, time moves only by :meth:`advance`.
    """

    def __init__(self, start: datetime = START, *, idle: float = 0.004) -> None:
        self._start = start
        self._elapsed = 0.0
        self._jump = timedelta(0)
        self._sleepers: list[tuple[float, int, anyio.Event]] = []
        self._ids = itertools.count()
        self._activity = 0
        self._idle = idle

    def now(self) -> datetime:
        """See :class:`koppel.clock.Clock`."""
        self._activity += 1
        return self._start + self._jump + timedelta(seconds=self._elapsed)

    def monotonic(self) -> float:
        """See :class:`koppel.clock.Clock`."""
        self._activity += 1
        return self._elapsed

    async def sleep(self, seconds: float) -> None:
        """See :class:`koppel.clock.Clock`."""
        self._activity += 1
        if seconds <= 0:
            await anyio.lowlevel.checkpoint()
            return
        event = anyio.Event()
        heappush(self._sleepers, (self._elapsed + seconds, next(self._ids), event))
        try:
            await event.wait()
        finally:
            event.set()
            self._forget_the_gone()

    def step(self, by: timedelta) -> None:
        """Let the wall clock jump, as an administrator or NTP does; the monotonic clock does not notice."""
        self._jump += by

    def advance(self, seconds: float) -> None:
        """Let so much time pass, waking everybody whose time has come."""
        self._until(self._elapsed + seconds)

    @property
    def activity(self) -> int:
        """Rises whenever somebody uses the clock: while it rises, somebody is at work."""
        return self._activity

    def jump(self) -> bool:
        """Let time pass until the next sleeper wakes; False if nobody sleeps."""
        self._forget_the_gone()
        if not self._sleepers:
            return False
        self._until(self._sleepers[0][0])
        return True

    async def drive(self) -> None:
        """Jump to the next sleeper whenever nothing happens, neither here nor on a socket. Runs until cancelled."""
        seen = -1
        with self._sockets_watched():
            while True:
                await anyio.sleep(self._idle)
                if self._activity != seen:
                    seen = self._activity
                else:
                    self.jump()

    @contextmanager
    def _sockets_watched(self) -> Generator[None]:
        """Data on a socket is activity: time must not jump over a request on its way to a time-out."""
        selector = cast("BaseSelector", vars(asyncio.get_running_loop())["_selector"])
        look = selector.select

        def select(timeout: float | None = None) -> list[tuple[SelectorKey, int]]:
            found = look(timeout)
            self._activity += len(found)
            return found

        vars(selector)["select"] = select
        try:
            yield
        finally:
            del vars(selector)["select"]

    def _forget_the_gone(self) -> None:
        """Time must not jump to where nobody sleeps any more: most time-outs never happen."""
        while self._sleepers and self._sleepers[0][2].is_set():
            heappop(self._sleepers)

    def _until(self, moment: float) -> None:
        while self._sleepers and self._sleepers[0][0] <= moment:
            at, _, event = heappop(self._sleepers)
            self._elapsed = max(self._elapsed, at)
            event.set()
        self._elapsed = max(self._elapsed, moment)
