"""The plugin and its sandbox against AFAS' own specification and samples."""

import csv
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, cast, get_type_hints

import jsonschema  # type: ignore[import-untyped]  # it has no types
import msgspec
import pytest

from koppel.errors import Refused, RetryLater
from koppel.model import Address
from koppel.testing.clock import VirtualClock
from koppel.vendor import Reply
from koppel_afas.connectors import USES
from koppel_afas.countries import AFAS_COUNTRIES
from koppel_afas.errors import dialect
from koppel_afas.mapper import article, order_head, order_line
from koppel_afas.parties import delivery_contact, relation
from koppel_afas.reader import ConnectorInfo, Metainfo
from koppel_afas.sandbox.books import Books
from koppel_afas.sandbox.envelopes import elements
from koppel_afas.sandbox.failures import ProfitError
from koppel_afas.sandbox.fields import FIELDS
from koppel_afas.sandbox.views import GET_CONNECTORS
from koppel_afas.settings import Settings
from koppel_afas.tables import LENGTHS, LINE_TITLE_LENGTH, REFERENCE_LENGTH, VAT_GROUP_LENGTH
from koppel_afas.wire import element, envelope, key_written, page_of

from .drafts import DAY, collective, customer, draft, line

AFAS = Path(__file__).parents[5] / "shared" / "apis" / "afas"
pytestmark = pytest.mark.skipif(not AFAS.is_dir(), reason="the vendor's specification is not beside this project")

SETTINGS = Settings(
    administration=1, journal="70", warehouse="01", project="WEB", sales_channel="1", payment_condition="14",
    payment_method="1", summary_account="1300", vat_duty="1", invoice_sending="Y", article_group="900",
    article_vat_group="2", track_stock=True,
)  # fmt: skip
ELSEWHERE = Address(name="Piet", lines=("Kade 5b", "achter"), postcode="3011 AA", city="Rotterdam", country="NL")
KNOWN_MISTAKES = {"BcId", "CdDa", "BcCo"}
"""What the specification calls compulsory and AFAS does not want [fact sheet 7.3, 10.14]."""


def table(name: str) -> list[dict[str, str]]:
    if not AFAS.is_dir():
        return []
    with (AFAS / "spec" / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


SPEC = {(row["object"], row["field"]): row for row in table("fields.csv") if row["direction"] == "to AFAS"}


def sent() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every body that the plugin sends, with all that can be in it."""
    full = draft(remarks="Cadeau", description="Bestelling")
    delivery: dict[str, object] = {"DlAd": 7, "ExAd": "Piet"}
    lines = [element(order_line(line(), "A", "STK"))]
    head = {**element(order_head(full, "25001", SETTINGS, delivery)), "Objects": [{"FbSalesLines": {"Element": lines}}]}
    yield "FbSales", envelope("FbSales", head)
    changed = {**element({"OrNu": "6", "VaDu": "1", "DbId": "2"}), "Objects": [{"FbSalesLines": {"Element": [
        element({"GuLi": "{07A33EB3-2216-404C-B7E0-54E330FA9BF7}", "QuUn": Decimal(2), "Upri": Decimal("1.10")})
    ]}}]}  # fmt: skip
    yield "FbSales", envelope("FbSales", changed)
    yield "FbItemArticle", article(line(title="x" * 300, ean="8712345678906"), SETTINGS)
    for buyer in (customer(), customer(company="B.V.", name="B.V.", vat_id="DE123456789"), collective()):
        yield relation(buyer, SETTINGS, DAY)
    fields: dict[str, object] = {
        "CoId": "NL",
        "PbAd": False,
        "Ad": "Kade",
        "HmNr": 5,
        "BeginDate": "2026-11-21",
        "ResZip": False,
    }
    for person in (True, False):
        path, body = delivery_contact("1000348", ELSEWHERE, fields, person=person)
        yield path.split("/")[2], body


def walk(path: str, body: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    found = body["Element"]
    several = cast("list[dict[str, Any]]", found if isinstance(found, list) else [found])
    for each in several:
        keys: dict[str, object] = {
            name.removeprefix("@"): value for name, value in each.items() if name.startswith("@")
        }
        yield path, each["Fields"] | keys
        for part in each.get("Objects", []):
            for name, below in part.items():
                yield from walk(f"{path}/{name}", below)


def fits(row: dict[str, str], value: object) -> bool:
    kind, length = row["type"], row["max_length"]
    if kind == "boolean":
        return isinstance(value, bool)
    if kind == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    if kind == "number":
        return isinstance(value, Decimal)
    return isinstance(value, str) and (not length or len(value) <= int(length))


@pytest.mark.parametrize(("connector", "body"), list(sent()))
def test_every_field_that_is_sent_exists_and_fits(connector: str, body: dict[str, Any]) -> None:
    for path, fields in walk(connector, body[connector]):
        for name, value in fields.items():
            assert (path, name) in SPEC, f"{path}.{name}"
            assert fits(SPEC[path, name], value), f"{path}.{name} = {value!r}"


def test_every_compulsory_field_is_sent() -> None:
    for connector, body in sent():
        for path, fields in walk(connector, body[connector]):
            if {"OrNu", "GuLi"} & fields.keys() or fields.get("MatchPer", fields.get("MatchOga")) == "0":
                continue
            needed = {name for (where, name), row in SPEC.items() if where == path and row["required"] == "yes"}
            assert needed - KNOWN_MISTAKES <= fields.keys(), path


def test_bodies_follow_the_vendors_schema() -> None:
    spec = json.loads((AFAS / "spec" / "afas-profit-6.6.9-subset.openapi.json").read_text("utf-8"))
    for connector, body in sent():
        name = f"{connector}_POST"
        if name not in spec["components"]["schemas"]:
            continue
        plain = json.loads(msgspec.json.Encoder(decimal_format="number").encode(body))
        schema = {"$ref": f"#/components/schemas/{name}", "components": spec["components"]}
        validator: Any = jsonschema.Draft202012Validator(schema)
        faults = [
            fault.message for fault in validator.iter_errors(plain) if fault.validator not in ("required", "type")
        ]
        assert not faults


def test_lengths_are_the_vendors() -> None:
    by_field: dict[str, set[int]] = {}
    for (path, name), row in SPEC.items():
        relevant = path.split("/")[0] in ("FbItemArticle", "KnSalesRelationPer", "KnSalesRelationOrg", "KnOrganisation")
        if relevant and row["max_length"]:
            by_field.setdefault(name, set()).add(int(row["max_length"]))
    assert {name: min(by_field[name]) for name in LENGTHS} == LENGTHS
    assert int(SPEC["FbSales", "RfCs"]["max_length"]) == REFERENCE_LENGTH
    assert int(SPEC["FbSales/FbSalesLines", "Ds"]["max_length"]) == LINE_TITLE_LENGTH
    assert int(SPEC["FbSales/FbSalesLines", "VaRc"]["max_length"]) == VAT_GROUP_LENGTH


def test_settings_are_no_longer_than_their_fields() -> None:
    lengths = {
        "journal": ("FbSales", "JoCo"), "warehouse": ("FbSales", "War"), "project": ("FbSales", "PrId"),
        "sales_channel": ("FbSales", "SaCh"), "payment_condition": ("FbSales", "PaCd"),
        "payment_method": ("FbSales", "PaTp"), "summary_account": ("KnSalesRelationPer", "ColA"),
        "vat_duty": ("FbSales", "VaDu"), "invoice_sending": ("KnSalesRelationPer", "InPv"),
        "article_group": ("FbItemArticle", "Grp"), "unit": ("FbItemArticle", "BiUn"),
        "article_vat_group": ("FbItemArticle", "VaRc"),
    }  # fmt: skip
    described = get_type_hints(Settings, include_extras=True)
    for setting, key in lengths.items():
        (meta,) = described[setting].__metadata__
        assert meta.max_length == int(SPEC[key]["max_length"]), setting


def test_standard_connectors_have_the_fields_that_are_read() -> None:
    known: dict[str, set[str]] = {}
    for row in table("getconnectors.csv"):
        known.setdefault(row["getconnector"], set()).add(row["field"])
    for use in USES.values():
        standard = use.known[-1]
        assert set(standard.fields.values()) <= known[standard.id], standard.id


def test_sandbox_offers_what_is_read_and_no_field_that_afas_lacks() -> None:
    known: dict[str, set[str]] = {}
    for row in table("getconnectors.csv"):
        known.setdefault(row["getconnector"], set()).add(row["field"])
    for connector in GET_CONNECTORS.values():
        if connector.id in known:
            assert set(connector.fields) <= known[connector.id], connector.id
    for use in USES.values():
        for each in use.known:
            assert set(each.fields.values()) <= set(GET_CONNECTORS[each.id].fields), each.id


def test_country_codes_are_the_vendors() -> None:
    assert {row["iso_alpha2"]: row["afas_code"] for row in table("countrycodes.csv")} == AFAS_COUNTRIES


def test_sandbox_knows_the_vendors_fields() -> None:
    kinds = {
        "string": "s",
        "boolean": "b",
        "integer": "i",
        "number": "n",
        "string:date": "d",
        "string:byte": "t",
        "string:uuid": "s",
    }
    for (path, name), row in SPEC.items():
        if path in ("FbSales", "FbSales/FbSalesLines", "FbItemArticle", "KnSalesRelationPer", "KnSalesRelationOrg"):
            field = FIELDS[path.split("/")[-1]][name]
            assert (field.kind, str(field.length or "")) == (kinds[row["type"]], row["max_length"]), f"{path}.{name}"


def samples() -> list[Path]:
    if not AFAS.is_dir():
        return []
    wanted = (
        "FbSales.",
        "FbSales-",
        "FbItemArticle.",
        "KnSalesRelation",
        "KnPerson-KnContact",
        "KnOrganisation-KnContact",
    )
    return [path for path in sorted((AFAS / "samples" / "requests").iterdir()) if path.name.startswith(wanted)]


@pytest.mark.parametrize("path", samples(), ids=lambda path: path.stem)
def test_sandbox_reads_the_vendors_samples(path: Path) -> None:
    connector = path.name.split(".")[0].split("-")[0]
    action = "update" if ".put." in path.name else "insert"
    assert elements(path.read_bytes(), connector, action)


def test_sandbox_refuses_what_afas_does_not_know() -> None:
    for body in (b'{"FbSales":{"Element":{"Fields":{"DelAd":1}}}}', b'{"FbSale":{}}', b"{", b'{"FbSales":{}}'):
        with pytest.raises(ProfitError):
            elements(body, "FbSales", "insert")


def answer(name: str, status: int = 200) -> Reply:
    return Reply(status, {}, (AFAS / "samples" / "responses" / name).read_bytes())


def test_answers_are_read() -> None:
    assert answer("metainfo.200.json").json(Metainfo).info.app_name == "OpenAPI Spec Example"
    assert [each.id for each in answer("metainfo.get.Profit_Accounts.200.json").json(ConnectorInfo).fields] == [
        "Account",
        "Description",
    ]
    assert (page_of(answer("get.Profit_Address.200.json")).rows or [])[0]["ZipCode"] == "3811 HN"
    assert key_written(answer("post.FbSales.201.shape.json", 201), "OrNu") == "PrimaryKeyValue"
    assert key_written(answer("post.KnSalesRelationOrg.201.shape.json", 201), "DbId") == "PrimaryKeyValue"


def test_failures_are_understood() -> None:
    error = dialect(VirtualClock()).error
    missing = error("FbSales", True, answer("error.500.employee-does-not-exist.en.json", 500))
    assert isinstance(missing, Refused)
    assert isinstance(error("Profit_Debtor", False, answer("error.500.bad-skip-take.nl.json", 500)), RetryLater)
    down = error("FbSales", True, answer("error.503.maintenance.as-documented.json", 503))
    assert isinstance(down, RetryLater)
    assert down.not_before is not None


def test_sandbox_counts_years() -> None:
    books = Books(range(2025, 2027), frozenset({2025}))
    assert [books.is_open(datetime(year, 5, 5, tzinfo=UTC).date()) for year in (2024, 2025, 2026, 2027)] == [
        False, False, True, False,
    ]  # fmt: skip
