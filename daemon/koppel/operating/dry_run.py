"""What would be booked now, in full, without writing anything anywhere (O14)."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from koppel.booking.draft import Draft
from koppel.engine.daemon import Workshop
from koppel.errors import KoppelError
from koppel.flow.cycle import Cycle, tell
from koppel.flow.drafting import draft_order
from koppel.flow.orders import FLOW, order_ref
from koppel.flow.verdict import first_seen
from koppel.model import Order, UnreadableOrder
from koppel.operating.applying import known_connection
from koppel.store import Document, DocumentState, Lease

WAITING = frozenset({DocumentState.DUE, DocumentState.RETRY, DocumentState.ERROR})


@dataclass(frozen=True)
class DryRun:
    """One order: its draft, or why it cannot be booked (code, message, suggestion)."""

    reference: str
    draft: Draft | None
    problem: tuple[str, str, str] | None = None


async def dry_run(workshop: Workshop, name: str, limit: int) -> AsyncIterator[DryRun]:
    """Drafts of what waits, then of what is new at the source, at most ``limit``."""
    record = await known_connection(workshop, name)
    opened = await workshop.opener.open(record)
    cycle = Cycle(
        settings=opened.settings,
        source=opened.source,
        target=opened.target,
        store=workshop.store,
        lease=Lease(connection=name, owner="dry-run", generation=-1),  # holds nothing: any write would be refused
        clock=workshop.clock,
        hooks=workshop.plugins.manager.hook,
        facts=workshop.facts.of(opened.settings),
    )
    done: set[str] = set()
    async for order in _candidates(workshop, cycle):
        if order.number in done:
            continue
        done.add(order.number)
        yield await _one(cycle, order)
        if len(done) >= limit:
            return


async def _one(cycle: Cycle, order: Order | UnreadableOrder) -> DryRun:
    if isinstance(order, UnreadableOrder):
        return DryRun(order.number, None, (order.code, order.message, order.suggestion))
    try:
        return DryRun(order.number, await draft_order(cycle, order))
    except KoppelError as error:
        return DryRun(order.number, None, tell(error, order))


async def _candidates(workshop: Workshop, cycle: Cycle) -> AsyncIterator[Order | UnreadableOrder]:
    waiting: list[Document] = await workshop.store.documents.in_states(cycle.name, WAITING, limit=1000)
    refs = [order_ref(document) for document in waiting]
    if refs:
        async for order in cycle.source.orders(refs):
            yield order
    state = next(state for state in await workshop.store.flows.states(cycle.name) if state.flow == FLOW)
    async for page in cycle.source.orders_changed(state.cursor):
        known = await workshop.store.documents.by_references(cycle.name, [order.number for order in page.orders])
        for order in page.orders:
            verdict = first_seen(order, cycle.settings.releasing)
            if order.number not in known and verdict.state in (DocumentState.DUE, DocumentState.ERROR):
                yield order
