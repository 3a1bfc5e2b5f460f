"""From koppel's drafts to Exact Online's documents, relations and articles. Pure functions."""

import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from koppel.booking.draft import CustomerKind, Draft, DraftCustomer, DraftKind, DraftLine
from koppel.model import Address, LineKind
from koppel.plugin import Refused
from koppel_exact import tables, vat
from koppel_exact.received import VatCode
from koppel_exact.sent import (
    NewAccount,
    NewAddress,
    NewContact,
    NewEntry,
    NewEntryLine,
    NewInvoice,
    NewInvoiceLine,
    NewItem,
    NewOrder,
    NewOrderLine,
)
from koppel_exact.settings import ExactSettings
from koppel_exact.wire import write_day


@dataclass(frozen=True, kw_only=True)
class Found:
    """What a document refers to, as looked up in the division: ids by the codes that draft and settings have."""

    customer: str
    items: Sequence[str] = ()
    vat_codes: Mapping[str, VatCode] = field(default_factory=dict[str, VatCode])
    ledgers: Mapping[str, str] = field(default_factory=dict[str, str])
    warehouse: str | None = None
    delivery_address: str | None = None


def with_delivery(found: Found, address: str) -> Found:
    """The same, with the delivery address that was made."""
    return replace(found, delivery_address=address)


def order(draft: Draft, settings: ExactSettings, found: Found) -> NewOrder:
    """A sales order. Only the net price is sent: then price lists and discounts of Exact do not interfere [7.6]."""
    return NewOrder(
        ordered_by=found.customer,
        deliver_to=found.customer,
        order_date=write_day(draft.document_date),
        reference=draft.reference,
        description=shorten(draft.description, tables.DESCRIPTION),
        currency=draft.currency,
        lines=[
            NewOrderLine(
                item=item,
                description=shorten(line.title, tables.LINE_DESCRIPTION),
                quantity=line.quantity,
                net_price=vat.net_price(line, found.vat_codes[line.vat_code], draft.currency),
                vat_code=line.vat_code,
            )
            for line, item in zip(draft.lines, found.items, strict=True)
        ],
        remarks=draft.remarks or None,
        payment_condition=settings.payment_condition or None,
        delivery_address=found.delivery_address,
        warehouse=found.warehouse,
    )


def invoice(draft: Draft, settings: ExactSettings, found: Found) -> NewInvoice:
    """A sales invoice, to be processed in Exact; a credit is a credit note with the draft's negative quantities."""
    return NewInvoice(
        journal=settings.journal,
        ordered_by=found.customer,
        deliver_to=found.customer,
        order_date=write_day(draft.document_date),
        reference=draft.reference,
        description=shorten(draft.description, tables.DESCRIPTION),
        currency=draft.currency,
        lines=[
            NewInvoiceLine(
                item=item,
                description=shorten(line.title, tables.LINE_DESCRIPTION),
                quantity=line.quantity,
                net_price=vat.net_price(line, found.vat_codes[line.vat_code], draft.currency),
                vat_code=line.vat_code,
                ledger=found.ledgers.get(line.ledger),
            )
            for line, item in zip(draft.lines, found.items, strict=True)
        ],
        type=tables.CREDIT_INVOICE if draft.kind is DraftKind.CREDIT else None,
        due_date=_due_date(draft),
        remarks=draft.remarks or None,
        payment_condition=settings.payment_condition or None,
        delivery_address=found.delivery_address,
    )


def entry(draft: Draft, settings: ExactSettings, found: Found) -> NewEntry:
    """A sales entry: net amounts with the draft's own VAT, which overrides what Exact would compute [7.8]."""
    return NewEntry(
        customer=found.customer,
        journal=settings.journal,
        entry_date=write_day(draft.document_date),
        reference=draft.reference,
        description=shorten(draft.description, tables.DESCRIPTION),
        currency=draft.currency,
        lines=[
            NewEntryLine(
                ledger=found.ledgers[line.ledger],
                amount=line.net,
                vat_code=line.vat_code,
                description=shorten(line.title, tables.LINE_DESCRIPTION),
                vat_amount=line.vat if found.vat_codes[line.vat_code].type == tables.VAT_EXCLUDING else None,
            )
            for line in draft.lines
        ],
        due_date=_due_date(draft),
        payment_condition=settings.payment_condition or None,
    )


def _due_date(draft: Draft) -> str | None:
    if draft.payment_term_days is None:
        return None
    return write_day(draft.document_date + timedelta(days=draft.payment_term_days))


def account(customer: DraftCustomer, settings: ExactSettings) -> NewAccount:
    """A new relation. Status customer, or no document would take it [7.2]."""
    place = customer.address or Address()
    lines = address_lines(place.lines, tables.ACCOUNT_ADDRESS_LINE)
    return NewAccount(
        name=shorten(customer.name, tables.ACCOUNT_NAME),
        status=tables.CUSTOMER,
        code=customer.code,
        line1=lines[0],
        line2=lines[1],
        line3=lines[2],
        postcode=_within(place.postcode, tables.POSTCODE),
        city=_cut(place.city, tables.CITY),
        country=place.country,
        phone=phone(customer.phone or place.phone),
        email=customer.email,
        vat_number=_within(customer.vat_id, tables.VAT_NUMBER),
        payment_condition=settings.payment_condition or None,
    )


def contact(customer: DraftCustomer, account_id: str) -> NewContact | None:
    """The contact person of a new relation (C2); None where no person is known, or the debtor stands for many."""
    if customer.kind is CustomerKind.COLLECTIVE or not (customer.first_name or customer.last_name or customer.contact):
        return None
    first, last = customer.first_name, customer.last_name
    if not (first or last):
        last = customer.contact
    return NewContact(
        account=account_id, first_name=first, last_name=last, phone=phone(customer.phone), email=customer.email
    )


def delivery(place: Address, customer: DraftCustomer, account_id: str) -> NewAddress:
    """The delivery address of a document (C4). An address has no name in Exact: a recipient who is not the customer
    comes first on the street lines [7.4].
    """
    recipient = [name for name in (place.company, place.name) if name and not _same(name, customer.name)]
    lines = address_lines([*dict.fromkeys(recipient), *place.lines], tables.ADDRESS_LINE)
    return NewAddress(
        account=account_id,
        type=tables.DELIVERY,
        line1=lines[0],
        line2=lines[1],
        line3=lines[2],
        postcode=_within(place.postcode, tables.POSTCODE),
        city=_cut(place.city, tables.CITY),
        country=place.country,
        phone=phone(place.phone),
    )


def item(line: DraftLine, code: str, settings: ExactSettings, *, search_code: str | None, group: str | None) -> NewItem:
    """A new article. What is no goods (shipping, discount) keeps no stock."""
    goods = line.kind is LineKind.GOODS
    title = " ".join(line.title.split()) or code
    barcode = re.sub(r"\D", "", line.ean or "")
    return NewItem(
        code=code,
        description=shorten(title, tables.ITEM_DESCRIPTION),
        extra_description=(
            shorten(title, tables.ITEM_EXTRA_DESCRIPTION) if len(title) > tables.ITEM_DESCRIPTION else None
        ),
        search_code=search_code,
        barcode=barcode or None,
        item_group=group,
        unit=settings.unit or None,
        vat_code=line.vat_code or None,
        is_sales_item=True,
        is_stock_item=goods and settings.stock_items,
        is_webshop_item=1 if goods else 0,
        start_date=tables.ITEM_START,
    )


def refuse(draft: Draft, settings: ExactSettings) -> None:
    """Refuse what this target can never book, before anything is written."""
    number = f"Order {draft.number}"
    if len(draft.reference) > tables.REFERENCE or draft.reference != draft.reference.strip():
        raise Refused(
            "exact.reference-length",
            f"{number}: the reference does not fit in the {tables.REFERENCE} characters that 'Uw ref.' safely holds.",
            "A shortened reference could not be found again; book this order by hand.",
        )
    if draft.currency not in settings.currencies:
        raise Refused(
            "exact.currency",
            f"{number} is in {draft.currency}, which is not among the currencies of this connection.",
            "Add the currency in Exact Online and to the connection's currencies.",
        )
    if len(draft.customer.email or "") > tables.EMAIL:
        raise Refused(
            "exact.email-length",
            f"{number}: the e-mail address is longer than the {tables.EMAIL} characters that Exact Online takes.",
            "Make the relation by hand, or book on a collective debtor.",
        )
    for line in draft.lines:
        if not line.vat_code:
            raise Refused(
                "exact.vat-code",
                f"{number}: the VAT table gives no VAT code for {line.country or 'a line without country'}"
                f" {line.rate if line.rate is not None else ''}".rstrip()
                + ".",
                "Fill in the VAT code; without it Exact Online would take the article's own.",
            )
        if settings.document == "sales_entry" and not line.ledger:
            raise Refused(
                "exact.ledger",
                f"{number}: the VAT table gives no ledger for VAT code {line.vat_code}; a sales entry needs one.",
                "Fill in the revenue ledger in the connection's VAT table.",
            )
        if settings.document != "sales_entry" and not line.code:
            raise Refused(
                "exact.article-code",
                f"{number}: a line has no article code; Exact Online needs an article on each line.",
                "Give the article a code in the shop, or set the article code for this kind of line.",
            )


def address_lines(lines: Sequence[str], width: int) -> tuple[str | None, str | None, str | None]:
    """Three street lines of at most so many characters; what is too long flows on to the next, at a space if it can."""
    clean = [" ".join(line.split()) for line in lines]
    wrapped = [part for line in clean for part in textwrap.wrap(line, width)]
    if len(wrapped) > tables.ADDRESS_LINES:
        wrapped = textwrap.wrap(", ".join(filter(None, clean)), width)[: tables.ADDRESS_LINES]
    padded: list[str | None] = [*wrapped, None, None, None]
    return padded[0], padded[1], padded[2]


def phone(number: str | None) -> str | None:
    """Digits, plus, hyphens and spaces; without spaces and hyphens if it does not fit; nothing rather than a part."""
    clean = re.sub(r"[^\d+\- ]", "", (number or "").replace("(0)", "")).strip()
    if len(clean) > tables.PHONE:
        clean = re.sub(r"[\- ]", "", clean)
    return clean if clean and len(clean) <= tables.PHONE else None


def shorten(text: str, width: int) -> str:
    """Text of one line, cut at the width."""
    return " ".join(text.split())[:width].rstrip()


def _cut(text: str | None, width: int) -> str | None:
    return shorten(text, width) or None if text else None


def _within(text: str | None, width: int) -> str | None:
    """The text if it fits: half a postcode or VAT number is worse than none."""
    return text if text and len(text) <= width else None


def _same(one: str, other: str) -> bool:
    return "".join(filter(str.isalnum, one)).casefold() == "".join(filter(str.isalnum, other)).casefold()
