"""What koppel sends and reads, and what the sandbox has, against the vendor's fields and samples in ../shared."""

import csv
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args, get_type_hints

import msgspec
import pytest

from koppel.plugin import Misconfigured, RetryLater, SignInNeeded
from koppel.testing.clock import VirtualClock
from koppel.vendor import Reply
from koppel_exact import checks, dialect, documents, relations, sent, tables, wire
from koppel_exact.received import Account, Header, Item, Ledger, Me
from koppel_exact.sandbox.schema import RESOURCES
from koppel_exact.signin import refusal

ROOT = next(parent for parent in Path(__file__).parents if (parent / "daemon").is_dir())
EXACT = ROOT.parent / "shared" / "apis" / "exact"
pytestmark = pytest.mark.skipif(not EXACT.is_dir(), reason="the vendor facts (../shared/apis/exact) are not here")

SENT: list[tuple[str, type[msgspec.Struct]]] = [
    ("crm/Accounts", sent.NewAccount),
    ("crm/Contacts", sent.NewContact),
    ("crm/Addresses", sent.NewAddress),
    ("logistics/Items", sent.NewItem),
    ("salesorder/SalesOrders", sent.NewOrder),
    ("salesorder/SalesOrderLines", sent.NewOrderLine),
    ("salesinvoice/SalesInvoices", sent.NewInvoice),
    ("salesinvoice/SalesInvoiceLines", sent.NewInvoiceLine),
    ("salesentry/SalesEntries", sent.NewEntry),
    ("salesentry/SalesEntryLines", sent.NewEntryLine),
]
TYPES: dict[str, set[type]] = {
    "Edm.Guid": {str},
    "Edm.String": {str},
    "Edm.DateTime": {str},
    "Edm.Int16": {int},
    "Edm.Int32": {int},
    "Edm.Byte": {int},
    "Edm.Boolean": {bool},
    "Edm.Double": {Decimal},
}
READ = {
    "crm/Accounts": relations.SELECT,
    "logistics/Items": "ID,Code,SearchCode",
    "vat/VATCodes": "Code,Description,Percentage,Type,VATTransactionType,IsBlocked,OssCountry",
    "financial/GLAccounts": "ID,Code,Description,BalanceType,IsBlocked",
    "financial/Journals": "Code,Description,Type,IsBlocked",
    "financial/FinancialPeriods": "FinYear,FinPeriod,StartDate,EndDate",
    "inventory/Warehouses": "ID,Code,Description",
    "logistics/ItemGroups": "ID,Code,Description",
    "cashflow/PaymentConditions": "ID,Code,Description",
    "general/Currencies": "Code,Description",
    "system/Divisions": checks.DIVISION,
    "current/Me": "CurrentDivision,LanguageCode",
    **{kind.resource: kind.select for kind in documents.DOCUMENTS.values()},
}
LENGTHS = {
    ("salesorder/SalesOrders", "YourRef"): tables.REFERENCE,
    ("salesorder/SalesOrders", "Description"): tables.DESCRIPTION,
    ("crm/Accounts", "Name"): tables.ACCOUNT_NAME,
    ("crm/Accounts", "AddressLine1"): tables.ACCOUNT_ADDRESS_LINE,
    ("crm/Accounts", "Postcode"): tables.POSTCODE,
    ("crm/Accounts", "City"): tables.CITY,
    ("crm/Accounts", "Phone"): tables.PHONE,
    ("crm/Accounts", "Email"): tables.EMAIL,
    ("crm/Accounts", "VATNumber"): tables.VAT_NUMBER,
    ("crm/Accounts", "Code"): tables.ACCOUNT_CODE,
    ("crm/Addresses", "AddressLine1"): tables.ADDRESS_LINE,
    ("crm/Addresses", "City"): tables.CITY,
    ("logistics/Items", "Code"): tables.ITEM_CODE,
    ("logistics/Items", "Description"): tables.ITEM_DESCRIPTION,
    ("logistics/Items", "ExtraDescription"): tables.ITEM_EXTRA_DESCRIPTION,
    ("logistics/Items", "Barcode"): tables.BARCODE,
}


@pytest.fixture(scope="module")
def fields() -> dict[tuple[str, str], dict[str, str]]:
    with (EXACT / "spec" / "fields.csv").open(encoding="utf-8", newline="") as file:
        return {(row["entity"], row["field"]): row for row in csv.DictReader(file)}


Spec = dict[tuple[str, str], dict[str, str]]


def _kinds(hint: Any) -> Iterator[type]:
    for one in get_args(hint) or (hint,):
        if one is not type(None):
            yield one


@pytest.mark.parametrize(("entity", "struct"), SENT)
def test_every_field_that_is_sent_exists_and_may_be_written(
    fields: Spec, entity: str, struct: type[msgspec.Struct]
) -> None:
    hints = get_type_hints(struct)
    for own in msgspec.structs.fields(struct):
        row = fields[entity, own.encode_name]
        assert row["direction"] == "read/write", own.encode_name
        assert "POST" in row["methods"]
        if row["type"].startswith("Collection("):
            continue
        assert set(_kinds(hints[own.name])) <= TYPES[row["type"]], own.encode_name


@pytest.mark.parametrize(("entity", "struct"), SENT)
def test_every_mandatory_field_can_be_sent(fields: Spec, entity: str, struct: type[msgspec.Struct]) -> None:
    own = {field.encode_name for field in msgspec.structs.fields(struct)}
    inside = {"OrderID", "InvoiceID", "EntryID"}  # of the header that the line is nested in
    needed = {name for (of, name), row in fields.items() if of == entity and row["required"] == "yes"}
    assert needed - inside <= own


@pytest.mark.parametrize(("entity", "columns"), READ.items())
def test_every_column_that_is_asked_for_exists(fields: Spec, entity: str, columns: str) -> None:
    assert all((entity, column) in fields for column in columns.split(","))


def test_lengths_are_within_the_vendors(fields: Spec) -> None:
    for key, own in LENGTHS.items():
        known = fields[key]["max_length"]
        assert not known or own <= int(known), key


@pytest.mark.parametrize(
    ("entity", "names"),
    [
        ("crm/Accounts", ["Email", "Code", "Name", "VATNumber", "ID"]),
        ("logistics/Items", ["Code"]),
        ("salesorder/SalesOrders", ["YourRef", "OrderID"]),
        ("salesinvoice/SalesInvoices", ["YourRef", "InvoiceID"]),
    ],
)
def test_what_is_filtered_by_counts_as_a_filter(fields: Spec, entity: str, names: list[str]) -> None:
    for name in names:
        assert "filterable" in fields[entity, name]["flags"]


@pytest.mark.parametrize("path", RESOURCES)
def test_the_sandbox_has_the_vendors_fields(fields: Spec, path: str) -> None:
    resource = RESOURCES[path]
    for part in (resource, *resource.children.values()):
        for own in part.fields.values():
            if own.name in ("Timestamp", "Division", "Created", "Modified"):
                continue
            row = fields[part.path, own.name]
            kind = {"double": "Double", "date": "DateTime", "guid": "Guid", "bool": "Boolean", "byte": "Byte"}
            if own.kind in kind:
                assert row["type"] == f"Edm.{kind[own.kind]}", own.name
            if own.read_only:
                assert row["direction"] == "read", own.name
            if part.must_filter and "f" in own.flags:
                assert "filterable" in row["flags"], own.name


def sample(name: str) -> bytes:
    return (EXACT / "samples" / name).read_bytes()


def wrapped(name: str) -> Reply:
    told = msgspec.json.decode(sample(name))
    headers = {key.lower(): value for key, value in told.get("headers", {}).items()}
    return Reply(told["status"], headers, msgspec.json.encode(told["body"]))


@pytest.mark.parametrize(
    "name", ["accounts_collection.json", "accounts_paged_webshop_demo.json", "account_single_enveloped.json"]
)
def test_recorded_accounts_are_read(name: str) -> None:
    found, following = wire.rows(Reply(200, {}, sample(name)), Account)
    assert found
    assert all((account.code or "").strip().isdecimal() for account in found)
    assert all(wire.read_day(account.created) for account in found)
    assert bool(following) == ("paged" in name)


def test_other_recordings_are_read() -> None:
    invoice, _ = wire.rows(Reply(200, {}, sample("salesinvoice_single_expanded_lines.json")), Header)
    assert (invoice[0].amount, invoice[0].order_number, invoice[0].invoice_number) == (Decimal(9075), 1, None)
    ledgers, _ = wire.rows(Reply(200, {}, sample("glaccounts_collection.json")), Ledger)
    assert [ledger.code for ledger in ledgers][:2] == ["4406", "1300"]
    items, _ = wire.rows(Reply(200, {}, sample("items_collection.json")), Item)
    assert items[0].code == "12345678"
    assert wire.entity(Reply(200, {}, sample("vendor_me_currentdivision.json")), Me).division == 7095
    rows, following = wire.rows(Reply(200, {}, sample("vendor_paging_next.json")), Header)
    assert not rows
    assert following


@pytest.mark.parametrize(
    ("name", "write", "code"),
    [
        ("error_400_mandatory_filter_accounts.json", False, "exact.request"),
        ("error_400_unknown_property.json", True, "exact.request"),
        ("error_403_scope_violated.json", False, "exact.scope"),
        ("error_500_data_already_exists_nl.json", True, "exact.exists"),
        ("error_500_generic.json", True, "exact.fault"),
        ("error_500_invalid_journal.json", True, dialect.VALIDATION),
        ("error_sales_order_number_exists_nl.json", True, "exact.exists"),
    ],
)
def test_recorded_errors_are_understood(name: str, write: bool, code: str) -> None:
    assert dialect.error("POST x/Y", write, wrapped(name), VirtualClock()).code == code


def test_recorded_token_refusals_are_understood() -> None:
    assert isinstance(refusal(wrapped("oauth_error_old_refresh_token.json"), VirtualClock()), SignInNeeded)
    assert isinstance(refusal(wrapped("oauth_error_too_early.json"), VirtualClock()), RetryLater)
    assert not isinstance(refusal(wrapped("oauth_error_too_early.json"), VirtualClock()), Misconfigured)


def test_recorded_rate_headers_are_read() -> None:
    told = msgspec.json.decode(sample("ratelimit_headers_200_2023-05-12.json"))
    headers = {key.lower(): value for key, value in told["headers"].items()}
    assert len(list(dialect.feedback(Reply(200, headers, b""), VirtualClock().now()))) == 2
