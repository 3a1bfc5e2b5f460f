"""What koppel writes to Exact Online. Fields at their default are left out of the message."""

from decimal import Decimal

from msgspec import Struct, field


class NewAccount(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """POST `crm/Accounts` [7.2]."""

    name: str = field(name="Name")
    status: str = field(name="Status")
    code: str | None = field(default=None, name="Code")
    line1: str | None = field(default=None, name="AddressLine1")
    line2: str | None = field(default=None, name="AddressLine2")
    line3: str | None = field(default=None, name="AddressLine3")
    postcode: str | None = field(default=None, name="Postcode")
    city: str | None = field(default=None, name="City")
    country: str | None = field(default=None, name="Country")
    phone: str | None = field(default=None, name="Phone")
    email: str | None = field(default=None, name="Email")
    vat_number: str | None = field(default=None, name="VATNumber")
    payment_condition: str | None = field(default=None, name="PaymentConditionSales")


class NewContact(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """POST `crm/Contacts` [7.3]."""

    account: str = field(name="Account")
    first_name: str | None = field(default=None, name="FirstName")
    last_name: str | None = field(default=None, name="LastName")
    phone: str | None = field(default=None, name="Phone")
    email: str | None = field(default=None, name="Email")


class NewAddress(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """POST `crm/Addresses`: Exact gives back the existing one if it is the same [7.4]."""

    account: str = field(name="Account")
    type: int = field(name="Type")
    line1: str | None = field(default=None, name="AddressLine1")
    line2: str | None = field(default=None, name="AddressLine2")
    line3: str | None = field(default=None, name="AddressLine3")
    postcode: str | None = field(default=None, name="Postcode")
    city: str | None = field(default=None, name="City")
    country: str | None = field(default=None, name="Country")
    phone: str | None = field(default=None, name="Phone")


class NewItem(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """POST `logistics/Items` [7.5]."""

    code: str = field(name="Code")
    description: str = field(name="Description")
    extra_description: str | None = field(default=None, name="ExtraDescription")
    search_code: str | None = field(default=None, name="SearchCode")
    barcode: str | None = field(default=None, name="Barcode")
    item_group: str | None = field(default=None, name="ItemGroup")
    unit: str | None = field(default=None, name="Unit")
    vat_code: str | None = field(default=None, name="SalesVatCode")
    is_sales_item: bool | None = field(default=None, name="IsSalesItem")
    is_stock_item: bool | None = field(default=None, name="IsStockItem")
    is_webshop_item: int | None = field(default=None, name="IsWebshopItem")
    start_date: str | None = field(default=None, name="StartDate")


class NewOrderLine(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A line of a sales order [7.6]. The price is incl. or excl. VAT as the type of the VAT code says [7.9]."""

    item: str = field(name="Item")
    description: str = field(name="Description")
    quantity: Decimal = field(name="Quantity")
    net_price: Decimal = field(name="NetPrice")
    vat_code: str = field(name="VATCode")


class NewOrder(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """POST `salesorder/SalesOrders` [7.6]."""

    ordered_by: str = field(name="OrderedBy")
    deliver_to: str = field(name="DeliverTo")
    order_date: str = field(name="OrderDate")
    reference: str = field(name="YourRef")
    description: str = field(name="Description")
    currency: str = field(name="Currency")
    lines: list[NewOrderLine] = field(name="SalesOrderLines")
    remarks: str | None = field(default=None, name="Remarks")
    payment_condition: str | None = field(default=None, name="PaymentCondition")
    delivery_address: str | None = field(default=None, name="DeliveryAddress")
    warehouse: str | None = field(default=None, name="WarehouseID")


class NewInvoiceLine(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A line of a sales invoice [7.7]; without a ledger Exact takes the one of the item or its group."""

    item: str = field(name="Item")
    description: str = field(name="Description")
    quantity: Decimal = field(name="Quantity")
    net_price: Decimal = field(name="NetPrice")
    vat_code: str = field(name="VATCode")
    ledger: str | None = field(default=None, name="GLAccount")


class NewInvoice(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """POST `salesinvoice/SalesInvoices` [7.7]."""

    journal: str = field(name="Journal")
    ordered_by: str = field(name="OrderedBy")
    deliver_to: str = field(name="DeliverTo")
    order_date: str = field(name="OrderDate")
    reference: str = field(name="YourRef")
    description: str = field(name="Description")
    currency: str = field(name="Currency")
    lines: list[NewInvoiceLine] = field(name="SalesInvoiceLines")
    type: int | None = field(default=None, name="Type")
    due_date: str | None = field(default=None, name="DueDate")
    remarks: str | None = field(default=None, name="Remarks")
    payment_condition: str | None = field(default=None, name="PaymentCondition")
    delivery_address: str | None = field(default=None, name="DeliverToAddress")


class NewEntryLine(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A line of a sales entry: the amount is excl. VAT, the VAT amount overrides Exact's own computation [7.8]."""

    ledger: str = field(name="GLAccount")
    amount: Decimal = field(name="AmountFC")
    vat_code: str = field(name="VATCode")
    description: str = field(name="Description")
    vat_amount: Decimal | None = field(default=None, name="VATAmountFC")


class NewEntry(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """POST `salesentry/SalesEntries` [7.8]."""

    customer: str = field(name="Customer")
    journal: str = field(name="Journal")
    entry_date: str = field(name="EntryDate")
    reference: str = field(name="YourRef")
    description: str = field(name="Description")
    currency: str = field(name="Currency")
    lines: list[NewEntryLine] = field(name="SalesEntryLines")
    due_date: str | None = field(default=None, name="DueDate")
    payment_condition: str | None = field(default=None, name="PaymentCondition")
