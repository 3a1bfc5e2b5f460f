"""The shapes of Lightspeed's JSON, as far as koppel needs them; :mod:`koppel_lightspeed.decoding` fills them.

Personal fields that koppel has no use for (``nationalId``, ``birthDate``, ``remoteIp``) are never typed.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any, Generic, TypeVar

from msgspec import Struct

T = TypeVar("T")

Text = str | int | None
"""A text that some shops' settings turn into a number (an order number of digits only)."""


class Resource(Struct, Generic[T], frozen=True):
    """What hangs below a reference; the single GET of an order embeds it, the list does not [fact sheet 5.4]."""

    embedded: T | None = None


class Reference(Struct, Generic[T], frozen=True):
    """A reference to other records."""

    resource: Resource[T] | None = None


class Ident(Struct, frozen=True):
    """The id of a referenced record."""

    id: int | None = None


class RowIdent(Struct, frozen=True):
    """All that can be told of an odd list row."""

    id: int


class Pointer(Struct, frozen=True):
    """A reference of which only the id matters."""

    resource: Ident | None = None


class TaxRate(Struct, frozen=True):
    """VAT at one rate. ``rate`` is a fraction (0.21), ``amount`` in the shop's currency with four decimals."""

    rate: Decimal | None = None
    amount: Decimal | None = None


class Country(Struct, frozen=True):
    """A country; ``code`` has two lower-case letters."""

    code: str | None = None


class Language(Struct, frozen=True):
    """A language."""

    code: str | None = None


class AddressWire(Struct, frozen=True, rename="pascal"):
    """The fields that begin with ``addressBilling`` or ``addressShipping``."""

    company: Text = None
    name: Text = None
    street: Text = None
    street2: Text = None
    number: Text = None
    extension: Text = None
    zipcode: Text = None
    city: Text = None
    region: Text = None
    country: Country | None = None


class LineWire(Struct, frozen=True, rename="camel"):
    """An order line. ``priceIncl`` is the LINE TOTAL after discount, not a unit price [fact sheet 7.2]."""

    id: int | None = None
    product_title: Text = None
    variant_title: Text = None
    tax_rate: Decimal | None = None
    tax_rates: tuple[TaxRate, ...] = ()
    quantity_ordered: Decimal | None = None
    quantity_refunded: Decimal = Decimal(0)
    article_code: Text = None
    ean: Text = None
    sku: Text = None
    price_incl: Decimal | None = None
    discount_incl: Decimal = Decimal(0)
    variant: Pointer | None = None


class InvoiceWire(Struct, frozen=True, rename="camel"):
    """An invoice of the order."""

    id: int = 0
    number: Text = None
    is_credit_note: bool = False


class EventWire(Struct, frozen=True, rename="camel"):
    """Something that happened to the order: ``type`` order, invoice, shipment; ``message`` new, paid, shipped …"""

    created_at: datetime | None = None
    type: str = ""
    message: str = ""


class OrderWire(Struct, frozen=True, rename="camel"):
    """One order as ``GET orders/{id}`` gives it, as far as koppel needs it."""

    id: int
    created_at: datetime
    updated_at: datetime
    billing: AddressWire
    shipping: AddressWire
    number: Text = None
    status: str = ""
    payment_status: str = ""
    shipment_status: str = ""
    price_incl: Decimal | None = None
    email: str | None = None
    firstname: Text = None
    middlename: Text = None
    lastname: Text = None
    phone: Text = None
    mobile: Text = None
    is_company: bool = False
    company_name: Text = None
    company_vat_number: Text = None
    payment_id: Text = None
    payment_title: Text = None
    payment_is_post: bool = False
    payment_tax_rate: Decimal | None = None
    payment_tax_rates: tuple[TaxRate, ...] = ()
    payment_price_incl: Decimal = Decimal(0)
    shipment_title: Text = None
    shipment_is_pickup: bool = False
    shipment_tax_rate: Decimal | None = None
    shipment_tax_rates: tuple[TaxRate, ...] = ()
    shipment_price_incl: Decimal = Decimal(0)
    shipment_discount_incl: Decimal = Decimal(0)
    gift_cards_payment: Any = None  # the shape of its entries is not known; only whether there are any matters
    language: Language | None = None
    products: Reference[tuple[LineWire, ...]] | None = None
    invoices: Reference[tuple[InvoiceWire, ...]] | None = None
    events: Reference[tuple[EventWire, ...]] | None = None


class RowWire(Struct, frozen=True, rename="camel"):
    """A row of the order list."""

    id: int
    created_at: datetime | None = None
    updated_at: datetime | None = None
    number: Text = None


class Row(Struct, frozen=True, gc=False):
    """A row of the order list: enough to see whether the order changed. A moment that cannot be read is None."""

    id: int
    number: str
    created: datetime | None
    updated: datetime | None


class Currency(Struct, frozen=True):
    """A currency."""

    shortcode: str


class ShopWire(Struct, frozen=True, rename="camel"):
    """The shop. Amounts of orders are in its currency: an order names none [fact sheet 7.1]."""

    currency: Currency
    status: str = ""
    country: Country | None = None


class Scope(Struct, frozen=True):
    """What the API key may do with one kind of records."""

    read: bool = False
    write: bool = False


class Permissions(Struct, frozen=True):
    """The rights of the API key, as far as reading orders needs them."""

    orders: Scope = Scope()
    settings: Scope = Scope()


class Window(Struct, frozen=True):
    """One of the key's limits."""

    limit: int = 0


class RateLimit(Struct, frozen=True, rename="camel"):
    """The key's limits, as the vendor tells them."""

    limit5_min: Window = Window()
    limit_hour: Window = Window()
    limit_day: Window = Window()
