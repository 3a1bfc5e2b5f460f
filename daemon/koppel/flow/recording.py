"""Writing down what a page of the source showed: all documents and the cursor in one commit (G1)."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from koppel.flow.cycle import Cycle, move
from koppel.flow.soundness import latest_by_number
from koppel.flow.verdict import Verdict, content, first_seen, seen_again
from koppel.log.redaction import scrub
from koppel.model import Order, UnreadableOrder
from koppel.store import Document, DocumentFields, DocumentState, NewDocument, Tx

SENT = frozenset({DocumentState.BOOKED, DocumentState.REVIEW, DocumentState.BOOKING, DocumentState.ELSEWHERE})
"""What is noted of the order is what was sent to a target, not what the channel shows since."""

Work = tuple[Document, Order]


async def record(
    cycle: Cycle,
    orders: Sequence[Order | UnreadableOrder],
    *,
    flow: str = "",
    cursor: str | None = None,
    instead_of: str | None = None,
) -> list[Work]:
    """Commit what was seen, with the flow's cursor; gives the documents that are due, with their orders.

    With ``instead_of``, raises CursorMoved and commits nothing if the cursor is another one by now.
    """
    latest = latest_by_number(orders, cycle.clock.now())
    known = await cycle.store.documents.by_references(cycle.name, list(latest))
    releasing = cycle.settings.releasing
    documents: dict[str, Document] = {}
    async with cycle.write() as tx:
        fresh = [
            _new(cycle, order, first_seen(order, releasing)) for number, order in latest.items() if number not in known
        ]
        for document in await tx.insert(fresh):
            documents[document.reference] = document
        for number, document in known.items():
            documents[number] = await _again(cycle, tx, document, latest[number])
        if cursor is not None:
            await tx.cursor(flow, cursor, instead_of=instead_of)
    now = cycle.clock.now()
    return [
        (document, order)
        for number, order in latest.items()
        if isinstance(order, Order) and number in documents and _is_due(document := documents[number], now)
    ]


def _is_due(document: Document, now: datetime) -> bool:
    if document.state is DocumentState.DUE:
        return True
    return document.state is DocumentState.RETRY and (document.retry_at is None or document.retry_at <= now)


def _new(cycle: Cycle, order: Order | UnreadableOrder, verdict: Verdict) -> NewDocument:
    assert verdict.state is not None  # noqa: S101 - first_seen always decides
    code, message, suggestion = _reason(verdict, order)
    return NewDocument(
        reference=order.number,
        source_id=order.id,
        source_changed_at=order.changed_at,
        source_status=order.status,
        state=verdict.state,
        code=code,
        message=message,
        suggestion=suggestion,
        placed_at=order.placed_at,
        amount=order.total if isinstance(order, Order) else None,
        currency=order.currency if isinstance(order, Order) else "",
        fingerprint=_fingerprint(cycle, order),
        event=verdict.kind,
    )


async def _again(cycle: Cycle, tx: Tx, document: Document, order: Order | UnreadableOrder) -> Document:
    fingerprint = _fingerprint(cycle, order)
    verdict = seen_again(
        document, order, cycle.settings.releasing, fingerprint=fingerprint, can_update=_can_update(cycle)
    )
    changes: DocumentFields = {"source_changed_at": order.changed_at, "source_status": order.status}
    booked = document.state in SENT
    if not booked or verdict.state is not None:
        changes["fingerprint"] = fingerprint
    if not booked and isinstance(order, Order):
        changes["amount"], changes["currency"] = order.total, order.currency
    if verdict.state is not None:
        await move(tx, document, verdict.state, verdict.kind, _reason(verdict, order), **changes)
        changes["retry_at"] = None
        return msgspec.structs.replace(document, state=verdict.state, **changes)
    if any(getattr(document, name) != value for name, value in changes.items()):
        await tx.change(document.id, event=None, **changes)
    return msgspec.structs.replace(document, **changes)


def _reason(verdict: Verdict, order: Order | UnreadableOrder) -> tuple[str, str, str]:
    needles = tuple(order.personal_data()) if isinstance(order, Order) else ()
    return verdict.code, scrub(verdict.message, needles), scrub(verdict.suggestion, needles)


def _fingerprint(cycle: Cycle, order: Order | UnreadableOrder) -> str:
    return cycle.store.vault.fingerprint(content(order)) if isinstance(order, Order) else ""


def _can_update(cycle: Cycle) -> bool:
    return (
        "order_changes" in cycle.settings.source_spec.capabilities
        and "updates" in cycle.settings.target_spec.capabilities
    )
