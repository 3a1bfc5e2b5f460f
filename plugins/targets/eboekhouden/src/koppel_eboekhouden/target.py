"""e-Boekhouden.nl as a target: what the core asks, through one of the two APIs."""

from collections.abc import Mapping, Sequence
from contextlib import suppress

from koppel.booking.draft import Draft, DraftCustomer
from koppel.plugin import (
    AlreadyExists,
    Booked,
    Choice,
    CustomerGone,
    Finding,
    KoppelError,
    Misconfigured,
    OutcomeUnknown,
    Refused,
    TargetTraits,
)
from koppel.vendor import Vendor
from koppel_eboekhouden import mapper, offers, parties, tables
from koppel_eboekhouden.administration import Administration
from koppel_eboekhouden.document import Books, Document, Standing
from koppel_eboekhouden.findings import Check
from koppel_eboekhouden.numbers import invoice_number
from koppel_eboekhouden.rest import RestBooks
from koppel_eboekhouden.settings import Settings, check
from koppel_eboekhouden.soap import SoapBooks
from koppel_eboekhouden.texts import PERIOD_CLOSED

_FEW = 3
"""So many references are asked one by one rather than by a scan."""


class EBoekhouden:
    """One administration. Implements BooksOrders, HasCustomers, OffersChoices; nothing booked can be changed [0]."""

    def __init__(self, settings: Settings, vendor: Vendor) -> None:
        check(settings)
        self._settings = settings
        self._clock = vendor.clock
        self._books: Books = SoapBooks(settings, vendor) if settings.api == "soap" else RestBooks(settings, vendor)
        self._administration = Administration(settings, self._books, vendor.clock)

    @property
    def traits(self) -> TargetTraits:
        """Doubled numbers are refused; one write at a time is the advice [4, 8]."""
        soap = self._settings.api == "soap"
        return TargetTraits(
            parallel=1,
            recheck_after=tables.RECHECK_SOAP if soap else tables.RECHECK_REST,
            currencies=frozenset({"EUR"}),
            batch=tables.BATCH,
        )

    async def check(self) -> Sequence[Finding]:
        """See Target."""
        return await Check(self._settings, self._books, self._administration).run()

    async def choices(self, kind: str) -> Sequence[Choice]:
        """See OffersChoices."""
        return await offers.offer(kind, self._books)

    # --- orders ---

    def refuses(self, draft: Draft) -> None:
        """See BooksOrders."""
        mapper.refuse(draft, self._settings)

    async def find_bookings(self, references: Sequence[str]) -> Mapping[str, Booked]:
        """See BooksOrders. An invoice whose mutation is missing is not booked yet, unless only invoices are wanted."""
        numbers: dict[str, str] = {}
        for reference in references:
            with suppress(Refused):  # what has no number here is not here
                numbers[invoice_number(reference, self._settings.number_prefix)] = reference
        wanted = list(numbers)
        if len(wanted) > _FEW and self._settings.makes_mutation:
            known = await self._books.booked_numbers()
            wanted = wanted if known is None else [number for number in wanted if number in known]
        found: dict[str, Booked] = {}
        for number in wanted:
            standing = await self._standing(number)
            if standing is not None:
                found[numbers[number]] = _booked(numbers[number], standing)
        return found

    async def book(self, draft: Draft, customer: str, articles: Mapping[str, str]) -> Booked:
        """See BooksOrders. One create; of "both", the half that is missing."""
        del articles
        try:
            document = await self._document(draft, customer)
            made = await self._create(document)
        except KoppelError as error:
            raise self._explained(error, draft) from error
        return await self._verified(draft, document, made)

    async def _document(self, draft: Draft, customer: str) -> Document:
        """Where something is missing in lists that are not new, it is looked for in new ones."""
        try:
            return await self._made(draft, customer)
        except (Refused, Misconfigured):
            if not self._administration.forget(tables.DOUBTED):
                raise
            return await self._made(draft, customer)

    async def _made(self, draft: Draft, customer: str) -> Document:
        return mapper.make(
            draft,
            parties.read_key(customer),
            await self._administration.chart(),
            self._settings,
            await self._administration.template(),
            await self._administration.cost_centre(),
        )

    async def _create(self, document: Document) -> Standing:
        try:
            if self._settings.makes_invoice:
                return await self._create_invoice(document)
            return await self._books.create_mutation(document, document.number)
        except AlreadyExists as error:
            if await self._standing(document.number) is not None:
                raise
            raise Refused(
                "eboekhouden.number-taken",
                f"Number or payment reference {document.number} is taken, but no sale has it ({error.code}).",
                "Look in e-Boekhouden.nl for a renamed, deleted or other document with it; give that another number.",
            ) from error

    async def _create_invoice(self, document: Document) -> Standing:
        """The invoice. If its number is taken by our own, which was never booked, the mutation is what is left."""
        book = self._settings.makes_mutation
        try:
            return await self._books.create_invoice(document, book=book)
        except AlreadyExists:
            there = await self._books.invoice(document.number)
            if not book or there is None or await self._books.mutation(document.number):
                raise
            if there.total != document.total:
                raise Refused(
                    "eboekhouden.number-taken",
                    f"Order {document.reference}: invoice {document.number} of {there.total} instead of "
                    f"{document.total} EUR is there already, and is not booked.",
                    "Was it made by hand? Delete it in e-Boekhouden.nl, or book it there.",
                ) from None
            return await self._books.create_mutation(document, document.number + tables.COMPLETION)

    async def _verified(self, draft: Draft, document: Document, made: Standing) -> Booked:
        """The totals as the vendor made them. It is written: only "it cannot be seen" may be said, never "refused"."""
        stands: Standing | None = None
        with suppress(KoppelError):
            stands = await self._books.read_back(made, booked=self._settings.makes_mutation)
        if stands is None:
            raise OutcomeUnknown(
                "eboekhouden.unseen", f"Order {draft.number} was sent to e-Boekhouden.nl, but cannot be read back yet."
            )
        if self._settings.makes_mutation and stands.mutation_id is None:
            raise OutcomeUnknown(
                "eboekhouden.half",
                f"The invoice of order {draft.number} was made, but is not booked yet; that follows.",
            )
        return _booked(draft.reference, stands, expected=document)

    async def _standing(self, number: str) -> Standing | None:
        if not self._settings.makes_mutation:
            return await self._books.invoice(number)
        return await self._books.mutation(number)

    def _explained(self, error: KoppelError, draft: Draft) -> KoppelError:
        """A refusal with what only the draft tells: the order, the day, the year to open (O12)."""
        if isinstance(error, Refused | Misconfigured) and error.code != PERIOD_CLOSED:
            self._administration.forget(tables.DOUBTED)
        day = draft.document_date
        if error.code == PERIOD_CLOSED:
            return Refused(
                PERIOD_CLOSED,
                f"Order {draft.number} of {day}: book year {day.year}, month {day.month}, is closed or missing in "
                "e-Boekhouden.nl.",
                f"Open book year {day.year} in e-Boekhouden.nl, or ask your accountant to; then process it again.",
            )
        if isinstance(error, Refused) and not isinstance(error, AlreadyExists | CustomerGone):
            return Refused(error.code, f"Order {draft.number} of {day}: {error.message}", error.suggestion)
        return error

    # --- customers ---

    async def find_customers(self, customers: Sequence[DraftCustomer]) -> Mapping[str, str]:
        """See HasCustomers. One by one: a relation list takes one e-mail address and tells nothing to compare [7.2]."""
        found: dict[str, str] = {}
        for customer in customers:
            if customer.email and len(customer.email) <= tables.EMAIL and customer.code is None:
                relations = await self._books.relations(email=customer.email)
            else:
                relations = await self._books.relations(code=parties.own_code(customer))
                if not relations and customer.code is None:
                    name = parties.shorten(customer.name, tables.RELATION_NAME)
                    relations = await self._books.relations(name=name)
            chosen = parties.chosen(relations, customer)
            if chosen is not None:
                found[customer.identity] = chosen.key.text()
        return found

    async def create_customer(self, customer: DraftCustomer) -> str:
        """See HasCustomers. A code that is taken is ours from before: that relation is used, if it can be."""
        party = parties.party(customer, self._settings.country_names)
        try:
            return (await self._books.create_relation(party)).text()
        except AlreadyExists:
            chosen = parties.chosen(await self._books.relations(code=party.code), customer)
            if chosen is None:
                raise Refused(
                    "eboekhouden.relation-code",
                    f"Relation {party.code} is in e-Boekhouden.nl already, but is inactive or cannot be read.",
                    f"Activate relation {party.code} in e-Boekhouden.nl, then process the order again.",
                ) from None
            return chosen.key.text()


def _booked(reference: str, standing: Standing, expected: Document | None = None) -> Booked:
    note = ""
    if expected is not None and standing.vat is not None and standing.vat != expected.vat:
        note = f"e-Boekhouden.nl made {standing.vat} of VAT, koppel {expected.vat}: it rounds per VAT code."
    return Booked(
        reference=reference,
        id=f"mutation:{standing.mutation_id}" if standing.mutation_id else f"invoice:{standing.invoice_id}",
        number=standing.number,
        total=standing.total,
        date=standing.day,
        note=note,
    )
