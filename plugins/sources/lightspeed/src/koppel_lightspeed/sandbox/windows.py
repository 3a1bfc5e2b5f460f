"""The vendor's three counters: windows aligned to the clock, not sliding [fact sheet 4]."""

from collections.abc import Mapping, Sequence

from koppel.clock import Clock
from koppel.sandbox import WindowMeter
from koppel_lightspeed.tables import WINDOWS


class AlignedMeter(WindowMeter):
    """At most ``calls`` in each stretch of ``seconds`` that begins at a whole multiple of it (UTC)."""

    def __init__(self, clock: Clock, calls: int, seconds: float) -> None:
        super().__init__(clock, calls, seconds)
        self._wall = clock
        self._number: int = -1
        self._used = 0

    @property
    def remaining(self) -> int:
        """Calls left in this window; -1 once one was refused."""
        self._turn()
        return self.calls - self._used

    @property
    def reset_after(self) -> float:
        """Seconds until the window ends."""
        return self.seconds - self._wall.now().timestamp() % self.seconds

    def take(self) -> float:
        """Count a call: 0.0 if allowed, else the seconds until the window turns."""
        self._turn()
        self._used = min(self._used + 1, self.calls + 1)
        return 0.0 if self._used <= self.calls else self.reset_after

    def _turn(self) -> None:
        number = int(self._wall.now().timestamp() // self.seconds)
        if number != self._number:
            self._number, self._used = number, 0


class KeyMeters:
    """The windows of each API key."""

    def __init__(self, clock: Clock, calls: Sequence[int]) -> None:
        self._clock = clock
        self._calls = calls
        self._meters: dict[str, tuple[AlignedMeter, ...]] = {}

    def of(self, key: str) -> tuple[AlignedMeter, ...]:
        """The three counters of a key."""
        if key not in self._meters:
            self._meters[key] = tuple(
                AlignedMeter(self._clock, calls, seconds) for calls, seconds in zip(self._calls, WINDOWS, strict=True)
            )
        return self._meters[key]

    def headers(self, key: str) -> Mapping[str, str]:
        """What every answer tells of them."""
        meters = self.of(key)
        return {
            "X-RateLimit-Limit": "/".join(str(meter.calls) for meter in meters),
            "X-RateLimit-Remaining": "/".join(str(meter.remaining) for meter in meters),
            "X-RateLimit-Reset": "/".join(str(int(meter.reset_after)) for meter in meters),
        }
