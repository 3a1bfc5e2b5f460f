"""From a test administration to the real one: nothing doubled, nothing lost, nothing unannounced (O14)."""

from datetime import date, timedelta

import pytest

from flow.desk import NAME, PLACED, Desk, DeskMaker, order
from koppel.errors import Misconfigured, OutcomeUnknown, RetryLater
from koppel.model import Order, UnreadableOrder
from koppel.operating.inspecting import check
from koppel.operating.steering import retry
from koppel.operating.switching import switch
from koppel.store import DocumentState, IntentKind
from koppel.testing.scripted import ScriptedSource, ScriptedTarget

pytestmark = pytest.mark.anyio
S = DocumentState
LATER = timedelta(minutes=1)


def shop(*numbers: str) -> ScriptedSource:
    orders: list[Order | UnreadableOrder] = [
        order(number, placed_at=PLACED + timedelta(days=day), buyer=order("A").buyer)
        for day, number in enumerate(numbers)
    ]
    return ScriptedSource(orders)


def other_books(at: Desk) -> None:
    """The settings lead to another administration now: an empty one."""
    at.target.books = "live"
    for kept in (at.target.booked, at.target.times, at.target.customers):
        kept.clear()


def later(number: str) -> Order:
    return order(number, placed_at=PLACED + timedelta(hours=1), changed_at=PLACED + LATER)


async def test_an_unannounced_change_books_nothing_and_says_what_to_run(desk: DeskMaker) -> None:
    async with desk(source=shop("A", "B"), target=ScriptedTarget(books="test")) as at:
        await at.poll()
        other_books(at)
        at.source.orders_.append(later("C"))
        await at.poll()
        flow = await at.flow()
        assert flow.code == "administration.other"
        assert "test" in flow.message
        assert f"koppel switch {NAME}" in flow.message
        assert not at.target.booked
        assert not at.target.customers
        assert await at.state("C") is S.DUE
        assert [each.level for each in await check(at.workshop, NAME) if each.subject == "administration"] == ["error"]

        at.target.books = "test"  # the settings were corrected
        await at.poll()
        assert set(at.target.booked) == {"C"}


async def test_after_a_switch_only_new_orders_go_to_the_new_administration(desk: DeskMaker) -> None:
    source = shop("A", "B")
    source.orders_.append(order("O", status="Pending"))
    async with desk(source=source, target=ScriptedTarget(books="test")) as at:
        await at.poll()
        other_books(at)
        done = await switch(at.workshop, NAME)
        assert (done.former, done.administration, done.left, done.due, done.unknown) == ("test", "live", 2, 0, 0)
        assert not await at.workshop.store.documents.sums(NAME)
        source.orders_ = [
            order("A", "99.00", changed_at=PLACED + LATER),  # changes to what stands elsewhere are not for these books
            order("B", status="Cancelled", changed_at=PLACED + LATER),
            order("O", changed_at=PLACED + LATER),
            later("C"),
        ]
        await at.poll()
        await at.poll("nightly")
        assert at.target.times == {"O": 1, "C": 1}
        assert {await at.state("A"), await at.state("B")} == {S.ELSEWHERE}
        assert (await at.document("A")).target_id == "id-A"
        assert len(at.target.customers) == 2  # the links to the former administration's relations were forgotten
        events = await at.workshop.store.documents.events(NAME, "A", 10)
        assert (events[0].before, events[0].after) == ("booked", "elsewhere")
        with pytest.raises(Misconfigured, match="already"):
            await switch(at.workshop, NAME)


async def test_links_are_forgotten(desk: DeskMaker) -> None:
    async with desk(source=shop("A"), target=ScriptedTarget(books="test")) as at:
        await at.poll()
        identity = next(iter(at.target.customers))
        links = at.workshop.store.documents.links
        assert await links(NAME, IntentKind.CUSTOMER, [identity])
        other_books(at)
        await switch(at.workshop, NAME)
        assert not await links(NAME, IntentKind.CUSTOMER, [identity])


async def test_orders_from_a_day_on_are_booked_in_the_new_one(desk: DeskMaker) -> None:
    async with desk(source=shop("A", "B", "C"), target=ScriptedTarget(books="test")) as at:
        await at.poll()
        other_books(at)
        done = await switch(at.workshop, NAME, date(2026, 11, 21))
        assert (done.left, done.due) == (1, 2)
        await at.poll()
        await at.poll()
        assert at.target.times == {"B": 1, "C": 1}
        assert await at.state("A") is S.ELSEWHERE


async def test_there_and_back_again_doubles_nothing(desk: DeskMaker) -> None:
    async with desk(source=shop("A", "B"), target=ScriptedTarget(books="test")) as at:
        await at.poll()
        first = dict(at.target.booked)
        other_books(at)
        await switch(at.workshop, NAME)
        at.target.books, at.target.booked = "test", first
        await switch(at.workshop, NAME, date(2026, 1, 1))
        await at.poll()
        assert at.target.times == {}
        assert {await at.state("A"), await at.state("B")} == {S.BOOKED}  # found there, and adopted


async def test_what_was_never_booked_goes_to_the_new_one_and_what_is_unknown_to_a_person(desk: DeskMaker) -> None:
    target = ScriptedTarget(books="test", recheck_after=timedelta(minutes=10))
    lost = {"A": OutcomeUnknown("cut", "The connection was cut."), "B": RetryLater("down", "The target is down.")}
    target.before = lambda draft: lost.get(draft.reference)
    async with desk(source=shop("A", "B"), target=target) as at:
        await at.poll()
        assert await at.state("A") is S.BOOKING
        lost.clear()
        other_books(at)
        assert (await switch(at.workshop, NAME)).unknown == 1
        await at.pass_time(timedelta(hours=1))
        await at.poll()
        assert target.times == {"B": 1}
        document = await at.document("A")
        assert (document.state, document.code) == (S.REVIEW, "administration.unknown")
        await retry(at.workshop, NAME, ["A"])  # the operator looked: it is not in the old books
        await at.poll()
        assert target.times == {"A": 1, "B": 1}


async def test_no_switch_while_a_cycle_runs(desk: DeskMaker) -> None:
    async with desk(source=shop("A"), target=ScriptedTarget(books="test")) as at:
        await at.poll()
        other_books(at)
        lease = await at.workshop.store.leases.acquire(NAME, "somebody", 60)
        assert lease
        with pytest.raises(RetryLater):
            await switch(at.workshop, NAME)
        await at.workshop.store.leases.release(lease)
        await switch(at.workshop, NAME)


async def test_a_target_that_does_not_tell_can_be_switched_by_hand(desk: DeskMaker) -> None:
    async with desk(source=shop("A")) as at:
        await at.poll()
        assert (await switch(at.workshop, NAME)).left == 1
        assert await at.state("A") is S.ELSEWHERE
