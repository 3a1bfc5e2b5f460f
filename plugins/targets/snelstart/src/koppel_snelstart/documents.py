"""The two things that an order can become: a booking at once, or a sales order for a person to invoice (O7)."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Protocol, TypeVar

from koppel.booking.draft import Draft
from koppel.model import round_money
from koppel.plugin import Booked, CustomerGone, KoppelError, Misconfigured, OutcomeUnknown, Refused
from koppel_snelstart import api, odata, relatie, tables, verkoopboeking, verkooporder
from koppel_snelstart.administration import Administration
from koppel_snelstart.api import Api
from koppel_snelstart.chart import Chart
from koppel_snelstart.refusals import CodedRefusal
from koppel_snelstart.relations import Relations
from koppel_snelstart.scan import Scan
from koppel_snelstart.settings import Settings
from koppel_snelstart.wire import BookingRequest, MadeBooking, MadeOrder, Verkoopfactuur, Verkooporder

D = TypeVar("D", Verkoopfactuur, Verkooporder)


class Documents(Protocol):
    """What both modes do."""

    def refuses(self, draft: Draft) -> None:
        """See BooksOrders.refuses."""
        ...

    async def find(self, references: Sequence[str]) -> dict[str, Booked]:
        """See BooksOrders.find_bookings."""
        ...

    async def book(self, draft: Draft, customer: str, articles: Mapping[str, str]) -> Booked:
        """See BooksOrders.book."""
        ...


class Bookings:
    """Mode ``booking``: ``verkoopboekingen``, found back by the invoices that they yield."""

    def __init__(self, settings: Settings, api_: Api, administration: Administration, relations: Relations) -> None:
        self._settings = settings
        self._api = api_
        self._administration = administration
        self._relations = relations
        self._scan = Scan(api_, api.INVOICES)
        self._filters = True

    def refuses(self, draft: Draft) -> None:
        """See BooksOrders.refuses."""
        verkoopboeking.refuse(draft, self._settings)
        if (chart := self._administration.known_chart) is not None:
            verkoopboeking.booking(draft, "", chart)

    async def find(self, references: Sequence[str]) -> dict[str, Booked]:
        """By invoice number; if the server refuses that filter, by reading what changed [fact sheet 8]."""
        await self._administration.company()
        numbers = {self._settings.reference_prefix + reference: reference for reference in references}
        rows = await self._asked(list(numbers)) if self._filters else await self._scan.rows()
        found: dict[str, Booked] = {}
        for number, row in _pair(numbers, rows, lambda each: each.factuurnummer).items():
            booking = row.verkoop_boeking.id if row.verkoop_boeking else None
            found[numbers[number]] = Booked(
                reference=numbers[number],
                id=booking or row.id,
                number=row.factuurnummer,
                total=_cents(row.factuur_bedrag),
                date=_day(row.factuur_datum),
                note="" if booking else "This number is an invoice in SnelStart without a booking of its own.",
            )
        return found

    async def _asked(self, numbers: Sequence[str]) -> Sequence[Verkoopfactuur]:
        try:
            return await self._api.matching(api.INVOICES, (odata.equals("Factuurnummer", each) for each in numbers))
        except Refused:
            self._filters = False
            return await self._scan.rows()

    async def book(self, draft: Draft, customer: str, articles: Mapping[str, str]) -> Booked:
        """One POST. See BooksOrders.book."""
        del articles
        company = await self._administration.company()
        _refuse_old(draft, company.huidig_boekjaar)
        request = await self._request(draft, customer)
        try:
            made = await self._api.create("createBooking", "/verkoopboekingen", request, MadeBooking)
        except KoppelError as error:
            raise await explained(error, draft, customer, self._relations, self._administration) from error
        if not made.id:
            raise _no_id()
        return Booked(
            reference=draft.reference,
            id=made.id,
            number=request.factuurnummer,
            total=request.factuurbedrag if made.factuurbedrag is None else _cents(made.factuurbedrag),
            date=draft.document_date,
            note=self._relations.note(customer),
        )

    async def _request(self, draft: Draft, customer: str) -> BookingRequest:
        """The request; with fresh ledgers if it cannot be made with ours. One bad row stops its order, not all."""
        chart: Chart = await self._administration.chart()
        try:
            return verkoopboeking.booking(draft, customer, chart)
        except Misconfigured:
            fresh = await self._administration.chart(tables.REFERENCE_AGE_ON_MISS)
        try:
            return verkoopboeking.booking(draft, customer, fresh)
        except Misconfigured as error:
            raise Refused(error.code, error.message, error.suggestion) from error


class Orders:
    """Mode ``order``: ``verkooporders``, found back by our reference on them."""

    def __init__(self, settings: Settings, api_: Api, administration: Administration, relations: Relations) -> None:
        self._settings = settings
        self._api = api_
        self._administration = administration
        self._relations = relations
        self._scan = Scan(api_, api.ORDERS)
        self._filters = True

    def refuses(self, draft: Draft) -> None:
        """See BooksOrders.refuses."""
        verkooporder.refuse(draft, self._settings)

    async def find(self, references: Sequence[str]) -> dict[str, Booked]:
        """By order reference; if the server refuses or ignores that filter, by reading what changed [fact sheet 8]."""
        await self._administration.company()
        wanted = {self._settings.reference_prefix + reference: reference for reference in references}
        rows = await self._asked(list(wanted)) if self._filters else await self._scan.rows()
        found: dict[str, Booked] = {}
        for reference, row in _pair(wanted, rows, lambda each: each.orderreferentie).items():
            doubles = sum(1 for each in rows if _same(each.orderreferentie, reference))
            found[wanted[reference]] = Booked(
                reference=wanted[reference],
                id=row.id,
                number=None if row.nummer is None else str(row.nummer),
                total=_cents(row.totaal_inclusief_btw),
                date=_day(row.datum),
                note=f"SnelStart has {doubles} sales orders with this reference." if doubles > 1 else "",
            )
        return found

    async def _asked(self, references: Sequence[str]) -> Sequence[Verkooporder]:
        def ignored(rows: Sequence[Verkooporder]) -> bool:
            return not all(any(_same(row.orderreferentie, each) for each in references) for row in rows)

        try:
            clauses = (odata.equals("Orderreferentie", each) for each in references)
            found = await self._api.matching(api.ORDERS, clauses, ignored)
        except Refused:
            found = None
        if found is not None and not ignored(found):
            return found
        self._filters = False
        return await self._scan.rows()

    async def book(self, draft: Draft, customer: str, articles: Mapping[str, str]) -> Booked:
        """One POST. See BooksOrders.book."""
        company = await self._administration.company()
        _refuse_old(draft, company.huidig_boekjaar)
        template = await self._administration.template()
        address = verkooporder.delivered_to(draft)
        delivery, lost = relatie.postal(
            address,
            address.name if address else None,
            await self._administration.countries(),
            self._settings.address_placeholder,
        )
        request = verkooporder.order(
            draft, customer, articles, self._settings, template=template.id if template else None, delivery=delivery
        )
        try:
            made = await self._api.create("createOrder", "/verkooporders", request, MadeOrder)
        except KoppelError as error:
            raise await explained(error, draft, customer, self._relations, self._administration) from error
        if not made.id:
            raise _no_id()
        notes = [
            self._relations.note(customer),
            *(note.replace("The address", "The delivery address") for note in lost),
        ]
        total = _cents(made.totaal_inclusief_btw)
        if total is not None and total != draft.total:
            notes.append(f"SnelStart makes {total} of it, {total - draft.total:+} against the buyer's total.")
        return Booked(
            reference=draft.reference,
            id=made.id,
            number=None if made.nummer is None else str(made.nummer),
            total=total,
            date=draft.document_date,
            note=" ".join(filter(None, notes)),
        )


async def explained(
    error: KoppelError, draft: Draft, customer: str, relations: Relations, administration: Administration
) -> KoppelError:
    """What a refused write means for this draft: a relation that is gone, a period to open, stale ledgers."""
    if not isinstance(error, CodedRefusal):
        return error
    codes = error.codes or {error.code}
    if codes & tables.STALE_REFERENCE:
        administration.forget()
    if codes & tables.PERHAPS_RELATION_GONE and not await relations.exists(customer):
        return CustomerGone(
            error.code,
            "The relation of this buyer was deleted in SnelStart or made inactive.",
            "Let it be made anew, or make it active again in SnelStart.",
        )
    place = ", ".join(sorted({line.country for line in draft.lines if line.country and line.vat}))
    if codes & tables.FOREIGN_SALE and place:
        return Refused(
            error.code,
            error.message,
            f"SnelStart takes the country from the relation, which must be a consumer in {place}: correct its address "
            "(or VAT number), use customers = 'collective-per-country', or mode 'order'.",
        )
    if codes & tables.PERIOD:
        return Refused(
            error.code,
            f"{draft.document_date.isoformat()}: {error.message}",
            f"Open book year {draft.document_date.year} and the period of that date in SnelStart (or ask the "
            "accountant), then process the order again.",
        )
    return error


def _refuse_old(draft: Draft, book_year: int | None) -> None:
    """What BOE-0033 would refuse is not sent [fact sheet 7.1]."""
    if book_year is not None and draft.document_date.year < book_year - tables.YEARS_BACK:
        advice = tables.ADVICE["BOE-0033"]
        raise Refused(
            "BOE-0033",
            f"{draft.document_date.isoformat()}: {advice.meaning}, {book_year}.",
            f"Book year {draft.document_date.year} can no longer be booked in SnelStart: skip this order.",
        )


def _no_id() -> OutcomeUnknown:
    return OutcomeUnknown(
        "snelstart.unknown-outcome",
        "SnelStart's answer holds no id of what it made.",
        "koppel looks up whether it was done.",
    )


def _same(one: str | None, other: str) -> bool:
    return (one or "").strip().casefold() == other.casefold()


def _cents(amount: Decimal | None) -> Decimal | None:
    """An amount in whole cents: SnelStart also writes four decimals [fact sheet, gotcha 20]."""
    return None if amount is None else round_money(amount, "EUR")


def _day(value: str | None) -> date | None:
    moment = odata.naive_moment(value)
    return moment.date() if moment else None


def _pair(wanted: Iterable[str], rows: Sequence[D], number: Callable[[D], str | None]) -> dict[str, D]:
    """Each wanted number with its row: spelt the same, else in another case; of several the first."""
    pairs: dict[str, D] = {}
    for each in wanted:
        row = next((row for row in rows if number(row) == each), None)
        row = row or next((row for row in rows if _same(number(row), each)), None)
        if row is not None:
            pairs[each] = row
    return pairs
