"""The sandbox behaves as the fact sheet's checklist says, and by default makes orders that can be booked."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from koppel.model import Order
from koppel.sandbox import Options
from koppel.testing.clock import VirtualClock
from koppel_lightspeed.decoding import embedded, typed_order
from koppel_lightspeed.mapper import Shop, to_order
from koppel_lightspeed.sandbox import KEY, SECRET

from .lightspeed_rig import Visitor, visit

pytestmark = pytest.mark.anyio


def options(clock: VirtualClock | None = None, *, size: int = 60, limits: bool = False, **switches: str) -> Options:
    return Options(clock=clock or VirtualClock(), size=size, limits=limits, switches=switches)


async def ids(client: Visitor, query: str = "") -> list[int]:
    return [order["id"] for order in (await client.get(f"/nl/orders.json?{query}")).json()["orders"]]


async def orders(client: Visitor) -> list[Order]:
    found: list[Order] = []
    for order_id in await ids(client, "limit=250"):
        body = (await client.get(f"/nl/orders/{order_id}.json")).content
        wire = typed_order(body.removeprefix(b'{"order":')[:-1])
        order = to_order(wire, embedded(wire.products), Shop(currency="EUR", ships_from="NL"))
        assert isinstance(order, Order)
        found.append(order)
    return found


async def test_lists_are_newest_first_fifty_a_page_and_empty_beyond_the_end() -> None:
    async with visit(options(size=120)) as client:
        first = await ids(client)
        assert len(first) == 50
        assert first == sorted(first, reverse=True)
        assert len(await ids(client, "limit=250")) == 120
        assert len(await ids(client, "limit=50&page=3")) == 20
        assert await ids(client, "limit=50&page=4") == []
        assert (await client.get("/nl/orders/count.json")).json() == {"count": 120}


async def test_filters_are_evaluated_and_unknown_ones_ignored() -> None:
    async with visit(options(size=40, quiet="1")) as client:
        every = await ids(client)
        assert await ids(client, f"since_id={every[10]}") == every[:10]
        assert len(await ids(client, "number=ord00007")) == 1
        assert await ids(client, "nonsense=1") == every
        some = await ids(client, "created_at_min=2026-11-20 00:00:00")
        assert 0 < len(some) < 40
        assert set(await ids(client, "created_at_max=2026-11-20 00:00:00")) | set(some) == set(every)
        assert (await client.get("/nl/orders/count.json?created_at_min=2026-11-20 00:00:00")).json() == {
            "count": len(some)
        }
        row = (await client.get("/nl/orders.json?fields=id,number&limit=1")).json()["orders"][0]
        assert set(row) == {"id", "number"}


async def test_filters_are_read_in_the_zone_that_is_set() -> None:
    counts: list[int] = []
    for zone in ("UTC", "Europe/Amsterdam"):
        async with visit(options(size=120, zone=zone, days="0.1", quiet="1")) as client:
            counts.append(len(await ids(client, "limit=250&created_at_min=2026-11-21 07:00:00")))
    assert counts[0] < counts[1]


async def test_lists_do_not_embed_and_single_orders_do() -> None:
    async with visit(options()) as client:
        row = (await client.get("/nl/orders.json?limit=1")).json()["orders"][0]
        assert "embedded" not in row["products"]["resource"]
        single = (await client.get(f"/nl/orders/{row['id']}.json")).json()["order"]
        assert single["products"]["resource"]["embedded"]
        assert single["events"]["resource"]["embedded"]


@pytest.mark.parametrize(
    ("auth", "path", "status", "message"),
    [
        (("wrong", SECRET), "/nl/orders.json", 401, "Could not authenticate you."),
        ((KEY, "wrong"), "/xx/orders.json", 401, "Could not authenticate you."),
        ((KEY, SECRET), "/xx/orders.json", 404, "Unknown or inactive language."),
        ((KEY, SECRET), "/nl/orders/1.json", 404, "Not found."),
        ((KEY, SECRET), "/nl/unheard/of.json", 404, "Not found."),
    ],
)
async def test_errors_come_in_the_envelope(auth: tuple[str, str], path: str, status: int, message: str) -> None:
    async with visit(options()) as client:
        reply = await client.get(path, auth=auth)
        assert reply.status_code == status
        assert reply.json() == {"error": {"code": status, "method": "GET", "request": path, "message": message}}


async def test_windows_turn_with_the_clock_and_say_minus_one() -> None:
    clock = VirtualClock()
    clock.advance(37)
    async with visit(options(clock, limits=True, windows="3/5/12000")) as client:
        seen = [await client.get("/nl/account.json") for _ in range(4)]
        assert [reply.status_code for reply in seen] == [200, 200, 200, 429]
        assert seen[0].headers["X-RateLimit-Limit"] == "3/5/12000"
        assert seen[0].headers["X-RateLimit-Remaining"] == "2/4/11999"
        assert seen[0].headers["X-RateLimit-Reset"] == "263/3563/57563"
        assert seen[3].headers["X-RateLimit-Remaining"].startswith("-1/1/")
        assert seen[3].json()["error"]["code"] == 429
        clock.advance(263)
        assert (await client.get("/nl/account.json")).status_code == 200
        assert (await client.get("/nl/account.json", auth=(KEY, "wrong"))).headers["X-RateLimit-Limit"]
        assert client.sandbox.journal.over_limit()


@pytest.mark.parametrize(("kind", "pattern"), [("seconds", "301"), ("date", "GMT")])
async def test_retry_after_as_it_may_be(kind: str, pattern: str) -> None:
    async with visit(options(limits=True, retry_after=kind, windows="1/5/12000")) as client:
        await client.get("/nl/account.json")
        assert pattern in (await client.get("/nl/account.json")).headers["Retry-After"]


async def test_nothing_is_said_in_four_ways_and_repeatably() -> None:
    lists: list[list[dict[str, Any]]] = []
    for odd in ("1", "1", "0"):
        async with visit(options(size=80, odd=odd)) as client:
            lists.append((await client.get("/nl/orders.json")).json()["orders"])
    first, again, plain = lists
    assert {str(order["addressBillingStreet2"]) for order in first} == {"False", "None", "", "[]"}
    assert first == again
    assert {order["addressBillingStreet2"] for order in plain} == {""}


async def test_there_is_something_of_everything() -> None:
    async with visit(options(size=250)) as client:
        found = await orders(client)
        kinds = {line.kind.value for order in found for line in order.lines}
        assert kinds == {"goods", "discount", "shipping", "payment_costs"}
        assert {order.delivery.country for order in found if order.delivery} == {"NL", "BE", "DE", "FR"}
        assert any(order.business and order.buyer.vat_id for order in found)
        assert any(order.billing != order.delivery for order in found)
        rates = [
            {line.channel_vat.rate for line in order.lines if line.kind.value == "goods" and line.channel_vat}
            for order in found
        ]
        assert any(len(each) > 1 for each in rates)
        assert len({order.status for order in found}) >= 8


async def test_every_released_order_can_be_booked_by_a_dutch_shop_with_oss() -> None:
    from koppel.booking import BookingSettings, Evidence, SellerSettings, VatRow, make_draft

    rates = {"NL": ("21", "9"), "BE": ("21", "6"), "DE": ("19", "7"), "FR": ("20", "5.5"), "outside": ("0",)}
    settings = BookingSettings(
        seller=SellerSettings(country="NL", oss=True),
        vat={country: {rate: VatRow(code="x", ledger="8000") for rate in some} for country, some in rates.items()},
        categories={"books_printed": ("BOOK-*",)},
    )
    async with visit(options(size=250, noise="1")) as client:
        by_number = {order.number: order for order in await orders(client)}
        booked = 0
        for record in client.sandbox.orders:
            if record.released:
                draft = make_draft(by_number[record.number], settings, Evidence())
                assert draft.total == record.expected_total
                booked += 1
        assert booked > 150


async def test_what_waits_moves_on() -> None:
    async with visit(options(size=150)) as client:
        before = {record.number for record in client.sandbox.orders if record.released}
        client.sandbox.change_pending()
        after = {record.number for record in client.sandbox.orders if record.released}
        assert before < after
        assert any(record.cancelled for record in client.sandbox.orders)


async def test_time_alone_moves_them_too() -> None:
    clock = VirtualClock()
    async with visit(options(clock, size=150)) as client:
        before = sum(record.released for record in client.sandbox.orders)
        clock.advance(timedelta(hours=3).total_seconds())
        assert sum(record.released for record in client.sandbox.orders) > before


async def test_an_order_from_outside_is_served_as_it_is() -> None:
    async with visit(options(size=1)) as client:
        body = (await client.get(f"/nl/orders/{(await ids(client))[0]}.json")).content
        changed = body.replace(b"ORD00001", b"20260099").replace(b"315900001", b"415900001")
        assert (await client.post("/_sandbox/orders", content=changed)).json() == {"number": "20260099"}
        assert (await client.get("/nl/orders/415900001.json")).json()["order"]["number"] == "20260099"
        assert len(client.sandbox.orders) == 2
        assert (await client.put("/_sandbox/orders/20260099", json={"status": "cancelled"})).status_code == 204
        assert next(record for record in client.sandbox.orders if record.number == "20260099").cancelled
        assert (await client.put("/_sandbox/orders/none", json={})).status_code == 404
        assert (await client.post("/_sandbox/orders", content=b"{}")).status_code == 400


async def test_an_edited_order_has_new_totals() -> None:
    async with visit(options(size=3, quiet="1")) as client:
        before = client.sandbox.orders[0].expected_total
        client.sandbox.change("ORD00001", quantity=40)
        after = client.sandbox.orders[0].expected_total
        assert after > before
        assert next(order for order in await orders(client) if order.number == "ORD00001").total == after
        assert isinstance(after, Decimal)
