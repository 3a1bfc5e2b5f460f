"""The three documents that an order can become in Exact Online, and what each calls its key, number and date."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from msgspec import Struct

from koppel.booking.draft import Draft
from koppel_exact import mapper
from koppel_exact.mapper import Found
from koppel_exact.received import Header
from koppel_exact.settings import Document, ExactSettings


@dataclass(frozen=True, kw_only=True)
class DocumentKind:
    """One resource: ``number`` reads the number that the user sees, 0 while Exact has not given one."""

    resource: str
    key: str
    select: str
    build: Callable[[Draft, ExactSettings, Found], Struct]
    number: Callable[[Header], int]


DOCUMENTS: Mapping[Document, DocumentKind] = {
    "sales_order": DocumentKind(
        resource="salesorder/SalesOrders",
        key="OrderID",
        select="OrderID,OrderNumber,YourRef,AmountFC,Currency,OrderDate",
        build=mapper.order,
        number=lambda header: header.order_number or 0,
    ),
    "sales_invoice": DocumentKind(
        resource="salesinvoice/SalesInvoices",
        key="InvoiceID",
        select="InvoiceID,InvoiceNumber,OrderNumber,YourRef,AmountFC,Currency,OrderDate",
        build=mapper.invoice,
        number=lambda header: header.invoice_number or header.order_number or 0,
    ),
    "sales_entry": DocumentKind(
        resource="salesentry/SalesEntries",
        key="EntryID",
        select="EntryID,EntryNumber,YourRef,AmountFC,Currency,EntryDate",
        build=mapper.entry,
        number=lambda header: header.entry_number or 0,
    ),
}
