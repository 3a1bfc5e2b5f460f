"""What becomes of an order that a source shows us: pure decisions, one table in words.

| seen | before | after |
|---|---|---|
| unreadable | new, open, due, retry | error |
| to be skipped | new, open | skipped |
| cancelled | new, open, due, retry, error | cancelled |
| cancelled | booked, or on its way to an update | review |
| another order of the same number | any | error; booked: review |
| releasing status | new, open, cancelled | due |
| other status | new | open |
| changed amounts | booked | due again (targets that can update), else review |
| changed | error | due |
| anything | elsewhere | elsewhere |
"""

import msgspec

from koppel.model import ZERO, Order, UnreadableOrder
from koppel.store import Document, DocumentState

WAITING = frozenset({DocumentState.OPEN, DocumentState.DUE, DocumentState.RETRY})


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """The state to move to, why, and what the event is called. ``state`` None = stay, but note what was seen."""

    state: DocumentState | None
    kind: str = "seen"
    code: str = ""
    message: str = ""
    suggestion: str = ""


STAY = Verdict(state=None)
CANCELLED_AFTER_BOOKING = "order.cancelled-after-booking"


def content(order: Order) -> str:
    """What of an order matters to its booking, as text: two orders with the same text need the same document."""
    lines = [
        (line.id, line.kind.value, str(line.quantity), str(line.gross), str(line.vat_withheld), line.marketplace_vat)
        for line in order.lines
    ]
    country = order.delivery.country if order.delivery else None
    return msgspec.json.encode([order.currency, str(order.total), order.buyer.vat_id, country, lines]).decode()


def first_seen(order: Order | UnreadableOrder, releasing: frozenset[str]) -> Verdict:
    """The first state of an order that the store does not know."""
    if isinstance(order, UnreadableOrder):
        return _unreadable(order)
    if order.skip:
        return Verdict(state=DocumentState.SKIPPED, code="order.skipped", message=order.skip)
    if order.cancelled:
        return Verdict(state=DocumentState.CANCELLED, code="order.cancelled", message="Cancelled before it was booked.")
    if order.status in releasing:
        return Verdict(state=DocumentState.DUE)
    return Verdict(state=DocumentState.OPEN, message=f"Waits for a releasing status; now {order.status}.")


def seen_again(
    document: Document,
    order: Order | UnreadableOrder,
    releasing: frozenset[str],
    *,
    fingerprint: str,
    can_update: bool,
) -> Verdict:
    """What to do with an order that the store knows. ``fingerprint`` is the keyed hash of :func:`content`."""
    if document.state in (DocumentState.BOOKING, DocumentState.ELSEWHERE):
        return STAY
    if order.id != document.source_id:
        return _number_twice(document, order)
    if document.state in (DocumentState.BOOKED, DocumentState.REVIEW):
        return _after_booking(document, order, fingerprint=fingerprint, can_update=can_update)
    return _before_booking(document, order, releasing)


def _before_booking(document: Document, order: Order | UnreadableOrder, releasing: frozenset[str]) -> Verdict:
    changed = order.changed_at != document.source_changed_at
    if isinstance(order, UnreadableOrder):
        same = document.state is DocumentState.ERROR and document.code == order.code
        return STAY if same or document.state not in {*WAITING, DocumentState.ERROR} else _unreadable(order)
    if order.cancelled and document.target_id and document.state is not DocumentState.CANCELLED:
        return _cancelled_after_booking(document)
    verdict = first_seen(order, releasing)
    if verdict.state is document.state or (
        document.state is DocumentState.RETRY and verdict.state is DocumentState.DUE
    ):
        return STAY
    if document.state is DocumentState.ERROR and not changed and verdict.state is not DocumentState.CANCELLED:
        return STAY
    if document.state in WAITING and verdict.state is DocumentState.OPEN and document.state is not DocumentState.OPEN:
        return STAY  # once released, an order is booked even if its status moves back
    return verdict


def _after_booking(
    document: Document, order: Order | UnreadableOrder, *, fingerprint: str, can_update: bool
) -> Verdict:
    if isinstance(order, UnreadableOrder):
        return STAY
    if order.cancelled:
        return _cancelled_after_booking(document)
    if fingerprint == document.fingerprint or document.state is DocumentState.REVIEW:
        return STAY
    if can_update:
        return Verdict(state=DocumentState.DUE, kind="changed", code="order.changed", message="Changed after booking.")
    return Verdict(
        state=DocumentState.REVIEW,
        kind="changed",
        code="order.changed-after-booking",
        message="Amounts, quantities or the VAT number changed at the channel after the order was booked.",
        suggestion=f"{_correction(document, order)} Correct the document by hand; then process this one again.",
    )


def _correction(document: Document, order: Order) -> str:
    """What to book, in figures: a credit for what became less, an addition for what became more."""
    if order.total is None or document.amount is None or order.currency != document.currency:
        return "Compare order and document."
    now = order.total - sum((line.vat_withheld for line in order.lines), ZERO)
    apart = now - document.amount
    if not apart:
        return f"The total is {now} {order.currency} as before: compare lines, quantities and VAT."
    kind = "a credit" if apart < 0 else "an addition"
    return f"Booked is {document.amount}, it should be {now} {order.currency}: {kind} of {abs(apart)} is to be booked."


def _cancelled_after_booking(document: Document) -> Verdict:
    if document.code == CANCELLED_AFTER_BOOKING:
        return STAY
    return Verdict(
        state=DocumentState.REVIEW,
        code=CANCELLED_AFTER_BOOKING,
        message="The order was cancelled at the channel after it was booked.",
        suggestion=f"Book a credit of {document.amount} {document.currency}, or delete the booking while it can be; "
        "then process this one again, which closes it.",
    )


def _number_twice(document: Document, order: Order | UnreadableOrder) -> Verdict:
    """An order's number is its key for ever: of two orders with one number none may be lost without a word."""
    code = "source.number-twice"
    if document.code == code:
        return STAY
    kept = document.state in (DocumentState.BOOKED, DocumentState.REVIEW)
    return Verdict(
        state=DocumentState.REVIEW if kept else DocumentState.ERROR,
        code=code,
        message=f"The channel has two orders with the number {order.number}: {document.source_id} and {order.id}.",
        suggestion="Book the second by hand, or give it another number at the channel; then process this one again.",
    )


def _unreadable(order: UnreadableOrder) -> Verdict:
    return Verdict(state=DocumentState.ERROR, code=order.code, message=order.message, suggestion=order.suggestion)
