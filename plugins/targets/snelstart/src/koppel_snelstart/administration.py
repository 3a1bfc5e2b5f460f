"""What an administration holds besides documents: loaded once, kept for hours, loaded again when something lacks."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Generic, TypeVar

import anyio

from koppel.clock import Clock
from koppel.plugin import Misconfigured, Refused
from koppel_snelstart import api, tables
from koppel_snelstart.api import Api
from koppel_snelstart.chart import Chart
from koppel_snelstart.settings import Settings
from koppel_snelstart.wire import CompanyInfo, Land, Omzetgroep, Sjabloon, VatRates

T = TypeVar("T")


class Kept(Generic[T]):
    """A value that is loaded when it is first needed and again when it is too old; one loader at a time."""

    def __init__(self, clock: Clock, load: Callable[[], Awaitable[T]]) -> None:
        self._clock = clock
        self._load = load
        self._lock = anyio.Lock()
        self._value: T | None = None
        self._at = 0.0

    def known(self, max_age: timedelta) -> T | None:
        """The value, if it was loaded already and is at most so old."""
        return self._value if self._clock.monotonic() - self._at <= max_age.total_seconds() else None

    async def get(self, max_age: timedelta = tables.REFERENCE_AGE) -> T:
        """The value, at most so old."""
        async with self._lock:
            if self._value is None or self._clock.monotonic() - self._at > max_age.total_seconds():
                self._value = await self._load()
                self._at = self._clock.monotonic()
            return self._value

    def forget(self) -> None:
        """Load again at the next need."""
        self._value = None


class Administration:
    """One administration. Every method first makes sure that the coupling key leads to the right one."""

    def __init__(self, settings: Settings, api_: Api, clock: Clock) -> None:
        self._settings = settings
        self._api = api_
        self._identifier = settings.administration_id.strip().lower()
        self._company = Kept(clock, self._load_company)
        self._chart = Kept(clock, self._load_chart)
        self._countries = Kept(clock, lambda: api_.rows(api.COUNTRIES))
        self._groups = Kept(clock, lambda: api_.rows(api.ARTICLE_GROUPS))
        self._templates = Kept(clock, lambda: api_.rows(api.TEMPLATES))

    async def company(self) -> CompanyInfo:
        """Its settings. Misconfigured if it is not the administration that it should be."""
        return await self._company.get()

    @property
    def known_company(self) -> CompanyInfo | None:
        """Its settings, if they were loaded already."""
        return self._company.known(tables.REFERENCE_AGE)

    @property
    def known_chart(self) -> Chart | None:
        """Its ledgers, if they were just loaded: somebody may mend a ledger after a refusal."""
        return self._chart.known(tables.REFERENCE_AGE_ON_MISS)

    async def chart(self, max_age: timedelta = tables.REFERENCE_AGE) -> Chart:
        """Ledgers, countries and rates."""
        await self.company()
        return await self._chart.get(max_age)

    async def countries(self) -> Sequence[Land]:
        """All countries."""
        await self.company()
        return await self._countries.get()

    async def article_groups(self) -> Sequence[Omzetgroep]:
        """The revenue groups of articles."""
        await self.company()
        return await self._groups.get()

    async def template(self) -> Sjabloon | None:
        """The template for sales orders that the settings name; None = SnelStart's default."""
        wanted = self._settings.template.strip().casefold()
        if not wanted:
            return None
        for max_age in (tables.REFERENCE_AGE, tables.REFERENCE_AGE_ON_MISS):
            for each in await self._templates.get(max_age):
                if not each.nonactief and wanted in (each.id.casefold(), (each.omschrijving or "").strip().casefold()):
                    return each
        raise Misconfigured(
            "snelstart.template",
            f"SnelStart has no active sales order template '{self._settings.template}'.",
            "Set template to the name of a verkoopordersjabloon that exists.",
        )

    def forget(self) -> None:
        """Load everything again at the next need: the vendor says that something of it is not so."""
        for kept in (self._company, self._chart, self._countries, self._groups, self._templates):
            kept.forget()

    async def _load_company(self) -> CompanyInfo:
        company = await self._api.company()
        identifier = (company.administratie_identifier or "").lower()
        if self._identifier and identifier != self._identifier:
            raise Misconfigured(
                "snelstart.other-administration",
                f"The coupling key leads to administration {identifier or 'without id'}, not to {self._identifier}.",
                "Set client_key to the key of the right administration, or correct administration_id.",
            )
        self._identifier = identifier
        return company

    async def _load_chart(self) -> Chart:
        ledgers = await self._api.rows(api.LEDGERS)
        needs_centre = any(each.kostenplaats_verplicht for each in ledgers)
        return Chart(
            company=await self._company.get(),
            ledgers=ledgers,
            countries=await self._countries.get(),
            rates=await self._rates(),
            cost_centres=await self._api.rows(api.COST_CENTRES) if needs_centre else (),
            settings=self._settings,
        )

    async def _rates(self) -> Sequence[VatRates]:
        """The rates of other countries; only a help, so an administration without them is fine."""
        try:
            return await self._api.vat_rates()
        except (Refused, Misconfigured):
            return ()
