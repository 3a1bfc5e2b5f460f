"""From koppel's drafts to Exact Online's documents and articles. Pure functions."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from koppel.booking.draft import Draft, DraftKind, DraftLine
from koppel.model import LineKind
from koppel.plugin import Refused
from koppel_exact import fitting, tables, vat
from koppel_exact.received import VatCode
from koppel_exact.sent import (
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
        description=fitting.shorten(draft.description, tables.DESCRIPTION),
        currency=draft.currency,
        lines=[
            NewOrderLine(
                item=item,
                description=fitting.shorten(line.title, tables.LINE_DESCRIPTION),
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
        description=fitting.shorten(draft.description, tables.DESCRIPTION),
        currency=draft.currency,
        lines=[
            NewInvoiceLine(
                item=item,
                description=fitting.shorten(line.title, tables.LINE_DESCRIPTION),
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
        description=fitting.shorten(draft.description, tables.DESCRIPTION),
        currency=draft.currency,
        lines=[
            NewEntryLine(
                ledger=found.ledgers[line.ledger],
                amount=line.net,
                vat_code=line.vat_code,
                description=fitting.shorten(line.title, tables.LINE_DESCRIPTION),
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


def item(line: DraftLine, code: str, settings: ExactSettings, *, search_code: str | None, group: str | None) -> NewItem:
    """A new article. What is no goods (shipping, discount) keeps no stock."""
    goods = line.kind is LineKind.GOODS
    title = " ".join(line.title.split()) or code
    barcode = re.sub(r"\D", "", line.ean or "")
    return NewItem(
        code=code,
        description=fitting.shorten(title, tables.ITEM_DESCRIPTION),
        extra_description=(
            fitting.shorten(title, tables.ITEM_EXTRA_DESCRIPTION) if len(title) > tables.ITEM_DESCRIPTION else None
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
