"""The ECB's euro reference rates: fetched, cached, or imported from the ECB's own files (O15).

Units of a currency for one euro, published on TARGET days about 16:00 CET. On other days the last earlier rate counts
[bookkeeping.md 12]; but which day has none is only known once its hour of publication is over.
"""

from bisect import bisect_right
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Protocol

from koppel.clock import AMSTERDAM, Clock
from koppel.errors import KoppelError, Misconfigured, RetryLater
from koppel.vendor.contract import Dialect, Reply, Vendor, VendorClient
from koppel.vendor.ecb_files import LARGEST_FILE, DayRate, read_rates

BASE_URL = "https://www.ecb.europa.eu/stats/eurofxref"
RECENT, ALL = "/eurofxref-hist-90d.xml", "/eurofxref-hist.zip"
RECENT_DAYS = timedelta(days=85)
"""The 90-day file is asked for days younger than this; older days need the whole history."""
LONGEST_GAP = timedelta(days=7)
"""Over Easter and New Year no rate is published for up to five days; a longer gap is a missing file."""
PUBLISHED = time(16, 30, tzinfo=AMSTERDAM)
ASK_AGAIN = timedelta(minutes=30)


class RateCache(Protocol):
    """Where rates are kept."""

    async def rates(self, currency: str) -> Iterable[DayRate]:
        """All known rates of a currency."""
        ...

    async def keep(self, rates: Iterable[DayRate]) -> None:
        """Add rates; the same day and currency again replaces."""
        ...


class MemoryRateCache:
    """Keeps rates as long as the process lives."""

    def __init__(self) -> None:
        self._rates: dict[str, dict[date, DayRate]] = {}

    async def rates(self, currency: str) -> Iterable[DayRate]:
        """See :class:`RateCache`."""
        return self._rates.get(currency, {}).values()

    async def keep(self, rates: Iterable[DayRate]) -> None:
        """See :class:`RateCache`."""
        for rate in rates:
            self._rates.setdefault(rate.currency, {})[rate.day] = rate


class Ecb:
    """Finds reference rates: in the cache, else at the ECB (each of its files at most twice an hour)."""

    def __init__(self, vendor: Vendor, cache: RateCache, *, base_url: str = BASE_URL) -> None:
        self._clock: Clock = vendor.clock
        self._cache = cache
        self._asked: dict[str, datetime] = {}
        self._read: datetime | None = None
        self._client: VendorClient = vendor.client(
            vendor="ecb", base_url=base_url, dialect=Dialect(error=_error), max_body=LARGEST_FILE
        )

    async def to_eur(self, currency: str, day: date) -> Decimal:
        """Units of the currency for one euro on a day, else of the last publication before it.

        Raises RetryLater ``ecb.no-rate``: not published yet, not reachable, or no currency that the ECB quotes.
        """
        found = await self._final(currency, day)
        if found is None:
            await self._fetch(day)
            found = await self._final(currency, day)
        if found is None:
            raise RetryLater(
                "ecb.no-rate",
                f"There is no ECB reference rate of {currency} for {day} yet.",
                "It is asked again; or import one of the ECB's files, or book in euros.",
                not_before=max(_published(day), self._clock.now() + ASK_AGAIN),
            )
        return found.rate

    async def import_file(self, content: bytes) -> int:
        """Take over one of the ECB's files (XML, CSV, zipped CSV). Returns how many rates; Misconfigured if none."""
        try:
            rates = list(read_rates(content))
        except ValueError as error:
            raise Misconfigured("ecb.file", f"This is no file of ECB rates: {error}.") from error
        if not rates:
            raise Misconfigured("ecb.file", "This file holds no ECB rates.")
        await self._cache.keep(rates)
        return len(rates)

    async def _final(self, currency: str, day: date) -> DayRate | None:
        """The rate that holds on a day, once it is certain that no later publication can replace it."""
        rates = sorted(await self._cache.rates(currency), key=lambda rate: rate.day)
        index = bisect_right(rates, day, key=lambda rate: rate.day)
        found = rates[index - 1] if index else None
        if found is None or day - found.day > LONGEST_GAP:
            return None
        newer_known = index < len(rates) or (self._read is not None and self._read >= _published(day))
        return found if newer_known or found.day == _weekday(day) else None

    async def _fetch(self, day: date) -> None:
        """Fill the cache, unless the ECB was asked just now."""
        now = self._clock.now()
        path = RECENT if now.date() - day < RECENT_DAYS else ALL
        if path in self._asked and now - self._asked[path] < ASK_AGAIN:
            return
        self._asked[path] = now
        try:
            reply = await self._client.read("rates", path)
            await self._cache.keep(list(read_rates(reply.content)))
        except (RetryLater, ValueError):
            return  # what is known for certain still counts; if nothing is, the caller says so
        self._read = now


def _weekday(day: date) -> date:
    """The day itself, or the Friday before a weekend."""
    return day - timedelta(days=max(0, day.weekday() - 4))


def _published(day: date) -> datetime:
    """When the rate that holds on a day is surely out, if there is to be one."""
    return datetime.combine(_weekday(day), PUBLISHED)


def _error(operation: str, is_write: bool, reply: Reply) -> KoppelError:
    del operation, is_write
    return RetryLater("ecb.unavailable", f"The ECB answered with status {reply.status}.", "It is asked again.")
