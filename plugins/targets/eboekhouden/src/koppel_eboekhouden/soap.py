"""One administration through the SOAP API: ledgers, templates and relations by code, all amounts ours [7.12]."""

from collections.abc import Sequence
from decimal import Decimal

from koppel.model import round_money
from koppel.plugin import AlreadyExists, CustomerGone, OutcomeUnknown, Refused
from koppel.vendor import Vendor
from koppel_eboekhouden import tables
from koppel_eboekhouden.document import (
    CostCentre,
    Document,
    Item,
    Key,
    Ledger,
    Party,
    Relation,
    Row,
    Standing,
    Template,
)
from koppel_eboekhouden.envelope import Field, Node
from koppel_eboekhouden.parties import shorten
from koppel_eboekhouden.settings import Settings
from koppel_eboekhouden.soap_session import UNTOLD, SoapSession
from koppel_eboekhouden.wire import day_of

_FROM, _TO = "1980-01-01T00:00:00", "2049-12-31T00:00:00"
"""All dates, in the years that the service takes [5.4]."""
_SALE = "FactuurVerstuurd"


class SoapBooks:
    """See :class:`koppel_eboekhouden.document.Books`."""

    def __init__(self, settings: Settings, vendor: Vendor) -> None:
        self._settings = settings
        self._clock = vendor.clock
        self._session = SoapSession(settings, vendor)

    async def check_sign_in(self) -> str:
        """See Books."""
        await self._session.open()
        return "User name and security codes work (SOAP)."

    async def ledgers(self) -> list[Ledger]:
        """See Books."""
        found = await self._session.read("GetGrootboekrekeningen", [("cFilter", [("ID", "0")])])
        return [
            Ledger(
                id=one.number("ID"),
                code=one.text("Code"),
                description=one.text("Omschrijving"),
                category=one.text("Categorie").upper(),
            )
            for one in found.all("Rekeningen", "cGrootboekrekening")
        ]

    async def templates(self) -> list[Template] | None:
        """Not told by this API: a wrong name shows when the first invoice is made."""
        return None

    async def cost_centres(self) -> list[CostCentre]:
        """See Books."""
        fields: Sequence[Field] = [("cFilter", [("KostenplaatsID", "0"), ("KostenplaatsParentID", "0")])]
        found = await self._session.read("GetKostenplaatsen", fields)
        return [
            CostCentre(id=one.number("KostenplaatsId"), description=one.text("Omschrijving"))
            for one in found.all("Kostenplaatsen", "cKostenplaats")
        ]

    async def invoice(self, number: str) -> Standing | None:
        """See Books."""
        fields: Sequence[Field] = [("cFilter", [("Factuurnummer", number), ("DatumVan", _FROM), ("DatumTm", _TO)])]
        found = await self._session.read("GetFacturen", fields)
        for one in found.all("Facturen", "cFactuurList"):
            if one.text("Factuurnummer") == number:
                return Standing(
                    number=number,
                    invoice_id=number,
                    total=_cents(one.amount("TotaalInclBTW")),
                    vat=_cents(one.amount("TotaalBTW")),
                    day=day_of(one.text("Datum")),
                )
        return None

    async def mutation(self, number: str) -> Standing | None:
        """See Books. At most 500 come, which a number's mutations never are."""
        condition: Sequence[Field] = [
            ("MutatieNr", "0"),
            ("Factuurnummer", number),
            ("DatumVan", _FROM),
            ("DatumTm", _TO),
        ]
        found = await self._session.read("GetMutaties", [("cFilter", condition)])
        for one in found.all("Mutaties", "cMutatieList"):
            if one.text("Factuurnummer") == number and one.text("Soort") == _SALE:
                rows = list(one.all("MutatieRegels", "cMutatieListRegel"))
                return Standing(
                    number=number,
                    mutation_id=one.text("MutatieNr"),
                    total=_sum(rows, "BedragInclBTW"),
                    vat=_sum(rows, "BedragBTW"),
                    reference=one.text("Boekstuk") or None,
                    day=day_of(one.text("Datum")),
                )
        return None

    async def booked_numbers(self) -> frozenset[str] | None:
        """Mutations come with all their rows and at most 500 at once: asking one by one is as cheap."""
        return None

    async def create_invoice(self, document: Document, *, book: bool) -> Standing:
        """See Books. The API takes prices without VAT only; what became of them is read back."""
        if any(item.row.vat_code == tables.DIVERGENT for item in document.items):
            raise Refused(
                "eboekhouden.soap-divergent",
                "An invoice by SOAP cannot carry a VAT amount of its own (AFW_VERK).",
                'Use api = "rest" or document = "mutation".',
            )
        found = await self._add("AddFactuur", "oFact", _invoice(document, book=book), document)
        if not found.text("Factuurnummer"):
            raise OutcomeUnknown("eboekhouden.unreadable", "e-Boekhouden.nl told no number of a new invoice.")
        return Standing(number=document.number, invoice_id=document.number)

    async def create_mutation(self, document: Document, payment_reference: str) -> Standing:
        """See Books. An answer without a number is no success [6.3]."""
        found = await self._add("AddMutatie", "oMut", _mutation(document, payment_reference), document)
        if not found.number("Mutatienummer"):
            raise OutcomeUnknown("eboekhouden.unreadable", "e-Boekhouden.nl told no number of a new mutation.")
        return Standing(number=document.number, mutation_id=found.text("Mutatienummer"))

    async def _add(self, operation: str, name: str, fields: Sequence[Field], document: Document) -> Node:
        """A create. Codes of refusals are unknown: whether it is a double, or the debtor is gone, is looked up."""
        try:
            return await self._session.write(operation, [(name, fields)])
        except Refused as error:
            if error.code != UNTOLD:
                raise
            if await self.mutation(document.number) or await self.invoice(document.number):
                raise AlreadyExists("eboekhouden.soap-exists", error.message, "Look it up.") from error
            if await self.relation(document.customer) is None:
                raise CustomerGone(
                    "eboekhouden.soap-relation",
                    f"Relation {document.customer.code} is not in e-Boekhouden.nl any more.",
                    "Restore the relation, or let koppel make it again.",
                ) from error
            year = document.day.year
            error.suggestion = f"If book year {year} is closed, open it in e-Boekhouden.nl; else mend what is named."
            raise

    async def read_back(self, made: Standing, *, booked: bool) -> Standing | None:
        """See Books."""
        found = await self.mutation(made.number) if booked else None
        return found or (await self.invoice(made.number) if made.invoice_id else None)

    async def relations(self, *, email: str = "", code: str = "", name: str = "") -> list[Relation]:
        """See Books. A keyword may hit anything; inactive relations are not told."""
        condition: list[Field] = [("Code", code)] if code else [("Trefwoord", (email or name)[:255])]
        found = await self._session.read("GetRelaties", [("cFilter", [*condition, ("ID", "0")])])
        relations = [_relation(one) for one in found.all("Relaties", "cRelatie")]
        return [one for one in relations if not code or one.key.code.casefold() == code.casefold()]

    async def relation(self, key: Key) -> Relation | None:
        """See Books."""
        found = await self.relations(code=key.code)
        return found[0] if found else None

    async def create_relation(self, party: Party) -> Key:
        """See Books. Whether this API refuses a code that is taken is unknown: it is asked before."""
        if await self.relations(code=party.code):
            raise AlreadyExists("eboekhouden.soap-exists", f"Relation {party.code} is there already.")
        found = await self._session.write("AddRelatie", [("oRel", _party(party, self._clock.now().date().isoformat()))])
        if not found.number("Rel_ID"):
            raise OutcomeUnknown("eboekhouden.unreadable", "e-Boekhouden.nl told no id of a new relation.")
        return Key(id=found.number("Rel_ID"), code=party.code)


def _relation(one: Node) -> Relation:
    return Relation(
        key=Key(id=one.number("ID"), code=one.text("Code")),
        name=one.text("Bedrijf"),
        emails=tuple(filter(None, (one.text("Email"),))),
        vat_number=one.text("BTWNummer"),
    )


def _party(party: Party, today: str) -> list[Field]:
    known: Sequence[tuple[str, str | None]] = (
        ("Code", party.code),
        ("Bedrijf", party.name),
        ("Contactpersoon", party.contact),
        ("Adres", party.address),
        ("Postcode", party.postcode),
        ("Plaats", party.city),
        ("Land", party.country),
        ("Telefoon", party.phone),
        ("Email", party.email),
        ("BTWNummer", party.vat_number),
        ("BP", "B" if party.business else "P"),
        ("Def1", party.own_key),
    )
    return [
        ("ID", "0"),
        ("AddDatum", f"{today}T00:00:00"),
        *((name, value) for name, value in known if value),
        ("Gb_ID", "0"),
        ("GeenEmail", "0"),
        ("NieuwsbriefgroepenCount", "0"),
    ]


def _mutation(document: Document, payment_reference: str) -> list[Field]:
    centre = str(document.cost_centre.id if document.cost_centre else 0)
    return [
        ("MutatieNr", "0"),
        ("Soort", _SALE),
        ("Datum", f"{document.day.isoformat()}T00:00:00"),
        ("Rekening", document.debtors.code),
        ("RelatieCode", document.customer.code),
        ("Factuurnummer", document.number),
        ("Boekstuk", document.reference),
        ("Omschrijving", shorten(document.description, tables.SOAP_DESCRIPTION)),
        ("Betalingstermijn", str(document.term)),
        ("Betalingskenmerk", payment_reference),
        ("InExBTW", document.in_ex),
        ("MutatieRegels", [("cMutatieRegel", _row(row, document.in_ex, centre)) for row in document.rows]),
    ]


def _row(row: Row, in_ex: str, centre: str) -> list[Field]:
    return [
        ("BedragInvoer", _money(row.gross if in_ex == tables.INCLUDING else row.net)),
        ("BedragExclBTW", _money(row.net)),
        ("BedragBTW", _money(row.vat)),
        ("BedragInclBTW", _money(row.gross)),
        ("BTWCode", row.vat_code),
        ("BTWPercentage", f"{row.percentage.normalize():f}"),
        ("TegenrekeningCode", row.ledger.code),
        ("KostenplaatsID", centre),
    ]


def _invoice(document: Document, *, book: bool) -> list[Field]:
    centre = str(document.cost_centre.id if document.cost_centre else 0)
    day = f"{document.day.isoformat()}T00:00:00"
    return [
        ("Factuurnummer", document.number),
        ("Relatiecode", document.customer.code),
        ("Datum", day),
        ("Betalingstermijn", str(document.term)),
        ("Factuursjabloon", document.template.name if document.template else ""),
        ("PerEmailVerzenden", "false"),
        ("AutomatischeIncasso", "false"),
        ("IncassoMachtigingDatumOndertekening", day),
        ("IncassoMachtigingFirst", "false"),
        ("InBoekhoudingPlaatsen", "true" if book else "false"),
        ("BoekhoudmutatieOmschrijving", shorten(document.description, tables.SOAP_DESCRIPTION)),
        ("Regels", [("cFactuurRegel", _line(item, centre)) for item in document.items]),
    ]


def _line(item: Item, centre: str) -> list[Field]:
    """The price without VAT gets decimals enough to become the buyer's price again."""
    price = item.price * 100 / (100 + item.row.percentage)
    code: list[Field] = [("Code", item.code)] if item.code else []
    return [
        ("Aantal", f"{item.quantity:f}"),
        *code,
        ("Omschrijving", item.row.description),
        ("PrijsPerEenheid", f"{round(price, tables.SOAP_PRICE_DECIMALS):f}"),
        ("BTWCode", item.row.vat_code),
        ("TegenrekeningCode", item.row.ledger.code),
        ("KostenplaatsID", centre),
    ]


def _money(amount: Decimal) -> str:
    """With a point and no separators: a comma breaks above 999.99 [10.17]."""
    return f"{amount:.2f}"


def _cents(amount: Decimal | None) -> Decimal | None:
    return None if amount is None else round_money(amount, "EUR")


def _sum(rows: Sequence[Node], name: str) -> Decimal | None:
    amounts = [row.amount(name) for row in rows]
    told = [amount for amount in amounts if amount is not None]
    return round_money(sum(told, Decimal(0)), "EUR") if told and len(told) == len(rows) else None
