"""Reading orders from the sandbox: nothing missed, nothing wasted, whatever happens in between."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import msgspec
import pytest
from starlette.responses import Response

from koppel.errors import Misconfigured, Refused, RetryLater, SignInNeeded
from koppel.model import Order, OrderRef, UnreadableOrder
from koppel.plugin import OrderPage
from koppel_amazon.listing import Cursor
from koppel_amazon.sandbox import sandbox_settings
from koppel_amazon.sandbox.answers import answer, error
from koppel_amazon.source import AmazonSource

from .amazon_rig import Open, Rig, settings_of

pytestmark = pytest.mark.anyio

NOTHING: dict[str, list[str]] = {"orders": []}


async def pages_of(source: AmazonSource, cursor: str | None = None) -> list[OrderPage]:
    return [page async for page in source.orders_changed(cursor)]


def numbers(pages: list[OrderPage]) -> set[str]:
    return {order.number for page in pages for order in page.orders}


async def test_all_orders_come_with_the_right_totals(rig: Open) -> None:
    async with rig(size=250) as r:
        pages = await pages_of(r.source)
        assert [len(page.orders) for page in pages] == [100, 100, 50]
        assert [page.last for page in pages] == [False, False, True]
        records = {record.number: record for record in r.sandbox.orders}
        assert numbers(pages) == set(records)
        for page in pages:
            for order in page.orders:
                assert isinstance(order, Order)
                record = records[order.number]
                if record.released and not record.skipped:
                    withheld = sum((line.vat_withheld for line in order.lines), Decimal(0))
                    assert order.total is not None
                    assert order.total - withheld == record.expected_total
                    assert sum((line.gross for line in order.lines), Decimal(0)) == order.total
                    assert not order.skip
                    assert not order.cancelled
                assert bool(order.skip) == record.skipped
                assert order.cancelled == record.cancelled


async def test_one_call_a_page_and_one_token(rig: Open) -> None:
    async with rig(size=250) as r:
        await pages_of(r.source)
        assert r.sandbox.journal.count("searchOrders") == 3
        assert r.sandbox.journal.count("getOrder") == 0
        assert r.sandbox.journal.count("lwa.token") == 1


async def test_the_next_poll_reaches_back_by_the_overlap_and_brings_changes_only(rig: Open) -> None:
    async with rig(size=60) as r:
        pages = await pages_of(r.source)
        r.clock.advance(800)
        again = await pages_of(r.source, pages[-1].cursor)
        assert len(again) == 1
        pending = next(record for record in r.sandbox.orders if record.status == "PENDING")
        r.sandbox.change(pending.number, "Unshipped")
        r.clock.advance(119)
        early = await pages_of(r.source, again[-1].cursor)
        assert pending.number not in numbers(early)
        r.clock.advance(1)
        late = await pages_of(r.source, early[-1].cursor)
        assert pending.number in numbers(late)


async def test_the_watermark_is_what_amazon_told(rig: Open) -> None:
    async with rig(size=3) as r:
        cursor = Cursor.of((await pages_of(r.source))[-1].cursor)
        assert cursor.after == "2026-11-21T07:58:00Z"
        r.sandbox.script("searchOrders", answer(200, NOTHING))
        silent = Cursor.of((await pages_of(r.source, cursor.text()))[-1].cursor)
        assert silent.after >= cursor.after


async def test_a_word_that_leads_backwards_is_not_believed(rig: Open) -> None:
    async with rig(size=3) as r:
        cursor = (await pages_of(r.source))[-1].cursor
        r.sandbox.script("searchOrders", answer(200, {"orders": [], "lastUpdatedBefore": "2024-12-25T15:00:00Z"}))
        assert Cursor.of((await pages_of(r.source, cursor))[-1].cursor).after >= Cursor.of(cursor).after


async def test_parameters_stay_the_same_from_page_to_page(rig: Open) -> None:
    async with rig(size=250) as r:
        first = await anext(aiter(r.source.orders_changed(None)))
        r.clock.advance(3 * 3600)
        rest = await pages_of(r.source, first.cursor)
        assert numbers([first, *rest]) == {record.number for record in r.sandbox.orders}


async def test_a_page_token_that_is_a_day_old_starts_the_listing_over(rig: Open) -> None:
    async with rig(size=250) as r:
        first = await anext(aiter(r.source.orders_changed(None)))
        r.clock.advance(25 * 3600)
        rest = await pages_of(r.source, first.cursor)
        assert numbers([first, *rest]) == {record.number for record in r.sandbox.orders}
        assert rest[-1].last
        assert all(call.status == 200 for call in r.sandbox.journal.calls)


@pytest.mark.parametrize("text", ["The paginationToken you have submitted is not valid.", "Invalid Input", None])
async def test_a_page_token_that_amazon_refuses_starts_the_listing_over(rig: Open, text: str | None) -> None:
    async with rig(size=250) as r:
        first = await anext(aiter(r.source.orders_changed(None)))
        r.sandbox.script("searchOrders", error(400, "InvalidInput", text))
        rest = await pages_of(r.source, first.cursor)
        assert numbers([first, *rest]) == {record.number for record in r.sandbox.orders}


async def test_tokens_that_never_work_end_in_trouble_but_get_on(rig: Open) -> None:
    async with rig(size=900) as r:
        cursor: str | None = None
        seen: set[str] = set()
        troubles: list[str] = []
        for _ in range(200):
            try:
                async for page in r.source.orders_changed(cursor):
                    cursor = page.cursor
                    seen |= {order.number for order in page.orders}
                    if Cursor.of(cursor).listing is not None:
                        r.sandbox.script("searchOrders", error(400, "InvalidInput", None))
                break
            except RetryLater as trouble:
                troubles.append(trouble.code)
        assert set(troubles) == {"amazon.paging"}
        assert seen == {record.number for record in r.sandbox.orders}


async def test_a_change_between_pages_is_not_missed(rig: Open) -> None:
    async with rig(size=250) as r:
        listing = aiter(r.source.orders_changed(None))
        first = await anext(listing)
        pending = next(order for order in first.orders if order.status == "Pending")
        r.sandbox.change(pending.number, "UNSHIPPED")
        rest = [page async for page in listing]
        assert pending.number in numbers(rest)
        now = next(order for page in rest for order in page.orders if order.number == pending.number)
        assert now.status == "Unshipped"


async def test_empty_pages_go_on_and_endless_ones_end(rig: Open) -> None:
    async with rig(size=5) as r:
        empty = answer(
            200, {"orders": [], "pagination": {"nextToken": "x"}, "lastUpdatedBefore": "2026-11-21T07:58:00Z"}
        )
        last = answer(200, {"orders": [], "lastUpdatedBefore": "2026-11-21T07:58:00Z"})
        r.sandbox.script("searchOrders", empty, empty, empty, empty, empty, last)
        assert (await pages_of(r.source))[-1].last
        r.sandbox.script("searchOrders", *[empty] * 40)
        with pytest.raises(RetryLater, match="repeats"):
            await pages_of(r.source)


async def test_a_page_that_repeats_for_ever_is_left_and_read_again_later(rig: Open) -> None:
    async with rig(size=5) as r:
        order = r.sandbox.orders[0].render(frozenset({"FULFILLMENT"}), "none")
        same = answer(
            200, {"orders": [order], "pagination": {"nextToken": "x"}, "lastUpdatedBefore": "2026-11-21T07:58:00Z"}
        )
        r.sandbox.script("searchOrders", *[same] * 5)
        cursor = ""

        async def read() -> None:
            nonlocal cursor
            async for page in r.source.orders_changed(None):
                cursor = page.cursor

        with pytest.raises(RetryLater, match="repeats"):
            await read()
        assert Cursor.of(cursor).listing is None
        r.sandbox.scripted.clear()
        assert numbers(await pages_of(r.source, cursor)) == {record.number for record in r.sandbox.orders}


async def test_a_long_absence_is_read_in_stretches(rig: Open) -> None:
    async with rig(size=120) as r:
        source = r.open(start="2026-10-01", window_days=7)
        pages = await pages_of(source)
        assert numbers(pages) == {record.number for record in r.sandbox.orders}
        assert len(pages) >= 8
        assert [page.last for page in pages].count(True) == 1


async def test_orders_placed_before_the_start_are_left_alone(rig: Open) -> None:
    async with rig(size=120) as r:
        source = r.open(start="2026-11-19")
        midnight = datetime.fromisoformat("2026-11-18T23:00:00+00:00")
        expected = {record.number for record in r.sandbox.orders if record.created >= midnight}
        assert numbers(await pages_of(source)) == expected
        found = {
            order.number
            async for page in source.orders_placed(date(2026, 11, 15), date(2026, 11, 21))
            for order in page.orders
        }
        assert found == expected
        with pytest.raises(Refused, match="start"):
            await anext(aiter(source.orders_placed(date(2026, 11, 1), date(2026, 11, 18))))


async def test_backfill_by_amsterdam_days_goes_on_from_its_cursor(rig: Open) -> None:
    async with rig(size=300) as r:
        night = r.sandbox.orders[0].data | {"orderId": "171-0000000-9999999", "createdTime": "2026-11-18T23:30:00.250Z"}
        r.sandbox.add_order(night)
        source = r.open(window_days=1)
        cursor: str | None = None
        found: dict[str, Order | UnreadableOrder] = {}
        while True:
            page = await anext(aiter(source.orders_placed(date(2026, 11, 17), date(2026, 11, 19), cursor)))
            found |= {order.number: order for order in page.orders}
            cursor = page.cursor
            if page.last:
                break
        start, end = (datetime.fromisoformat(f"2026-11-{day}T23:00:00+00:00") for day in (16, 19))
        assert set(found) == {record.number for record in r.sandbox.orders if start <= record.created < end}
        assert "171-0000000-9999999" in found
        assert [page.last async for page in source.orders_placed(date(2026, 11, 17), date(2026, 11, 19), cursor)] == [
            True
        ]


async def test_backfill_has_ends(rig: Open) -> None:
    async with rig(size=5) as r:
        with pytest.raises(Refused, match="two years"):
            await anext(aiter(r.source.orders_placed(date(2024, 1, 1), date(2024, 1, 2))))
        for since, until in ((date(2026, 12, 1), date(2026, 12, 2)), (date(2026, 11, 20), date(2026, 11, 19))):
            pages = [page async for page in r.source.orders_placed(since, until)]
            assert [(page.orders, page.last) for page in pages] == [((), True)]
        assert r.sandbox.journal.count("searchOrders") == 0


async def test_a_day_that_has_hardly_begun_is_not_asked_for(rig: Open) -> None:
    async with rig(size=5) as r:
        r.clock.advance(15 * 3600 + 60)
        today = date(2026, 11, 22)
        assert [page.last async for page in r.source.orders_placed(today, today)] == [True]
        r.clock.advance(600)
        assert [page.last async for page in r.source.orders_placed(today, today)] == [True]
        assert [call.status for call in r.sandbox.journal.calls if call.operation == "searchOrders"] == [200]


def refs_of(r: Rig, count: int) -> list[OrderRef]:
    records = sorted(r.sandbox.orders, key=lambda record: record.updated, reverse=True)[:count]
    return [OrderRef(id=record.number, number=record.number, changed_at=record.updated) for record in records]


async def test_a_few_orders_are_looked_up_one_by_one(rig: Open) -> None:
    async with rig(size=60) as r:
        refs = [*refs_of(r, 5), OrderRef(id="999-0000000-0000000", number="x", changed_at=r.clock.now())]
        found = [order async for order in r.source.orders(refs)]
        assert {order.number for order in found} == {ref.number for ref in refs[:-1]}
        assert r.sandbox.journal.count("getOrder") == 6
        assert r.sandbox.journal.count("searchOrders") == 0


async def test_many_orders_are_looked_up_in_bulk(rig: Open) -> None:
    async with rig(size=300) as r:
        refs = refs_of(r, 120)
        found = [order async for order in r.source.orders(refs)]
        assert {order.number for order in found} == {ref.number for ref in refs}
        assert len(found) == len(refs)
        assert r.sandbox.journal.count() <= 35


async def test_many_orders_spread_thinly_do_not_eat_the_listing_budget(rig: Open) -> None:
    async with rig(size=600) as r:
        records = sorted(r.sandbox.orders, key=lambda record: record.updated)[::15]
        refs = [OrderRef(id=record.number, number=record.number, changed_at=record.updated) for record in records]
        found = [order async for order in r.source.orders(refs)]
        assert {order.number for order in found} == {ref.number for ref in refs}
        assert r.sandbox.journal.count("searchOrders") == 1


async def test_limits_are_never_broken_and_hardly_wasted(rig: Open) -> None:
    async with rig(size=3000, limits=True) as r:
        started = r.clock.monotonic()
        pages = await pages_of(r.source)
        assert not r.sandbox.journal.over_limit()
        least = (len(pages) - 20) / 0.0056
        assert least <= r.clock.monotonic() - started <= least / 0.95


async def test_the_limit_follows_the_header(rig: Open) -> None:
    async with rig(size=4000, limits=True) as r:
        r.sandbox.set_rate("searchOrders", 0.0112)
        started = r.clock.monotonic()
        pages = await pages_of(r.source)
        assert not r.sandbox.journal.over_limit()
        least = (len(pages) - 20) / 0.0112
        assert r.clock.monotonic() - started <= least / 0.9


async def test_expired_access_tokens_are_renewed(rig: Open) -> None:
    async with rig(size=5, token_seconds="600") as r:
        cursor = (await pages_of(r.source))[-1].cursor
        r.clock.advance(1000)
        cursor = (await pages_of(r.source, cursor))[-1].cursor
        r.sandbox.lwa.revoke()
        await pages_of(r.source, cursor)
        assert r.sandbox.journal.count("lwa.token") == 3


@pytest.mark.parametrize(
    "details", ["The access token you provided has expired.", "Access token is EXPIRED", "token revoked"]
)
async def test_texts_about_expired_tokens_vary(rig: Open, details: str | None) -> None:
    async with rig(size=5) as r:
        r.sandbox.script("searchOrders", error(403, "Unauthorized", "Access to requested resource is denied.", details))
        assert (await pages_of(r.source))[-1].last
        assert r.sandbox.journal.count("lwa.token") == 2


async def test_a_withdrawn_authorisation_asks_for_a_new_one(rig: Open) -> None:
    async with rig(size=5) as r:
        r.sandbox.lwa.refresh_tokens.clear()
        with pytest.raises(SignInNeeded, match="Authorise the app again") as caught:
            await pages_of(r.source)
        assert caught.value.code == "amazon.lwa.invalid_grant"


async def test_a_dead_client_secret_asks_for_a_new_one(rig: Open) -> None:
    async with rig(size=5, secret_dies_after="60") as r:
        r.clock.advance(61)
        with pytest.raises(SignInNeeded, match="180 days"):
            await pages_of(r.source)


async def test_a_new_refresh_token_in_the_settings_is_used(rig: Open) -> None:
    async with rig(size=5) as r:
        await pages_of(r.source)
        r.sandbox.lwa.refresh_tokens = {"Atzr|new"}
        r.sandbox.lwa.revoke()
        with pytest.raises(SignInNeeded):
            await pages_of(r.source)
        assert (await pages_of(r.open(refresh_token="Atzr|new")))[-1].last
        assert not any("Atzr" in key for key in r.tokens.kept)


async def test_a_new_client_secret_is_tried_at_once(rig: Open) -> None:
    """Not when the token of the old one ends: the person who mistypes it is still there to mend it."""
    async with rig(size=5) as r:
        await pages_of(r.source)
        with pytest.raises(SignInNeeded, match="client id and secret"):
            await pages_of(r.open(client_secret="mistyped"))


async def test_a_mass_refusal_is_waited_out_and_a_lasting_one_is_told(rig: Open) -> None:
    async with rig(size=5) as r:
        cursor = (await pages_of(r.source))[-1].cursor
        r.sandbox.deny(5400)
        with pytest.raises(RetryLater) as caught:
            await pages_of(r.source, cursor)
        assert caught.value.code == "amazon.access-denied"
        assert caught.value.not_before is not None
        r.clock.advance(3600)
        with pytest.raises(Misconfigured, match="role"):
            await pages_of(r.source, cursor)
        r.clock.advance(1900)
        assert (await pages_of(r.source, cursor))[-1].last
        r.sandbox.deny(60)
        with pytest.raises(RetryLater):
            await pages_of(r.source, cursor)


async def test_errors_that_are_no_json_are_temporary(rig: Open) -> None:
    async with rig(size=5) as r:
        html = Response("<html><body>Bad request</body></html>", 400, media_type="text/html")
        r.sandbox.script("searchOrders", *[html] * 20)
        with pytest.raises(RetryLater, match="searchOrders, status 400"):
            await pages_of(r.source)


async def test_parameters_that_amazon_refuses_stop_the_connection(rig: Open) -> None:
    async with rig(size=5) as r:
        r.sandbox.script("searchOrders", *[error(400, "InvalidInput", "marketplaceIds is wrong")] * 9)
        with pytest.raises(Misconfigured, match="marketplaceIds is wrong"):
            await pages_of(r.source)


async def test_one_broken_order_does_not_take_the_page_along(rig: Open) -> None:
    async with rig(size=3) as r:
        whole = r.sandbox.orders[0].render(frozenset({"FULFILLMENT", "PROCEEDS"}), "none")
        broken = {"orderId": "171-0000000-0000001", "createdTime": "2026-11-20T10:00:00Z", "orderItems": "none"}
        r.sandbox.script("searchOrders", answer(200, {"orders": [broken, whole], "pagination": None}))
        orders = (await pages_of(r.source))[0].orders
        assert isinstance(orders[0], UnreadableOrder)
        assert orders[0].code == "amazon.shape"
        assert isinstance(orders[1], Order)


async def test_check_of_a_sound_connection(rig: Open) -> None:
    async with rig(size=40) as r:
        source = r.open(client_secret_date="2026-11-01", authorised_on="2026-11-01")
        levels = {finding.subject: finding.level for finding in await source.check()}
        assert set(levels.values()) == {"ok", "warning"}
        assert levels["sign-in"] == levels["orders"] == levels["client_secret"] == levels["Amazon.nl"] == "ok"
        assert "addresses" not in levels


async def test_check_tells_what_is_wrong(rig: Open) -> None:
    async with rig(size=40, roles="none") as r:
        r.sandbox.participating = {"A1805IZSGTT6HS", "A1F83G8C2ARO7P"}
        source = r.open(
            marketplaces=["NL", "DE"], client_secret_date="2026-06-01", authorised_on="2025-11-20", fba_ships_from=None
        )
        levels = {finding.subject: finding.level for finding in await source.check()}
        assert levels["Amazon.de"] == "error"
        assert levels["Amazon.co.uk"] == "warning"
        assert levels["client_secret"] == "warning"
        assert levels["authorised_on"] == "error"
        assert levels["addresses"] == "warning"
        assert levels["fba_ships_from"] == "warning"
        r.sandbox.deny(60)
        findings = await source.check()
        assert findings[-1].level == "error"
        assert "role" in findings[-1].suggestion


async def test_settings_name_shops_that_do_not_exist(rig: Open) -> None:
    async with rig(size=1) as r:
        with pytest.raises(msgspec.ValidationError, match="no Amazon shop in XX"):
            r.open(marketplaces=["NL", "XX"])
        values = {**sandbox_settings(r.url), "marketplaces": ["UK", "GB"]}
        assert settings_of(values).marketplace_ids == ("A1F83G8C2ARO7P",)


async def test_a_clock_that_runs_ahead_is_no_problem(rig: Open) -> None:
    async with rig(size=20) as r:
        cursor = (await pages_of(r.source))[-1].cursor
        r.clock.step(timedelta(minutes=5))
        assert (await pages_of(r.source, cursor))[-1].last
        assert all(call.status == 200 for call in r.sandbox.journal.calls)
