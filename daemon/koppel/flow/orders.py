"""The orders flow: from the source's changes to documents in the target."""

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

from koppel.clock import AMSTERDAM
from koppel.errors import KoppelError, RetryLater
from koppel.flow.cycle import Cycle, broken, move
from koppel.flow.posting import BATCH, book
from koppel.flow.recording import Work, record
from koppel.flow.unknown import settle_unknown
from koppel.model import OrderRef
from koppel.plugin import OrderPage
from koppel.store import Document, DocumentState

FLOW = "orders"
NIGHTLY = "nightly"
LEFT_OVER = frozenset({DocumentState.DUE, DocumentState.RETRY})
REFETCH = 100
"""How many orders are asked of the source at a time when they are needed again."""


async def run_orders(cycle: Cycle) -> None:
    """One poll: settle what is unknown, read the changes, book what is due, then what was left over from before.

    Raises RetryLater, SignInNeeded, Misconfigured when the connection cannot go on; what was done until then is kept.
    """
    state = next(state for state in await cycle.store.flows.states(cycle.name) if state.flow == FLOW)
    await settle_unknown(cycle)
    pages = cycle.source.orders_changed(state.cursor)
    await _read_and_book(cycle, pages, FLOW)
    await settle_unknown(cycle)
    await book_left_over(cycle)


async def run_nightly(cycle: Cycle) -> None:
    """Compare what the source has with what the store has: read the last days once more, fill every gap (G1, O3)."""
    today = cycle.clock.now().astimezone(AMSTERDAM).date()
    since = today - timedelta(days=cycle.settings.orders.check_days)
    await _read_and_book(cycle, cycle.source.orders_placed(since, today), None)
    await _look_again(cycle, DocumentState.OPEN, before=since.isoformat())


async def book_left_over(cycle: Cycle) -> None:
    """Book what is due and was not in the pages just read: left by a crash, a fault, or put back by the operator."""
    seen = 0
    while not cycle.stopping():
        documents = await cycle.store.documents.in_states(
            cycle.name, LEFT_OVER, limit=REFETCH, after_id=seen, retry_before=cycle.clock.now()
        )
        if not documents:
            break
        seen = documents[-1].id
        await book_all(cycle, await _again(cycle, documents))
    waiting = await cycle.store.documents.in_states(cycle.name, {DocumentState.RETRY}, limit=1000)
    for document in waiting:
        if document.retry_at is not None:
            cycle.wake(document.retry_at)


async def _read_and_book(cycle: Cycle, pages: AsyncIterator[OrderPage], flow: str | None) -> None:
    """Paging and booking overlap: the next page is read while this one is booked. The first fault is raised."""
    send, receive = anyio.create_memory_object_stream[list[Work]](max_buffer_size=1)
    faults: list[KoppelError] = []
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_read, cycle, pages, flow, send, faults)
        await _book_stream(cycle, receive, faults)
    if faults:
        raise faults[0]


async def _read(
    cycle: Cycle,
    pages: AsyncIterator[OrderPage],
    flow: str | None,
    send: MemoryObjectSendStream[list[Work]],
    faults: list[KoppelError],
) -> None:
    async with send:
        try:
            async for page in pages:
                due = await record(cycle, page.orders, flow=flow or "", cursor=page.cursor if flow else None)
                if due:
                    await send.send(due)
                if cycle.stopping() or faults:
                    return
        except KoppelError as error:
            faults.append(error)
        except anyio.BrokenResourceError:
            return
        except Exception as error:  # noqa: BLE001 - whatever a plugin raises: what is being booked is booked
            faults.append(RetryLater("plugin.failed", broken(cycle, "source plugin", error), "Tell its makers."))


async def _book_stream(cycle: Cycle, receive: MemoryObjectReceiveStream[list[Work]], faults: list[KoppelError]) -> None:
    with receive:
        async for work in receive:
            try:
                await book_all(cycle, work)
            except KoppelError as error:
                faults.append(error)
                return


async def book_all(cycle: Cycle, work: Sequence[Work]) -> None:
    """Book these orders in batches of the target's size. Raises as :func:`koppel.flow.posting.book` does."""
    for start in range(0, len(work), BATCH):
        if cycle.stopping():
            return
        await book(cycle, work[start : start + BATCH])


async def _again(cycle: Cycle, documents: Sequence[Document]) -> list[Work]:
    orders = [order async for order in cycle.source.orders([order_ref(document) for document in documents])]
    found = {order.number for order in orders}
    if gone := [document for document in documents if document.reference not in found]:
        async with cycle.write() as tx:
            for document in gone:
                message = f"Order {document.reference}: the source does not know it any more."
                suggestion = "Look for it at the channel; if it should be booked, do that by hand."
                await move(tx, document, DocumentState.ERROR, "gone", ("source.gone", message, suggestion))
    return await record(cycle, orders)


def order_ref(document: Document) -> OrderRef:
    """How to ask the source for a document's order again."""
    changed_at = document.source_changed_at or document.updated_at
    return OrderRef(id=document.source_id, number=document.reference, changed_at=changed_at)


async def _look_again(cycle: Cycle, state: DocumentState, *, before: str) -> None:
    """Open orders placed before the nightly window: their status is asked one by one, as cheaply as the source can."""
    seen = 0
    while not cycle.stopping():
        documents = await cycle.store.documents.in_states(cycle.name, {state}, limit=REFETCH, after_id=seen)
        if not documents:
            return
        seen = documents[-1].id
        old = [each for each in documents if each.placed_at is None or each.placed_at.date().isoformat() < before]
        if old:
            await book_all(cycle, await _again(cycle, old))
