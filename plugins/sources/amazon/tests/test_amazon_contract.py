"""Plugin and sandbox against Amazon's own model and samples."""

import csv
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec
import pytest

from koppel.model import Order, OrderRef
from koppel.sandbox import Options
from koppel.vendor import Reply
from koppel_amazon.mapper import Departure, read_order
from koppel_amazon.sandbox import AmazonSandbox
from koppel_amazon.sandbox.answers import denied, quota_exceeded
from koppel_amazon.signin import expired, refusal
from koppel_amazon.tables import BUCKETS

from .amazon_rig import Heard, Open

Json = dict[str, Any]

EXPECTED = {
    "orders2026_getOrder_200_gb_docs_example.json": {"202-1234567-8901234": "103.97 GBP"},
    "orders2026_getOrder_200_us_no_buyer_ispu.json": {"114-9876543-1234567": "49.99 USD"},
    "orders2026_getOrder_400.json": {},
    "orders2026_paginationToken_mismatch_400.json": {},
    "orders2026_searchOrders_200_gb_second_page.json": {"202-7654321-1098765": "34.99 GBP"},
    "orders2026_searchOrders_200_nl_de_COMPOSED.json": {
        "171-0000010-0000010": "54.85 EUR",
        "305-0000011-0000011": "54.98 EUR",
        "404-0000012-0000012": "29.97 EUR",
        "171-0000013-0000013": "not told yet",
    },
    "orders2026_searchOrders_200_us_docs_example.json": {"123-4567890-1234567": "154.99 USD"},
    "orders2026_searchOrders_400.json": {},
}
"""Every sample of the Orders API, and what becomes of the orders in it."""


def decoded(path: Path) -> Any:
    return msgspec.json.decode(path.read_bytes())


def orders_in(document: Any) -> list[Json]:
    """The orders of an answer, whatever envelope it is in."""
    body = document.get("response", document)
    return body.get("orders") or ([body["order"]] if "order" in body else [])


def outcome(order: Json) -> str:
    found = read_order(msgspec.json.encode(order), Departure(own=None, fba=None))
    if not isinstance(found, Order):
        return found.code
    if found.total is None:
        return "not told yet"
    assert sum(line.gross for line in found.lines) == found.total
    return f"{found.total} {found.currency}"


def test_every_sample_is_listed(shared: Path) -> None:
    assert {path.name for path in (shared / "samples").glob("orders2026_*")} == set(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_the_samples_become_what_they_should(shared: Path, name: str) -> None:
    found = {order["orderId"]: outcome(order) for order in orders_in(decoded(shared / "samples" / name))}
    assert found == EXPECTED[name]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/orders/2026-01-01/orders", {"123-4567890-1234567": "154.99 USD", "202-7654321-1098765": "34.99 GBP"}),
        (
            "/orders/2026-01-01/orders/{orderId}",
            {"202-1234567-8901234": "103.97 GBP", "114-9876543-1234567": "49.99 USD"},
        ),
    ],
)
def test_the_models_own_examples_become_what_they_should(shared: Path, path: str, expected: dict[str, str]) -> None:
    answers = decoded(shared / "spec" / "orders_2026-01-01.json")["paths"][path]["get"]["responses"]["200"]
    static = [one["response"] for one in answers["x-amzn-api-sandbox"]["static"] if "response" in one]
    examples = [*answers["examples"].values(), *static]
    assert {order["orderId"]: outcome(order) for one in examples for order in orders_in(one)} == expected


@pytest.mark.anyio
async def test_samples_are_booked_through_the_sandbox(shared: Path, rig: Open) -> None:
    """Amazon's orders at the vendor's own pace: put in, listed, looked up."""
    async with rig(size=0) as r:
        for name in EXPECTED:
            for order in orders_in(decoded(shared / "samples" / name)):
                r.sandbox.add_order(order | {"lastUpdatedTime": "2026-11-20T10:00:00Z"})
        source = r.open(marketplaces=["NL", "DE", "GB"])
        found = {order.number: order async for page in source.orders_changed(None) for order in page.orders}
        assert set(found) == {
            "171-0000010-0000010",
            "305-0000011-0000011",
            "404-0000012-0000012",
            "171-0000013-0000013",
            "202-1234567-8901234",
            "202-7654321-1098765",
        }
        for number, mapped in found.items():
            assert isinstance(mapped, Order)
            if (record := r.sandbox.order(number)).released:
                assert mapped.total == record.expected_total


def validator(shared: Path, model: str, definition: str) -> Any:
    """A validator of Swagger 2.0 models, whose schemas are JSON Schema draft 4. The library has no types."""
    definitions = decoded(shared / "spec" / model)["definitions"]
    return import_module("jsonschema").Draft4Validator(
        {"$ref": f"#/definitions/{definition}", "definitions": definitions}
    )


def complaints(parameters: list[Json], path_names: set[str], heard: Heard) -> list[str]:
    """What the model's parameter list has against a request."""
    known = {parameter["name"]: parameter for parameter in parameters if parameter["in"] == "query"}
    sent = dict(heard.params)
    found = [f"{name} twice" for name, _ in heard.params if [each for each, _ in heard.params].count(name) > 1]
    found += [f"{name} unknown" for name in sent if name not in known]
    required = {parameter["name"] for parameter in parameters if parameter.get("required")}
    found += [f"{name} missing" for name in required - set(sent) - path_names]
    for name, text in sent.items():
        parameter = known.get(name, {"type": "string"})
        if parameter.get("format") == "date-time":
            datetime.fromisoformat(text)
        if parameter["type"] == "integer" and not text.isdecimal():
            found.append(f"{name} is no integer")
        if parameter["type"] == "array":
            values, allowed = text.split(","), parameter["items"].get("enum")
            found += [f"{name}: {value}" for value in values if not value or (allowed and value not in allowed)]
            if len(values) > parameter.get("maxItems", 10_000):
                found.append(f"{name} has too many values")
    return found


@pytest.mark.anyio
@pytest.mark.parametrize("roles", ["none", "d2c", "d2c+tax"])
async def test_requests_and_answers_follow_the_model(shared: Path, rig: Open, roles: str) -> None:
    orders = decoded(shared / "spec" / "orders_2026-01-01.json")["paths"]
    listing = validator(shared, "orders_2026-01-01.json", "SearchOrdersResponse")
    single = validator(shared, "orders_2026-01-01.json", "GetOrderResponse")
    sellers = validator(shared, "sellers.json", "GetMarketplaceParticipationsResponse")
    async with rig(size=250, roles=roles, business="1", currencies="1") as r:
        pages = [page async for page in r.source.orders_changed(None)]
        day = r.clock.now().date()
        [page async for page in r.source.orders_placed(day, day)]
        refs = [r.sandbox.orders[index] for index in range(3)]
        looked_up = {record.number for record in refs}
        await r.source.check()
        again = [
            order.number
            async for order in r.source.orders(
                [OrderRef(id=number, number=number, changed_at=r.clock.now()) for number in looked_up]
            )
        ]
        assert set(again) == looked_up
        assert pages
        for heard in r.heard:
            assert heard.status == 200
            assert heard.headers["x-amzn-requestid"]
            assert float(heard.headers["x-amzn-ratelimit-limit"]) > 0
            body = msgspec.json.decode(heard.body)
            if heard.path == "/orders/2026-01-01/orders":
                model, check = orders["/orders/2026-01-01/orders"]["get"], listing
            elif heard.path.startswith("/orders/"):
                model, check = orders["/orders/2026-01-01/orders/{orderId}"]["get"], single
            else:
                model, check = Json(parameters=[]), sellers
            assert not complaints(model["parameters"], {"orderId"}, heard)
            assert not [error.message for error in check.iter_errors(body)]


def test_all_datasets_of_the_sandbox_are_in_the_model(shared: Path) -> None:
    definitions = decoded(shared / "spec" / "orders_2026-01-01.json")["definitions"]
    for record in AmazonSandbox(Options(size=300, switches={"odd": "1", "business": "1", "currencies": "1"})).orders:
        assert set(record.data) <= set(definitions["Order"]["properties"])
        for item in record.data["orderItems"]:
            assert set(item) <= set(definitions["OrderItem"]["properties"])


def recorded(shared: Path, name: str) -> Reply:
    sample = decoded(shared / "samples" / name)
    told = sample.get("response", sample)
    return Reply(told["status"], {}, msgspec.json.encode(told["body"]))


def test_recorded_errors_mean_what_the_sheet_says(shared: Path) -> None:
    assert expired(recorded(shared, "error_403_token_revoked_or_malformed.json"))
    assert not expired(recorded(shared, "error_403_unauthorized_recorded.json"))
    assert not expired(recorded(shared, "error_429_quota_exceeded_recorded.json"))
    assert refusal(recorded(shared, "lwa_token_invalid_grant_400.json")).code == "amazon.lwa.invalid_grant"
    unsupported = refusal(recorded(shared, "lwa_token_unsupported_grant_type_400_recorded.json"))
    assert unsupported.code == "amazon.lwa.unsupported_grant_type"
    assert "{" not in unsupported.message


def test_the_sandboxs_errors_look_like_the_recorded_ones(shared: Path) -> None:
    recorded_429 = decoded(shared / "samples" / "error_429_quota_exceeded_recorded.json")["response"]
    assert msgspec.json.decode(bytes(quota_exceeded().body)) == recorded_429["body"]
    recorded_403 = decoded(shared / "samples" / "error_403_unauthorized_recorded.json")["response"]
    assert msgspec.json.decode(bytes(denied().body)) == recorded_403["body"]


def test_limits_are_those_of_the_sheet(shared: Path) -> None:
    with (shared / "spec" / "rate_limits.csv").open() as file:
        rows = {row["operation"]: row for row in csv.DictReader(file) if row["note"] != "deprecated"}
    for operation, bucket in BUCKETS.items():
        row = rows[operation]
        assert (bucket.rate, bucket.burst) == (float(row["rate_per_second"]), int(row["burst"]))
