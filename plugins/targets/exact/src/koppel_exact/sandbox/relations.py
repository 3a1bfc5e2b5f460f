"""What the vendor does with new relations, contacts, addresses and items."""

import re

from koppel_exact.sandbox.books import Books, Row
from koppel_exact.sandbox.wording import business

_ADDRESS = ("Account", "Type", "AddressLine1", "AddressLine2", "AddressLine3", "Postcode", "City", "Country")
_MAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
ACCOUNT_CODE = 18


def add_account(books: Books, row: Row) -> Row:
    """A relation; the code is the highest used + 1 unless given. E-mail addresses need not be unique."""
    email = row.get("Email")
    if email and not _MAIL.fullmatch(str(email)):
        raise business("invalid", f"E-mail [{email}]")
    code = str(row.get("Code") or books.highest("crm/Accounts", "Code") + 1).strip()
    if not code.isdecimal():
        raise business("invalid", "Code")
    if books.find("crm/Accounts", "Code", code):
        raise business("exists")
    require(books, "cashflow/PaymentConditions", "Code", row.get("PaymentConditionSales"), "Betalingsconditie")
    row["Code"] = code.rjust(ACCOUNT_CODE)
    row.setdefault("Status", "A")
    row |= {"IsSales": row["Status"] == "C", "Type": "A", "Blocked": row.get("Blocked") or False}
    return books.add("crm/Accounts", row)


def add_contact(books: Books, row: Row) -> Row:
    """A contact person. Doubles are not refused."""
    require(books, "crm/Accounts", "ID", row.get("Account"), "Account")
    if not row.get("FirstName") and not row.get("LastName"):
        raise business("mandatory", "Achternaam")
    row["FullName"] = " ".join(str(row[name]) for name in ("FirstName", "LastName") if row.get(name))
    row["IsMainContact"] = books.find("crm/Contacts", "Account", row["Account"]) is None
    return books.add("crm/Contacts", row)


def add_address(books: Books, row: Row) -> Row:
    """An address, or the existing one if it is the same: the only create that may be repeated [7.4]."""
    require(books, "crm/Accounts", "ID", row.get("Account"), "Account")
    if not row.get("Account") or not row.get("Type"):
        raise business("mandatory", "Account" if not row.get("Account") else "Type")
    wanted = [row.get(name) or "" for name in _ADDRESS]
    for kept in books.where("crm/Addresses", "Account", row["Account"]):
        if [kept.get(name) or "" for name in _ADDRESS] == wanted:
            return kept
    return books.add("crm/Addresses", row)


def add_item(books: Books, row: Row) -> Row:
    """An item; the code is unique."""
    if books.find("logistics/Items", "Code", row["Code"]):
        raise business("exists")
    require(books, "vat/VATCodes", "Code", row.get("SalesVatCode"), "Btw-code")
    group = row.get("ItemGroup")
    require(books, "logistics/ItemGroups", "ID", group, "Artikelgroep")
    default = books.find("logistics/ItemGroups", "IsDefault", 1)
    row.setdefault("ItemGroup", default["ID"] if default else None)
    row.setdefault("Unit", "stuk")
    row.setdefault("IsSalesItem", False)
    row.setdefault("StartDate", books.now().replace(hour=0, minute=0, second=0, microsecond=0))
    return books.add("logistics/Items", row)


def require(books: Books, path: str, field: str, value: object, about: str) -> Row | None:
    """The row that is referred to; None for no reference. A wrong reference is refused."""
    if value in (None, ""):
        return None
    found = books.find(path, field, value)
    if found is None:
        raise business("reference", about)
    return found
