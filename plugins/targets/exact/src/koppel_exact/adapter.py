"""One administration in Exact Online as koppel's target."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date
from urllib.parse import urlsplit

from koppel.booking.draft import Draft, DraftCustomer, DraftLine
from koppel.clock import AMSTERDAM
from koppel.model import round_money
from koppel.plugin import (
    Booked,
    Choice,
    CustomerGone,
    Finding,
    KoppelError,
    Misconfigured,
    OutcomeUnknown,
    Refused,
    RetryLater,
    TargetTraits,
)
from koppel.vendor import Vendor
from koppel_exact import checks, dialect, mapper, odata, parties, relations, tables, vat
from koppel_exact.api import ExactApi
from koppel_exact.codes import CodeBook, item_code
from koppel_exact.documents import DOCUMENTS
from koppel_exact.received import Account, Created, Header, Item
from koppel_exact.registers import Registers
from koppel_exact.settings import ExactSettings
from koppel_exact.wire import read_day, same_id


class ExactTarget:
    """Books orders, makes relations and articles, offers choices. See :mod:`koppel.plugin.target` for each method."""

    def __init__(self, settings: ExactSettings, vendor: Vendor) -> None:
        if settings.document != "sales_order" and not settings.journal:
            raise Misconfigured(
                "exact.journal",
                "Sales invoices and sales entries need a sales journal.",
                "Fill in the code of the sales journal in the connection's settings.",
            )
        self._settings = settings
        self._clock = vendor.clock
        self._api = ExactApi(settings, vendor)
        self._registers = Registers(self._api, vendor.clock)
        self._codes = CodeBook(settings.article_codes)
        self._document = DOCUMENTS[settings.document]

    @property
    def traits(self) -> TargetTraits:
        """Exact serialises nothing and refuses no doubles: one write at a time, and a look-up may be late [2, 8]."""
        return TargetTraits(
            parallel=1,
            recheck_after=tables.RECHECK_AFTER,
            needs_articles=self._settings.document != "sales_entry",
            currencies=self._settings.currencies,
            batch=tables.BATCH,
        )

    async def administration(self) -> str:
        """Host and division: numbers are given out per country."""
        return f"{urlsplit(self._settings.endpoint).netloc}/{self._settings.division}"

    async def check(self) -> Sequence[Finding]:
        """See :mod:`koppel_exact.checks`."""
        return await checks.findings(self._api, self._registers, self._settings, self._clock)

    async def choices(self, kind: str) -> Sequence[Choice]:
        """Ledgers, VAT codes, journals, payment conditions, warehouses, item groups."""
        return await self._registers.choices(kind)

    # --- orders ---

    def refuses(self, draft: Draft) -> None:
        """Length of the reference, currency, VAT code, ledger or article code of each line."""
        mapper.refuse(draft, self._settings)
        if self._settings.document != "sales_entry":
            for line in draft.lines:
                self._codes.code(line.code or "")

    async def find_bookings(self, references: Sequence[str]) -> Mapping[str, Booked]:
        """By `YourRef`, which Exact neither trims nor keeps unique: compared again here, the first one counts."""
        wanted = {reference.strip(): reference for reference in references}
        terms = [odata.equals("YourRef", reference) for reference in wanted]
        headers = await self._api.matching(self._document.resource, Header, self._document.select, terms)
        found: dict[str, Booked] = {}
        for header in sorted(headers, key=self._document.number):
            if not header.id:  # "not found" would be taken for "not booked"
                raise RetryLater("exact.unreadable", "Exact Online's list of documents has one without id.")
            reference = wanted.get((header.reference or "").strip())
            if reference is not None:
                found.setdefault(reference, self._as_booked(reference, header))
        return found

    async def book(self, draft: Draft, customer: str, articles: Mapping[str, str]) -> Booked:
        """One POST of the document. Before it, reads and at most one delivery address, which Exact never doubles."""
        self.refuses(draft)
        found = await self._refers_to(draft, customer, articles)
        body = self._document.build(draft, self._settings, found)
        try:
            header = await self._api.create(self._document.resource, body, Header)
        except (Refused, Misconfigured) as error:
            raise await self._explained(error, draft, customer) from error
        if not header.id:
            raise OutcomeUnknown("exact.unreadable", "Exact Online's answer to a new document has no id.")
        booked = self._as_booked(draft.reference, header)
        return booked if booked.total == draft.total else await self._read_back(draft, booked)

    async def _refers_to(self, draft: Draft, customer: str, articles: Mapping[str, str]) -> mapper.Found:
        vat_codes = await self._registers.vat_codes(line.vat_code for line in draft.lines)
        for line in draft.lines:
            vat.check(line, vat_codes[line.vat_code], self._settings.document)
        if self._settings.document == "sales_entry":
            ledgers = await self._registers.ledgers(line.ledger for line in draft.lines)
            return mapper.Found(customer=customer, vat_codes=vat_codes, ledgers=ledgers)
        found = mapper.Found(
            customer=customer,
            items=[self._article(line, articles) for line in draft.lines],
            vat_codes=vat_codes,
            ledgers=await self._invoice_ledgers(draft),
            warehouse=await self._order_warehouse(),
        )
        self._document.build(draft, self._settings, found)  # refuses what cannot be exact, before anything is written
        return found if draft.delivery is None else await self._delivered(draft, customer, found)

    async def _invoice_ledgers(self, draft: Draft) -> Mapping[str, str]:
        if self._settings.document != "sales_invoice":
            return {}
        return await self._registers.ledgers(line.ledger for line in draft.lines)

    async def _order_warehouse(self) -> str | None:
        if self._settings.document != "sales_order":
            return None
        return await self._registers.warehouse(self._settings.warehouse)

    def _article(self, line: DraftLine, articles: Mapping[str, str]) -> str:
        code = self._codes.own_code(line.code or "")
        found = articles.get(code) or articles.get(line.code or "")
        if found is None:
            raise Refused(
                "exact.article-missing",
                f"The article {code} is not in Exact Online.",
                "Process the order again; koppel then makes the article.",
            )
        return found

    async def _delivered(self, draft: Draft, customer: str, found: mapper.Found) -> mapper.Found:
        """With the delivery address, which Exact finds again if it has it. Whatever happens, nothing was booked."""
        if draft.delivery is None:
            return found
        body = parties.delivery(draft.delivery, draft.customer, customer)
        try:
            address = await self._api.create("crm/Addresses", body, Created)
        except OutcomeUnknown as error:
            raise RetryLater(error.code, f"The delivery address may not have been kept: {error.message}") from error
        except (Refused, Misconfigured) as error:
            raise await self._explained(error, draft, customer) from error
        return mapper.with_delivery(found, address.id)

    async def _explained(self, error: KoppelError, draft: Draft, customer: str) -> KoppelError:
        """A refusal with what only the draft tells (the year), and the debtor looked at: texts differ by language, and
        a relation that is no customer may also show as 403 [10.13].
        """
        day = draft.document_date
        if error.code in (dialect.PERIOD_CLOSED, dialect.YEAR_MISSING):
            what = "closed" if error.code == dialect.PERIOD_CLOSED else "missing"
            return Refused(
                error.code,
                f"Order {draft.number} of {day}: book year {day.year}, period {day.month}, is {what} in Exact Online.",
                f"Open book year {day.year} (period {day.month}) in Exact Online, then process the order again.",
            )
        if error.code in (dialect.REFERENCE_REFUSED, dialect.VALIDATION, dialect.NOT_FOUND, dialect.FORBIDDEN):
            with suppress(KoppelError):
                if not await self._is_there(customer):
                    return CustomerGone(
                        "exact.customer-gone",
                        f"The debtor of order {draft.number} was deleted in Exact Online, or is no customer any more.",
                        "Restore it, or let koppel make it again.",
                    )
        return error

    async def _is_there(self, customer: str) -> bool:
        condition = f"ID eq {odata.guid(customer)}"
        found = await self._api.rows("crm/Accounts", Account, relations.SELECT, condition)
        return any(same_id(account.id, customer) and relations.is_usable(account, self._today()) for account in found)

    async def _read_back(self, draft: Draft, booked: Booked) -> Booked:
        """The document as it stands. It is written, whatever happens here: no error may say otherwise."""
        with suppress(KoppelError):
            condition = f"{self._document.key} eq {odata.guid(booked.id)}"
            for header in await self._api.rows(self._document.resource, Header, self._document.select, condition):
                if same_id(header.id, booked.id) and header.amount is not None:
                    booked = self._as_booked(draft.reference, header)
        return booked

    def _as_booked(self, reference: str, header: Header) -> Booked:
        number = self._document.number(header)
        total = header.amount
        return Booked(
            reference=reference,
            id=header.id or "",
            number=str(number) if number else None,
            total=round_money(total, header.currency or "EUR") if total is not None else None,
            date=read_day(header.order_date or header.entry_date),
        )

    # --- customers ---

    async def find_customers(self, customers: Sequence[DraftCustomer]) -> Mapping[str, str]:
        """By e-mail, VAT number, code or name; see :mod:`koppel_exact.relations`."""
        terms = [term for customer in customers for term in relations.terms(customer)]
        accounts = await self._api.matching("crm/Accounts", Account, relations.SELECT, terms)
        found: dict[str, str] = {}
        for customer in customers:
            account = relations.chosen(accounts, customer, self._today())
            if account is not None:
                found[customer.identity] = account.id
        return found

    async def create_customer(self, customer: DraftCustomer) -> str:
        """The relation, and its contact person (C2). Without the contact the relation is still good: it stays."""
        account = await self._api.create("crm/Accounts", parties.account(customer, self._settings), Created)
        person = parties.contact(customer, account.id)
        if person is not None:
            with suppress(RetryLater, OutcomeUnknown, Refused):
                await self._api.create("crm/Contacts", person, Created)
        return account.id

    def _today(self) -> date:
        return self._clock.now().astimezone(AMSTERDAM).date()

    # --- articles ---

    async def find_articles(self, codes: Sequence[str]) -> Mapping[str, str]:
        """By code. An item that koppel made for another shop code of the same letters is not the one."""
        wanted = {item_code(code, self._settings.article_codes).casefold(): code for code in codes}
        terms = [odata.equals("Code", item_code(code, self._settings.article_codes)) for code in codes]
        found: dict[str, str] = {}
        for item in await self._api.matching("logistics/Items", Item, "ID,Code,SearchCode", terms):
            code = wanted.get((item.code or "").strip().casefold())
            if code is not None and self._codes.matches((item.code or "").strip(), item.search_code):
                found[code] = item.id
        return found

    async def create_article(self, line: DraftLine) -> str:
        """The article, active from long ago, so that orders of the past can be booked on it."""
        group = await self._registers.item_group(self._settings.item_group)
        code = self._codes.own_code(line.code or "")
        search_code = self._codes.search_code(line.code or "")
        body = mapper.item(line, code, self._settings, search_code=search_code, group=group)
        return (await self._api.create("logistics/Items", body, Created)).id

    def article_code(self, line: DraftLine) -> str:
        """At most 30 letters and digits of the shop's code; see :mod:`koppel_exact.codes`."""
        return self._codes.code(line.code or "")
