"""Vendors' counters that the core's sandbox does not need, and a simulated vendor behind a slow network."""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from koppel.clock import Clock
from koppel.sandbox import Meter, WindowMeter
from koppel.vendor import Feedback


class CalendarMeter:
    """At most ``calls`` in each aligned stretch of ``seconds`` (Exact, Lightspeed)."""

    def __init__(self, clock: Clock, calls: int, seconds: float) -> None:
        self._clock = clock
        self.calls = calls
        self.seconds = seconds
        self._epoch = -1
        self._taken = 0

    def _turn(self) -> None:
        epoch = math.floor(self._clock.monotonic() / self.seconds)
        if epoch != self._epoch:
            self._epoch, self._taken = epoch, 0

    @property
    def remaining(self) -> int:
        self._turn()
        return self.calls - self._taken

    @property
    def reset_after(self) -> float:
        self._turn()
        return (self._epoch + 1) * self.seconds - self._clock.monotonic()

    def take(self) -> float:
        if self.remaining <= 0:
            return self.reset_after
        self._taken += 1
        return 0.0


@dataclass
class SlowVendor:
    """Counts calls when they arrive, some time after they were sent; answers some time later."""

    clock: Clock
    meters: Sequence[Meter | CalendarMeter]
    latency: float
    draw: random.Random
    accepted: int = 0
    refused: list[float] = field(default_factory=list[float])

    async def call(self) -> bool:
        """One call: True if it was within the limits."""
        await self.clock.sleep(self.draw.uniform(0.0, self.latency))
        ok = max([meter.take() for meter in self.meters], default=0.0) == 0.0
        if ok:
            self.accepted += 1
        else:
            self.refused.append(self.clock.monotonic())
        await self.clock.sleep(self.draw.uniform(0.0, self.latency))
        return ok

    def feedback(self, scope: str) -> list[Feedback]:
        """What the headers of an answer would tell at this moment."""
        return [
            Feedback(scope=scope, remaining=meter.remaining, window=meter.seconds, reset_after=meter.reset_after)
            for meter in self.meters
            if isinstance(meter, WindowMeter | CalendarMeter)
        ]
