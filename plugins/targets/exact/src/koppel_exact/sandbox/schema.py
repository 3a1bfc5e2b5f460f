"""The resources that the sandbox has, field by field: a part of the vendor's reference pages (facts only).

One line a field: name, type, flags. Types: guid, str, strN (longest value), padN (padded with spaces on output), int,
double, bool, byte, date, lines. Flags: k key, m mandatory on POST, r read only, f counts for mandatory filtering.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Field:
    """One property of a resource. ``length`` is 0 where none is known; ``pad`` where the vendor does not pad."""

    name: str
    kind: str
    flags: str = ""
    length: int = 0
    pad: int = 0

    @property
    def read_only(self) -> bool:
        """Whether a POST may not set it."""
        return "r" in self.flags


@dataclass(frozen=True)
class Resource:
    """One resource: path below the division, type name, and whether a list must be filtered."""

    path: str
    model: str
    fields: dict[str, Field]
    page: int = 60
    must_filter: bool = False
    scope: str = ""
    children: dict[str, "Resource"] = field(default_factory=dict[str, "Resource"])

    @property
    def key(self) -> str:
        """The name of the key field."""
        return next(one.name for one in self.fields.values() if "k" in one.flags)

    def filterable(self) -> list[str]:
        """The fields that count for mandatory filtering."""
        return sorted(one.name for one in self.fields.values() if "f" in one.flags)


def _fields(text: str) -> dict[str, Field]:
    found: dict[str, Field] = {}
    for line in text.split(","):
        name, kind, *flags = line.split()
        letters = kind.rstrip("0123456789")
        number = int(kind[len(letters) :] or 0)
        found[name] = Field(
            name,
            "str" if letters == "pad" else letters,
            flags[0] if flags else "",
            length=number if letters == "str" else 0,
            pad=number if letters == "pad" else 0,
        )
    return found


_STAMP = "Created date rf, Modified date rf, Timestamp int r, Division int r"
_PLAIN_STAMP = "Created date r, Modified date r, Timestamp int r, Division int r"

ORDER_LINE = Resource(
    "salesorder/SalesOrderLines",
    "SalesOrderLine",
    _fields(
        "ID guid k, OrderID guid f, Item guid mf, ItemCode str r, Description str f, Quantity double, NetPrice double,"
        "UnitPrice double, Discount double, VATCode pad3 f, VATPercentage double, VATAmount double, AmountFC double,"
        "LineNumber int rf, DeliveryDate date f, Notes str, UnitCode pad8, Project guid f, CostCenter str f"
    ),
)
INVOICE_LINE = Resource(
    "salesinvoice/SalesInvoiceLines",
    "SalesInvoiceLine",
    _fields(
        "ID guid k, InvoiceID guid f, Item guid mf, ItemCode str r, Description str f, Quantity double,"
        "NetPrice double, UnitPrice double, Discount double, VATCode pad3 f, VATPercentage double,"
        "VATAmountFC double, AmountFC double, GLAccount guid f, LineNumber int rf, Notes str, UnitCode pad8"
    ),
)
ENTRY_LINE = Resource(
    "salesentry/SalesEntryLines",
    "SalesEntryLine",
    _fields(
        "ID guid k, EntryID guid, GLAccount guid m, AmountFC double m, VATCode pad3, VATAmountFC double,"
        "VATPercentage double, Description str, Quantity double, CostCenter str, Notes str, LineNumber int r"
    ),
)

RESOURCES = {
    resource.path: resource
    for resource in (
        Resource(
            "crm/Accounts",
            "Account",
            _fields(
                "ID guid kf, Code str18 f, Name str50 mf, Email str100 f, Status pad1 f, IsSales bool rf, Type str rf,"
                "Blocked bool f, AddressLine1 str60 f, AddressLine2 str60 f, AddressLine3 str60 f, Postcode str20 f,"
                "City str40 f, Country pad3 f, Phone str17 f, VATNumber str20 f, ChamberOfCommerce str40 f,"
                "PaymentConditionSales str,"
                "SearchCode str30 f, Language pad10, SalesVATCode pad3, SalesCurrency str,"
                "GLAccountSales guid, MainContact guid f, Remarks str, EndDate date f, StartDate date f," + _STAMP
            ),
            must_filter=True,
            scope="crm.accounts",
        ),
        Resource(
            "crm/Contacts",
            "Contact",
            _fields(
                "ID guid k, Account guid m, FirstName str, LastName str, FullName str r, Email str, "
                "BusinessEmail str128,"
                "Phone str, BusinessPhone str, Mobile str, Title str, Gender str, Language pad10, Notes str,"
                "IsMainContact bool r," + _PLAIN_STAMP
            ),
            scope="crm.accounts",
        ),
        Resource(
            "crm/Addresses",
            "Address",
            _fields(
                "ID guid k, Account guid, Type int, AddressLine1 str80, AddressLine2 str80, AddressLine3 str80,"
                "Postcode str, City str30, Country pad3, State pad3, Phone str, Contact guid, Main bool," + _PLAIN_STAMP
            ),
            scope="crm.accounts",
        ),
        Resource(
            "logistics/Items",
            "Item",
            _fields(
                "ID guid kf, Code str30 mf, Description str60 mf, ExtraDescription str255 f, SearchCode str f,"
                "Barcode str64 f, ItemGroup guid f, ItemGroupCode str rf, IsSalesItem bool f, IsStockItem bool f,"
                "IsWebshopItem byte f, IsFractionAllowedItem bool f, Unit pad8 f, SalesVatCode pad3 f, Notes str,"
                "StartDate date f, EndDate date f, StandardSalesPrice double r, Stock double r," + _STAMP
            ),
            must_filter=True,
            scope="logistics.items",
        ),
        Resource(
            "salesorder/SalesOrders",
            "SalesOrder",
            _fields(
                "OrderID guid kf, OrderNumber int f, OrderedBy guid mf, DeliverTo guid f, InvoiceTo guid f,"
                "OrderDate date f, DeliveryDate date f, YourRef str40 f, Description str60 f, Remarks str,"
                "PaymentCondition str, PaymentReference str25 f, Currency str3, DeliveryAddress guid f,"
                "WarehouseID guid f, OrderedByContactPerson guid f, DeliverToContactPerson guid f, Status int rf,"
                "DeliveryStatus int rf, InvoiceStatus int rf, ApprovalStatus int f, AmountFC double r,"
                "AmountFCExclVat double r, AmountDC double r, SalesOrderLines lines m," + _STAMP
            ),
            must_filter=True,
            scope="sales.orders",
            children={"SalesOrderLines": ORDER_LINE},
        ),
        Resource(
            "salesinvoice/SalesInvoices",
            "SalesInvoice",
            _fields(
                "InvoiceID guid kf, InvoiceNumber int rf, OrderNumber int f, Journal str mf, OrderedBy guid mf,"
                "InvoiceTo guid f, DeliverTo guid f, DeliverToAddress guid f, OrderDate date, InvoiceDate date rf,"
                "DueDate date, YourRef str f, Description str f, Remarks str, PaymentCondition str,"
                "PaymentReference str f, Currency str, Type int f, Status int rf, AmountFC double r,"
                "AmountFCExclVat double r, AmountDC double r, VATAmountFC double r, SalesInvoiceLines lines m," + _STAMP
            ),
            must_filter=True,
            scope="sales.invoices",
            children={"SalesInvoiceLines": INVOICE_LINE},
        ),
        Resource(
            "salesentry/SalesEntries",
            "SalesEntry",
            _fields(
                "EntryID guid k, EntryNumber int, InvoiceNumber int, OrderNumber int, Customer guid m, Journal str m,"
                "EntryDate date, DueDate date, YourRef str, Description str, PaymentCondition str, "
                "PaymentReference str, Currency str, ReportingYear int, ReportingPeriod int, Type int r,"
                "Status int r, AmountFC double r, AmountDC double r, VATAmountFC double,"
                "Rate double, SalesEntryLines lines m," + _PLAIN_STAMP
            ),
            scope="financial.accounting",
            children={"SalesEntryLines": ENTRY_LINE},
        ),
        Resource(
            "vat/VATCodes",
            "VATCode",
            _fields(
                "ID guid k, Code pad3 m, Description str m, Percentage double r, Type str, VATTransactionType str,"
                "IsBlocked bool, EUSalesListing str, OssCountry str," + _PLAIN_STAMP
            ),
            scope="financial.accounting",
        ),
        Resource(
            "financial/GLAccounts",
            "GLAccount",
            _fields(
                "ID guid k, Code str m, Description str m, Type int, BalanceType str, BalanceSide str, VATCode pad3,"
                "IsBlocked bool," + _PLAIN_STAMP
            ),
            scope="financial.generalledgers",
        ),
        Resource(
            "financial/Journals",
            "Journal",
            _fields(
                "ID guid k, Code str, Description str, Type int, Currency str, AllowVAT bool, IsBlocked bool,"
                + _PLAIN_STAMP
            ),
            scope="financial.generalledgers",
        ),
        Resource(
            "financial/FinancialPeriods",
            "FinancialPeriod",
            _fields("ID guid k, FinYear int r, FinPeriod int r, StartDate date r, EndDate date r," + _PLAIN_STAMP),
            scope="financial.accounting",
        ),
        Resource(
            "cashflow/PaymentConditions",
            "PaymentCondition",
            _fields("ID guid k, Code str m, Description str m, PaymentDays int, PaymentMethod str," + _PLAIN_STAMP),
            scope="financial.cashflow",
        ),
        Resource(
            "inventory/Warehouses",
            "Warehouse",
            _fields("ID guid k, Code str, Description str, Main byte," + _PLAIN_STAMP),
            scope="logistics.inventory",
        ),
        Resource(
            "logistics/ItemGroups",
            "ItemGroup",
            _fields("ID guid k, Code str, Description str, IsDefault byte, GLRevenue guid," + _PLAIN_STAMP),
            scope="logistics.items",
        ),
        Resource(
            "general/Currencies",
            "Currency",
            _fields("Code str k, Description str," + _PLAIN_STAMP),
            scope="financial.currencies",
        ),
        Resource(
            "system/Divisions",
            "SystemDivision",
            _fields(
                "Code int k, Description str, CustomerName str, Status int, BlockingStatus int, Currency str,"
                "Country pad3, DivisionMoveDate date, Current bool, Timestamp int, Division int"
            ),
            scope="organization.administration",
        ),
    )
}

READ_ONLY = frozenset(
    {
        "financial/FinancialPeriods",
        "logistics/ItemGroups",
        "general/Currencies",
        "system/Divisions",
        "vat/VATCodes",
        "financial/GLAccounts",
        "financial/Journals",
        "inventory/Warehouses",
        "cashflow/PaymentConditions",
    }
)
"""Resources that this sandbox only shows, whatever the vendor lets others write there."""

SYNC = {
    "sync/CRM/Accounts": "crm/Accounts",
    "sync/CRM/Contacts": "crm/Contacts",
    "sync/CRM/Addresses": "crm/Addresses",
    "sync/Logistics/Items": "logistics/Items",
    "sync/SalesOrder/SalesOrderHeaders": "salesorder/SalesOrders",
}
BULK = {"bulk/CRM/Accounts": "crm/Accounts", "bulk/Logistics/Items": "logistics/Items"}
