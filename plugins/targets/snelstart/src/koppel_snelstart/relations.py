"""Finding and making customers in SnelStart. An existing relation is never changed (C1)."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec import UNSET

from koppel.booking.draft import CustomerKind, DraftCustomer
from koppel.clock import Clock
from koppel.plugin import OutcomeUnknown, Refused
from koppel_snelstart import api, odata, relatie, tables
from koppel_snelstart.administration import Administration, Kept
from koppel_snelstart.api import Api
from koppel_snelstart.chart import country
from koppel_snelstart.refusals import CodedRefusal
from koppel_snelstart.scan import Scan
from koppel_snelstart.settings import Settings
from koppel_snelstart.wire import Land, Made, Relatie, RelationRequest

_SUBSTRINGS = 12
"""``substringof`` costs more nodes of a filter than a comparison."""
_MAX_NOTES = 1000


class Relations:
    """The customers of one administration."""

    def __init__(self, settings: Settings, api_: Api, administration: Administration, clock: Clock) -> None:
        self._settings = settings
        self._api = api_
        self._administration = administration
        self._scan = Scan(api_, api.RELATIONS)
        self._substrings = True
        self._ignores_case = Kept(clock, self._probe_case)
        self._notes: dict[str, str] = {}
        self._countries: Sequence[Land] = ()

    def note(self, customer: str) -> str:
        """What a person should know about a customer that was just found or made; told once."""
        return self._notes.pop(customer, "")

    async def find(self, customers: Sequence[DraftCustomer]) -> dict[str, str]:
        """``identity`` -> id. See HasCustomers.find_customers."""
        await self._administration.company()
        self._countries = await self._administration.countries()
        individual = [each for each in customers if each.kind is not CustomerKind.COLLECTIVE]
        collective = [each for each in customers if each.kind is CustomerKind.COLLECTIVE]
        found = await self._by_email([each for each in individual if each.email])
        found |= await self._by_vat_number([each for each in individual if not each.email and each.vat_id])
        found |= await self._by_code([each for each in collective if each.code])
        found |= await self._by_name([each for each in collective if not each.code])
        return found

    async def create(self, customer: DraftCustomer) -> str:
        """Make the relation. See HasCustomers.create_customer."""
        countries = await self._administration.countries()
        new = relatie.new_relation(customer, countries, self._settings.address_placeholder)
        notes = list(new.notes)
        try:
            id_ = await self._post(new.request)
        except CodedRefusal as error:
            if new.request.btw_nummer is UNSET or not error.codes or error.codes - tables.VAT_NUMBER_REFUSED:
                if error.codes & tables.STALE_REFERENCE:
                    self._administration.forget()
                raise
            notes.append(f"The VAT number was left out of the relation: SnelStart refuses it ({error.code}).")
            id_ = await self._post(relatie.without_vat_number(new.request))
        self._remember(id_, notes)
        return id_

    async def exists(self, id_: str) -> bool:
        """Whether a relation is (still) a customer that can be booked on."""
        try:
            return relatie.is_customer(await self._api.relation(id_))
        except Refused:
            return False

    async def _post(self, request: RelationRequest) -> str:
        made = await self._api.create("createRelation", "/relaties", request, Made)
        if not made.id:
            raise OutcomeUnknown("snelstart.unknown-outcome", "SnelStart's answer holds no id of the new relation.")
        return made.id

    async def _by_email(self, customers: Sequence[DraftCustomer]) -> dict[str, str]:
        """First those whose only address it is, then those that hold it among others, then whatever the case."""
        found: dict[str, str] = {}
        for search in (self._equal, self._containing, self._scanned):
            wanted = [each for each in customers if each.identity not in found]
            if not wanted:
                break
            rows = await search([each.email or "" for each in wanted])
            found |= self._matches(wanted, rows, lambda each, row: (each.email or "").casefold() in relatie.emails(row))
        return found

    async def _equal(self, emails: Sequence[str]) -> list[Relatie]:
        return await self._filtered(
            odata.equals("Email", spelling) for email in emails for spelling in _spellings(email)
        )

    async def _containing(self, emails: Sequence[str]) -> list[Relatie]:
        if not self._substrings:
            return []
        clauses = (odata.contains("Email", spelling) for email in emails for spelling in _spellings(email))
        try:
            return await self._filtered(clauses, at_most=_SUBSTRINGS)
        except Refused:
            self._substrings = False
            return []

    async def _scanned(self, emails: Sequence[str]) -> Sequence[Relatie]:
        """Everybody, where the server cannot be trusted to have looked at all spellings and all addresses."""
        del emails
        if self._substrings and await self._ignores_case.get():
            return ()
        return await self._scan.rows()

    async def _probe_case(self) -> bool:
        """Whether the server compares without case: ask for an address that exists, in the other case.

        True as well where there is nobody to be missed.
        """
        known = await self._api.rows(
            api.RELATIONS, odata.contains("Email", "@"), lambda rows: any(relatie.emails(row) for row in rows)
        )
        for row in known:
            email = row.email or ""
            if email.swapcase() != email:
                other = await self._api.rows(api.RELATIONS, odata.equals("Email", email.swapcase()))
                return any(each.id == row.id for each in other)
        return True

    async def _by_vat_number(self, customers: Sequence[DraftCustomer]) -> dict[str, str]:
        numbers = [relatie.vat_number(each.vat_id) for each in customers]
        spellings = [spelling for number in numbers for spelling in {number, number.removeprefix("NL")}]
        rows = await self._filtered(odata.equals("BtwNummer", spelling) for spelling in spellings)
        return self._matches(
            customers,
            rows,
            lambda each, row: relatie.same_vat_number(each.vat_id) == relatie.same_vat_number(row.btw_nummer),
        )

    async def _by_code(self, customers: Sequence[DraftCustomer]) -> dict[str, str]:
        codes = {each.identity: relatie.relation_code(each) for each in customers}
        rows = await self._filtered(f"Relatiecode eq {code}" for code in codes.values())
        return self._matches(customers, rows, lambda each, row: row.relatiecode == codes[each.identity])

    async def _by_name(self, customers: Sequence[DraftCustomer]) -> dict[str, str]:
        rows = await self._filtered(odata.equals("Naam", relatie.stored_name(each)) for each in customers)
        return self._matches(
            customers,
            rows,
            lambda each, row: (row.naam or "").strip().casefold() == relatie.stored_name(each).casefold(),
        )

    async def _filtered(self, clauses: Iterable[str], at_most: int = tables.CLAUSES) -> list[Relatie]:
        return await self._api.matching(api.RELATIONS, clauses, at_most=at_most)

    def _matches(
        self,
        customers: Sequence[DraftCustomer],
        rows: Sequence[Relatie],
        same: Callable[[DraftCustomer, Relatie], bool],
    ) -> dict[str, str]:
        """The relation of each customer: the filter checked again, of several the lowest code."""
        usable = [row for row in rows if relatie.is_customer(row)]
        found: dict[str, str] = {}
        for each in customers:
            fitting = [row for row in usable if same(each, row) and self._is_in(each.vat_country, row)]
            chosen = relatie.first(fitting)
            if chosen is None:
                continue
            found[each.identity] = chosen.id
            if len(fitting) > 1:
                note = f"{len(fitting)} relations fit this buyer; {chosen.relatiecode}, the lowest code, is used."
                self._remember(chosen.id, [note])
        return found

    def _is_in(self, wanted: str | None, relation: Relatie) -> bool:
        """Whether SnelStart counts a relation as one in this country; without a country it counts as Dutch."""
        if wanted is None:
            return True
        land = relation.vestigings_adres.land if relation.vestigings_adres else None
        home = country(relatie.HOME, self._countries)
        where = land.id if land and land.id else home.id if home else ""
        there = country(wanted, self._countries)
        return there is not None and there.id.casefold() == where.casefold()

    def _remember(self, id_: str, notes: Sequence[str]) -> None:
        if notes and len(self._notes) < _MAX_NOTES:
            self._notes[id_] = " ".join(notes)


def _spellings(email: str) -> Mapping[str, None]:
    return dict.fromkeys((email, email.lower()))
