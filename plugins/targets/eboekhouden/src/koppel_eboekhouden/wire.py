"""REST: what is sent and comes back, in the vendor's spelling. What is read may be missing, null, "" or 0 [7.2]."""

from datetime import date
from decimal import Decimal
from typing import Generic, TypeVar

import msgspec
from msgspec import UNSET, Struct, UnsetType

from koppel.model import round_money

Id = int | str | None
Item = TypeVar("Item")


class Sent(Struct, frozen=True, kw_only=True, rename="camel"):
    """A request."""


class NewInvoiceMutation(Sent, frozen=True, kw_only=True, rename="camel"):
    """With this an invoice is booked at once [7.3]."""

    ledger_id: int
    description: str
    payment_reference: str
    check_payment_reference: bool = True


class NewItem(Sent, frozen=True, kw_only=True, rename="camel"):
    """``price_per_unit`` incl. or excl. VAT as the invoice says. ``quantity`` is 0 if it is left out."""

    quantity: Decimal
    price_per_unit: Decimal
    description: str
    vat_code: str
    ledger_id: int
    code: str | UnsetType = UNSET
    vat_amount: Decimal | UnsetType = UNSET
    cost_center_id: int | UnsetType = UNSET


class NewInvoice(Sent, frozen=True, kw_only=True, rename="camel"):
    """``in_ex_vat`` left out means prices without VAT: it is always sent [10.3]."""

    relation_id: int
    date: str
    term_of_payment: int
    in_ex_vat: str
    template_id: int
    invoice_number: str
    reference: str
    items: list[NewItem]
    text: str | UnsetType = UNSET
    mutation: NewInvoiceMutation | UnsetType = UNSET


class NewRow(Sent, frozen=True, kw_only=True, rename="camel"):
    """``amount`` incl. or excl. VAT as the mutation says."""

    ledger_id: int
    vat_code: str
    amount: Decimal
    vat_amount: Decimal | UnsetType = UNSET
    cost_center_id: int | UnsetType = UNSET
    description: str | UnsetType = UNSET


class NewMutation(Sent, frozen=True, kw_only=True, rename="camel"):
    """A sale is type 2, sent as a number [7.4]."""

    date: str
    ledger_id: int
    relation_id: int
    invoice_number: str
    entry_number: str
    term_of_payment: int
    payment_reference: str
    in_ex_vat: str
    description: str
    rows: list[NewRow]
    type: int = 2
    check_payment_reference: bool = True


class NewRelation(Sent, frozen=True, kw_only=True, rename="camel"):
    """A relation; what is not known is left out."""

    name: str
    type: str
    code: str
    contact: str | UnsetType = UNSET
    address: str | UnsetType = UNSET
    postal_code: str | UnsetType = UNSET
    city: str | UnsetType = UNSET
    country: str | UnsetType = UNSET
    phone_number: str | UnsetType = UNSET
    email_address: str | UnsetType = UNSET
    vat_number: str | UnsetType = UNSET
    term_of_payment: int | UnsetType = UNSET
    free_text1: str | UnsetType = msgspec.field(default=UNSET, name="freeText1")


class Received(Struct, frozen=True, kw_only=True, rename="camel"):
    """An answer, or an item of one."""


class Page(Struct, Generic[Item], frozen=True):
    """A page of a list. ``items`` may be null; the vendor's ``count`` only counts this page [5.1]."""

    items: list[Item] | None = None


class Created(Received, frozen=True, kw_only=True, rename="camel"):
    """The answer to a create."""

    id: Id = None
    code: str | None = None
    invoice_number: str | None = None
    in_ex_vat: str | None = None


class LedgerItem(Received, frozen=True, kw_only=True, rename="camel"):
    """A ledger in the list."""

    id: Id = None
    code: str | int | None = None
    description: str | None = None
    category: str | None = None


class TemplateItem(Received, frozen=True, kw_only=True, rename="camel"):
    """An invoice template in the list."""

    id: Id = None
    name: str | None = None
    active: bool | None = None


class CostCentreItem(Received, frozen=True, kw_only=True, rename="camel"):
    """A cost centre in the list."""

    id: Id = None
    description: str | None = None
    active: bool | None = None


class InvoiceItem(Received, frozen=True, kw_only=True, rename="camel"):
    """An invoice in the list: has totals, no lines."""

    id: Id = None
    invoice_number: str | None = None
    date: object = None
    reference: str | None = None
    total_amount: Decimal | None = None
    vat_amount: Decimal | None = None


class MutationItem(Received, frozen=True, kw_only=True, rename="camel"):
    """A mutation in the list: no rows. The opening balance comes as type 0, many times with id 0 [10.6]."""

    id: Id = None
    type: int | str | None = None
    invoice_number: str | None = None


class ReadRow(Received, frozen=True, kw_only=True, rename="camel"):
    """A row of a mutation."""

    amount: Decimal | None = None


class ReadVat(Received, frozen=True, kw_only=True, rename="camel"):
    """The VAT that the vendor computed for one code."""

    amount: Decimal | None = None


class Mutation(Received, frozen=True, kw_only=True, rename="camel"):
    """One mutation."""

    id: Id = None
    date: object = None
    entry_number: str | None = None
    in_ex_vat: str | None = None
    rows: list[ReadRow] | None = None
    vat: list[ReadVat] | None = None

    @property
    def vat_total(self) -> Decimal:
        """All VAT that the vendor computed."""
        return round_money(sum((one.amount or Decimal(0) for one in self.vat or ()), Decimal(0)), "EUR")

    @property
    def total(self) -> Decimal | None:
        """Incl. VAT; None where the answer does not say what its amounts are."""
        amounts = round_money(sum((row.amount or Decimal(0) for row in self.rows or ()), Decimal(0)), "EUR")
        if not self.rows or self.in_ex_vat not in ("IN", "EX"):
            return None
        return amounts if self.in_ex_vat == "IN" else amounts + self.vat_total


class OpenItem(Received, frozen=True, kw_only=True, rename="camel"):
    """An open item; the invoice number is deprecated and may be null [7.5]."""

    mutation_id: Id = None
    invoice_number: str | None = None
    total_amount: Decimal | None = None


class RelationItem(Received, frozen=True, kw_only=True, rename="camel"):
    """A relation in the list: nothing to compare [10.5]."""

    id: Id = None
    code: str | None = None


class ReadRelation(Received, frozen=True, kw_only=True, rename="camel"):
    """One relation."""

    id: Id = None
    code: str | None = None
    name: str | None = None
    email_address: str | None = None
    email_address_invoice: str | None = None
    email_address_reminder: str | None = None
    vat_number: str | None = None
    inactive: bool | int | None = None


class Error(Received, frozen=True, kw_only=True, rename="camel"):
    """What stands in a refusal; the vendor's own example is in PascalCase, so names are folded before [6.1]."""

    code: str = ""
    title: str = ""


def number_of(found: Id) -> int:
    """An id that may be text; 0 = none."""
    if isinstance(found, int):
        return found
    return int(found) if found and found.isdecimal() else 0


def day_of(found: object) -> date | None:
    """A date that may bring a time [5.3]."""
    if not isinstance(found, str):
        return None
    try:
        return date.fromisoformat(found[:10])
    except ValueError:
        return None


def read_error(content: bytes) -> Error:
    """The code and title of any answer; empty where it has none."""
    try:
        told = msgspec.json.decode(content, type=dict[str, object])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Error()
    folded = {name.lower(): value for name, value in told.items()}
    return Error(code=_text(folded.get("code")), title=_text(folded.get("title") or folded.get("message")))


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
