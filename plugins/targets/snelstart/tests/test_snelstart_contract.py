"""Our requests and the sandbox's answers against the vendor's own specification and samples."""

import csv
import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, cast

import httpx
import msgspec
import pytest
import yaml
from jsonschema import Draft4Validator  # type: ignore[import-untyped]  # it has no types
from referencing import Registry
from referencing.jsonschema import DRAFT4

from koppel.sandbox import Options
from koppel.testing.clock import VirtualClock
from koppel_snelstart import relatie, tables, verkoopboeking, verkooporder
from koppel_snelstart.api import scopes_of
from koppel_snelstart.artikel import article
from koppel_snelstart.chart import Chart
from koppel_snelstart.sandbox import SnelStartSandbox, body, bookings, models, rates, seed
from koppel_snelstart.wire import (
    Artikel,
    CompanyInfo,
    Dagboek,
    Grootboek,
    Land,
    Omzetgroep,
    Verkoopfactuur,
    Verkooporder,
)

SHARED = Path(__file__).parents[5] / "shared" / "apis" / "snelstart"
pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason="the vendors' specifications are not in ../shared")

MODELS = "SnelStart.B2B.Api.V2.Models"
ENCODER = msgspec.json.Encoder(decimal_format="number")


@cache
def spec() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.load(
        (SHARED / "spec" / "openapi-official-v2.yaml").read_text(encoding="utf-8"),
        Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader),
    )
    return loaded


def problems(instance: Any, model: str) -> list[str]:
    """What the specification has against an object. Null stands for "not there" in this API, so it is left out."""
    empty: Registry[Any] = Registry()
    registry = empty.with_resource("urn:spec", DRAFT4.create_resource(spec()))
    validator: Any = Draft4Validator({"$ref": f"urn:spec#/components/schemas/{MODELS}.{model}"}, registry=registry)
    return [f"{list(error.path)}: {error.message}" for error in validator.iter_errors(without_nulls(instance))]


def without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        fields = cast("dict[str, object]", value)
        return {key: without_nulls(inner) for key, inner in fields.items() if inner is not None}
    if isinstance(value, list):
        return [without_nulls(inner) for inner in cast("list[object]", value)]
    return value


def plain(value: Any) -> Any:
    return json.loads(ENCODER.encode(value))


def known_names(model: str) -> set[str]:
    return set(spec()["components"]["schemas"][f"{MODELS}.{model}"]["properties"])


def sample(name: str) -> bytes:
    return (SHARED / "samples" / name).read_bytes()


@pytest.fixture
def sandbox() -> SnelStartSandbox:
    return SnelStartSandbox(Options(clock=VirtualClock(), limits=False))


def chart_of(sandbox: SnelStartSandbox, settings: Any) -> Chart:
    rows = [{key: value for key, value in row.items() if key != "_at"} for row in sandbox.books.records["ledgers"]]
    company = msgspec.convert(sandbox.books.company, CompanyInfo)
    return Chart(company=company, ledgers=msgspec.convert(rows, list[Grootboek]), settings=settings)


def test_requests_fit_the_specification(sandbox: SnelStartSandbox, drafts: Any, settings_: Callable[..., Any]) -> None:
    id_ = sandbox.books.guid("x", 1)
    chart = chart_of(sandbox, settings_())
    land = [Land(id=id_, landcode="NL")]
    made = relatie.new_relation(drafts.customer(vat_id="NL004495445B01"), land, "-").request
    draft = drafts.sale(drafts.line(), drafts.line("10.90", "9"), remarks="x")
    address, _ = relatie.postal(drafts.customer().address, "Jan", land, "-")
    requests: dict[str, list[Any]] = {
        "VerkoopBoekingen.VerkoopBoekingModel": [
            verkoopboeking.booking(draft, id_, chart),
            verkoopboeking.booking(drafts.sale(drafts.oss(ledger="8031")), id_, chart),
        ],
        "Verkooporders.VerkoopOrderModel": [
            verkooporder.order(draft, id_, {"SKU-1": id_}, settings_(vat_entry=entry), template=id_, delivery=address)
            for entry in ("inclusive", "exclusive")
        ],
        "Relaties.RelatieWriteModel": [made, relatie.without_vat_number(made)],
        "Artikelen.ArtikelModel": [
            article(drafts.line(), chart.company, [Omzetgroep(id=id_, verkoop_nederland_btw_soort="Hoog")], settings_())
        ],
    }
    for model, bodies in requests.items():
        for request in bodies:
            sent = plain(request)
            assert problems(sent, model) == []
            assert set(sent) <= known_names(model)


async def _answers(sandbox: SnelStartSandbox) -> dict[str, Any]:
    """One answer of each list, and of each create."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(sandbox), base_url="http://sandbox") as client:
        form = {"grant_type": "clientkey", "clientkey": sandbox.books.client_key}
        token = (await client.post("/b2b/token", data=form)).json()["access_token"]
        assert scopes_of(token)
        headers = {"Authorization": f"Bearer {token}", "Ocp-Apim-Subscription-Key": seed.SUBSCRIPTION_KEYS[1]}
        books = sandbox.books
        relation = json.loads(sample("constructed_relatie_request_klant.json"))
        for name in ("vestigingsAdres", "correspondentieAdres"):
            relation[name]["land"]["id"] = books.guid("countries", "NL")
        found: dict[str, Any] = {}

        async def post(path: str, content: Any) -> Any:
            reply = await client.post(f"/v2{path}", content=ENCODER.encode(content), headers=headers)
            assert reply.status_code == 201, reply.text
            found[f"POST {path}"] = [reply.json()]
            return reply.json()

        customer = await post("/relaties", relation)
        goods = {"artikelcode": "A", "omschrijving": "A", "artikelOmzetgroep": {"id": books.guid("groups", 1)}}
        made = await post("/artikelen", goods)
        booking = json.loads(sample("constructed_verkoopboeking_request.json"))
        booking["klant"]["id"] = customer["id"]
        for line, number in zip(booking["boekingsregels"], (8000, 8010), strict=True):
            line["grootboek"]["id"] = books.ledger(number)["id"]
        await post("/verkoopboekingen", booking)
        order = json.loads(sample("constructed_verkooporder_request_inclusief.json"))
        order |= {"relatie": {"id": customer["id"]}, "verkoopordersjabloon": {"id": body.EMPTY_ID}}
        order["afleveradres"]["land"]["id"] = books.guid("countries", "BE")
        for line in order["regels"]:
            line["artikel"]["id"] = made["id"].upper()
        await post("/verkooporders", order)
        for path in (
            "/relaties", "/artikelen", "/grootboeken", "/verkoopfacturen", "/verkooporders", "/landen", "/dagboeken",
            "/artikelomzetgroepen", "/verkoopordersjablonen", "/kostenplaatsen", "/btwtarieven", "/vatrates",
        ):  # fmt: skip
            found[path] = (await client.get(f"/v2{path}", headers=headers)).json()
        found["/companyInfo"] = [(await client.get("/v2/companyInfo", headers=headers)).json()]
        return found


BEYOND = {"modifiedOn", "isHoofdartikel", "subartikelen"}
"""In recorded answers or on all our records, though not in every type of the specification."""

ANSWERS = {
    "POST /relaties": "Relaties.RelatieWriteModel",
    "POST /artikelen": "Artikelen.ArtikelModel",
    "POST /verkoopboekingen": "VerkoopBoekingen.VerkoopBoekingModel",
    "POST /verkooporders": "Verkooporders.VerkoopOrderModel",
    "/relaties": "Relaties.RelatieModel",
    "/artikelen": "Artikelen.ArtikelModel",
    "/grootboeken": "Grootboeken.GrootboekModel",
    "/verkoopfacturen": "Verkoopfacturen.VerkoopfactuurModel",
    "/verkooporders": "Verkooporders.VerkoopOrderModel",
    "/landen": "Landen.LandModel",
    "/dagboeken": "Dagboeken.DagboekModel",
    "/artikelomzetgroepen": "Artikelen.ArtikelOmzetGroepModel",
    "/verkoopordersjablonen": "Verkoopordersjablonen.VerkoopOrderSjabloonModel",
    "/kostenplaatsen": "Kostenplaatsen.KostenplaatsModel",
    "/btwtarieven": "BtwTarieven.BtwTariefModel",
    "/vatrates": "VatRates.VatRatesModel",
    "/companyInfo": "CompanyInfo.CompanyInfoModel",
}


@pytest.mark.anyio
async def test_the_sandbox_answers_as_the_specification_says(sandbox: SnelStartSandbox) -> None:
    answers = await _answers(sandbox)
    assert answers.keys() == ANSWERS.keys()
    for path, model in ANSWERS.items():
        assert answers[path], path
        for record in answers[path][-3:]:
            assert problems(record, model) == [], path
            assert set(record) <= known_names(model) | BEYOND, path


def test_what_can_be_filtered_is_in_the_specification() -> None:
    for name, model in models.TYPES.values():
        known = {key[0].upper() + key[1:] for key in spec()["components"]["schemas"][name]["properties"]}
        assert set(model) <= known, name


def test_operations_filter_where_the_specification_says() -> None:
    from koppel_snelstart import api

    for listing in vars(api).values():
        if isinstance(listing, api.Listing):
            parameters = {each["name"] for each in spec()["paths"][listing.path]["get"].get("parameters", [])}
            assert ("$filter" in parameters) is listing.odata, listing.path


def test_rights_are_those_of_the_specification() -> None:
    from koppel_snelstart import api

    with (SHARED / "spec" / "scopes.csv").open(newline="", encoding="utf-8") as file:
        table = {row["scope"]: row["operations"].split(" ; ") for row in csv.DictReader(file)}
    listings: list[Any] = [each for each in vars(api).values() if isinstance(each, api.Listing)]
    operations = {each.operation: f"GET {each.path}" for each in listings}
    operations |= {
        "createBooking": "POST /verkoopboekingen",
        "createOrder": "POST /verkooporders",
        "createRelation": "POST /relaties",
        "createArticle": "POST /artikelen",
        "getCompanyInfo": "GET /companyInfo",
        "listVatRates": "GET /vatrates",
        "getRelation": "GET /relaties/{id}",
    }
    for name, operation in operations.items():
        assert operation in table[tables.SCOPES[name]], name


def test_lengths_are_those_of_the_specification() -> None:
    schemas = spec()["components"]["schemas"]
    booking = schemas[f"{MODELS}.VerkoopBoekingen.VerkoopBoekingModel"]["properties"]
    assert booking["factuurnummer"]["maxLength"] == tables.FACTUURNUMMER
    assert booking["omschrijving"]["maxLength"] == tables.BOOKING_TEXT
    assert booking["betalingstermijn"]["maximum"] == tables.TERM_BOOKING
    order = schemas[f"{MODELS}.Verkooporders.VerkoopOrderModel"]["properties"]
    assert order["krediettermijn"]["maximum"] == tables.TERM_ORDER
    assert schemas[f"{MODELS}.Relaties.RelatieWriteModel"]["properties"]["naam"]["maxLength"] == tables.NAAM


def test_limits_are_those_of_the_table() -> None:
    published = json.loads((SHARED / "spec" / "rate_limits.json").read_text(encoding="utf-8"))["products"]
    assert published.keys() == tables.QUOTAS.keys()
    for product, quota in tables.QUOTAS.items():
        row = published[product]
        assert quota == (row["calls_per_minute"], row["calls_per_hour"], row["max_concurrent"])


def test_functions_are_those_of_the_table() -> None:
    with (SHARED / "spec" / "grootboekfuncties.csv").open(newline="", encoding="utf-8") as file:
        numbers = {row["api_enum"]: int(row["function_number"]) for row in csv.DictReader(file)}
    assert all(numbers[name] == number for name, number in tables.FUNCTION_NUMBERS.items())
    enums = json.loads((SHARED / "spec" / "enums.json").read_text(encoding="utf-8"))
    known = set(enums["Grootboeken.GrootboekModel.grootboekfunctie"])
    assert {ledger[2] for ledger in seed.LEDGERS} <= known


@pytest.mark.parametrize(
    ("name", "into"),
    [
        ("artikel_response_real.json", Artikel),
        ("artikelomzetgroepen_response_real.json", list[Omzetgroep]),
        ("companyinfo_response_fragment_oss_vendor.json", CompanyInfo),
        ("constructed_dagboeken_response.json", list[Dagboek]),
        ("constructed_grootboeken_response.json", list[Grootboek]),
        ("constructed_landen_response.json", list[Land]),
        ("constructed_verkoopfactuur_response.json", list[Verkoopfactuur]),
    ],
)
def test_samples_are_read(name: str, into: Any) -> None:
    assert msgspec.json.decode(sample(name), type=into)


def test_the_vendors_requests_are_taken_by_the_sandbox(sandbox: SnelStartSandbox) -> None:
    """The OSS example of the vendor (FR, 2021) adds up in the sandbox as it does in SnelStart."""
    books = sandbox.books
    address = {"land": {"id": books.guid("countries", "FR")}}
    record = {"relatiesoort": ["Klant"], "nonactief": False, "vestigingsAdres": address, "btwNummer": None}
    customer = books.add("relations", "frans", record)
    request = json.loads(sample("verkoopboeking_oss_request_frans.json"), parse_float=Decimal)
    request["klant"]["id"] = customer["id"]
    for line, number in zip(request["boekingsregels"], (8031, 1690), strict=True):
        line["grootboek"]["id"] = books.ledger(number)["id"]
    made, _ = bookings.create(books, body.parse(ENCODER.encode(request)))
    assert made["factuurbedrag"] == Decimal("5505.8")
    assert rates.foreign_rate("FR", "SR", date(2021, 7, 29).isoformat()) == 20


def test_an_order_is_read_in_any_state() -> None:
    read = msgspec.json.decode(
        sample("verkooporder_request_vendor.json").replace(b'"relatie"', b'"id": "1", "relatie"'), type=Verkooporder
    )
    assert read.orderreferentie is None
