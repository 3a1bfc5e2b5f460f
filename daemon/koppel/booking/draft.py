"""The Draft: one document, complete and neutral, from which a target's mapper needs nothing else."""

from datetime import date
from decimal import Decimal
from enum import StrEnum

from msgspec import Struct

from koppel.model import Address, LineKind, Money
from koppel.vat.sentence import Sentence as Sentence  # noqa: PLC0414 - offered here too
from koppel.vat.treatment import Treatment


class DraftKind(StrEnum):
    """What sort of document. A credit is a document of its own with negative amounts."""

    SALE = "sale"
    CREDIT = "credit"


class DraftLine(Struct, frozen=True, kw_only=True):
    """One line. ``gross = net + vat`` exactly, in the draft's currency, already rounded to its smallest unit.

    ``quantity`` carries the sign: negative together with the amounts (O7), never zero. ``unit_price`` is incl. VAT,
    never
    negative, and ``quantity * unit_price == gross`` exactly with at most the currency's decimals. ``code`` is the
    article code (goods: of the product; else
    the configured article of the kind). ``country`` and ``rate`` (a percentage) say whose VAT; None where none is
    booked.
    ``vat_code`` and ``ledger`` are the target's own, from the connection's VAT table.
    """

    kind: LineKind
    title: str
    quantity: Decimal
    unit_price: Decimal
    gross: Decimal
    net: Decimal
    vat: Decimal
    treatment: Treatment
    country: str | None
    rate: Decimal | None
    vat_code: str
    ledger: str
    code: str | None = None
    ean: str | None = None
    source_line: str | None = None
    trail: tuple[Sentence, ...] = ()


class VatTotal(Struct, frozen=True, kw_only=True):
    """The sum of the lines of one treatment, country, rate, code."""

    treatment: Treatment
    country: str | None
    rate: Decimal | None
    vat_code: str
    net: Decimal
    vat: Decimal


class CustomerKind(StrEnum):
    """Whether the debtor is this buyer or stands for many."""

    INDIVIDUAL = "individual"
    COLLECTIVE = "collective"


class DraftCustomer(Struct, frozen=True, kw_only=True):
    """The debtor. ``identity`` is what makes two orders have the same debtor (``email:…``, ``collective:…``); it is
    only
    ever stored as a keyed hash. ``name`` is ready to use: company, else first + last name, else the stand-in.

    ``code`` is the target's own number of a collective debtor where the user configured one. ``vat_country`` is set for
    targets that take the VAT country of a consumer's document from the debtor: he must be one in that country.
    """

    identity: str
    kind: CustomerKind
    name: str
    code: str | None = None
    company: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    contact: str | None = None
    email: str | None = None
    phone: str | None = None
    vat_id: str | None = None
    address: Address | None = None
    vat_country: str | None = None


class Draft(Struct, frozen=True, kw_only=True):
    """One document to book. Amounts in ``currency``.

    ``reference`` is unique per administration: the order number (credits: their own number); ``original`` the reference
    that a credit belongs to. ``document_date`` and ``tax_date`` are days in Europe/Amsterdam. ``total`` is the sum of
    the lines' gross; ``buyer_total`` what the buyer paid; they differ only by ``withheld`` (VAT that the marketplace
    keeps) and ``paid_by_voucher``. ``delivery`` is set only where it differs from the customer's address (C4).
    ``departure_country`` is where the goods left, which the OSS return asks for.
    ``rate_to_eur`` is the ECB rate of the tax date (units of the order's own currency for one euro), set for every
    order that is not in euros; ``original_total`` is what the order was in before conversion, where the target could
    not take the currency.
    """

    kind: DraftKind
    reference: str
    number: str
    description: str
    document_date: date
    tax_date: date
    currency: str
    customer: DraftCustomer
    lines: tuple[DraftLine, ...]
    vat: tuple[VatTotal, ...]
    total: Decimal
    buyer_total: Decimal
    withheld: Decimal = Decimal(0)
    paid_by_voucher: Decimal = Decimal(0)
    delivery: Address | None = None
    billing_country: str | None = None
    delivery_country: str | None = None
    departure_country: str | None = None
    market: str | None = None
    channel: str = ""
    payment_method: str | None = None
    payment_term_days: int | None = None
    remarks: str = ""
    original: str | None = None
    rate_to_eur: Decimal | None = None
    original_total: Money | None = None
    warnings: tuple[Sentence, ...] = ()
