"""`koppel check`: sign-in, ledgers, template, cost centre. Book years cannot be asked: no API tells them."""

from collections.abc import Awaitable, Callable, Sequence

from koppel.plugin import Finding, KoppelError
from koppel_eboekhouden.administration import Administration
from koppel_eboekhouden.document import Books
from koppel_eboekhouden.settings import Settings


class Check:
    """All findings. Without sign-in nothing else is asked."""

    def __init__(self, settings: Settings, books: Books, administration: Administration) -> None:
        self._settings = settings
        self._books = books
        self._administration = administration

    async def run(self) -> Sequence[Finding]:
        """See Target.check."""
        self._administration.forget()
        first = await _tried("sign-in", self._books.check_sign_in)
        if first.level == "error":
            return [first]
        found = [first]
        steps: list[tuple[str, Callable[[], Awaitable[str]]]] = [
            ("debtors' ledger", self._debtors),
            ("revenue ledger", self._revenue),
            ("ledgers for foreign VAT", self._foreign_vat),
        ]
        if self._settings.makes_invoice:
            steps.append(("invoice template", self._template))
        if self._settings.cost_centre:
            steps.append(("cost centre", self._cost_centre))
        found += [await _tried(subject, step) for subject, step in steps]
        found.append(
            Finding(
                level="ok",
                subject="book year",
                message="e-Boekhouden.nl does not tell which periods are closed; an order in one is refused by itself.",
            )
        )
        return found

    async def _debtors(self) -> str:
        ledger = (await self._administration.chart()).debtors()
        return f"Sales are open items on {ledger.code} {ledger.description}."

    async def _revenue(self) -> str:
        ledger = (await self._administration.chart()).revenue("")
        return f"Rows without a ledger go to {ledger.code} {ledger.description}."

    async def _foreign_vat(self) -> str:
        chart = await self._administration.chart()
        codes = sorted({chart.revenue(code).code for code in self._settings.foreign_vat_ledgers.values() if code})
        return f"Configured: {', '.join(codes)}." if codes else "None is configured; they are found by their names."

    async def _template(self) -> str:
        template = await self._administration.template()
        return f"Invoices use the template {template.name}." if template else ""

    async def _cost_centre(self) -> str:
        centre = await self._administration.cost_centre()
        return f"Rows get the cost centre {centre.description}." if centre else ""


async def _tried(subject: str, step: Callable[[], Awaitable[str]]) -> Finding:
    try:
        return Finding(level="ok", subject=subject, message=await step())
    except KoppelError as error:
        return Finding(level="error", subject=subject, message=error.message, suggestion=error.suggestion)
