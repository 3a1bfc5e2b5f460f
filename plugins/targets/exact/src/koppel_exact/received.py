"""What Exact Online tells: only the fields that koppel reads. Codes still carry the vendor's padding."""

from decimal import Decimal

from msgspec import Struct, field


class Account(Struct, frozen=True):
    """`crm/Accounts`: a relation."""

    id: str = field(name="ID")
    code: str | None = field(default=None, name="Code")
    name: str | None = field(default=None, name="Name")
    email: str | None = field(default=None, name="Email")
    status: str | None = field(default=None, name="Status")
    blocked: bool | int | None = field(default=None, name="Blocked")
    vat_number: str | None = field(default=None, name="VATNumber")
    created: str | None = field(default=None, name="Created")
    end_date: str | None = field(default=None, name="EndDate")


class Item(Struct, frozen=True):
    """`logistics/Items`: an article."""

    id: str = field(name="ID")
    code: str | None = field(default=None, name="Code")
    search_code: str | None = field(default=None, name="SearchCode")


class Created(Struct, frozen=True):
    """The answer to the creation of anything whose key is called ID."""

    id: str = field(name="ID")


class Header(Struct, frozen=True):
    """A sales order, sales invoice or sales entry, as far as it is read. Amounts incl. VAT, in the document's currency.

    Each resource has its own name for key, number and date; the fields that another has stay empty.
    """

    reference: str | None = field(default=None, name="YourRef")
    amount: Decimal | None = field(default=None, name="AmountFC")
    currency: str | None = field(default=None, name="Currency")
    order_id: str | None = field(default=None, name="OrderID")
    invoice_id: str | None = field(default=None, name="InvoiceID")
    entry_id: str | None = field(default=None, name="EntryID")
    order_number: int | None = field(default=None, name="OrderNumber")
    invoice_number: int | None = field(default=None, name="InvoiceNumber")
    entry_number: int | None = field(default=None, name="EntryNumber")
    order_date: str | None = field(default=None, name="OrderDate")
    entry_date: str | None = field(default=None, name="EntryDate")

    @property
    def id(self) -> str | None:
        """The key, whatever the resource calls it."""
        return self.order_id or self.invoice_id or self.entry_id


class VatCode(Struct, frozen=True):
    """`vat/VATCodes`: `percentage` is a fraction (0.21), `type` I including, E excluding, N none, B base only [7.9]."""

    code: str = field(name="Code")
    description: str | None = field(default=None, name="Description")
    percentage: Decimal | None = field(default=None, name="Percentage")
    type: str | None = field(default=None, name="Type")
    transaction_type: str | None = field(default=None, name="VATTransactionType")
    blocked: bool | int | None = field(default=None, name="IsBlocked")
    oss_country: str | None = field(default=None, name="OssCountry")


class Ledger(Struct, frozen=True):
    """`financial/GLAccounts`: a ledger; `balance_type` W is profit and loss."""

    id: str = field(name="ID")
    code: str = field(name="Code")
    description: str | None = field(default=None, name="Description")
    balance_type: str | None = field(default=None, name="BalanceType")
    blocked: bool | int | None = field(default=None, name="IsBlocked")


class Journal(Struct, frozen=True):
    """`financial/Journals`: `type` 20 is a sales journal."""

    code: str = field(name="Code")
    description: str | None = field(default=None, name="Description")
    type: int | None = field(default=None, name="Type")
    blocked: bool | int | None = field(default=None, name="IsBlocked")


class Coded(Struct, frozen=True):
    """Anything with key, code and description: warehouse, item group, payment condition, currency."""

    code: str = field(name="Code")
    id: str | None = field(default=None, name="ID")
    description: str | None = field(default=None, name="Description")


class Division(Struct, frozen=True):
    """`system/Divisions`: an administration. `blocking` other than 0: Exact is copying or converting it [7.1]."""

    code: int = field(name="Code")
    description: str | None = field(default=None, name="Description")
    status: int | None = field(default=None, name="Status")
    blocking: int | None = field(default=None, name="BlockingStatus")
    currency: str | None = field(default=None, name="Currency")


class Me(Struct, frozen=True):
    """`current/Me`: the user that gave consent."""

    division: int | None = field(default=None, name="CurrentDivision")
    language: str | None = field(default=None, name="LanguageCode")


class Period(Struct, frozen=True):
    """`financial/FinancialPeriods`: a period that exists; whether it is open is not told [7.8]."""

    year: int = field(name="FinYear")
    start: str = field(name="StartDate")
    end: str = field(name="EndDate")
