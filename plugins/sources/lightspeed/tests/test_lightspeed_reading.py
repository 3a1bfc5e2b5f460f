"""Reading orders over a real socket: nothing missed however the list moves, and as few calls as it takes."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import msgspec
import pytest

from koppel.clock import AMSTERDAM
from koppel.model import Order, OrderRef, UnreadableOrder
from koppel.plugin import Misconfigured, OrderPage, RetryLater, SignInNeeded
from koppel_lightspeed.tables import CHUNK

from .lightspeed_rig import Open, Rig

encode = msgspec.json.Encoder(decimal_format="number").encode
pytestmark = pytest.mark.anyio


def numbers(shop: Rig) -> set[str]:
    return {record.number for record in shop.sandbox.orders}


async def test_the_first_poll_brings_every_order_with_the_shops_own_totals(open_shop: Open) -> None:
    async with open_shop(size=180) as shop:
        found, _ = await shop.poll()
        assert {number: order.total for number, order in found.items() if isinstance(order, Order)} == {
            record.number: record.expected_total for record in shop.sandbox.orders
        }


async def test_an_order_costs_one_call_and_an_idle_poll_one(open_shop: Open) -> None:
    async with open_shop(size=240) as shop:
        _, cursor = await shop.poll()
        assert shop.calls("getOrder") == 240
        assert shop.calls() <= 240 + 3  # the shop itself, the list, and the count that proves it whole
        await shop.clock.sleep(1)
        before = shop.calls()
        found, _ = await shop.poll(cursor)
        assert not found
        assert shop.calls() == before + 1


async def test_pages_come_in_the_order_of_the_changes_with_cursors_that_go_on(open_shop: Open) -> None:
    async with open_shop(size=130) as shop:
        pages = [page async for page in shop.source.orders_changed(None)]
        assert [len(page.orders) for page in pages] == [CHUNK, CHUNK, 30, 0]
        assert [page.last for page in pages] == [False, False, False, True]
        changed = [order.changed_at for page in pages for order in page.orders]
        assert all(earlier <= later for earlier, later in pairwise(changed))
        after_first, _ = await shop.poll(pages[0].cursor)
        assert {order.number for order in pages[0].orders} | after_first.keys() == numbers(shop)
        assert len(after_first) == 80


async def test_only_changed_orders_are_read_again(open_shop: Open) -> None:
    async with open_shop(size=60, seed=3) as shop:
        _, cursor = await shop.poll()
        await shop.clock.sleep(900)
        shop.sandbox.change("ORD00007", quantity=9)
        placed = shop.sandbox.place()
        await shop.clock.sleep(30)
        before = shop.calls("getOrder")
        found, cursor = await shop.poll(cursor)
        assert found.keys() == {"ORD00007", placed}
        assert shop.calls("getOrder") - before == len(found)
        seven = found["ORD00007"]
        assert isinstance(seven, Order)
        assert seven.lines[0].quantity == 9
        await shop.clock.sleep(60)
        found, _ = await shop.poll(cursor)
        assert not found


async def test_a_change_in_the_same_second_as_the_reading_is_seen(open_shop: Open) -> None:
    async with open_shop(size=5) as shop:
        shop.sandbox.change("ORD00002", quantity=2)
        _, cursor = await shop.poll()
        shop.sandbox.change("ORD00002", quantity=5)
        found, cursor = await shop.poll(cursor)
        two = found["ORD00002"]
        assert isinstance(two, Order)
        assert two.lines[0].quantity == 5
        await shop.clock.sleep(30)
        _, cursor = await shop.poll(cursor)
        before = shop.calls("getOrder")
        await shop.poll(cursor)
        assert shop.calls("getOrder") == before


@pytest.mark.parametrize("moving", [1, 40, 300])
async def test_orders_that_come_in_while_the_list_is_paged_push_none_out(open_shop: Open, moving: int) -> None:
    async with open_shop(size=620, switches={"moving": str(moving)}) as shop:
        before = numbers(shop)
        found, cursor = await shop.poll()
        assert before <= found.keys()
        shop.sandbox.moving = 0
        await shop.clock.sleep(60)
        later, _ = await shop.poll(cursor)
        assert numbers(shop) <= found.keys() | later.keys()


async def test_orders_that_move_up_because_another_is_deleted_are_not_missed(open_shop: Open) -> None:
    async with open_shop(size=520) as shop:
        gone = {1: "ORD00510", 2: "ORD00300"}

        def delete(page: int) -> None:
            if page in gone:
                shop.sandbox.remove(gone.pop(page))

        shop.sandbox.after_page = delete
        found, _ = await shop.poll()
        assert not gone
        assert numbers(shop) <= found.keys()


@pytest.mark.parametrize("deep", ["1", "2"])
async def test_a_server_that_caps_deep_pages_hides_nothing(open_shop: Open, deep: str) -> None:
    async with open_shop(size=700, switches={"deep": deep}) as shop:
        found, _ = await shop.poll()
        assert found.keys() == numbers(shop)


async def test_a_server_that_hides_rows_for_good_is_told_not_believed(open_shop: Open) -> None:
    async with open_shop(size=300, switches={"deep": "1", "days": "0.02"}) as shop:
        with pytest.raises(RetryLater, match="counts more orders than it lists"):
            await shop.poll()


@pytest.mark.parametrize("largest", ["7", "25", "50", "60", "100", "249"])
async def test_a_server_with_smaller_pages_than_asked_hides_nothing(open_shop: Open, largest: str) -> None:
    async with open_shop(size=260, switches={"largest": largest}) as shop:
        found, _ = await shop.poll()
        assert found.keys() == numbers(shop)


@pytest.mark.parametrize("heavy", ["200", "50", "4"])
async def test_pages_that_time_out_are_asked_smaller(open_shop: Open, heavy: str) -> None:
    async with open_shop(size=33, switches={"heavy": heavy}) as shop:
        found, _ = await shop.poll()
        assert found.keys() == numbers(shop)


async def test_a_chance_504_does_not_shrink_the_pages(open_shop: Open) -> None:
    async with open_shop(size=30) as shop:
        shop.sandbox.faults.add("500", "listOrders", times=1)
        found, _ = await shop.poll()
        assert len(found) == 30
        assert shop.calls("listOrders") == 3  # failed, whole, and the proof that nothing is behind it


@pytest.mark.parametrize("zone", ["UTC", "Europe/Amsterdam"])
async def test_the_zone_in_which_filters_are_read_does_not_matter(open_shop: Open, zone: str) -> None:
    async with open_shop(size=40, switches={"zone": zone}) as shop:
        _, cursor = await shop.poll()
        await shop.clock.sleep(1)
        shop.sandbox.change("ORD00003", comment="later")
        found, _ = await shop.poll(cursor)
        assert "ORD00003" in found


async def test_an_american_shop_behind_utc_is_read_whole(open_shop: Open) -> None:
    from koppel_lightspeed.listing import Span
    from koppel_lightspeed.tables import AMERICA, BEHIND

    low = datetime(2026, 11, 21, 8, tzinfo=UTC)
    assert Span("updated", low, None, BEHIND[AMERICA]).params() == [("updated_at_min", "2026-11-20 20:00:00")]


async def test_a_temporary_404_is_waited_for(open_shop: Open) -> None:
    async with open_shop(size=12, switches={"not_found": "60"}) as shop:
        shop.sandbox.change("ORD00004", comment="now")
        found, _ = await shop.poll()
        assert isinstance(found["ORD00004"], Order)


async def test_a_lasting_404_is_an_error_not_a_gap_and_heals_by_itself(open_shop: Open) -> None:
    async with open_shop(size=12, switches={"not_found": "600"}) as shop:
        shop.sandbox.change("ORD00004", comment="now")
        found, cursor = await shop.poll()
        four = found["ORD00004"]
        assert isinstance(four, UnreadableOrder)
        assert four.code == "lightspeed.not-there"
        error_moment = four.changed_at
        assert len(found) == 12
        shop.sandbox.place()
        await shop.clock.sleep(9000)  # longer than any overlap
        found, cursor = await shop.poll(cursor)
        four = found["ORD00004"]
        assert isinstance(four, Order)
        assert four.changed_at != error_moment  # or the core would not look at it again
        assert not msgspec.json.decode(cursor)["owed"]


async def test_an_order_that_always_fails_is_set_aside_for_the_others(open_shop: Open) -> None:
    async with open_shop(size=120) as shop:
        shop.sandbox.broken.update({315900010, 315900020, 315900021, 315900022, 315900060})
        found, cursor = await shop.poll()
        failed = {order.number for order in found.values() if isinstance(order, UnreadableOrder)}
        assert failed == {"ORD00010", "ORD00020", "ORD00021", "ORD00022", "ORD00060"}
        assert len(found) == 120
        await shop.clock.sleep(4000)
        shop.sandbox.broken.clear()
        found, _ = await shop.poll(cursor)
        assert failed == found.keys()
        assert all(isinstance(order, Order) for order in found.values())


async def test_an_order_that_stays_gone_is_forgotten_after_a_day(open_shop: Open) -> None:
    async with open_shop(size=12, switches={"not_found": "9999999"}) as shop:
        shop.sandbox.change("ORD00004", comment="now")
        _, cursor = await shop.poll()
        assert msgspec.json.decode(cursor)["owed"]
        for _ in range(2):
            await shop.clock.sleep(50_000)
            _, cursor = await shop.poll(cursor)
        assert not msgspec.json.decode(cursor)["owed"]


async def test_errors_inside_a_2xx_are_not_taken_for_data(open_shop: Open) -> None:
    async with open_shop(size=40, switches={"body_errors": "4"}) as shop:
        found, _ = await shop.poll()
        assert found.keys() == numbers(shop)


@pytest.mark.parametrize(
    ("code", "kind"), [(500, None), (404, None), (429, None), (400, UnreadableOrder), (401, SignInNeeded)]
)
async def test_what_an_error_inside_a_2xx_means(open_shop: Open, code: int, kind: type | None) -> None:
    async with open_shop(size=9) as shop:
        shop.sandbox.script("getOrder", {"error": {"code": code, "message": "No."}, "order": {"id": 1}})
        if kind is SignInNeeded:
            with pytest.raises(SignInNeeded):
                await shop.poll()
            return
        found, _ = await shop.poll()
        assert len(found) == 9
        assert sum(isinstance(order, UnreadableOrder) for order in found.values()) == (kind is UnreadableOrder)


async def test_no_error_beside_the_data_is_none(open_shop: Open) -> None:
    async with open_shop(size=1) as shop:
        (order,) = shop.sandbox.shop_orders
        lines = {"resource": {"id": False, "embedded": order.lines}}
        shop.sandbox.script("getOrder", {"error": False, "order": {**order.fields, "customer": 1, "products": lines}})
        found, _ = await shop.poll()
        assert isinstance(found[order.number], Order)


async def test_orders_deleted_at_every_page_are_no_reason_to_stop(open_shop: Open) -> None:
    async with open_shop(size=600) as shop:
        gone = iter(range(600, 0, -1))
        shop.sandbox.after_page = lambda _page: shop.sandbox.remove(f"ORD{next(gone):05d}")
        found, _ = await shop.poll()
        assert numbers(shop) <= found.keys()


async def test_a_list_in_which_old_orders_keep_turning_up_is_put_off(open_shop: Open) -> None:
    async with open_shop(size=600) as shop:
        old = shop.sandbox.shop_orders[300].fields
        ids = iter(range(500_000_000, 500_000_100))

        def turn_up(page: int) -> None:
            more = next(ids)
            shop.sandbox.add_order(encode({**old, "id": more, "number": str(more), "customer": None}))

        shop.sandbox.after_page = turn_up
        with pytest.raises(RetryLater, match="kept changing"):
            await shop.poll()


async def test_garbage_is_asked_again_and_then_put_off_with_what_was_read_kept(open_shop: Open) -> None:
    async with open_shop(size=130) as shop:
        shop.sandbox.faults.add("garbage", "getOrder", skip=70)
        pages: list[OrderPage] = []
        reading = aiter(shop.source.orders_changed(None))
        pages.append(await anext(reading))
        pages.append(await anext(reading))
        with pytest.raises(RetryLater):
            await anext(reading)
        done = {order.number for page in pages for order in page.orders}
        assert 65 <= len(done) <= 70
        shop.sandbox.faults.set([])
        rest, _ = await shop.poll(pages[-1].cursor)
        assert done | rest.keys() == numbers(shop)
        assert len(rest) == 130 - len(done)


async def test_orders_whose_lines_are_not_embedded_cost_one_call_more(open_shop: Open) -> None:
    async with open_shop(size=10, switches={"embed": "0"}) as shop:
        found, _ = await shop.poll()
        assert all(isinstance(order, Order) for order in found.values())
        assert shop.calls("listOrderProducts") == 10


async def test_an_order_that_is_none_comes_as_unreadable_and_the_others_come_too(open_shop: Open) -> None:
    async with open_shop(size=10) as shop:
        shop.sandbox.change("ORD00005", addressBillingNumber={"street": "no"})
        shop.sandbox.change("ORD00006", priceIncl=1)
        found, cursor = await shop.poll()
        five, six = found["ORD00005"], found["ORD00006"]
        assert isinstance(five, UnreadableOrder)
        assert five.code == "lightspeed.unreadable"
        assert isinstance(six, UnreadableOrder)
        assert six.code == "lightspeed.total"
        assert len(found) == 10
        await shop.clock.sleep(60)
        again, _ = await shop.poll((await shop.poll(cursor))[1])
        assert not again


async def test_orders_before_the_start_are_left_alone_and_cost_nothing(open_shop: Open) -> None:
    start = date(2026, 11, 19)
    async with open_shop(size=50, start=start.isoformat()) as shop:
        shop.sandbox.change("ORD00001", comment="old, but changed today")
        placed = {order.number: order.created.astimezone(AMSTERDAM).date() for order in shop.sandbox.shop_orders}
        ours = {number for number, day in placed.items() if day >= start}
        found, _ = await shop.poll()
        assert found.keys() == ours
        assert shop.calls("getOrder") == len(ours) < 50
        past = shop.source.orders_placed(date(2026, 11, 16), date(9999, 12, 31))
        assert {order.number async for page in past for order in page.orders} == ours


async def test_a_long_past_is_listed_month_by_month(open_shop: Open) -> None:
    async with open_shop(size=200, start="2026-06-01", switches={"days": "170"}) as shop:
        found, _ = await shop.poll()
        assert found.keys() == numbers(shop)
        assert shop.calls("listOrders") >= 6


async def test_a_cursor_survives_months(open_shop: Open) -> None:
    async with open_shop(size=30) as shop:
        _, cursor = await shop.poll()
        for _ in range(70):
            await shop.clock.sleep(86400)
            shop.sandbox.place()
        found, _ = await shop.poll(cursor)
        assert len(found) >= 70


async def test_backfill_stops_and_goes_on_without_reading_twice(open_shop: Open) -> None:
    async with open_shop(size=300, switches={"days": "75"}) as shop:
        since, until = date(2026, 9, 10), date(2026, 11, 10)
        expected = {
            order.number
            for order in shop.sandbox.shop_orders
            if since <= order.created.astimezone(AMSTERDAM).date() <= until
        }
        first = await anext(aiter(shop.source.orders_placed(since, until)))
        read = [order.number for order in first.orders]
        async for page in shop.source.orders_placed(since, until, first.cursor):
            read += [order.number for order in page.orders]
        assert len(read) == len(set(read))
        assert set(read) == expected


async def test_known_orders_again_one_call_each_unknown_ones_left_out(open_shop: Open) -> None:
    async with open_shop(size=60) as shop:
        found, _ = await shop.poll()
        refs = [OrderRef(id=order.id, number=order.number, changed_at=order.changed_at) for order in found.values()]
        gone = OrderRef(id="999", number="GONE", changed_at=refs[0].changed_at)
        strange = OrderRef(id="x/../shop", number="STRANGE", changed_at=refs[0].changed_at)
        before = shop.calls("getOrder")
        again = [order async for order in shop.source.orders([*refs, gone, strange])]
        assert {order.number for order in again} == found.keys()
        assert shop.calls("getOrder") - before == 60 + 2  # the unknown one is tried twice


async def test_three_windows_are_kept_and_used(open_shop: Open) -> None:
    async with open_shop(size=700, limits=True, switches={"windows": "100/1000/12000"}, calls="100/1000/12000") as shop:
        start = shop.clock.monotonic()
        found, _ = await shop.poll()
        assert len(found) == 700
        assert not shop.sandbox.journal.over_limit()
        assert (shop.clock.monotonic() - start) / 300 <= 700 / 100 / 0.95


async def test_limits_that_are_lower_than_set_are_learnt_from_the_headers(open_shop: Open) -> None:
    async with open_shop(size=200, limits=True, switches={"windows": "60/3000/12000"}) as shop:
        found, _ = await shop.poll()
        assert len(found) == 200
        assert len(shop.sandbox.journal.over_limit()) == 0


async def test_a_wrong_key_stops_the_source(open_shop: Open) -> None:
    async with open_shop(api_secret="wrong") as shop:
        with pytest.raises(SignInNeeded):
            await shop.poll()
        assert shop.calls() == 1


async def test_a_missing_right_is_named(open_shop: Open) -> None:
    async with open_shop(switches={"rights": "settings"}) as shop:
        with pytest.raises(Misconfigured, match="403"):
            await shop.poll()


async def test_an_inactive_language_is_named(open_shop: Open) -> None:
    async with open_shop(language="fr") as shop:
        with pytest.raises(Misconfigured, match="language"):
            await shop.poll()


async def test_a_cursor_of_somebody_else_is_refused(open_shop: Open) -> None:
    async with open_shop() as shop:
        with pytest.raises(Misconfigured, match="cannot be read back"):
            await shop.poll('{"page": 3}')


async def test_the_clock_of_the_shop_may_be_wrong(open_shop: Open) -> None:
    async with open_shop(size=20) as shop:
        _, cursor = await shop.poll()
        shop.clock.step(timedelta(days=-3))
        placed = shop.sandbox.place()
        shop.clock.step(timedelta(days=6))
        later = shop.sandbox.place()
        found, cursor = await shop.poll(cursor)
        assert later in found
        assert placed in found or placed in (await shop.poll(None))[0]
        assert msgspec.json.decode(cursor)["since"].endswith("Z")
