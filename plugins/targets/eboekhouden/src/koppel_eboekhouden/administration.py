"""The administration's lists, kept for an hour, and what the settings mean in them."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TypeVar

from koppel.clock import Clock
from koppel.plugin import Misconfigured, Refused
from koppel_eboekhouden import tables
from koppel_eboekhouden.countries import COUNTRIES, names_of
from koppel_eboekhouden.document import Books, CostCentre, Ledger, Template
from koppel_eboekhouden.settings import Settings

One = TypeVar("One", Template, CostCentre)


class Chart:
    """Ledgers by code, and which one to take."""

    def __init__(self, ledgers: list[Ledger], settings: Settings) -> None:
        self._by_code = {ledger.code.strip(): ledger for ledger in ledgers}
        self._settings = settings

    def debtors(self) -> Ledger:
        """The debtors' ledger. Misconfigured if none or several could be meant."""
        code = self._settings.debtor_ledger.strip()
        among = {ledger.code: ledger for ledger in self._by_code.values() if ledger.category == tables.DEBTORS}
        if not code and len(among) == 1:
            return next(iter(among.values()))
        found = among.get(code or tables.DEBTOR_LEDGER)
        if found is None:
            raise Misconfigured(
                "eboekhouden.debtors",
                f"Debtors' ledger {code or '(none chosen)'} is none of e-Boekhouden.nl's of the category DEB.",
                f"Set debtor_ledger to one of: {', '.join(sorted(among)) or 'there is none'}.",
            )
        return found

    def revenue(self, code: str) -> Ledger:
        """The ledger of a line; empty = the connection's revenue ledger."""
        wanted = code.strip() or self._settings.revenue_ledger.strip()
        found = self._by_code.get(wanted)
        if found is None:
            raise Refused(
                "eboekhouden.ledger",
                f"Ledger {wanted or '(none chosen)'} is not in this administration of e-Boekhouden.nl.",
                "Choose another ledger in the VAT table or the settings, or make it in e-Boekhouden.nl.",
            )
        if found.category in tables.NO_ROWS:
            raise Refused(
                "eboekhouden.ledger-category",
                f"Ledger {wanted} is of the category {found.category}, which a sale cannot be booked on.",
                "Choose a ledger of profit and loss (VW) or of the balance sheet (BAL).",
            )
        return found

    def foreign_vat(self, country: str, *, local: bool) -> Ledger:
        """The ledger for VAT that is owed to another country: as configured, else the one that is called so."""
        name = f"{country}-local" if local else country
        chosen = self._settings.foreign_vat_ledgers
        code = chosen.get(name, "" if local else chosen.get(tables.ANY_OSS, "")).strip()
        if code:
            return self.revenue(code)
        oss = [] if local else [one for one in self._by_code.values() if _is_oss(one)]
        for named in ([one for one in oss if _names(one, country)], [one for one in oss if not _names_any(one)]):
            if len(named) == 1:
                return named[0]
        raise Refused(
            "eboekhouden.foreign-vat",
            f"There is no ledger for the VAT of {name} in e-Boekhouden.nl, or there are several.",
            f'Make a ledger of the category BAL ("Btw {(*names_of(country), country)[0]} (OSS)") and enter it under '
            f"foreign_vat_ledgers as {name}.",
        )


def _is_oss(ledger: Ledger) -> bool:
    return ledger.category == tables.BALANCE and "oss" in _words(ledger.description.casefold())


def _names(ledger: Ledger, country: str) -> bool:
    """By its name in Dutch or English, or by its code in capitals."""
    text = " ".join(_words(ledger.description.casefold()))
    named = any(f" {name.casefold()} " in f" {text} " for name in names_of(country))
    return named or country in _words(ledger.description)


def _names_any(ledger: Ledger) -> bool:
    return any(_names(ledger, country) for country in COUNTRIES)


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text)


class Administration:
    """Reads lists when they are needed, again after an hour, or when the vendor refuses what they told."""

    def __init__(self, settings: Settings, books: Books, clock: Clock) -> None:
        self._settings = settings
        self._books = books
        self._clock = clock
        self._chart: tuple[datetime, Chart] | None = None
        self._templates: tuple[datetime, list[Template] | None] | None = None
        self._cost_centres: tuple[datetime, list[CostCentre]] | None = None

    def forget(self, older_than: timedelta = timedelta(0)) -> bool:
        """Read lists of this age again at the next need. Whether there were any."""
        before = (self._chart, self._templates, self._cost_centres)
        limit = self._clock.now() - older_than
        self._chart = None if self._chart and self._chart[0] <= limit else self._chart
        self._templates = None if self._templates and self._templates[0] <= limit else self._templates
        self._cost_centres = None if self._cost_centres and self._cost_centres[0] <= limit else self._cost_centres
        return before != (self._chart, self._templates, self._cost_centres)

    async def chart(self) -> Chart:
        """The ledgers."""
        kept = self._chart
        if kept is None or self._old(kept[0]):
            kept = self._chart = (self._clock.now(), Chart(await self._books.ledgers(), self._settings))
        return kept[1]

    async def template(self) -> Template | None:
        """The chosen invoice template; None where no invoices are made. Misconfigured if it is not there."""
        if not self._settings.makes_invoice:
            return None
        kept = self._templates
        if kept is None or self._old(kept[0]):
            kept = self._templates = (self._clock.now(), await self._books.templates())
        wanted = self._settings.template.strip()
        if kept[1] is None:
            return Template(id=0, name=wanted)
        return _pick({str(one.id): one for one in kept[1]}, {one.name: one for one in kept[1]}, wanted, "template")

    async def cost_centre(self) -> CostCentre | None:
        """The chosen cost centre, if any."""
        wanted = self._settings.cost_centre.strip()
        if not wanted:
            return None
        kept = self._cost_centres
        if kept is None or self._old(kept[0]):
            kept = self._cost_centres = (self._clock.now(), await self._books.cost_centres())
        by_name = {one.description: one for one in kept[1]}
        return _pick({str(one.id): one for one in kept[1]}, by_name, wanted, "cost centre")

    def _old(self, read_at: datetime) -> bool:
        return self._clock.now() - read_at > tables.CACHE


def _pick(by_id: Mapping[str, One], by_name: Mapping[str, One], wanted: str, what: str) -> One:
    found = by_name.get(wanted) or by_id.get(wanted)
    if found is None or not found.active:
        known = sorted(name for name, one in by_name.items() if one.active)
        raise Misconfigured(
            f"eboekhouden.{what.replace(' ', '-')}",
            f"The {what} {wanted!r} is not in e-Boekhouden.nl, or is not active.",
            f"Choose one of: {', '.join(known[:20]) or 'there is none yet'}.",
        )
    return found
