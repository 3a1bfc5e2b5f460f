"""The plugin and its sandbox against the fact sheet's own material: samples, field types, list filters."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # has none
import msgspec
import pytest

from koppel.model import ChannelVat, Order, UnreadableOrder
from koppel.sandbox import Options
from koppel_lightspeed.decoding import embedded, typed, typed_order, typed_row
from koppel_lightspeed.dialect import DIALECT
from koppel_lightspeed.mapper import Shop, to_order
from koppel_lightspeed.sandbox import LightspeedSandbox
from koppel_lightspeed.wire import ShopWire

from .lightspeed_rig import SHARED, Visitor, visit

SHEET = SHARED / "apis" / "lightspeed"
pytestmark = pytest.mark.skipif(not SHEET.is_dir(), reason="the vendor's facts (../shared) are not here")
UNSET: list[dict[str, Any]] = [{"enum": [False, None, "", []]}]


def sample(path: str, key: str = "order") -> msgspec.Raw:
    return msgspec.json.decode((SHEET / "samples" / path).read_bytes(), type=dict[str, msgspec.Raw])[key]


def mapped(path: str, currency: str = "EUR") -> Order | UnreadableOrder:
    wire = typed_order(sample(path))
    return to_order(wire, embedded(wire.products), Shop(currency=currency, ships_from="NL"))


def test_the_vendors_own_example() -> None:
    order = mapped("docs-examples/order.json", "CAD")
    assert isinstance(order, Order)
    assert [(line.id, line.kind.value, line.quantity, line.gross) for line in order.lines] == [
        ("3515302", "goods", Decimal(6), Decimal("44.10")),
        ("shipping", "shipping", Decimal(1), Decimal("6.25")),
    ]
    assert order.lines[0].channel_vat == ChannelVat(rate=Decimal(5), amount=Decimal("2.10"))
    assert order.lines[1].channel_vat == ChannelVat(rate=Decimal(5), amount=Decimal("0.30"))
    assert order.lines[0].title == "anacampseros"
    assert order.total == Decimal("50.35")
    assert order.number == "ORD00018"
    assert order.invoice_number == "INV00033"
    assert order.payment.paid_at == datetime(2019, 9, 16, 19, 46, 1, tzinfo=UTC) == order.changed_at
    assert order.delivery is not None
    assert order.delivery.country == "CA"
    assert order.delivery.lines == ("Voorbeeldstraat",)
    assert order.delivery.region == "Quebec"


def test_a_dutch_order_with_two_rates_and_a_coupon_in_the_lines() -> None:
    order = mapped("synthetic/order-nl-b2c-get.json")
    assert isinstance(order, Order)
    assert [(line.kind.value, line.gross, line.channel_vat) for line in order.lines] == [
        ("goods", Decimal("25.00"), ChannelVat(rate=Decimal(21), amount=Decimal("4.33"))),
        ("discount", Decimal("-2.50"), ChannelVat(rate=Decimal(21), amount=Decimal("-0.43"))),
        ("goods", Decimal("10.90"), ChannelVat(rate=Decimal(9), amount=Decimal("0.90"))),
        ("shipping", Decimal("5.95"), ChannelVat(rate=Decimal(21), amount=Decimal("1.03"))),
    ]
    assert order.total == Decimal("39.35")
    assert order.placed_at == datetime(2026, 11, 20, 22, 58, 41, tzinfo=UTC)
    assert (order.buyer.first_name, order.buyer.last_name) == ("Zoë", "van der Voorbeeld")
    assert [line.product.code for line in order.lines if line.product] == ["MOK-300-R", "BOEK-01"]


def test_a_partial_order_of_a_live_shop_is_told_not_guessed() -> None:
    order = mapped("live-2026/order-partial.json")
    assert isinstance(order, UnreadableOrder)
    assert "3.49 EUR" in order.message
    assert "no lines" in order.message


def test_the_list_page_is_read_row_by_row_and_a_belgian_firm_in_full() -> None:
    rows = msgspec.json.decode(sample("synthetic/orders-list-page.json", "orders"), type=list[msgspec.Raw])
    assert [(row.id, row.number) for row in map(typed_row, rows)] == [(315900003, "ORD00043"), (315900002, "ORD00042")]
    lines = msgspec.json.decode(sample("synthetic/orderProducts-list.json", "orderProducts"), type=list[msgspec.Raw])
    assert len(lines) == 2
    wire = typed_order(rows[0])
    assert not embedded(wire.products)
    assert (wire.is_company, wire.company_vat_number, wire.payment_is_post) == (True, "BE0123456749", True)
    assert wire.shipping.company == "Magazijn Voorbeeld BVBA"


def test_the_shop_of_a_live_account() -> None:
    shop = typed(sample("live-2026/shop.json", "shop"), ShopWire)
    assert (shop.currency.shortcode, shop.status) == ("EUR", "test")
    assert shop.country is not None
    assert shop.country.code == "nl"


@pytest.mark.parametrize("name", ["headers-200.txt", "headers-429.txt"])
def test_the_recorded_limit_headers(name: str) -> None:
    from koppel.vendor import Reply

    head, *lines = (SHEET / "samples" / "synthetic" / name).read_text().strip().splitlines()
    headers = {key.lower(): value.strip() for key, value in (line.split(":", 1) for line in lines)}
    told = DIALECT.feedback("getOrder", Reply(int(head.split()[1]), headers, b""))
    assert [each.remaining for each in told] == ([299, 2999, 11999] if "200" in name else [0, 2650, 11650])


def tolerant(schema: Any, components: dict[str, Any]) -> Any:
    """The compiled schema with the rule of the fact sheet's section 7: everything may say "not set" in four ways."""
    if "$ref" in schema:
        return tolerant(components[schema["$ref"].rsplit("/", 1)[1]], components)
    found = {key: value for key, value in schema.items() if key not in ("nullable", "format", "description", "oneOf")}
    if "properties" in schema:
        found["properties"] = {
            name: {"anyOf": [tolerant(each, components), *UNSET]} for name, each in schema["properties"].items()
        }
    if "items" in schema:
        found["items"] = tolerant(schema["items"], components)
    return found


@pytest.fixture(scope="module")
def spec() -> dict[str, Any]:
    return msgspec.json.decode((SHEET / "spec" / "openapi.json").read_bytes(), type=dict[str, Any])


OPTIONS = Options(size=60, seed=5, limits=False, switches={"business": "1", "free": "1", "quiet": "1"})


async def answers(shop: Visitor) -> AsyncIterator[tuple[str, str, Any]]:
    for order in (await shop.get("/nl/orders.json?limit=60")).json()["orders"]:
        yield "list", "order", order
        whole = (await shop.get(f"/nl/orders/{order['id']}.json")).json()["order"]
        yield "single", "order", whole
        for line in whole["products"]["resource"]["embedded"]:
            yield "line", "orderProduct", line
        for invoice in whole["invoices"]["resource"]["embedded"]:
            yield "invoice", "invoice", invoice
        for event in whole["events"]["resource"]["embedded"]:
            yield "event", "orderEvent", event
    about = (await shop.get("/nl/shop.json")).json()["shop"]
    assert about.pop("id")  # a number in live shops, a string in the vendor's example
    yield "shop", "shop", about
    yield "rights", "accountPermissions", (await shop.get("/nl/account/permissions.json")).json()["accountPermissions"]
    yield "limits", "accountRatelimit", (await shop.get("/nl/account/ratelimit.json")).json()["accountRatelimit"]


@pytest.mark.anyio
async def test_the_sandboxs_answers_have_the_sheets_fields_and_types(spec: dict[str, Any]) -> None:
    components = spec["components"]["schemas"]
    validators: dict[str, Any] = {
        name: jsonschema.Draft202012Validator(tolerant(components[name], components))
        for name in ("order", "orderProduct", "invoice", "orderEvent", "shop", "accountPermissions", "accountRatelimit")
    }
    seen: set[str] = set()
    for kind, name, body in await told():
        seen.add(kind)
        errors = [f"{'/'.join(map(str, error.path))}: {error.message}" for error in validators[name].iter_errors(body)]
        assert not errors, (kind, errors[:3])
        if kind == "shop":
            continue
        strange = set(body) - set(components[name]["properties"]) - {"giftCardsPayment"}
        assert not strange, (kind, strange)
        if kind in ("single", "list", "line"):
            missing = set(components[name]["properties"]) - set(body)
            assert not missing & required(kind), (kind, missing)
    assert {"list", "single", "line", "event", "invoice", "shop"} <= seen


async def told() -> list[tuple[str, str, Any]]:
    async with visit(OPTIONS) as shop:
        return [each async for each in answers(shop)]


def required(kind: str) -> set[str]:
    """What the vendor's own example has, and so must the sandbox's orders."""
    example = msgspec.json.decode(sample("docs-examples/order.json"))
    if kind == "line":
        return set(example["products"]["resource"]["embedded"][0])
    return set(example) - {"quote"}


def test_the_sandbox_has_the_sheets_paths_and_filters(spec: dict[str, Any]) -> None:
    routes = {route.path for route in LightspeedSandbox(Options(size=0))._routes}  # pyright: ignore[reportPrivateUsage] - to compare
    paths = {re.sub(r":\w+", "", path) for path in routes if path.startswith("/{language}/") and "rest" not in path}
    known = {re.sub(r"\{(order|id)\}", "{id}", path) for path in spec["paths"]}
    assert paths <= known


@pytest.mark.anyio
async def test_every_order_of_the_sandbox_reads_back_from_its_json() -> None:
    for kind, _, body in await told():
        if kind == "single":
            wire = typed_order(msgspec.json.encode(body))
            found = to_order(wire, embedded(wire.products), Shop(currency="EUR", ships_from="NL"))
            assert isinstance(found, Order), found
