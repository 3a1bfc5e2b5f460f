"""The day that a moment belongs to in Dutch books."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

_AMSTERDAM = ZoneInfo("Europe/Amsterdam")


def dutch_day(moment: datetime) -> date:
    """The day in Europe/Amsterdam: 31 December 23:30 UTC is 1 January."""
    return moment.astimezone(_AMSTERDAM).date()
