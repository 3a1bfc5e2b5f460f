"""What is booked in e-Boekhouden.nl, and what stands there: neutral of the two APIs."""

from datetime import date
from decimal import Decimal
from typing import Protocol

from msgspec import Struct


class Ledger(Struct, frozen=True, kw_only=True):
    """A grootboekrekening. REST names it by id, SOAP by code."""

    id: int
    code: str
    description: str = ""
    category: str = ""


class Template(Struct, frozen=True, kw_only=True):
    """A factuursjabloon. SOAP knows names only and cannot list them: ``id`` is 0 there."""

    id: int
    name: str
    active: bool = True


class CostCentre(Struct, frozen=True, kw_only=True):
    """A kostenplaats."""

    id: int
    description: str = ""
    active: bool = True


class Key(Struct, frozen=True, kw_only=True):
    """What names a relation: the id for REST, the code for SOAP. Both are kept, so that the API can be changed."""

    id: int
    code: str

    def text(self) -> str:
        """As koppel keeps it."""
        return f"{self.id}:{self.code}"


class Relation(Struct, frozen=True, kw_only=True):
    """A relation as it stands. ``inactive`` is never told by SOAP."""

    key: Key
    name: str = ""
    emails: tuple[str, ...] = ()
    vat_number: str = ""
    inactive: bool = False


class Party(Struct, frozen=True, kw_only=True):
    """A new relation; texts already fit. ``code`` is at most 15 characters and makes it unique [8.3]."""

    code: str
    name: str
    business: bool
    contact: str | None = None
    address: str | None = None
    postcode: str | None = None
    city: str | None = None
    country: str | None = None
    phone: str | None = None
    email: str | None = None
    vat_number: str | None = None
    own_key: str | None = None


class Row(Struct, frozen=True, kw_only=True):
    """A row of a mutation: all amounts in euro, as they will stand in the books. ``gross = net + vat``.

    ``percentage`` is what ``vat_code`` charges.
    """

    vat_code: str
    ledger: Ledger
    gross: Decimal
    net: Decimal
    vat: Decimal
    percentage: Decimal
    description: str


class Item(Struct, frozen=True, kw_only=True):
    """A line of an invoice. ``price`` is per unit incl. what ``row.vat_code`` charges; the row has the amounts."""

    quantity: Decimal
    price: Decimal
    code: str | None
    row: Row


class Document(Struct, frozen=True, kw_only=True):
    """One order, ready to send. ``rows`` are added up per VAT code and ledger, ``items`` are line by line."""

    number: str
    reference: str
    day: date
    customer: Key
    term: int
    debtors: Ledger
    description: str
    in_ex: str
    rows: tuple[Row, ...]
    items: tuple[Item, ...]
    total: Decimal
    vat: Decimal
    text: str = ""
    template: Template | None = None
    cost_centre: CostCentre | None = None


class Standing(Struct, frozen=True, kw_only=True):
    """What stands under a number: an invoice, a mutation, both or neither. Totals incl. VAT, where told."""

    number: str
    invoice_id: str | None = None
    mutation_id: str | None = None
    total: Decimal | None = None
    vat: Decimal | None = None
    reference: str | None = None
    day: date | None = None


class Books(Protocol):
    """One administration through one of its APIs. Every method may raise what :mod:`koppel.plugin` offers."""

    async def check_sign_in(self) -> str:
        """Sign in; a sentence about what was signed in to."""
        ...

    async def ledgers(self) -> list[Ledger]:
        """The whole chart."""
        ...

    async def templates(self) -> list[Template] | None:
        """All invoice templates; None where this API cannot tell."""
        ...

    async def cost_centres(self) -> list[CostCentre]:
        """All cost centres."""
        ...

    async def invoice(self, number: str) -> Standing | None:
        """The invoice with exactly this number."""
        ...

    async def mutation(self, number: str) -> Standing | None:
        """The sales mutation with exactly this number, with what its rows add up to."""
        ...

    async def booked_numbers(self) -> frozenset[str] | None:
        """The numbers of sales mutations of `tables.SCAN_BACK`; None where asking one by one is as cheap."""
        ...

    async def create_invoice(self, document: Document, *, book: bool) -> Standing:
        """Make the invoice, booked as a mutation too where ``book``. Sent once."""
        ...

    async def create_mutation(self, document: Document, payment_reference: str) -> Standing:
        """Book a mutation. Sent once."""
        ...

    async def read_back(self, made: Standing, *, booked: bool) -> Standing | None:
        """What was just made, as it stands; ``booked``: a mutation is asked for. None if it cannot be seen."""
        ...

    async def relations(self, *, email: str = "", code: str = "", name: str = "") -> list[Relation]:
        """Relations found by one of the three, as they stand: to be compared again."""
        ...

    async def relation(self, key: Key) -> Relation | None:
        """One relation; None if it is gone."""
        ...

    async def create_relation(self, party: Party) -> Key:
        """Make a relation. Sent once. AlreadyExists if the code is taken."""
        ...
