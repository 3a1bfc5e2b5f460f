"""What cannot be booked now: set aside for good, for a while, or until somebody has looked; the others go on."""

from collections.abc import Sequence
from datetime import timedelta

from koppel.errors import CustomerGone, KoppelError, Misconfigured, OutcomeUnknown, Refused, RetryLater, SignInNeeded
from koppel.flow.counterparts import lasting, reason
from koppel.flow.cycle import IN_HAND, Cycle, broken, move, redact
from koppel.flow.recording import Work
from koppel.log.places import first_of
from koppel.model import Order
from koppel.store import Document, DocumentState, Tx

WAITS = (timedelta(0), timedelta(minutes=5), timedelta(hours=1), timedelta(hours=6))
"""Before each further try of an order whose write was not answered."""
MAX_ATTEMPTS = len(WAITS) + 1
"""Unanswered writes after which an order is set apart for a person: it may be the order that breaks the vendor."""
DOWN = "target.down"
A_WHILE = timedelta(minutes=1)
"""What a temporary fault hit waits longer than the flow does: the others get their turn first."""


def fault_of(cycle: Cycle, raised: Exception, work: Sequence[Work]) -> KoppelError:
    """What may be one order's fault; raises what is the connection's, without personal data."""
    error = first_of(raised)
    if isinstance(error, Refused | OutcomeUnknown):
        return redact(error, [order for _, order in work])
    if isinstance(error, KoppelError):
        raise redact(error, [order for _, order in work])
    return OutcomeUnknown("plugin.failed", broken(cycle, "target plugin", raised), "Tell the plugin's makers.")


async def set_apart(cycle: Cycle, apart: Sequence[tuple[Document, Order, KoppelError]]) -> None:
    """Commit why each of these waits."""
    if apart:
        async with cycle.write() as tx:
            for document, order, error in apart:
                await put_aside(cycle, tx, document, order, error)


async def put_aside(cycle: Cycle, tx: Tx, document: Document, order: Order, error: KoppelError) -> None:
    """This document cannot be booked now: for good, for a while, or because its relation is gone.

    What can pass by itself is never given up, but makes way for others; what came to nothing too often is.
    """
    now = cycle.clock.now()
    attempts = document.attempts + 1
    why = reason(error, order)
    if (
        isinstance(error, CustomerGone)
        and cycle.settings.orders.customer_gone == "recreate"
        and attempts < MAX_ATTEMPTS
    ):
        await move(tx, document, DocumentState.DUE, "customer.gone", why, only_from=IN_HAND, attempts=attempts)
        cycle.wake(now)
        return
    temporary = isinstance(error, RetryLater | SignInNeeded | Misconfigured)
    if lasting(error) or (attempts >= MAX_ATTEMPTS and not temporary):
        await move(tx, document, DocumentState.ERROR, "refused", why, only_from=IN_HAND, attempts=document.attempts)
        return
    if temporary:
        attempts = min(attempts, MAX_ATTEMPTS - 2)
        not_before = error.not_before if isinstance(error, RetryLater) else None
        at = max(not_before or now, now) + A_WHILE * (1 << (attempts - 1))
    else:
        at = now + max(WAITS[attempts - 1], A_WHILE)
    cycle.wake(at)
    await move(tx, document, DocumentState.RETRY, "held", why, only_from=IN_HAND, retry_at=at, attempts=attempts)
