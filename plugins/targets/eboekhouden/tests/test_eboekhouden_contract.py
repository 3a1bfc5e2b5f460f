"""What koppel sends and reads, and what its tables say, against the vendor's fields and samples in ../shared."""

import csv
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from koppel_eboekhouden import refusals, tables, wire

ROOT = next(parent for parent in Path(__file__).parents if (parent / "daemon").is_dir())
VENDOR = ROOT.parent / "shared" / "apis" / "eboekhouden"
pytestmark = pytest.mark.skipif(not VENDOR.is_dir(), reason="../shared/apis/eboekhouden is not here")

SENT: list[tuple[str, type[msgspec.Struct]]] = [
    ("CreateInvoice", wire.NewInvoice),
    ("CreateInvoiceItem", wire.NewItem),
    ("CreateInvoiceMutation", wire.NewInvoiceMutation),
    ("CreateMutation", wire.NewMutation),
    ("CreateMutationRow", wire.NewRow),
    ("CreateRelation", wire.NewRelation),
    ("LedgerListItem", wire.LedgerItem),
    ("InvoiceTemplateListItem", wire.TemplateItem),
    ("InvoiceListItem", wire.InvoiceItem),
    ("MutationListItem", wire.MutationItem),
    ("Mutation", wire.Mutation),
    ("VatAmount", wire.ReadVat),
    ("OutstandingInvoiceListItem", wire.OpenItem),
    ("RelationListItem", wire.RelationItem),
    ("Relation", wire.ReadRelation),
]


def schemas() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((VENDOR / "spec/rest-openapi-compiled.json").read_text(encoding="utf-8"))
    schemas_: dict[str, Any] = found["components"]["schemas"]
    return schemas_


def rows(name: str) -> list[dict[str, str]]:
    with (VENDOR / "spec" / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def sample(name: str) -> bytes:
    return (VENDOR / "samples/rest" / name).read_bytes()


@pytest.mark.parametrize(("schema", "struct"), SENT, ids=[struct.__name__ for _, struct in SENT])
def test_fields_are_the_vendor_s(schema: str, struct: type[msgspec.Struct]) -> None:
    known = schemas()[schema]["properties"]
    names = {field.encode_name for field in msgspec.structs.fields(struct)}
    assert names <= set(known)
    required = set(schemas()[schema].get("required") or ())
    if schema.startswith("Create"):
        assert required <= names


@pytest.mark.parametrize(
    ("schema", "field", "length"),
    [
        ("CreateInvoice", "invoiceNumber", tables.INVOICE_NUMBER),
        ("CreateInvoice", "reference", tables.REFERENCE),
        ("CreateInvoice", "text", tables.INVOICE_TEXT),
        ("CreateInvoiceMutation", "description", tables.INVOICE_MUTATION_DESCRIPTION),
        ("CreateInvoiceMutation", "paymentReference", tables.INVOICE_NUMBER),
        ("CreateInvoiceItem", "code", tables.ITEM_CODE),
        ("CreateMutation", "invoiceNumber", tables.INVOICE_NUMBER),
        ("CreateMutation", "entryNumber", tables.ENTRY_NUMBER),
        ("CreateMutation", "description", tables.MUTATION_DESCRIPTION),
        ("CreateRelation", "name", tables.RELATION_NAME),
        ("CreateRelation", "code", tables.RELATION_CODE),
        ("CreateRelation", "address", tables.ADDRESS),
        ("CreateRelation", "postalCode", tables.PLACE),
        ("CreateRelation", "phoneNumber", tables.PLACE),
        ("CreateRelation", "emailAddress", tables.EMAIL),
        ("CreateRelation", "vatNumber", tables.PLACE),
        ("CreateRelation", "freeText1", tables.FREE_TEXT),
    ],
)
def test_lengths_are_the_vendor_s(schema: str, field: str, length: int) -> None:
    assert schemas()[schema]["properties"][field]["maxLength"] == length


def test_vat_codes_are_the_vendor_s() -> None:
    told = {row["code"]: row for row in rows("vat-codes.csv") if row["code"] != "GEEN"}
    for code, meaning in tables.VAT_CODES.items():
        if code == "GEEN":
            continue
        row = told[code]
        assert row["country"] == meaning.country
        assert not row["cutoff_date"]
        assert row["type"] == "Sale" or code == "BI_EU_VERK"  # a slip in the vendor's table [7.8]
        if not code.startswith("VERL"):  # its rate is what the buyer owes, nothing is charged
            assert (Decimal(row["rate"].rstrip("%")) if row["rate"] else None) == meaning.rate
    current = {code for code, row in told.items() if row["type"] == "Sale" and not row["cutoff_date"]}
    assert current <= set(tables.VAT_CODES)


def test_every_code_that_is_understood_exists() -> None:
    known = {row["code"] for row in rows("error-codes.csv")}
    assert set(refusals.MEANING) <= known


def test_the_vendor_s_lists_are_read() -> None:
    ledgers = msgspec.json.decode(sample("ledger_list_response_200.json"), type=wire.Page[wire.LedgerItem])
    assert ledgers.items
    assert (ledgers.items[0].id, ledgers.items[0].code, ledgers.items[0].category) == (1, "7000", "VW")
    templates = msgspec.json.decode(sample("invoicetemplate_list_response_200.json"), type=wire.Page[wire.TemplateItem])
    assert templates.items
    assert templates.items[0].name == "Factuursjabloon"
    centres = msgspec.json.decode(sample("costcenter_list_response_200.json"), type=wire.Page[wire.CostCentreItem])
    assert centres.items
    invoices = msgspec.json.decode(sample("invoice_list_response_200.json"), type=wire.Page[wire.InvoiceItem])
    assert invoices.items
    assert invoices.items[0].total_amount == Decimal("131.89")
    relations = msgspec.json.decode(sample("relation_list_response_200.json"), type=wire.Page[wire.RelationItem])
    assert [item.code for item in relations.items or ()] == ["R0001", "R0002"]
    assert msgspec.json.decode(b'{"items": null, "count": 0}', type=wire.Page[wire.RelationItem]).items is None


def test_the_vendor_s_documents_are_read() -> None:
    mutation = msgspec.json.decode(sample("mutation_get_response_200.json"), type=wire.Mutation)
    assert (mutation.total, mutation.vat_total) == (Decimal("12.10"), Decimal("2.10"))
    partial = msgspec.json.decode(sample("mutation_get_type3_single_invoice.partial.json"), type=wire.Mutation)
    assert partial.total is None
    assert msgspec.json.decode(sample("mutation_create_response_201.json"), type=wire.Created).id == 12
    made = msgspec.json.decode(sample("invoice_create_response_201.json"), type=wire.Created)
    assert (made.id, made.invoice_number, made.in_ex_vat) == (1000, "F00001", None)


def test_the_vendor_s_requests_have_our_fields() -> None:
    for name, struct in (
        ("mutation_create_type2_request.json", wire.NewMutation),
        ("invoice_create_request_all_fields.json", wire.NewInvoice),
        ("relation_create_or_patch_request.json", wire.NewRelation),
    ):
        told = json.loads(sample(name))
        assert {field.encode_name for field in msgspec.structs.fields(struct)} <= set(told)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("error_400_vendor_example.raw.json", "EXAMPLE_001"),
        ("error_400_fact_002_shape.json", "FACT_002"),
        ("session_start_error_400.json", "API_SESSION_001"),
    ],
)
def test_the_vendor_s_errors_are_read(name: str, code: str) -> None:
    assert wire.read_error(sample(name)).code == code
