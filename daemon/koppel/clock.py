"""Time, as everything in koppel sees it: injected, so that two weeks pass in a second of test."""

import time
from datetime import UTC, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

import anyio

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
"""The time zone of Dutch books: a tax date is the day there."""


class Clock(Protocol):
    """The only door to time."""

    def now(self) -> datetime:
        """The wall clock, aware, UTC. It may jump."""
        ...

    def monotonic(self) -> float:
        """Seconds that only go forward, from an arbitrary start."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait so many seconds of this clock; zero or less only yields."""
        ...


class SystemClock:
    """The real clock."""

    def now(self) -> datetime:
        """See :class:`Clock`."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """See :class:`Clock`."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """See :class:`Clock`."""
        await anyio.sleep(max(0.0, seconds))
