"""`koppel check` for Exact Online: sign-in, division, rights, settings, VAT codes, book year, limits."""

from collections.abc import AsyncIterator, Sequence
from datetime import date

from koppel.clock import AMSTERDAM, Clock
from koppel.plugin import Finding, KoppelError
from koppel_exact import tables, wire
from koppel_exact.api import ExactApi
from koppel_exact.documents import DOCUMENTS
from koppel_exact.received import Coded, Division, Me, Period
from koppel_exact.registers import Registers
from koppel_exact.settings import ExactSettings
from koppel_exact.wire import read_day


async def findings(api: ExactApi, registers: Registers, settings: ExactSettings, clock: Clock) -> Sequence[Finding]:
    """All findings. Without sign-in or division nothing else is asked: each refused call counts as an error [4]."""
    checks = _Checks(api, registers, settings, clock.now().astimezone(AMSTERDAM).date())
    first = [finding async for finding in checks.administration()]
    if any(finding.level == "error" for finding in first):
        return first
    rest: list[Finding] = []
    for part in (checks.rights, checks.codes, checks.vat_codes, checks.book_year):
        try:
            rest += [finding async for finding in part()]
        except KoppelError as error:
            level = "warning" if part == checks.rights else "error"  # not being told is no lack of rights
            rest.append(_finding(level, part.__name__.replace("_", " "), error))
    return first + rest


def _finding(level: str, subject: str, error: KoppelError) -> Finding:
    return Finding(level=level, subject=subject, message=error.message, suggestion=error.suggestion)


class _Checks:
    def __init__(self, api: ExactApi, registers: Registers, settings: ExactSettings, today: date) -> None:
        self._api = api
        self._registers = registers
        self._settings = settings
        self._today = today

    async def administration(self) -> AsyncIterator[Finding]:
        """Sign-in, then the division: granted, active, not being converted. And what is left of today's calls."""
        try:
            reply = await self._api.read("current/Me", _select("CurrentDivision,LanguageCode"), division=False)
            me = wire.entity(reply, Me)
        except KoppelError as error:
            yield _finding("error", "sign-in", error)
            return
        yield Finding(level="ok", subject="sign-in", message=f"Signed in; the user's language is {me.language or '?'}.")
        query = [("$filter", f"Code eq {self._settings.division}"), *_select(DIVISION)]
        try:
            reply = await self._api.read("system/Divisions", query)
        except KoppelError as error:
            # without that scope everything else may still work
            yield _finding("warning" if error.code == "exact.scope" else "error", "administration", error)
            return
        found, _ = wire.rows(reply, Division)
        for finding in self._division(next((one for one in found if one.code == self._settings.division), None)):
            yield finding
        if remaining := reply.headers.get("x-ratelimit-remaining"):
            of = reply.headers.get("x-ratelimit-limit", "?")
            yield Finding(level="ok", subject="limits", message=f"{remaining} of {of} calls are left today.")

    def _division(self, division: Division | None) -> Sequence[Finding]:
        number, subject = self._settings.division, "administration"
        if division is None:
            message = f"Division {number} is not among those that the user granted."
            suggestion = "Check the number, and give consent as a user who may see this administration."
            return [Finding(level="error", subject=subject, message=message, suggestion=suggestion)]
        if division.status not in (None, tables.DIVISION_ACTIVE):
            message = f"Division {number} is inactive or archived."
            return [Finding(level="error", subject=subject, message=message, suggestion="Activate it in Exact Online.")]
        name = (division.description or str(number)).strip()
        found = [Finding(level="ok", subject=subject, message=f"Division {number}: {name}.")]
        if division.blocking:
            message = f"Exact Online is busy copying or converting division {number}."
            found.append(
                Finding(level="warning", subject=subject, message=message, suggestion="Wait until it is done.")
            )
        return found

    async def rights(self) -> AsyncIterator[Finding]:
        """Without the right to read, Exact shows empty lists instead of an error: the only way is to ask [3.5]."""
        document = DOCUMENTS[self._settings.document].resource
        wanted = [("crm/Accounts", "GET"), ("crm/Accounts", "POST"), ("crm/Contacts", "POST"), (document, "GET")]
        wanted += [(document, "POST")]
        if self._settings.document != "sales_entry":
            wanted += [("crm/Addresses", "POST"), ("logistics/Items", "GET"), ("logistics/Items", "POST")]
        lacking: list[str] = []
        for endpoint, action in wanted:
            query = [("endpoint", f"'{endpoint}'"), ("action", f"'{action}'")]
            reply = await self._api.read("users/UserHasRights", query)
            if "false" in reply.text.lower():
                lacking.append(f"{action} {endpoint}")
        if lacking:
            yield Finding(
                level="error",
                subject="rights",
                message=f"The user that gave consent may not: {', '.join(lacking)}.",
                suggestion="Give the user these rights in Exact Online; check the licence's modules.",
            )
        else:
            yield Finding(level="ok", subject="rights", message="The user may read and write all that is needed.")

    async def codes(self) -> AsyncIterator[Finding]:
        """The configured journal, payment condition, warehouse and item group exist."""
        settings = self._settings
        if settings.document != "sales_order":
            journals = await self._registers.choices("journals")
            yield self._exists("journal", settings.journal, [choice.code for choice in journals])
        wanted: Sequence[tuple[str, str, str]] = (
            ("payment condition", settings.payment_condition, "payment_conditions"),
            ("warehouse", settings.warehouse if settings.document == "sales_order" else "", "warehouses"),
            ("item group", settings.item_group if settings.document != "sales_entry" else "", "item_groups"),
        )
        for subject, code, kind in wanted:
            if code:
                yield self._exists(subject, code, [choice.code for choice in await self._registers.choices(kind)])
        if settings.currencies - {"EUR"}:
            known = await self._api.rows("general/Currencies", Coded, "Code,Description")
            for currency in sorted(settings.currencies):
                yield self._exists("currency", currency, [row.code.strip() for row in known])

    def _exists(self, subject: str, code: str, known: Sequence[str]) -> Finding:
        if code in known:
            return Finding(level="ok", subject=subject, message=f"{subject.capitalize()} {code} exists.")
        return Finding(
            level="error",
            subject=subject,
            message=f"The administration has no {subject} {code}.",
            suggestion=f"Choose one of: {', '.join(known[:20]) or 'none is there yet'}.",
        )

    async def vat_codes(self) -> AsyncIterator[Finding]:
        """VAT codes of the type that the document needs [7.9]; and a ledger for sales entries."""
        entry = self._settings.document == "sales_entry"
        wanted = tables.VAT_EXCLUDING if entry else tables.VAT_INCLUDING
        word = "excluding" if entry else "including"
        fitting = [
            code.code
            for code in await self._registers.list_vat_codes()
            if code.type == wanted and not code.blocked and (code.transaction_type or "S").strip() in tables.VAT_SALES
        ]
        if fitting:
            message = f"VAT codes of the type {word}, which this connection needs: {', '.join(fitting)}."
            yield Finding(level="ok", subject="VAT codes", message=message)
        else:
            yield Finding(
                level="error",
                subject="VAT codes",
                message=f"The administration has no VAT code of the type {word}, which this connection needs.",
                suggestion=f"Make VAT codes of the type {word} in Exact Online and choose them in the VAT table.",
            )
        if entry and not await self._registers.choices("ledgers"):
            yield Finding(
                level="error",
                subject="ledgers",
                message="The administration shows no ledgers.",
                suggestion="Check the user's rights to the general ledger.",
            )

    async def book_year(self) -> AsyncIterator[Finding]:
        """The book year of today exists, and the next one well before it starts (O12). Closed periods are not told."""
        years = range(self._today.year - 1, self._today.year + 2)
        condition = " or ".join(f"FinYear eq {year}" for year in years)
        periods = await self._api.rows(
            "financial/FinancialPeriods", Period, "FinYear,FinPeriod,StartDate,EndDate", condition
        )
        soon = self._today + tables.YEAR_AHEAD
        if not _covered(periods, self._today):
            yield Finding(
                level="error",
                subject="book year",
                message=f"There is no book year for today in Exact Online ({self._today.year}).",
                suggestion=f"Make book year {self._today.year} in Exact Online.",
            )
        elif not _covered(periods, soon):
            yield Finding(
                level="warning",
                subject="book year",
                message=f"Book year {soon.year} does not exist yet; from its first day documents would be refused.",
                suggestion=f"Make book year {soon.year} in Exact Online before it starts.",
            )
        else:
            yield Finding(level="ok", subject="book year", message=f"There is a book year until {soon} at least.")


DIVISION = "Code,Description,Status,BlockingStatus,Currency"


def _select(fields: str) -> list[tuple[str, str]]:
    return [("$select", fields)]


def _covered(periods: Sequence[Period], day: date) -> bool:
    for period in periods:
        start, end = read_day(period.start), read_day(period.end)
        if start and end and start <= day <= end:
            return True
    return False
