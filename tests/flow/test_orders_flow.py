"""What becomes of an order, in every way that a vendor and a network can behave."""

from datetime import timedelta
from decimal import Decimal

import anyio
import pytest

from flow.desk import NAME, PLACED, DeskMaker, order
from koppel.errors import CustomerGone, Misconfigured, OutcomeUnknown, Refused, RetryLater, SignInNeeded
from koppel.flow.cycle import Cycle, move
from koppel.flow.unknown import settle_unknown
from koppel.model import Order, UnreadableOrder
from koppel.operating.steering import retry
from koppel.store import DocumentState, IntentKind, NewIntent
from koppel.testing.scripted import ScriptedSource, ScriptedTarget

pytestmark = pytest.mark.anyio
S = DocumentState
LATER = timedelta(minutes=1)


def nothing(_draft: object) -> None:
    """No fault."""


class Killed(BaseException):
    """Ends everything at once, as a kill does, as far as one process can play that."""


async def test_each_first_state(desk: DeskMaker) -> None:
    unreadable = UnreadableOrder(number="U", id="U", changed_at=PLACED, code="money", message="10.00 is not 11.00.")
    orders: list[Order | UnreadableOrder] = [
        order("A"),
        order("B", status="Pending"),
        order("C", status="Cancelled"),
        order("D", skip="Replaces another order; nothing is charged."),
        unreadable,
    ]
    async with desk(source=ScriptedSource(list(orders))) as at:
        await at.poll()
        found = {number: await at.state(number) for number in "ABCDU"}
        assert found == {"A": S.BOOKED, "B": S.OPEN, "C": S.CANCELLED, "D": S.SKIPPED, "U": S.ERROR}
        assert set(at.target.booked) == {"A"}
        events = await at.workshop.store.documents.events(NAME, "A", 10)
        assert [(event.before, event.after) for event in events[::-1]] == [
            ("", "due"),
            ("due", "booking"),
            ("booking", "booked"),
        ]


async def test_an_open_order_is_booked_when_released_and_forgotten_when_cancelled(desk: DeskMaker) -> None:
    async with desk(source=ScriptedSource([order("A", status="Pending"), order("B", status="Pending")])) as at:
        await at.poll()
        at.source.orders_ = [
            order("A", changed_at=PLACED + LATER),
            order("B", status="Cancelled", changed_at=PLACED + LATER),
        ]
        await at.poll()
        assert (await at.state("A"), await at.state("B")) == (S.BOOKED, S.CANCELLED)


async def test_changes_after_booking_are_shown_never_lost(desk: DeskMaker) -> None:
    async with desk(source=ScriptedSource([order("A"), order("B"), order("C")])) as at:
        await at.poll()
        at.source.orders_ = [
            order("A", "99.00", changed_at=PLACED + LATER),
            order("B", status="Cancelled", changed_at=PLACED + LATER),
            order("C", changed_at=PLACED + LATER, shipped_at=PLACED + LATER),
        ]
        await at.poll()
        changed, cancelled, same = [await at.document(number) for number in "ABC"]
        assert (changed.state, changed.code) == (S.REVIEW, "order.changed-after-booking")
        assert "121.00, it should be 99.00 EUR: a credit of 22.00" in changed.suggestion
        assert (cancelled.state, cancelled.code) == (S.REVIEW, "order.cancelled-after-booking")
        assert same.state is S.BOOKED
        assert at.target.total == Decimal("363.00")
        await at.poll()
        assert len(await at.workshop.store.documents.events(NAME, "A", 10)) == 4


@pytest.mark.parametrize("done", [True, False])
async def test_an_unanswered_write_is_decided_by_a_look_up(desk: DeskMaker, done: bool) -> None:
    lost = [True]

    def cut(_draft: object) -> OutcomeUnknown | None:
        return OutcomeUnknown("cut", "The connection was cut.") if lost.pop() else None

    lost.insert(0, False)
    target = ScriptedTarget(after=cut) if done else ScriptedTarget(before=cut)
    target.recheck_after = timedelta(0)
    async with desk(source=ScriptedSource([order("A")]), target=target) as at:
        await at.poll()
        assert await at.state("A") is S.BOOKED
        assert at.target.times == {"A": 1}


async def test_before_look_ups_are_sure_nothing_is_sent_again(desk: DeskMaker) -> None:
    answers = [OutcomeUnknown("cut", "The connection was cut."), None]
    target = ScriptedTarget(before=lambda _draft: answers.pop(0), recheck_after=timedelta(seconds=60))
    async with desk(source=ScriptedSource([order("A")]), target=target) as at:
        await at.poll()
        assert await at.state("A") is S.BOOKING
        assert (await at.flow()).due_at - at.clock.now() < timedelta(seconds=62)
        await at.pass_time(timedelta(seconds=30))
        await at.poll()
        assert (await at.state("A"), at.target.times) == (S.BOOKING, {})
        await at.pass_time(timedelta(seconds=31))
        await at.poll()
        assert (await at.state("A"), at.target.times) == (S.BOOKED, {"A": 1})


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_a_crash_in_the_middle_of_a_write(desk: DeskMaker, moment: str) -> None:
    def die(_draft: object) -> None:
        raise Killed

    source, target = ScriptedSource([order("A"), order("B")]), ScriptedTarget()
    setattr(target, moment, die)
    async with desk(source=source, target=target) as at:
        with pytest.raises(BaseExceptionGroup):
            await at.poll()
    setattr(target, moment, nothing)
    async with desk(source=source, target=target) as at:
        await at.pass_time(timedelta(minutes=2))
        await at.poll()
        assert at.target.times == {"A": 1, "B": 1}
        assert {await at.state("A"), await at.state("B")} == {S.BOOKED}


async def test_an_order_that_breaks_the_target_is_set_apart_and_the_rest_is_booked(desk: DeskMaker) -> None:
    def poison(draft: object) -> OutcomeUnknown | None:
        return OutcomeUnknown("500", "Server error.") if getattr(draft, "reference", "") == "P" else None

    orders = [order("A"), order("P"), order("B")]
    async with desk(source=ScriptedSource(list(orders)), target=ScriptedTarget(before=poison)) as at:
        await at.poll()
        await at.poll()
        assert await at.state("P") is S.RETRY
        for _ in range(4):
            await at.pass_time(timedelta(hours=7))
            await at.poll()
        document = await at.document("P")
        assert (document.state, document.code) == (S.ERROR, "order.poison")
        assert set(at.target.booked) == {"A", "B"}
        at.target.before = lambda _draft: None
        await retry(at.workshop, NAME, ["P"])
        await at.poll()
        assert await at.state("P") is S.BOOKED


async def test_a_lost_database_adopts_what_is_there_and_reports_what_differs(desk: DeskMaker) -> None:
    source, target = ScriptedSource([order("A"), order("B")]), ScriptedTarget()
    async with desk(source=source, target=target) as at:
        await at.poll()
    source.orders_ = [order("A"), order("B", "99.00"), order("C")]
    async with desk(source=source, target=target, database="new.db") as at:
        await at.poll()
        assert target.times == {"A": 1, "B": 1, "C": 1}
        clash = await at.document("B")
        assert (clash.state, clash.code) == (S.ERROR, "target.reference-taken")
        assert "121.00 instead of 99.00" in clash.message
        assert await at.state("A") is S.BOOKED


async def test_a_refusal_waits_for_a_person_and_holds_no_personal_data(desk: DeskMaker) -> None:
    refusal = Refused("BOE-0042", "The period is closed for Jan Jansen, A@example.invalid.", "Open 2026.")
    target = ScriptedTarget(before=lambda _draft: refusal)
    async with desk(source=ScriptedSource([order("A")]), target=target) as at:
        await at.poll()
        document = await at.document("A")
        assert (document.state, document.code) == (S.ERROR, "BOE-0042")
        assert document.suggestion == "Open 2026."
        assert "A:" in document.message
        assert "Jansen" not in document.message
        assert "example" not in document.message


@pytest.mark.parametrize(
    ("error", "hours"),
    [
        (RetryLater("429", "Slow down.", not_before=None), 0),
        (SignInNeeded("login", "The key was withdrawn."), 5),
        (Misconfigured("ledger", "Ledger 8000 is gone."), 5),
    ],
)
async def test_a_fault_of_the_connection_stops_the_batch_and_loses_nothing(
    desk: DeskMaker, error: Exception, hours: int
) -> None:
    faults: list[Exception | None] = [error]
    target = ScriptedTarget(before=lambda _draft: faults[0])  # type: ignore[return-value, arg-type]
    async with desk(source=ScriptedSource([order(str(n)) for n in range(25)]), target=target) as at:
        await at.poll()
        flow = await at.flow()
        assert flow.failures == 1
        assert flow.due_at - at.clock.now() >= timedelta(hours=hours)
        assert not at.target.booked
        faults[0] = None
        await at.pass_time(timedelta(hours=7))
        await at.poll()
        assert len(at.target.booked) == 25
        assert (await at.flow()).failures == 0


async def test_a_missing_vat_row_is_refused_before_anything_is_written(desk: DeskMaker) -> None:
    async with desk(source=ScriptedSource([order("A")]), vat={"NL": {"9": {"code": "low"}}}) as at:
        await at.poll()
        document = await at.document("A")
        assert document.state is S.ERROR
        assert "21" in document.message
        assert not at.target.customers


@pytest.mark.parametrize("choice", ["error", "recreate"])
async def test_a_deleted_relation_is_noticed(desk: DeskMaker, choice: str) -> None:
    target = ScriptedTarget()
    async with desk(source=ScriptedSource([order("A")]), target=target, orders={"customer_gone": choice}) as at:
        await at.poll()
        gone = [CustomerGone("REL-0001", "The relation was deleted."), None]
        target.before = lambda _draft: gone.pop(0)
        at.source.orders_.append(order("B", buyer=order("A").buyer))
        await at.poll()
        await at.poll()
        assert await at.state("B") is (S.BOOKED if choice == "recreate" else S.ERROR)


async def test_an_order_that_the_source_forgot_is_an_error_not_a_loop(desk: DeskMaker) -> None:
    target = ScriptedTarget(before=lambda _draft: RetryLater("down", "Down."))
    async with desk(source=ScriptedSource([order("A")]), target=target) as at:
        await at.poll()
        target.before = lambda _draft: None
        at.source.orders_.clear()
        await at.pass_time(timedelta(hours=1))
        await at.poll()
        document = await at.document("A")
        assert (document.state, document.code) == (S.ERROR, "source.gone")


async def test_the_nightly_pass_fills_gaps(desk: DeskMaker) -> None:
    async with desk(source=ScriptedSource([])) as at:
        await at.poll()
        at.source.orders_ = [order("A")]
        await at.poll("nightly")
        assert await at.state("A") is S.BOOKED
        assert (await at.flow("nightly")).due_at.hour in (2, 3)  # 03:00-04:00 in Amsterdam, winter and summer


async def test_who_lost_the_lease_writes_nothing(desk: DeskMaker) -> None:
    target = ScriptedTarget()
    async with desk(source=ScriptedSource([order("A")]), target=target) as at:

        def stall(_draft: object) -> None:
            at.clock.advance(3600)

        target.before = stall
        record = await at.workshop.store.connections.get(NAME)
        assert record
        lease = await at.workshop.store.leases.acquire(NAME, "other", 1)
        assert lease
        at.clock.advance(5)
        thief = await at.workshop.store.leases.acquire(NAME, "thief", 60)
        assert thief
        with pytest.raises(Exception, match="taken over"):
            async with at.workshop.store.write(lease) as tx:
                await tx.cursor("orders", "99")
        await at.workshop.store.leases.release(thief)
        await at.poll()
        assert (await at.flow()).cursor != "99"


async def test_nothing_new_costs_no_write(desk: DeskMaker) -> None:
    async with desk(source=ScriptedSource([order("A")])) as at:
        await at.poll()
        with anyio.fail_after(5):
            await at.poll()
        assert at.target.times == {"A": 1}


async def test_crashes_of_ours_are_never_held_against_an_order(desk: DeskMaker) -> None:
    """Killed eight times with the same batch announced: nothing is given up, nothing waits for hours."""
    down = ScriptedTarget(before=lambda _draft: RetryLater("down", "Down."))
    async with desk(source=ScriptedSource([order("A")]), target=down) as at:
        await at.poll()
        record = await at.workshop.store.connections.get(NAME)
        assert record is not None
        opened = await at.workshop.opener.open(record)
        store = at.workshop.store
        lease = await store.leases.acquire(NAME, "killed", 3600)
        assert lease is not None
        cycle = Cycle(
            settings=opened.settings,
            source=opened.source,
            target=opened.target,
            store=store,
            lease=lease,
            clock=at.clock,
            hooks=at.workshop.plugins.manager.hook,
            facts=at.workshop.facts.of(opened.settings),
        )
        tries = (await at.document("A")).attempts
        for _ in range(8):
            document = await at.document("A")
            async with store.write(lease) as tx:
                await tx.open_intents([NewIntent(kind=IntentKind.BOOKING, key="A", document_id=document.id)])
                await move(tx, document, S.BOOKING, "booking")
            await settle_unknown(cycle)
            document = await at.document("A")
            assert (document.state, document.attempts) == (S.DUE, tries)
        await store.leases.release(lease)
