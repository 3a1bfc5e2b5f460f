"""The vendor's limits: calendar minute and UTC day per division, headers, and the block after ten errors [4]."""

from collections import deque
from dataclasses import dataclass, field
from datetime import timedelta
from math import floor

from koppel.clock import Clock
from koppel.sandbox import WindowMeter

MINUTE = 60.0
DAY = 86_400.0
_COUNTED = {400, 401, 403, 404}
_ERRORS = 10
_HOUR = timedelta(hours=1).total_seconds()


class CalendarMeter(WindowMeter):
    """At most so many calls in each minute (or day) of the clock: 60 calls in its first second close it to its end."""

    def __init__(self, clock: Clock, calls: int, seconds: float) -> None:
        super().__init__(clock, calls, seconds)
        self._now = clock
        self._period: int = -1
        self._count = 0

    @property
    def remaining(self) -> int:
        """Calls left in this minute or day."""
        self._turn()
        return self.calls - self._count

    @property
    def reset_after(self) -> float:
        """Seconds to its end."""
        return self.resets_at - self._now.now().timestamp()

    @property
    def resets_at(self) -> float:
        """Its end, as Unix time."""
        self._turn()
        return (self._period + 1) * self.seconds

    def take(self) -> float:
        """Count a call; 0.0 if allowed."""
        if self.remaining <= 0:
            return max(self.reset_after, 1e-3)
        self._count += 1
        return 0.0

    def _turn(self) -> None:
        period: int = floor(self._now.now().timestamp() / self.seconds)
        if period != self._period:
            self._period, self._count = period, 0


class Quota:
    """Both meters of one app and division."""

    def __init__(self, clock: Clock, per_minute: int, per_day: int) -> None:
        self.minute = CalendarMeter(clock, per_minute, MINUTE)
        self.day = CalendarMeter(clock, per_day, DAY)

    def headers(self, *, only_exhausted: bool = False) -> dict[str, str]:
        """The six headers; on a 429 only those of the limit that was hit. Resets are UTC milliseconds."""
        shown: dict[str, str] = {}
        for middle, meter in (("Minutely-", self.minute), ("", self.day)):
            if only_exhausted and meter.remaining > 0:
                continue
            shown[f"X-RateLimit-{middle}Limit"] = str(meter.calls)
            shown[f"X-RateLimit-{middle}Remaining"] = str(meter.remaining)
            shown[f"X-RateLimit-{middle}Reset"] = str(round(meter.resets_at * 1000))
        return shown


@dataclass
class ErrorBlocks:
    """Ten errors on one endpoint within an hour block it for an hour, doubled at each repetition."""

    clock: Clock
    blocks: int = 0
    _errors: dict[str, deque[float]] = field(default_factory=dict[str, deque[float]])
    _until: dict[str, float] = field(default_factory=dict[str, float])
    _length: dict[str, float] = field(default_factory=dict[str, float])

    def blocked(self, endpoint: str) -> bool:
        """Whether calls to the endpoint are refused now."""
        return self.clock.monotonic() < self._until.get(endpoint, float("-inf"))

    def note(self, endpoint: str, status: int) -> None:
        """Count an answer."""
        if status not in _COUNTED:
            return
        now = self.clock.monotonic()
        errors = self._errors.setdefault(endpoint, deque())
        errors.append(now)
        while errors[0] <= now - _HOUR:
            errors.popleft()
        if len(errors) >= _ERRORS:
            length = self._length.get(endpoint, _HOUR)
            self._until[endpoint] = now + length
            self._length[endpoint] = length * 2
            self.blocks += 1
            errors.clear()
