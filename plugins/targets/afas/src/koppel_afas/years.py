"""Which book years the administration has open (O12)."""

from datetime import date, timedelta

import anyio

from koppel.clock import AMSTERDAM, Clock
from koppel_afas.errors import closed_year
from koppel_afas.reader import Reader
from koppel_afas.settings import Settings
from koppel_afas.wire import amount, flag

FRESH = timedelta(minutes=10)
"""How long a list of periods is trusted."""
AGAIN = timedelta(seconds=30)
"""How old it may be before a year counts as closed: the bookkeeper may just have opened it."""


class BookYears:
    """Asks for the periods of the administration, seldom."""

    def __init__(self, reader: Reader, settings: Settings, clock: Clock) -> None:
        self._reader = reader
        self._settings = settings
        self._clock = clock
        self._open: dict[int, bool] | None = None
        self._read_at = clock.now()
        self._turn = anyio.Lock()

    async def state(self, *, fresh: timedelta = FRESH) -> dict[int, bool] | None:
        """Year -> whether a period of it is open. None where that is not known: no administration set, no connector, no
        rows.
        """
        if self._settings.administration is None or not await self._reader.granted("periods"):
            return None
        async with self._turn:
            if self._open is None or self._clock.now() - self._read_at > fresh:
                self._open = await self._read()
                self._read_at = self._clock.now()
            return self._open or None

    async def require(self, day: date, reference: str) -> None:
        """Raise Refused if the day's year is missing or has no open period.

        A single closed period stops no order: AFAS books the invoice at its own date, and says so itself if it minds.
        """
        years = await self.state()
        if years is not None and not years.get(day.year):
            years = await self.state(fresh=AGAIN)
        if years is None or years.get(day.year):
            return
        what = "is closed" if day.year in years else "does not exist"
        raise closed_year(
            f"Order {reference} of {day} cannot be booked: book year {day.year} {what} in administration "
            f"{self._settings.administration}.",
            day.year,
        )

    async def next_missing(self, soon: timedelta) -> int | None:
        """The coming year, if it begins within this time and the administration does not have it yet."""
        today = self._clock.now().astimezone(AMSTERDAM).date()
        years = await self.state()
        coming = today.year + 1
        near = date(coming, 1, 1) - today <= soon
        return coming if years is not None and near and not years.get(coming) else None

    async def _read(self) -> dict[int, bool]:
        years: dict[int, bool] = {}
        for record in await self._reader.all("periods"):
            unit, year = amount(record.get("administration")), amount(record.get("year"))
            if year is not None and (unit is None or unit == self._settings.administration):
                years[int(year)] = years.get(int(year), False) or not flag(record.get("blocked"))
        return years
