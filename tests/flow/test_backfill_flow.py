"""Back-fill: progress, stops at any moment, polls first, never anything twice (O13)."""

from datetime import UTC, date, datetime, timedelta

import pytest

from flow.desk import NAME, Desk, DeskMaker, order
from koppel.config.connection import parse_connection
from koppel.engine.embedded import plan_flows
from koppel.errors import Misconfigured, Refused, RetryLater
from koppel.flow.backfill import FLOW
from koppel.model import Order, UnreadableOrder
from koppel.operating.applying import apply_connection, export_connection
from koppel.operating.backfilling import (
    BackfillProgress,
    backfill_progress,
    cancel_backfill,
    follow_backfill,
    start_backfill,
)
from koppel.operating.inspecting import status
from koppel.plugin import OrderPage
from koppel.store import DocumentState
from koppel.testing.scripted import ScriptedSource, ScriptedTarget

pytestmark = pytest.mark.anyio
S = DocumentState
FIRST, LAST = date(2026, 3, 1), date(2026, 3, 31)


class Killed(BaseException):
    """Ends everything at once, as a kill does, as far as one process can play that."""


class Shop(ScriptedSource):
    """Its polls give only what is new: the past must be asked for. ``die_at``: the page read at which all ends."""

    new: list[Order]
    die_at: int = 0
    read: int = 0

    def __init__(self, past: list[Order | UnreadableOrder], new: list[Order] | None = None) -> None:
        super().__init__(past, page_size=10)
        self.new = new or []

    async def orders_changed(self, cursor: str | None):  # type: ignore[no-untyped-def] # noqa: ANN201
        yield OrderPage(orders=tuple(self.new), cursor="0", last=True)

    async def orders_placed(self, since: date, until: date, cursor: str | None = None):  # type: ignore[no-untyped-def] # noqa: ANN201
        async for page in super().orders_placed(since, until, cursor):
            self.read += 1
            if self.read == self.die_at:
                raise Killed
            yield page


def past(count: int, *, month: int = 3) -> list[Order | UnreadableOrder]:
    start = datetime(2026, month, 1, 12, tzinfo=UTC)
    return [
        order(f"P{month}-{n:03}", placed_at=start + timedelta(hours=4 * n), changed_at=start + timedelta(hours=4 * n))
        for n in range(count)
    ]


async def progress(at: Desk) -> BackfillProgress:
    found = await backfill_progress(at.workshop, NAME)
    assert found is not None
    return found


async def finish(at: Desk) -> BackfillProgress:
    return await follow_backfill(at.workshop, NAME, lambda _progress: None, wait=True)


async def scheduled(at: Desk) -> bool:
    return FLOW in {state.flow for state in await at.workshop.store.flows.states(NAME)}


async def test_orders_of_the_past_are_booked_once_with_progress(desk: DeskMaker) -> None:
    shop = Shop([*past(35), *past(5, month=6)], new=[order("N-1")])
    async with desk(source=shop) as at:
        await start_backfill(at.workshop, NAME, FIRST, LAST)
        shown = (await status(at.workshop)).connections[0].backfill
        assert shown is not None
        assert (shown.since, shown.pages, shown.end) == (FIRST, 0, None)
        done = await finish(at)
        assert (done.end, done.pages, done.seen, done.new, done.message) == ("done", 4, 35, {"booked": 35}, "")
        assert len(at.target.booked) == 36  # and the new order, which went first
        assert next(iter(at.target.booked)) == "N-1"
        assert set(at.target.times.values()) == {1}
        assert not await scheduled(at)
        kinds = [event.kind for event in await at.workshop.store.documents.events(NAME, None, 1000)]
        assert {"backfill.asked", "backfill.done"} <= set(kinds)

        await start_backfill(at.workshop, NAME, FIRST, LAST)  # again: all is there
        again = await finish(at)
        assert (again.end, again.seen, again.new) == ("done", 35, {})
        assert set(at.target.times.values()) == {1}


@pytest.mark.parametrize("page", range(1, 5))
@pytest.mark.parametrize("where", ["read", "book"])
async def test_killed_at_any_page_it_goes_on_where_it_was(desk: DeskMaker, page: int, where: str) -> None:
    shop, target = Shop(past(35)), ScriptedTarget()

    def die(_draft: object) -> None:
        if shop.read == page:
            raise Killed

    async with desk(source=shop, target=target) as at:
        await start_backfill(at.workshop, NAME, FIRST, LAST)
        if where == "read":
            shop.die_at = page
        else:
            target.after = die
        with pytest.raises(BaseExceptionGroup):
            await finish(at)
        committed = (await progress(at)).pages
        assert committed == (page - 1 if where == "read" else page)
    shop.die_at = 0
    target.after = lambda _draft: None
    async with desk(source=shop, target=target) as at:
        assert await scheduled(at)
        await at.pass_time(timedelta(minutes=2))
        before = shop.read
        done = await finish(at)
        assert (done.end, done.pages, done.seen, done.new) == ("done", 4, 35, {"booked": 35})
        assert shop.read - before == 4 - committed
        assert set(target.times.values()) == {1}
        assert len(target.booked) == 35


async def test_it_makes_way_for_the_poll_after_each_page(desk: DeskMaker) -> None:
    shop = Shop(past(35))
    async with desk(source=shop) as at:
        await at.poll("orders")
        await start_backfill(at.workshop, NAME, FIRST, LAST)
        await at.workshop.store.flows.make_due(NAME, "orders", at.clock.now())
        await at.poll(FLOW)
        assert (await progress(at)).pages == 1
        state = await at.flow(FLOW)
        assert state.due_at <= at.clock.now()
        shop.new = [order("N-1")]
        await at.poll("orders", FLOW)
        assert list(at.target.booked)[10] == "N-1"
        assert (await progress(at)).end == "done"


async def test_only_one_at_a_time_and_it_can_be_cancelled(desk: DeskMaker) -> None:
    shop = Shop(past(35))
    async with desk(source=shop) as at:
        await at.poll("orders")
        await start_backfill(at.workshop, NAME, FIRST, LAST)
        with pytest.raises(Misconfigured, match="under way already") as refused:
            await start_backfill(at.workshop, NAME, FIRST, LAST)
        assert "--cancel" in refused.value.suggestion
        await at.workshop.store.flows.make_due(NAME, "orders", at.clock.now())
        await at.poll(FLOW)
        await cancel_backfill(at.workshop, NAME)
        assert (await progress(at)).end == "cancelled"
        assert not await scheduled(at)
        await at.poll("orders", FLOW)
        assert len(at.target.booked) == 10
        with pytest.raises(Misconfigured, match="No back-fill"):
            await cancel_backfill(at.workshop, NAME)
        await start_backfill(at.workshop, NAME, FIRST, LAST)
        assert (await finish(at)).seen == 35
        assert set(at.target.times.values()) == {1}


async def test_cancelled_while_a_page_is_read_nothing_of_it_is_kept(desk: DeskMaker) -> None:
    shop = Shop(past(35))
    async with desk(source=shop) as at:
        await at.poll("orders")
        await start_backfill(at.workshop, NAME, FIRST, LAST)
        placed = shop.orders_placed

        async def slow(since: date, until: date, cursor: str | None = None):  # type: ignore[no-untyped-def] # noqa: ANN202
            async for page in placed(since, until, cursor):
                await cancel_backfill(at.workshop, NAME)
                yield page

        shop.orders_placed = slow  # type: ignore[method-assign]
        await at.poll(FLOW)
        assert not at.target.booked
        assert (await progress(at)).pages == 0
        assert not await scheduled(at)


async def test_it_outlives_apply_and_a_restart(desk: DeskMaker) -> None:
    shop = Shop(past(35))
    async with desk(source=shop) as at:
        await at.poll("orders")
        await start_backfill(at.workshop, NAME, FIRST, LAST)
        text = await export_connection(at.workshop, NAME)
        await apply_connection(at.workshop, text.replace("15m", "30m"), "test.toml")
        await plan_flows(at.workshop.store, at.clock, parse_connection(text, "x", at.workshop.plugins))
        assert await scheduled(at)
    async with desk(source=shop, target=at.target) as at:
        assert (await finish(at)).end == "done"
        await plan_flows(at.workshop.store, at.clock, parse_connection(text, "x", at.workshop.plugins))
        assert not await scheduled(at)


async def test_a_fault_of_the_moment_holds_it_up_and_loses_nothing(desk: DeskMaker) -> None:
    faults: list[RetryLater | None] = [RetryLater("down", "The target is down.")]
    target = ScriptedTarget(before=lambda _draft: faults[0])
    async with desk(source=Shop(past(35)), target=target) as at:
        await start_backfill(at.workshop, NAME, FIRST, LAST)
        held = await finish(at)
        assert (held.end, held.pages) == (None, 1)
        assert "down" in held.message
        faults[0] = None
        await at.pass_time(timedelta(hours=2))
        assert (await finish(at)).new == {"booked": 35}


async def test_what_the_source_refuses_ends_it_with_the_reason(desk: DeskMaker) -> None:
    class Forgetful(Shop):
        async def orders_placed(self, since: date, until: date, cursor: str | None = None):  # type: ignore[no-untyped-def] # noqa: ANN202
            if since < date(2026, 6, 1):
                raise Refused("too-old", "The shop keeps orders for two years.", "Start later.")
            yield OrderPage(orders=(), cursor="0", last=True)

    async with desk(source=Forgetful([])) as at:
        await start_backfill(at.workshop, NAME, FIRST, LAST)
        ended = await finish(at)
        assert ended.end == "refused"
        assert "two years. Start later." in ended.message
        assert not await scheduled(at)


@pytest.mark.parametrize(("since", "until"), [(LAST, FIRST), (FIRST, date(2026, 11, 23))])
async def test_impossible_days_are_refused(desk: DeskMaker, since: date, until: date) -> None:
    async with desk() as at:
        with pytest.raises(Misconfigured):
            await start_backfill(at.workshop, NAME, since, until)


async def test_orders_that_wait_or_cannot_be_read_are_shown_as_such(desk: DeskMaker) -> None:
    first = past(3)
    waiting = order("W", status="Pending", placed_at=datetime(2026, 3, 9, tzinfo=UTC))
    async with desk(source=Shop([*first, waiting])) as at:
        await start_backfill(at.workshop, NAME, FIRST, LAST)
        assert (await finish(at)).new == {"booked": 3, "open": 1}
        assert await at.state("W") is S.OPEN
