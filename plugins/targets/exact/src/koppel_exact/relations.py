"""Relations in Exact Online: found in bulk and compared again, made once, never changed (C1-C8)."""

from collections.abc import Sequence
from datetime import date, datetime

from koppel.booking.draft import CustomerKind, DraftCustomer
from koppel.clock import AMSTERDAM
from koppel_exact import odata, tables
from koppel_exact.received import Account
from koppel_exact.wire import read_day, read_moment

SELECT = "ID,Code,Name,Email,Status,Blocked,VATNumber,Created,EndDate"


def terms(customer: DraftCustomer) -> Sequence[str]:
    """How to ask for this customer: collective ones by code, else name; others by e-mail, else VAT number."""
    if customer.kind is CustomerKind.COLLECTIVE:
        if customer.code:
            return [odata.equals("Code", odata.padded(customer.code))]
        return [odata.equals("Name", customer.name[: tables.ACCOUNT_NAME])]
    if customer.email:
        return [odata.equals("Email", email) for email in dict.fromkeys((customer.email, customer.email.lower()))]
    return [odata.equals("VATNumber", customer.vat_id)] if customer.vat_id else []


def is_meant(account: Account, customer: DraftCustomer) -> bool:
    """Whether the account is this customer: Exact's own comparison is not relied upon."""
    if customer.kind is CustomerKind.COLLECTIVE:
        if customer.code:
            return (account.code or "").strip() == customer.code.strip()
        return _fold(account.name) == _fold(customer.name[: tables.ACCOUNT_NAME])
    if customer.email:
        return _fold(account.email) == _fold(customer.email)
    return bool(customer.vat_id) and _fold(account.vat_number) == _fold(customer.vat_id)


def is_usable(account: Account, today: date) -> bool:
    """Whether documents may be booked on the account: a customer, not blocked, not ended."""
    end = read_day(account.end_date)
    return (account.status or "").strip() == tables.CUSTOMER and not account.blocked and (end is None or end >= today)


def chosen(accounts: Sequence[Account], customer: DraftCustomer, today: date) -> Account | None:
    """The one to use. E-mail addresses are not unique in Exact: the oldest usable relation, then the lowest code."""
    fitting = [account for account in accounts if is_meant(account, customer) and is_usable(account, today)]
    return min(fitting, key=_age, default=None)


def _age(account: Account) -> tuple[datetime, str]:
    return read_moment(account.created) or datetime.max.replace(tzinfo=AMSTERDAM), account.code or ""


def _fold(text: str | None) -> str:
    return (text or "").strip().casefold()
