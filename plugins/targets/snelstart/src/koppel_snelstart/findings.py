"""What ``koppel check`` says about an administration."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime

from koppel.clock import AMSTERDAM, Clock
from koppel.plugin import Finding, KoppelError, Misconfigured
from koppel_snelstart import api, artikel, tables
from koppel_snelstart.administration import Administration
from koppel_snelstart.api import Api
from koppel_snelstart.chart import Chart
from koppel_snelstart.settings import Settings
from koppel_snelstart.vat import FUNCTION_OF_KIND, Kind
from koppel_snelstart.wire import CompanyInfo

KEY_WARNING_DAYS = 14


class Check:
    """One round of checks. Faults of sign-in end it; everything else becomes a finding."""

    def __init__(self, settings: Settings, api_: Api, administration: Administration, clock: Clock) -> None:
        self._settings = settings
        self._api = api_
        self._administration = administration
        self._today = clock.now().astimezone(AMSTERDAM)

    async def run(self) -> Sequence[Finding]:
        """All findings, the administration first."""
        self._administration.forget()
        found = [*_key_age(self._settings, self._today)]
        try:
            company = await self._administration.company()
        except KoppelError as error:
            return [*found, _problem("administration", error)]
        identifier = company.administratie_identifier or "unknown"
        found.append(
            Finding(level="ok", subject="administration", message=f"{company.administratie_naam} ({identifier})")
        )
        if not self._settings.administration_id:
            found.append(
                Finding(
                    level="warning",
                    subject="administration",
                    message="Any administration is accepted.",
                    suggestion=f"Set administration_id to {identifier}: then a wrong coupling key books nothing.",
                )
            )
        found += _scopes(self._settings, self._api)
        found += _book_year(company, self._today)
        found += [finding async for finding in self._lists()]
        return found

    async def _lists(self) -> AsyncIterator[Finding]:
        for subject, look in self._looks():
            try:
                for finding in await look():
                    yield finding
            except KoppelError as error:
                yield _problem(subject, error)

    def _looks(self) -> Sequence[tuple[str, Callable[[], Awaitable[Sequence[Finding]]]]]:
        both = [("ledgers", self._ledgers), ("documents", self._documents), ("relations", self._relations)]
        if self._settings.mode == "order":
            return [*both, ("articles", self._articles), ("template", self._template)]
        return both

    async def _ledgers(self) -> Sequence[Finding]:
        chart = await self._administration.chart()
        return [*_revenue_ledgers(chart), *_oss(chart, self._today)]

    async def _relations(self) -> Sequence[Finding]:
        await self._api.rows(api.RELATIONS, "Relatiecode eq 1")
        return [Finding(level="ok", subject="relations", message="Relations can be read.")]

    async def _documents(self) -> Sequence[Finding]:
        if self._settings.mode == "booking":
            await self._api.rows(api.INVOICES, enough=lambda _rows: True)
        else:
            await self._api.rows(api.ORDERS, enough=lambda _rows: True)
        return [Finding(level="ok", subject="documents", message="What is booked can be looked up.")]

    async def _template(self) -> Sequence[Finding]:
        template = await self._administration.template()
        if template is None:
            return [Finding(level="ok", subject="template", message="SnelStart's default template is used.")]
        found = [Finding(level="ok", subject="template", message=f"{template.omschrijving}")]
        if template.prijs_ingave_exclusief_btw is not None and template.prijs_ingave_exclusief_btw != (
            self._settings.vat_entry == "exclusive"
        ):
            found.append(
                Finding(
                    level="warning",
                    subject="template",
                    message="The template enters prices the other way than vat_entry says (incl. against excl. VAT).",
                    suggestion="Make both the same, so that a person sees the prices that were sent.",
                )
            )
        return found

    async def _articles(self) -> Sequence[Finding]:
        company = await self._administration.company()
        found = [_code_rules(company)]
        groups = await self._administration.article_groups()
        for kind in Kind:
            same = [each for each in groups if each.verkoop_nederland_btw_soort == kind.value]
            if not same and kind.value not in self._settings.article_groups:
                continue
            try:
                group = artikel.revenue_group(kind, groups, self._settings)
            except Misconfigured as error:
                found.append(_problem("articles", error))
                continue
            sure = len(same) == 1 or kind.value in self._settings.article_groups
            found.append(
                Finding(
                    level="ok" if sure else "warning",
                    subject="articles",
                    message=f"New articles of kind {kind} get group {group.nummer} {group.omschrijving}.",
                    suggestion="" if sure else f"There are {len(same)} such groups: choose one in article_groups.",
                )
            )
        return found


def _problem(subject: str, error: KoppelError) -> Finding:
    return Finding(level="error", subject=subject, message=error.message, suggestion=error.suggestion)


def _key_age(settings: Settings, now: datetime) -> list[Finding]:
    if settings.product != "ontwikkeling-en-test":
        return []
    subject = "subscription key"
    if settings.key_created is None:
        return [
            Finding(
                level="warning",
                subject=subject,
                message="A key of Ontwikkeling & Test dies 90 days after it was made; SnelStart does not tell when.",
                suggestion="Set key_created to the day on which it was made: then koppel warns in time.",
            )
        ]
    left = (settings.key_created + tables.TEST_KEY_LIFETIME - now.date()).days
    if left > KEY_WARNING_DAYS:
        return [Finding(level="ok", subject=subject, message=f"The key lives {left} more days.")]
    message = f"The key dies in {left} days." if left > 0 else "The key must have died by now."
    return [
        Finding(
            level="warning" if left > 0 else "error",
            subject=subject,
            message=message,
            suggestion="Make a new key on the developer portal (free), set subscription_key and key_created.",
        )
    ]


def _scopes(settings: Settings, api_: Api) -> list[Finding]:
    needed = tables.BOOKING_SCOPES if settings.mode == "booking" else tables.ORDER_SCOPES
    if api_.scopes is None:
        return [
            Finding(
                level="warning",
                subject="rights",
                message="The token does not tell its rights.",
                suggestion=f"Needed are: {', '.join(needed)}.",
            )
        ]
    missing = [scope for scope in needed if scope not in api_.scopes]
    if not missing:
        return [Finding(level="ok", subject="rights", message=f"The coupling key gives {', '.join(needed)}.")]
    return [
        Finding(
            level="error",
            subject="rights",
            message=f"The coupling key (koppelsleutel) lacks {', '.join(missing)}.",
            suggestion="Make a coupling with these rights in SnelStart Web, Instellingen > Koppelingen; the package "
            "may not include them.",
        )
    ]


def _book_year(company: CompanyInfo, now: datetime) -> list[Finding]:
    """Where the administration stands, and a warning in the last month of a year (O12)."""
    year = company.huidig_boekjaar
    if year is None:
        return []
    first = company.beginmaand_fiscale_boekjaar or 1
    today = now.year if now.month >= first else now.year - 1
    subject = "book year"
    if today > year:
        return [
            Finding(
                level="warning",
                subject=subject,
                message=f"SnelStart is still in book year {year}; orders of today are of {today}.",
                suggestion=f"Open book year {today} in SnelStart if bookings are refused.",
            )
        ]
    if now.month % 12 + 1 == first:
        return [
            Finding(
                level="warning",
                subject=subject,
                message=f"Book year {today} ends this month.",
                suggestion=f"Open book year {today + 1} in SnelStart before its first order comes.",
            )
        ]
    return [Finding(level="ok", subject=subject, message=f"The current book year is {year}.")]


def _revenue_ledgers(chart: Chart) -> list[Finding]:
    found: list[Finding] = []
    for kind, function in FUNCTION_OF_KIND.items():
        ledgers = chart.with_function(function)
        names = ", ".join(each.name for each in ledgers)
        wrong = [each.name for each in ledgers if each.btw_soort and kind.value not in each.btw_soort]
        if len(ledgers) == 1 and not wrong:
            found.append(Finding(level="ok", subject="ledgers", message=f"{kind}: {names}"))
        elif wrong:
            found.append(
                Finding(
                    level="error",
                    subject="ledgers",
                    message=f"{', '.join(wrong)} does not take VAT kind {kind}, against its function.",
                    suggestion="Mend the ledger in SnelStart.",
                )
            )
        elif ledgers or kind is not Kind.OVERIG:
            found.append(
                Finding(
                    level="warning",
                    subject="ledgers",
                    message=f"{kind}: {names or 'no active ledger with this function'}.",
                    suggestion="Fill in the ledger in the rows of the VAT table that use it.",
                )
            )
    return found


def _oss(chart: Chart, now: datetime) -> list[Finding]:
    if not chart.oss_on(now.date()):
        return [Finding(level="ok", subject="OSS", message="Foreign VAT (OSS) is off.")]
    found: list[Finding] = []
    if chart.foreign_vat_ledger is None:
        found.append(
            Finding(
                level="error",
                subject="OSS",
                message="SnelStart names no ledger for foreign VAT.",
                suggestion="Choose the ledger 'buitenlandse btw' in SnelStart.",
            )
        )
    sales = chart.with_function(tables.AFSTANDSVERKOPEN)
    without = [each.name for each in sales if not each.vat_rate_code]
    if without or not sales:
        found.append(
            Finding(
                level="warning",
                subject="OSS",
                message=f"Without a rate code: {', '.join(without)}." if without else "No ledger has function 84.",
                suggestion="Sales to EU consumers need ledgers with function 84 and a rate code (SR, RRL …).",
            )
        )
    return found or [
        Finding(level="ok", subject="OSS", message=f"On; ledgers {', '.join(each.name for each in sales)}.")
    ]


def _code_rules(company: CompanyInfo) -> Finding:
    if artikel.is_numeric(company):
        return Finding(
            level="warning",
            subject="articles",
            message="Article codes are numbers of at most 10 digits in this administration.",
            suggestion="SKUs with letters need 'Soort artikelcode' Alfanumeriek, length 25 (in the desktop program).",
        )
    longest = company.artikelcode_max_lengte
    return Finding(
        level="ok" if longest is None or longest >= 25 else "warning",
        subject="articles",
        message=f"Article codes have at most {longest} characters." if longest else "Article codes are alphanumeric.",
        suggestion="" if longest is None or longest >= 25 else "Raise it to 25 in the SnelStart desktop program.",
    )
