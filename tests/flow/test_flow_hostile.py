"""Plugins that raise, lie or answer nonsense, and orders that come in ways nobody wished for: nothing lost, doubled or
stuck.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import anyio
import msgspec
import pytest

from flow.desk import NAME, PLACED, Desk, DeskMaker, order
from koppel.booking.draft import Draft, DraftCustomer
from koppel.errors import AlreadyExists, CustomerGone, KoppelError, OutcomeUnknown, RetryLater
from koppel.model import Buyer
from koppel.operating.applying import apply_connection
from koppel.operating.steering import retry
from koppel.plugin import Booked, TargetTraits, hookimpl
from koppel.plugin.loading import load_plugins
from koppel.store import DocumentState
from koppel.testing.scripted import ScriptedSource, ScriptedTarget

pytestmark = pytest.mark.anyio
S = DocumentState
CANARY = "Kanarie"


class Trap(ScriptedTarget):
    """Breaks on one order, in the verb that the test chooses."""

    def __init__(self, verb: str, what: Any = None, number: str = "P") -> None:
        super().__init__()
        self.verb, self.what, self.number = verb, what, number

    def spring(self, verb: str, hit: bool) -> bool:
        if verb != self.verb or not hit:
            return False
        if isinstance(self.what, Exception):
            raise self.what
        return True

    async def find_bookings(self, references: Sequence[str]) -> Mapping[str, Booked]:
        if self.spring("find_bookings", self.number in references):
            return self.what  # type: ignore[no-any-return]
        return await super().find_bookings(references)

    async def find_customers(self, customers: Sequence[DraftCustomer]) -> Mapping[str, str]:
        if self.spring("find_customers", any(f"{self.number}@" in (each.email or "").upper() for each in customers)):
            return self.what  # type: ignore[no-any-return]
        return await super().find_customers(customers)

    async def create_customer(self, customer: DraftCustomer) -> str:
        if self.spring("create_customer", f"{self.number}@" in (customer.email or "").upper()):
            return self.what  # type: ignore[no-any-return]
        return await super().create_customer(customer)

    async def book(self, draft: Draft, customer: str, articles: Mapping[str, str]) -> Booked:
        if self.spring("book", draft.reference == self.number):
            return self.what  # type: ignore[no-any-return]
        return await super().book(draft, customer, articles)

    def refuses(self, draft: Draft) -> None:
        self.spring("refuses", draft.reference == self.number)


async def polls(at: Desk, times: int = 7) -> None:
    for _ in range(times):
        await at.poll()
        await at.pass_time(timedelta(hours=7))


@pytest.mark.parametrize("verb", ["find_bookings", "find_customers", "create_customer", "book", "refuses"])
@pytest.mark.parametrize("what", [ValueError(CANARY), None, {"P": 5.0}, 7], ids=["raises", "none", "wrong", "number"])
async def test_one_order_that_breaks_the_plugin_is_set_apart(desk: DeskMaker, verb: str, what: Any) -> None:
    if verb == "refuses" and not isinstance(what, Exception):
        pytest.skip("it returns nothing")
    if verb == "find_customers" and what == {"P": 5.0}:
        pytest.skip("an answer about nobody who was asked for is no answer")
    target = Trap(verb, what)
    orders = [order("A"), order("P"), *(order(f"N{n}") for n in range(12))]
    async with desk(source=ScriptedSource(list(orders)), target=target) as at:
        await at.poll()
        assert len(target.booked) == 13, "the others are booked in the first poll"
        await polls(at)
        document = await at.document("P")
        assert document.state is S.ERROR
        assert document.message.startswith("Order P")
        assert CANARY not in document.message
        assert (await at.flow()).failures == 0
        target.verb = ""
        await retry(at.workshop, NAME, ["P"])
        await at.poll()
        assert await at.state("P") is S.BOOKED
        assert set(target.times.values()) == {1}


async def test_a_plugin_that_breaks_on_everything_fails_the_flow_not_the_orders(desk: DeskMaker) -> None:
    target = ScriptedTarget()
    look = target.find_bookings

    async def broken(references: Sequence[str]) -> Mapping[str, Booked]:
        raise KeyError(CANARY)

    target.find_bookings = broken  # type: ignore[method-assign]
    async with desk(source=ScriptedSource([order(str(n)) for n in range(4)]), target=target) as at:
        await polls(at)
        flow = await at.flow()
        assert flow.failures == 7
        assert flow.code == "plugin.failed"
        assert await at.state("1") is S.DUE
        target.find_bookings = look  # type: ignore[method-assign]
        await at.poll()
        assert len(target.booked) == 4


async def test_one_order_that_the_vendor_puts_off_holds_up_no_other(desk: DeskMaker) -> None:
    """A temporary fault that always hits the same, first order: the others get their turn."""

    def busy(draft: Draft) -> KoppelError | None:
        return RetryLater("423", "Locked.", not_before=at.clock.now()) if draft.reference == "0" else None

    target = ScriptedTarget(before=busy)
    async with desk(source=ScriptedSource([order(str(n)) for n in range(40)]), target=target) as at:
        for _ in range(6):
            await at.poll()
            flow = await at.flow()
            await at.pass_time(max(timedelta(0), flow.due_at - at.clock.now()))
        assert len(target.booked) == 39
        document = await at.document("0")
        assert document.state is S.RETRY
        assert document.retry_at is not None
        assert document.retry_at > PLACED


@pytest.mark.parametrize(
    "error",
    [OutcomeUnknown("500", "No answer."), AlreadyExists("dup", "It is there already.")],
)
async def test_a_relation_that_can_never_be_made_is_not_made_for_ever(desk: DeskMaker, error: KoppelError) -> None:
    tries = 0

    class Never(ScriptedTarget):
        async def create_customer(self, customer: DraftCustomer) -> str:
            nonlocal tries
            tries += 1
            raise error

    async with desk(source=ScriptedSource([order("A")]), target=Never()) as at:
        await polls(at, 12)
        assert await at.state("A") is S.ERROR
        assert tries <= 6


async def test_a_relation_that_is_always_gone_is_not_made_for_ever(desk: DeskMaker) -> None:
    target = ScriptedTarget(before=lambda _draft: CustomerGone("gone", "The relation is inactive."))
    made = 0
    make = target.create_customer

    async def counted(customer: DraftCustomer) -> str:
        nonlocal made
        made += 1
        target.customers.clear()
        return await make(customer)

    target.create_customer = counted  # type: ignore[method-assign]
    async with desk(source=ScriptedSource([order("A")]), target=target, orders={"customer_gone": "recreate"}) as at:
        await polls(at, 12)
        assert await at.state("A") is S.ERROR
        assert made <= 6


async def test_an_order_in_two_pages_is_posted_once_though_look_ups_are_late(desk: DeskMaker) -> None:
    class Late(ScriptedTarget):
        async def find_bookings(self, references: Sequence[str]) -> Mapping[str, Booked]:
            await anyio.sleep(0.001)
            return {}

    target = Late(recheck_after=timedelta(minutes=5))
    source = ScriptedSource([order("A"), order("A"), order("B"), order("A"), order("A")], page_size=1)
    async with desk(source=source, target=target) as at:
        await at.poll()
        assert target.times == {"A": 1, "B": 1}
        assert await at.state("A") is S.BOOKED
        events = await at.workshop.store.documents.events(NAME, "A", 20)
        assert [event.after for event in events[::-1]] == ["due", "booking", "booked"]


async def test_an_order_cancelled_while_its_page_is_worked_on_is_not_booked(desk: DeskMaker) -> None:
    cancelled = order("A", status="Cancelled", changed_at=PLACED + timedelta(hours=1))

    class Slow(ScriptedTarget):
        async def find_bookings(self, references: Sequence[str]) -> Mapping[str, Booked]:
            for _ in range(200):
                document = await at.document("A")
                if document.state is S.CANCELLED:
                    break
                await anyio.sleep(0.005)
            return {}

    async with desk(source=ScriptedSource([order("A"), cancelled], page_size=1), target=Slow()) as at:
        await at.poll()
        assert await at.state("A") is S.CANCELLED
        assert not at.target.times
        assert not await at.workshop.store.documents.open_intents(NAME)


async def test_a_write_cut_off_at_shutdown_is_not_taken_for_unsent(desk: DeskMaker) -> None:
    """The stop came, the grace passed, the answer did not: only a look-up that is sure may decide."""
    sent: list[str] = []
    stop = anyio.Event()

    class Mute(ScriptedTarget):
        deaf = True

        async def book(self, draft: Draft, customer: str, articles: Mapping[str, str]) -> Booked:
            sent.append(draft.reference)
            if self.deaf:
                stop.set()
                await anyio.Event().wait()
            return await super().book(draft, customer, articles)

    target = Mute(recheck_after=timedelta(hours=1))
    async with desk(source=ScriptedSource([order("A"), order("B"), order("C")]), target=target) as at:
        from koppel.engine.daemon import make_runner

        record = await at.workshop.store.connections.get(NAME)
        assert record
        stopping = anyio.Event()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(make_runner(at.workshop, stopping).cycle, record, frozenset({"orders"}))
            await stop.wait()
            stopping.set()
            await anyio.sleep(0.05)
            tasks.cancel_scope.cancel()
        assert await at.state("A") is S.BOOKING
        assert await at.state("C") is S.DUE
        target.deaf = False
        await at.poll()
        assert sent.count("A") == 1
        await at.pass_time(timedelta(hours=2))
        await at.poll()
        assert {await at.state(number) for number in "ABC"} == {S.BOOKED}
        assert sent.count("C") == 1


async def test_nonsense_from_the_source_is_an_error_of_its_own(desk: DeskMaker) -> None:
    wrong: list[Any] = [
        order("A"),
        order("W1", placed_at=datetime(2026, 11, 20, 12, 0)),  # noqa: DTZ001 - that is the nonsense
        order("W2", total=Decimal("NaN")),
        msgspec.structs.replace(order("W3"), changed_at=None),
        order("W4", currency=None),
        order("W5", lines=({"gross": 1},)),
        order("W6", status=None),  # type: ignore[arg-type]
        order("Z"),
    ]
    async with desk(source=ScriptedSource(wrong)) as at:
        await at.poll()
        await at.poll()
        assert set(at.target.booked) == {"A", "Z"}
        for number in range(1, 7):
            document = await at.document(f"W{number}")
            assert (document.state, document.code) == (S.ERROR, "source.nonsense")


async def test_what_has_no_number_fails_the_flow_and_moves_no_cursor(desk: DeskMaker) -> None:
    async with desk(source=ScriptedSource([order("A"), order("\ud800")])) as at:
        await at.poll()
        flow = await at.flow()
        assert (flow.failures, flow.code, flow.cursor) == (1, "source.nonsense", None)


async def test_two_orders_with_one_number_are_never_one_lost(desk: DeskMaker) -> None:
    twins: list[Any] = [order("A", id="1"), order("A", "99.00", id="2"), order("B")]
    async with desk(source=ScriptedSource(list(twins))) as at:
        await at.poll()
        document = await at.document("A")
        assert (document.state, document.code) == (S.ERROR, "source.number-twice")
        at.source.orders_ = [order("B", id="another", changed_at=PLACED + timedelta(hours=1))]
        await at.poll()
        document = await at.document("B")
        assert (document.state, document.code) == (S.REVIEW, "source.number-twice")
        assert at.target.times == {"B": 1}


async def test_the_same_number_in_another_shop_is_not_adopted(desk: DeskMaker) -> None:
    """Two shops book into one administration, and both have an order 1001 of the same amount."""
    async with desk(source=ScriptedSource([order("1001")])) as at:
        await at.poll()
        text = (await at.workshop.store.connections.get(NAME)).config.replace('"test"', '"other"')  # type: ignore[union-attr]
        await apply_connection(at.workshop, text, "other.toml")
        from koppel.engine.daemon import make_runner

        record = await at.workshop.store.connections.get("other")
        assert record
        await make_runner(at.workshop).cycle(record, frozenset({"orders"}))
        document = await at.workshop.store.documents.get("other", "1001")
        assert document
        assert (document.state, document.code) == (S.ERROR, "target.other-connection")
        assert NAME in document.message


async def test_people_without_and_with_the_same_address_in_one_batch(desk: DeskMaker) -> None:
    nobody, same = Buyer(first_name="Jan"), Buyer(last_name="Smit", email="Same@Example.invalid")
    orders: list[Any] = [
        *(order(f"N{n}", buyer=nobody) for n in range(15)),
        *(order(f"S{n}", buyer=same) for n in range(15)),
        order("S15", buyer=msgspec.structs.replace(same, email="same@example.INVALID")),
    ]
    async with desk(source=ScriptedSource(orders, page_size=1000)) as at:
        await at.poll()
        assert len(at.target.booked) == 31
        assert len(at.target.customers) == 2


async def test_traits_that_make_no_sense(desk: DeskMaker) -> None:
    class Odd(ScriptedTarget):
        @property
        def traits(self) -> TargetTraits:
            return TargetTraits(parallel=0, batch=0, currencies=None)

    async with desk(source=ScriptedSource([order("A"), order("B")]), target=Odd()) as at:
        await at.poll()
        assert len(at.target.booked) == 2


async def test_a_moment_in_the_past_makes_no_circles(desk: DeskMaker) -> None:
    def late(_draft: Draft) -> KoppelError | None:
        return RetryLater("423", "Locked.", not_before=at.clock.now() - timedelta(days=400))

    async with desk(source=ScriptedSource([order("A")]), target=ScriptedTarget(before=late)) as at:
        await at.poll()
        assert (await at.flow()).due_at >= at.clock.now() - timedelta(seconds=1)
        document = await at.document("A")
        assert document.retry_at
        assert document.retry_at > at.clock.now()


async def test_cancelled_after_booking_is_closed_by_the_operator(desk: DeskMaker) -> None:
    async with desk(source=ScriptedSource([order("A")])) as at:
        await at.poll()
        at.source.orders_ = [order("A", status="Cancelled", changed_at=PLACED + timedelta(hours=1))]
        await at.poll()
        assert await at.state("A") is S.REVIEW
        await retry(at.workshop, NAME, ["A"])
        await at.poll()
        await at.poll("nightly")
        assert await at.state("A") is S.CANCELLED
        assert at.target.times == {"A": 1}


async def test_names_in_faults_of_the_connection_are_cut_out(desk: DeskMaker) -> None:
    target = ScriptedTarget(before=lambda _draft: RetryLater("503", "Busy with Jan Jansen of Dam 1."))
    async with desk(source=ScriptedSource([order("A")]), target=target) as at:
        await at.poll()
        flow = await at.flow()
        assert flow.failures == 1
        assert "Jansen" not in flow.message
        assert "Dam 1" not in flow.message


async def test_notes_of_the_target_hold_no_names(desk: DeskMaker) -> None:
    class Chatty(ScriptedTarget):
        async def book(self, draft: Draft, customer: str, articles: Mapping[str, str]) -> Booked:
            booked = await super().book(draft, customer, articles)
            return msgspec.structs.replace(booked, note="Booked for Jan Jansen.")

    async with desk(source=ScriptedSource([order("A")]), target=Chatty()) as at:
        await at.poll()
        document = await at.document("A")
        assert "Booked for" in document.message
        assert "Jansen" not in document.message


class Bends:
    @hookimpl
    def koppel_draft(self, connection: str, order: Any, draft: Draft) -> Draft | None:
        if draft.reference == "P":
            raise ValueError(CANARY)
        return None


async def test_a_hook_that_raises_on_a_draft(desk: DeskMaker) -> None:
    plugins = load_plugins([], [])
    plugins.manager.register(Bends())
    async with desk(source=ScriptedSource([order("A"), order("P"), order("B")]), plugins=plugins) as at:
        await at.poll()
        document = await at.document("P")
        assert (document.state, document.code) == (S.ERROR, "plugin.failed")
        assert set(at.target.booked) == {"A", "B"}


async def test_an_open_order_that_vanishes_is_told(desk: DeskMaker) -> None:
    async with desk(source=ScriptedSource([order("A", status="Pending")])) as at:
        await at.poll()
        at.source.orders_.clear()
        await at.pass_time(timedelta(days=9))
        await at.poll("nightly")
        document = await at.document("A")
        assert (document.state, document.code) == (S.ERROR, "source.gone")


async def test_a_huge_page(desk: DeskMaker) -> None:
    orders: list[Any] = [order(f"{n:05}", buyer=Buyer()) for n in range(1500)]
    async with desk(source=ScriptedSource(orders, page_size=100_000)) as at:
        await at.poll()
        assert len(at.target.booked) == 1500


async def test_an_outage_of_two_days_leaves_nothing_to_do_by_hand(desk: DeskMaker) -> None:
    def down(_draft: Draft) -> KoppelError | None:
        return OutcomeUnknown("502", "Bad gateway.") if outage else None

    outage = True
    async with desk(
        source=ScriptedSource([order(f"{n:03}") for n in range(80)]), target=ScriptedTarget(before=down)
    ) as at:
        until = at.clock.now() + timedelta(hours=48)
        while at.clock.now() < until:
            await at.poll()
            await at.pass_time(max(timedelta(minutes=1), (await at.flow()).due_at - at.clock.now()))
        outage = False
        for _ in range(4):
            await at.pass_time(timedelta(hours=6))
            await at.poll()
        assert len(at.target.booked) == 80
        assert set(at.target.times.values()) == {1}
