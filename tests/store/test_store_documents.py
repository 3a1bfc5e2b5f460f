"""Documents, the basic log, links and intents."""

import random
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy.exc import StatementError

from koppel.errors import KoppelError
from koppel.store import (
    Document,
    DocumentState,
    IntentKind,
    IntentState,
    Lease,
    NewDocument,
    NewEvent,
    NewIntent,
    Store,
)
from koppel.testing.clock import VirtualClock

pytestmark = pytest.mark.anyio
S = DocumentState


def new(reference: str, state: S = S.DUE, amount: str | None = "12.10", **more: object) -> NewDocument:
    money = {"amount": Decimal(amount), "currency": "EUR"} if amount is not None else {}
    return NewDocument(reference=reference, source_id=f"id-{reference}", state=state, **money, **more)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType] # fields by name


async def insert(store: Store, lease: Lease, *documents: NewDocument) -> list[Document]:
    async with store.write(lease) as tx:
        return await tx.insert(documents)


async def test_a_document_comes_back_exactly(store: Store, lease: Lease, clock: VirtualClock) -> None:
    moment = clock.now() - timedelta(days=3, microseconds=1)
    amounts = ["0.30", "12345678901234567.89", "-0.00", "1E+3", "0.1000"]
    documents = [
        new(f"r{n}", amount=amount, placed_at=moment, source_changed_at=moment, original="r", fingerprint="fp")
        for n, amount in enumerate(amounts)
    ]
    made = await insert(store, lease, *documents)
    assert [str(document.amount) for document in made] == amounts
    for document in made:
        assert await store.documents.get("winkel", document.reference) == document
        assert (document.placed_at, document.updated_at) == (moment, clock.now())


@pytest.mark.parametrize("amount", [0.1, Decimal("NaN"), "1.00"])
async def test_floats_never_get_in(store: Store, lease: Lease, amount: Decimal) -> None:
    with pytest.raises(StatementError, match="Decimal"):
        await insert(store, lease, NewDocument(reference="r", source_id="", state=S.DUE, amount=amount))
    assert await store.documents.list("winkel", None, 10) == []


async def test_naive_times_never_get_in(store: Store, lease: Lease, clock: VirtualClock) -> None:
    with pytest.raises(StatementError, match="no time zone"):
        await insert(store, lease, new("r", placed_at=clock.now().replace(tzinfo=None)))
    assert await store.documents.list("winkel", None, 10) == []


async def test_what_is_there_already_is_left_alone(store: Store, lease: Lease) -> None:
    (first,) = await insert(store, lease, new("a"))
    made = await insert(store, lease, new("a", amount="99"), new("b"), new("b"), new("a", kind="credit"))
    assert [(document.reference, document.kind) for document in made] == [("b", "order"), ("a", "credit")]
    assert await store.documents.get("winkel", "a") == first
    assert len(await store.documents.events("winkel", "a", 10)) == 2
    assert await store.documents.sums("winkel") == {}
    assert await store.documents.counts() == {("winkel", S.DUE): 3}


async def test_documents_and_cursor_move_together_or_not_at_all(store: Store, lease: Lease) -> None:
    await store.flows.ensure("winkel", {"orders": 60})

    async def fail_at_the_end() -> None:
        async with store.write(lease) as tx:
            await tx.insert([new("a")])
            await tx.cursor("orders", "moved")
            await tx.link("customer", "x", "1", created=True)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail_at_the_end()
    assert await store.documents.get("winkel", "a") is None
    assert (await store.flows.states("winkel"))[0].cursor is None
    assert await store.documents.links("winkel", "customer", ["x"]) == {}
    assert await store.documents.counts("winkel") == {}


async def test_the_way_of_an_order_is_in_the_log(store: Store, lease: Lease, clock: VirtualClock) -> None:
    (document,) = await insert(store, lease, new("a", S.OPEN))
    clock.advance(60)
    async with store.write(lease) as tx:
        await tx.change(document.id, state=S.DUE, event=NewEvent(kind="released"))
        await tx.change(document.id, state=S.BOOKING, event=NewEvent(kind="booking"), attempts=1)
        await tx.change(document.id, state=S.BOOKED, event=NewEvent(kind="booked"), target_id="T1", target_number="7")
    found = await store.documents.get("winkel", "a")
    assert found is not None
    assert (found.state, found.attempts, found.target_id, found.target_number) == (S.BOOKED, 1, "T1", "7")
    assert found.updated_at == clock.now()
    events = await store.documents.events("winkel", "a", 10)
    assert [(event.kind, event.before, event.after) for event in reversed(events)] == [
        ("fetched", "", "open"),
        ("released", "open", "due"),
        ("booking", "due", "booking"),
        ("booked", "booking", "booked"),
    ]
    last = events[0]
    assert (last.at, last.document_id, last.reference) == (clock.now(), document.id, "a")
    assert (last.source_id, last.target_id) == ("id-a", "T1")
    assert await store.documents.sums("winkel") == {"EUR": Decimal("12.10")}


async def test_no_change_of_state_without_an_event(store: Store, lease: Lease) -> None:
    (document,) = await insert(store, lease, new("a"))
    with pytest.raises(ValueError, match="event"):
        async with store.write(lease) as tx:
            await tx.change(document.id, state=S.BOOKED, event=None)
    with pytest.raises(TypeError, match="reference"):
        async with store.write(lease) as tx:
            await tx.change(document.id, event=None, reference="b")  # type: ignore[call-arg] # pyright: ignore[reportCallIssue] # is refused
    assert await store.documents.get("winkel", "a") == document


async def test_a_state_takes_its_explanation_with_it(store: Store, lease: Lease, clock: VirtualClock) -> None:
    (document,) = await insert(store, lease, new("a"))
    retry_at = clock.now() + timedelta(hours=1)
    async with store.write(lease) as tx:
        event = NewEvent(kind="failed", code="x", message="mail jan@example.nl")
        await tx.change(
            document.id, state=S.RETRY, event=event, code="x", message="mail jan@example.nl", retry_at=retry_at
        )
    found = await store.documents.get("winkel", "a")
    assert found is not None
    assert (found.code, found.message, found.retry_at) == ("x", "mail ***", retry_at)
    async with store.write(lease) as tx:
        await tx.change(document.id, event=None, source_status="paid")
        await tx.change(document.id, state=S.DUE, event=NewEvent(kind="again"))
    found = await store.documents.get("winkel", "a")
    assert found is not None
    assert (found.code, found.message, found.retry_at, found.source_status) == ("", "", None, "paid")
    assert (await store.documents.events("winkel", "a", 10))[1].message == "mail ***"


async def test_a_person_does_not_undo_what_a_cycle_did_meanwhile(store: Store, lease: Lease) -> None:
    failed, booked = await insert(store, lease, new("a", S.ERROR), new("b", S.ERROR))
    async with store.write(lease) as tx:
        await tx.change(booked.id, state=S.BOOKED, event=NewEvent(kind="booked"))
    async with store.operate("winkel") as tx:
        for document in (failed, booked):
            await tx.change(document.id, state=S.DUE, event=NewEvent(kind="retried"), only_from={S.ERROR, S.RETRY})
    found = await store.documents.by_references("winkel", ["a", "b", "c"])
    assert {name: document.state for name, document in found.items()} == {"a": S.DUE, "b": S.BOOKED}
    assert await store.documents.counts("winkel") == {("winkel", S.DUE): 1, ("winkel", S.BOOKED): 1}
    assert len(await store.documents.events("winkel", "b", 10)) == 2


async def test_another_connections_document_cannot_be_changed(store: Store, lease: Lease) -> None:
    (document,) = await insert(store, lease, new("a"))
    with pytest.raises(LookupError):
        async with store.operate("winkel") as tx:
            await tx.change(document.id + 1, state=S.DUE, event=NewEvent(kind="x"))
    with pytest.raises(KoppelError):
        async with store.operate("nobody") as tx:
            await tx.change(document.id, state=S.SKIPPED, event=NewEvent(kind="x"))
    assert await store.documents.get("winkel", "a") == document


async def test_totals_are_what_counting_would_give(store: Store, lease: Lease) -> None:
    dice = random.Random(20261121)
    ids: list[int] = []
    for _ in range(25):
        async with store.write(lease) as tx:
            for number in range(dice.randrange(4)):
                currency = dice.choice(["EUR", "SEK"])
                amount = None if dice.random() < 0.2 else Decimal(dice.randrange(-9999, 9999)) / 100
                added = NewDocument(
                    reference=f"{len(ids)}-{number}-{dice.random()}",
                    source_id="x",
                    state=dice.choice(list(S)),
                    amount=amount,
                    currency=currency,
                )
                ids += [made.id for made in await tx.insert([added])]
            for key in dice.choices(ids, k=3) if ids else []:
                await tx.change(key, state=dice.choice(list(S)), event=NewEvent(kind="x"))
                await tx.change(key, event=None, amount=Decimal(dice.randrange(9999)) / 100)
    everything = await store.documents.list("winkel", None, 1000)
    assert len(everything) == len(ids)
    counts: dict[tuple[str, S], int] = {}
    sums: dict[str, Decimal] = {}
    for document in everything:
        counts["winkel", document.state] = counts.get(("winkel", document.state), 0) + 1
        if document.state is S.BOOKED:
            sums[document.currency] = sums.get(document.currency, Decimal(0)) + (document.amount or 0)
    assert await store.documents.counts() == counts
    assert await store.documents.sums("winkel") == sums


async def test_lists_and_work_in_pages(store: Store, lease: Lease, clock: VirtualClock) -> None:
    states = [S.DUE, S.ERROR, S.BOOKED, S.RETRY]
    soon, later = clock.now() + timedelta(minutes=1), clock.now() + timedelta(hours=1)
    await insert(
        store,
        lease,
        *(new(f"r{n}", states[n % 4], retry_at=soon if n < 20 else later) for n in range(40)),
    )

    async def listed(states: set[S] | None, limit: int, offset: int = 0, name: str | None = "winkel") -> list[str]:
        return [document.reference for document in await store.documents.list(name, states, limit, offset)]

    assert await listed(None, 3) == ["r39", "r38", "r37"]
    assert await listed({S.DUE, S.ERROR}, 3, 1) == ["r36", "r33", "r32"]
    assert await listed({S.DUE, S.ERROR}, 3, 1, None) == ["r36", "r33", "r32"]
    assert await listed(None, 2, 38, None) == ["r1", "r0"]
    assert await listed(set(), 3) == []
    assert await listed(None, 3, 0, "other") == []
    work = await store.documents.in_states("winkel", {S.DUE, S.RETRY}, 4)
    assert [document.reference for document in work] == ["r0", "r3", "r4", "r7"]
    work = await store.documents.in_states("winkel", {S.DUE, S.RETRY}, 2, after_id=work[-1].id)
    assert [document.reference for document in work] == ["r8", "r11"]
    ready = await store.documents.in_states("winkel", [S.RETRY], 100, retry_before=soon)
    assert [document.reference for document in ready] == ["r3", "r7", "r11", "r15", "r19"]
    assert await store.documents.in_states("winkel", [], 4) == []
    many = await store.documents.by_references("winkel", (f"r{n}" for n in range(2000)))
    assert len(many) == 40


async def test_the_log_in_pages(store: Store, lease: Lease) -> None:
    async with store.write(lease) as tx:
        for number in range(5):
            await tx.event(NewEvent(kind=f"k{number}", reference="r" if number % 2 else ""))
    first = await store.documents.events("winkel", None, 2)
    assert [event.kind for event in first] == ["k4", "k3"]
    second = await store.documents.events(None, None, 2, before_id=first[-1].id)
    assert [event.kind for event in second] == ["k2", "k1"]
    assert [event.kind for event in await store.documents.events("winkel", "r", 9)] == ["k3", "k1"]


async def test_links_are_found_by_the_key_as_given(store: Store, lease: Lease) -> None:
    keys = [f"email:{number}@example.nl" for number in range(1200)]
    async with store.write(lease) as tx:
        for key in keys:
            await tx.link("customer", key, f"T{key}", created=True)
        await tx.link("customer", keys[0], "T-again", created=False)
        await tx.link("article", keys[1], "A1", created=True)
        await tx.unlink("customer", keys[2])
    found = await store.documents.links("winkel", "customer", [*keys, "email:nobody"])
    assert len(found) == 1199
    assert (found[keys[0]], found[keys[1]], keys[2] in found) == ("T-again", f"T{keys[1]}", False)
    async with store.write(lease) as tx:
        await tx.unlink("article", keys[1])
    assert await store.documents.links("winkel", "article", keys) == {}


async def test_intents_stay_open_until_settled(store: Store, lease: Lease, clock: VirtualClock) -> None:
    (document,) = await insert(store, lease, new("a"))
    async with store.write(lease) as tx:
        made = await tx.open_intents(
            [
                NewIntent(kind=IntentKind.BOOKING, key="a", document_id=document.id),
                NewIntent(kind=IntentKind.CUSTOMER, key="email:jan@example.nl"),
                NewIntent(kind=IntentKind.ARTICLE, key="SKU-1"),
            ]
        )
        assert await tx.open_intents([]) == []
    booking, customer, article = made
    assert (booking.kind, booking.document_id, booking.state) == (IntentKind.BOOKING, document.id, IntentState.OPEN)
    assert (customer.key, article.key) == (store.vault.fingerprint("email:jan@example.nl"), "SKU-1")
    assert await store.documents.open_intents("winkel") == made
    began = clock.now()
    clock.advance(30)
    async with store.write(lease) as tx:
        await tx.settle_intent(booking.id, "unknown")
        await tx.settle_intent(customer.id, "done", "T1")
        await tx.settle_intent(article.id, "failed")
    (left,) = await store.documents.open_intents("winkel")
    assert (left.id, left.state, left.created_at, left.attempted_at, left.settled_at) == (
        booking.id,
        IntentState.UNKNOWN,
        began,
        clock.now(),
        None,
    )


async def test_never_two_unsettled_intents_for_one_thing(store: Store, lease: Lease) -> None:
    again = [NewIntent(kind=IntentKind.BOOKING, key="a")]
    async with store.write(lease) as tx:
        (first,) = await tx.open_intents(again)
    with pytest.raises(KoppelError) as told:
        async with store.write(lease) as tx:
            await tx.open_intents(again)
    assert told.value.code == "store.conflict"
    async with store.write(lease) as tx:
        await tx.settle_intent(first.id, "failed")
    async with store.write(lease) as tx:
        assert (await tx.open_intents(again))[0].id != first.id
