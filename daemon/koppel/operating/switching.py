"""Pointing a connection at another administration: first at one to try out, then at the real one (O14)."""

from collections.abc import AsyncIterator
from datetime import date, datetime, time

from msgspec import Struct

from koppel.clock import AMSTERDAM
from koppel.engine.control import call_daemon
from koppel.engine.daemon import Workshop
from koppel.errors import Misconfigured, RetryLater
from koppel.operating.applying import known_connection
from koppel.plugin import NamesAdministration
from koppel.store import Document, DocumentState, Lease, NewEvent, Tx

CHUNK = 500
LEASE = 60.0
TOUCHED = frozenset(DocumentState) - {DocumentState.OPEN, DocumentState.CANCELLED, DocumentState.SKIPPED}
SENT = frozenset({DocumentState.BOOKED, DocumentState.REVIEW})
"""These stand in the administration that is left; others only if they have an id there."""


class Switched(Struct, kw_only=True):
    """What a switch did to the documents.

    ``left`` stay in the former administration, ``due`` are booked (again) in the new one, ``unknown`` wait for a
    person: nobody knows whether the former administration has them.
    """

    former: str
    administration: str
    left: int = 0
    due: int = 0
    unknown: int = 0


async def switch(workshop: Workshop, name: str, restart_from: date | None = None) -> Switched:
    """Let a connection's documents go to the administration that its settings lead to now, in one transaction.

    What the former administration holds stays in the log and counts as booked no more; relations and articles are
    looked for anew. Nothing of it is booked again, but for the orders placed on or after ``restart_from`` (Amsterdam).
    Raises Misconfigured if it is the same administration, RetryLater while a cycle runs.
    """
    record = await known_connection(workshop, name)
    opened = await workshop.opener.open(record)
    now = await opened.target.administration() if isinstance(opened.target, NamesAdministration) else ""
    if now and now == record.administration:
        raise Misconfigured(
            "administration.same",
            f"Connection {name} has its documents in administration {now} already.",
            "Put the other administration into the connection's file, run koppel apply, then koppel switch.",
        )
    lease = await workshop.store.leases.acquire(name, "switch", LEASE)
    if lease is None:
        raise RetryLater("connection.busy", f"A cycle of {name} runs at this moment; try again in a minute.")
    try:
        switched = Switched(former=record.administration or "", administration=now)
        await _switch(workshop, lease, switched, restart_from)
    finally:
        await workshop.store.leases.release(lease)
    await workshop.store.flows.make_due(name, "orders", workshop.clock.now())
    await call_daemon(workshop.config, "wake")
    return switched


async def _switch(workshop: Workshop, lease: Lease, switched: Switched, restart_from: date | None) -> None:
    restart = datetime.combine(restart_from, time(), AMSTERDAM) if restart_from else None
    intents = await workshop.store.documents.open_intents(lease.connection)
    async with workshop.store.write(lease) as tx:
        async for documents in _chunks(workshop, lease.connection):
            for document in documents:
                await _move(tx, document, switched, restart)
            await tx.flush()
        for intent in intents:
            await tx.settle_intent(intent.id, "failed")
        await tx.forget_links()
        await tx.administration(switched.administration)
        message = f"From {switched.former or 'unknown'} to {switched.administration or 'unknown'}."
        await tx.event(NewEvent(kind="connection.switched", message=message))


async def _chunks(workshop: Workshop, name: str) -> AsyncIterator[list[Document]]:
    """All documents that may stand in an administration, as they were before the transaction."""
    seen = 0
    while documents := await workshop.store.documents.in_states(name, TOUCHED, limit=CHUNK, after_id=seen):
        yield documents
        seen = documents[-1].id


async def _move(tx: Tx, document: Document, switched: Switched, restart: datetime | None) -> None:
    unknown = document.state is DocumentState.BOOKING
    there = document.state in SENT or document.target_id is not None
    if not (unknown or there):
        return
    if restart is not None and document.placed_at is not None and document.placed_at >= restart:
        event = NewEvent(kind="administration.again", message="To be booked in the new administration.")
        await tx.change(
            document.id,
            state=DocumentState.DUE,
            event=event,
            attempts=0,
            target_id=None,
            target_number=None,
            booked_at=None,
        )
        switched.due += 1
    elif unknown:
        message = f"Order {document.reference}: whether the former administration has it is not known."
        await tx.change(
            document.id,
            state=DocumentState.REVIEW,
            event=NewEvent(kind="administration.unknown", code="administration.unknown", message=message),
            code="administration.unknown",
            message=message,
            suggestion="Look there. If it should stand in the new administration, process it again.",
        )
        switched.unknown += 1
    elif document.state is not DocumentState.ELSEWHERE:
        event = NewEvent(kind="administration.left", message="It stays in the former administration.")
        await tx.change(document.id, state=DocumentState.ELSEWHERE, event=event)
        switched.left += 1
