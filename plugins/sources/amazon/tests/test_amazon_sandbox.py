"""The sandbox behaves like Amazon where it matters, seen from outside."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import msgspec
import pytest
from stdnum.eu import vat

from koppel.model import Order
from koppel.sandbox import Options
from koppel.testing.clock import VirtualClock
from koppel_amazon.mapper import Departure, read_order
from koppel_amazon.sandbox import AmazonSandbox
from koppel_amazon.sandbox.lwa import CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN
from koppel_amazon.sandbox.record import DATASETS, Record

pytestmark = pytest.mark.anyio

ORDERS = "/orders/2026-01-01/orders"
SIGN_IN = {
    "grant_type": "refresh_token",
    "refresh_token": REFRESH_TOKEN,
    "client_id": CLIENT_ID,
    "client_secret": CLIENT_SECRET,
}
ALL = "BUYER,RECIPIENT,PROCEEDS,PROMOTION,CANCELLATION,FULFILLMENT,TAX,PAYMENT"
SINCE = {"lastUpdatedAfter": "2026-11-01T00:00:00Z"}


class Caller:
    """A client of a sandbox without a socket."""

    def __init__(self, *, size: int = 150, limits: bool = False, switches: Mapping[str, str] | None = None) -> None:
        self.clock = VirtualClock()
        options = Options(clock=self.clock, size=size, limits=limits, switches=switches or {})
        self.sandbox = AmazonSandbox(options)
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(self.sandbox), base_url="http://amazon.test")
        self.token = ""

    async def sign_in(self, **form: str) -> httpx.Response:
        answer = await self.http.post("/auth/o2/token", data={**SIGN_IN, **form})
        self.token = answer.json().get("access_token", self.token)
        return answer

    async def get(self, path: str, params: Mapping[str, str] | None = None, **headers: str) -> httpx.Response:
        if not self.token:
            await self.sign_in()
        return await self.http.get(path, params=params, headers={"x-amz-access-token": self.token, **headers})

    async def search(self, **params: str) -> httpx.Response:
        return await self.get(ORDERS, {**SINCE, **params})


def first_error(answer: httpx.Response) -> dict[str, Any]:
    errors: list[dict[str, Any]] = answer.json()["errors"]
    return errors[0]


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"refresh_token": "Atzr|other"}, "invalid_grant"),
        ({"client_secret": "old"}, "invalid_client"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "client_credentials"}, "invalid_request"),
        ({"grant_type": "client_credentials", "scope": "everything"}, "invalid_scope"),
        ({"grant_type": "authorization_code", "code": "none"}, "invalid_grant"),
    ],
)
async def test_the_token_endpoint_refuses(form: dict[str, str], error: str) -> None:
    answer = await Caller(size=0).sign_in(**form)
    assert (answer.status_code, answer.json()["error"]) == (400, error)


async def test_the_token_endpoint_gives() -> None:
    caller = Caller(size=0)
    given = (await caller.sign_in()).json()
    assert given["refresh_token"] == REFRESH_TOKEN
    assert given["expires_in"] == 3600
    grantless = (await caller.sign_in(grant_type="client_credentials", scope="sellingpartnerapi::notifications")).json()
    assert "refresh_token" not in grantless
    assert (await caller.search()).status_code == 403


async def test_the_consent_page_gives_a_code_for_one_use() -> None:
    caller = Caller(size=0, switches={"app": "draft"})
    path = "/apps/authorize/consent"
    assert (await caller.http.get(path)).text == "MD1000"
    elsewhere = {"version": "beta", "redirect_uri": "https://elsewhere.example"}
    assert (await caller.http.get(path, params=elsewhere)).text == "MD5101"
    sent = (await caller.http.get(path, params={"version": "beta", "state": "s1"})).headers["location"]
    back = {key: values[0] for key, values in parse_qs(urlsplit(sent).query).items()}
    assert back["state"] == "s1"
    form = {"grant_type": "authorization_code", "code": back["spapi_oauth_code"]}
    assert (await caller.sign_in(**form)).status_code == 200
    assert (await caller.sign_in(**form)).json()["error"] == "invalid_grant"
    late = parse_qs(urlsplit((await caller.http.get(path, params={"version": "beta"})).headers["location"]).query)
    caller.clock.advance(300)
    assert (await caller.sign_in(grant_type="authorization_code", code=late["spapi_oauth_code"][0])).status_code == 400


async def test_calls_without_a_good_token_are_refused_with_403() -> None:
    caller = Caller(size=1, switches={"token_seconds": "5"})
    bare = await caller.http.get(ORDERS, params=SINCE)
    assert (bare.status_code, first_error(bare)["code"]) == (403, "MissingAuthenticationToken")
    assert (await caller.search()).status_code == 200
    caller.clock.advance(5)
    old = await caller.search()
    assert (old.status_code, "expired" in first_error(old)["details"]) == (403, True)
    assert "x-amzn-ratelimit-limit" not in old.headers
    caller.token = "Atza|made-up"
    assert "revoked" in first_error(await caller.search())["details"]
    await caller.sign_in()
    await caller.http.put("/_sandbox/outage", json={"seconds": 60})
    assert first_error(await caller.search())["details"] == ""
    caller.clock.advance(4.9)
    caller.sandbox.deny(0)
    assert (await caller.search()).status_code == 200


async def test_an_old_secret_dies() -> None:
    caller = Caller(size=0, switches={"secret_dies_after": "10"})
    assert (await caller.sign_in()).status_code == 200
    caller.clock.advance(10)
    assert (await caller.sign_in()).json()["error"] == "invalid_client"


async def test_buckets_by_operation() -> None:
    caller = Caller(size=1, limits=True)
    answers = [await caller.search() for _ in range(21)]
    assert [answer.status_code for answer in answers] == [200] * 20 + [429]
    assert {answer.headers.get("x-amzn-ratelimit-limit") for answer in answers[:20]} == {"0.0056"}
    assert answers[20].headers["x-amzn-errortype"] == "TooManyRequestsException"
    assert "x-amzn-ratelimit-limit" not in answers[20].headers
    assert "retry-after" not in answers[20].headers
    assert answers[20].headers["x-amzn-requestid"]
    assert (await caller.get(f"{ORDERS}/171-0000000-0000000")).status_code == 404
    caller.clock.advance(178.6)
    assert (await caller.search()).status_code == 200
    caller.sandbox.set_rate("searchOrders", 1.0)
    caller.clock.advance(1)
    assert (await caller.search()).headers["x-amzn-ratelimit-limit"] == "1"
    silent = Caller(size=1, switches={"header": "missing"})
    assert "x-amzn-ratelimit-limit" not in (await silent.search()).headers


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"lastUpdatedAfter": "2026-11-01T00:00:00Z", "createdAfter": "2026-11-01T00:00:00Z"},
        {"lastUpdatedAfter": "2026-11-01T00:00:00Z", "createdBefore": "2026-11-02T00:00:00Z"},
        {"lastUpdatedBefore": "2026-11-01T00:00:00Z"},
        {"lastUpdatedAfter": "2026-11-01T00:00:00Z", "lastUpdatedBefore": "2026-10-01T00:00:00Z"},
        {"lastUpdatedAfter": "2026-11-01T00:00:00Z", "lastUpdatedBefore": "2026-11-21T07:58:01Z"},
        {"lastUpdatedAfter": "yesterday"},
        {"lastUpdatedAfter": "2026-11-01"},
        {**SINCE, "includedData": "proceeds"},
        {**SINCE, "includedData": ""},
        {**SINCE, "fulfillmentStatuses": "Shipped"},
        {**SINCE, "fulfilledBy": "SELLER"},
        {**SINCE, "maxResultsPerPage": "0"},
        {**SINCE, "maxResultsPerPage": "101"},
        {**SINCE, "marketplaceIds": ",".join(f"A{number}" for number in range(51))},
        {**SINCE, "paginationToken": "made-up"},
        {**SINCE, "BuyerEmail": "x"},
    ],
)
async def test_wrong_parameters_are_refused(params: dict[str, str]) -> None:
    answer = await Caller(size=1).get(ORDERS, params)
    assert (answer.status_code, first_error(answer)["code"]) == (400, "InvalidInput")
    assert answer.headers["x-amzn-ratelimit-limit"] == "0.0056"


async def test_bounds_and_the_answers_own_bound() -> None:
    caller = Caller(size=1)
    assert (await caller.search()).json()["lastUpdatedBefore"] == "2026-11-21T07:58:00Z"
    named = await caller.search(lastUpdatedBefore="2026-11-21T07:58:00Z")
    assert named.json()["lastUpdatedBefore"] == "2026-11-21T07:58:00Z"
    created = await caller.get(ORDERS, {"createdAfter": "2026-11-01T00:00:00Z"})
    assert created.json()["createdBefore"] == "2026-11-21T07:58:00Z"
    at = caller.sandbox.orders[0].data["lastUpdatedTime"]
    exact = await caller.search(lastUpdatedAfter=at, lastUpdatedBefore=at)
    assert len(exact.json()["orders"]) == 1


async def test_filters_are_evaluated() -> None:
    caller = Caller()
    for params in (
        {"fulfillmentStatuses": "PENDING,CANCELLED"},
        {"fulfilledBy": "AMAZON"},
        {"marketplaceIds": "A1PA6795UKMFR9"},
    ):
        found = (await caller.search(includedData="FULFILLMENT", **params)).json()["orders"]
        assert found
        for order in found:
            told = (
                order["fulfillment"]["fulfillmentStatus"],
                order["fulfillment"]["fulfilledBy"],
                order["salesChannel"]["marketplaceId"],
            )
            assert any(each in value.split(",") for each in told for value in params.values())


async def test_pages_are_bound_to_their_parameters_and_a_day() -> None:
    caller = Caller()
    first = (await caller.search(maxResultsPerPage="40")).json()
    token = first["pagination"]["nextToken"]
    assert (await caller.search(paginationToken=token, fulfilledBy="AMAZON")).status_code == 400
    assert (await caller.search(paginationToken=token, lastUpdatedAfter="2026-11-01T00:00:00.000Z")).status_code == 400
    second = (await caller.search(paginationToken=token, maxResultsPerPage="100")).json()
    third = (await caller.search(paginationToken=second["pagination"]["nextToken"])).json()
    numbers = [order["orderId"] for page in (first, second, third) for order in page["orders"]]
    assert len(numbers) == len(set(numbers)) == 150
    assert "pagination" not in third
    assert numbers != sorted(numbers)
    caller.clock.advance(86400)
    await caller.sign_in()
    dead = await caller.search(paginationToken=token)
    assert "All parameters must match" in first_error(dead)["message"]


async def test_only_what_is_asked_for_comes() -> None:
    caller = Caller()
    bare = (await caller.search()).json()["orders"]
    assert not any(set(order) & {"fulfillment", "proceeds", "buyer", "recipient", "tax"} for order in bare)
    assert not any(set(item) & {"proceeds", "fulfillment"} for order in bare for item in order["orderItems"])
    for dataset, (of_order, of_item) in DATASETS.items():
        for order in (await caller.search(includedData=dataset)).json()["orders"]:
            extra = set(order) - set(bare[0]) - {"associatedOrders"}
            assert extra <= set(of_order)
            for item in order["orderItems"]:
                assert set(item) - set(bare[0]["orderItems"][0]) <= set(of_item)


async def test_personal_data_by_role() -> None:
    async def seen(roles: str) -> dict[str, bool]:
        caller = Caller(switches={"roles": roles})
        orders = (await caller.search(includedData=ALL)).json()["orders"]
        addresses = [order["recipient"]["deliveryAddress"] for order in orders]
        return {
            "postcode": any("postalCode" in address for address in addresses),
            "street": any("addressLine1" in address for address in addresses),
            "town": all("city" in address for address in addresses),
            "mail": any("buyerEmail" in order["buyer"] for order in orders),
            "vat": any("taxRegistrations" in order.get("tax", {}) for order in orders),
        }

    none = {"postcode": False, "street": False, "town": True, "mail": False, "vat": False}
    assert await seen("none") == none
    assert await seen("d2c") == {**none, "postcode": True, "street": True, "mail": True}
    assert await seen("d2c+tax") == dict.fromkeys(none, True)


async def test_pending_orders_have_no_amounts_and_change_later() -> None:
    caller = Caller()
    pending = next(record for record in caller.sandbox.orders if record.status == "PENDING")
    path, params = f"{ORDERS}/{pending.number}", {"includedData": "PROCEEDS,FULFILLMENT"}
    order = (await caller.get(path, params)).json()["order"]
    assert "proceeds" not in order
    caller.clock.advance(86400)
    await caller.sign_in()
    later = (await caller.get(path, params)).json()["order"]
    assert later["fulfillment"]["fulfillmentStatus"] in {"UNSHIPPED", "SHIPPED", "CANCELLED"}
    assert "proceeds" in later
    assert later["lastUpdatedTime"] > order["lastUpdatedTime"]


async def test_changes_on_demand_show_after_two_minutes() -> None:
    caller = Caller()
    number = caller.sandbox.orders[0].number
    assert (await caller.http.put(f"/_sandbox/orders/{number}", json={"status": "Canceled"})).status_code == 204
    assert caller.sandbox.order(number).cancelled
    since = {"lastUpdatedAfter": "2026-11-21T07:59:00Z"}
    caller.clock.advance(119)
    assert (await caller.get(ORDERS, since)).json()["orders"] == []
    caller.clock.advance(1)
    assert [order["orderId"] for order in (await caller.get(ORDERS, since)).json()["orders"]] == [number]
    assert (await caller.http.put("/_sandbox/orders/none", json={"status": "SHIPPED"})).status_code == 404


async def test_pending_ones_move_on_all_at_once_and_are_seen_at_once() -> None:
    caller = Caller()
    waiting = {record.number for record in caller.sandbox.orders if not record.released and not record.cancelled}
    caller.sandbox.change_pending()
    assert not any(record.status.startswith("PENDING") for record in caller.sandbox.orders)
    since = {"lastUpdatedAfter": "2026-11-21T07:50:00Z"}
    assert waiting <= {order["orderId"] for order in (await caller.get(ORDERS, since)).json()["orders"]}


async def test_literal_orders_can_be_put_in() -> None:
    caller = Caller(size=0)
    order: dict[str, Any] = {
        "orderId": "171-0000001-0000001",
        "createdTime": "2026-11-20T10:00:00Z",
        "lastUpdatedTime": "2026-11-20T10:00:00Z",
        "salesChannel": {"channelName": "AMAZON"},
        "fulfillment": {"fulfillmentStatus": "PENDING"},
        "orderItems": [],
        "somethingElse": 1,
    }
    assert (await caller.http.post("/_sandbox/orders", json=order)).status_code == 201
    assert (await caller.http.post("/_sandbox/orders", content=b"{")).status_code == 400
    assert caller.sandbox.orders[0].expected_total == 0
    old = {**order, "orderId": "171-0000001-0000002", "createdTime": "2024-11-01T10:00:00Z"}
    await caller.http.post("/_sandbox/orders", json=old)
    assert [one["orderId"] for one in (await caller.search()).json()["orders"]] == ["171-0000001-0000001"]


async def test_single_orders() -> None:
    caller = Caller()
    number = caller.sandbox.orders[0].number
    assert (await caller.get(f"{ORDERS}/{number}")).json()["order"]["orderId"] == number
    assert first_error(await caller.get(f"{ORDERS}/171-0000000-0000000"))["code"] == "NotFound"
    assert (await caller.get(f"{ORDERS}/nonsense")).status_code == 400
    assert (await caller.get(f"{ORDERS}/{number}", {"includedData": "ALL"})).status_code == 400


@pytest.mark.parametrize("switches", [{}, {"odd": "1", "business": "1", "currencies": "1"}])
@pytest.mark.parametrize("seed", range(1, 6))
def test_every_released_order_can_be_read_to_the_cent(seed: int, switches: dict[str, str]) -> None:
    sandbox = AmazonSandbox(Options(clock=VirtualClock(), size=400, seed=seed, switches=switches))
    seen: set[str] = set()
    for record in sandbox.orders:
        order = mapped(record)
        if record.skipped or not record.released:
            continue
        withheld = sum((line.vat_withheld for line in order.lines), Decimal(0))
        assert order.total is not None
        assert order.total - withheld == record.expected_total
        assert abs(sum((line.gross for line in order.lines), Decimal(0)) - order.total) <= Decimal("0.01")
        seen |= {line.kind.value for line in order.lines} | {order.channel, str(order.business)}
        if order.buyer.vat_id:
            assert vat.is_valid(order.buyer.vat_id)
    assert {"goods", "shipping", "gift_wrap", "discount", "amazon", "amazon_fba", "True", "False"} <= seen
    if switches:
        assert {"tip", "payment_costs", "other"} <= seen


def mapped(record: Record) -> Order:
    order = read_order(msgspec.json.encode(record.data), Departure(own="NL", fba="NL"))
    assert isinstance(order, Order)
    return order


def test_the_same_seed_makes_the_same_shop() -> None:
    one, two, other = (
        [record.data for record in AmazonSandbox(Options(clock=VirtualClock(), size=50, seed=seed)).orders]
        for seed in (7, 7, 8)
    )
    assert one == two
    assert one != other


def test_orders_were_placed_in_the_days_before_now() -> None:
    clock = VirtualClock(datetime(2026, 3, 1, tzinfo=UTC))
    placed = [record.created for record in AmazonSandbox(Options(clock=clock, size=100)).orders]
    assert max(placed) < clock.now()
    assert (clock.now() - min(placed)).days < 6
