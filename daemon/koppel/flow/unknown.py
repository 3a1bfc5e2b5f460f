"""After a crash, a cut connection or a time-out: the target is asked what came of it, and only its answer counts."""

from collections.abc import Sequence
from datetime import timedelta

from koppel.flow.administration import sure_of_administration
from koppel.flow.aside import DOWN, MAX_ATTEMPTS, WAITS
from koppel.flow.cycle import Cycle, move
from koppel.plugin import Booked
from koppel.store import Document, DocumentFields, DocumentState, Intent, IntentKind, IntentState, Tx

A_LITTLE = timedelta(seconds=1)


async def settle_unknown(cycle: Cycle) -> None:
    """Look up every document whose booking was begun and not concluded. Found: booked. Surely not there: due again."""
    documents = await cycle.store.documents.in_states(cycle.name, {DocumentState.BOOKING}, limit=10_000)
    if not documents:
        return
    await sure_of_administration(cycle)
    open_intents = await cycle.store.documents.open_intents(cycle.name)
    intents = {intent.document_id: intent for intent in open_intents if intent.kind is IntentKind.BOOKING}
    for start in range(0, len(documents), cycle.batch):
        if cycle.stopping():
            return
        await _settle(cycle, documents[start : start + cycle.batch], intents)


async def _settle(cycle: Cycle, documents: Sequence[Document], intents: dict[int | None, Intent]) -> None:
    found = await cycle.target.find_bookings([document.reference for document in documents])
    async with cycle.write() as tx:
        for document in documents:
            intent = intents.get(document.id)
            booked = found.get(document.reference)
            if booked and document.target_id:  # it was there before: whether it was updated, nobody can tell
                if intent:
                    await tx.settle_intent(intent.id, "failed")
                await _try_again(cycle, tx, document, intent)
            elif booked:
                if intent:
                    await tx.settle_intent(intent.id, "done", target_id=booked.id)
                await _adopt(cycle, tx, document, booked)
            else:
                await _missing(cycle, tx, document, intent)


async def _adopt(cycle: Cycle, tx: Tx, document: Document, booked: Booked) -> None:
    found: DocumentFields = {"target_id": booked.id, "target_number": booked.number or booked.reference}
    if booked.total is not None and document.amount is not None and booked.total != document.amount:
        message = f"Order {document.reference}: found in the target with {booked.total} instead of {document.amount}."
        reason = ("target.total-differs", message, "Compare the two and correct the document in the target.")
        await move(tx, document, DocumentState.REVIEW, "found", reason, **found)
    else:
        found["booked_at"] = cycle.clock.now()
        await move(tx, document, DocumentState.BOOKED, "found", **found)


async def _missing(cycle: Cycle, tx: Tx, document: Document, intent: Intent | None) -> None:
    now = cycle.clock.now()
    if intent is not None:
        if intent.attempted_at > now:  # the wall clock was set back since: it counts from now
            await tx.settle_intent(intent.id, "unknown")
            cycle.wake(now + cycle.target.traits.recheck_after + A_LITTLE)
            return
        sure_at = intent.attempted_at + cycle.target.traits.recheck_after
        if sure_at > now:
            cycle.wake(sure_at + A_LITTLE)
            return
        await tx.settle_intent(intent.id, "failed")
    await _try_again(cycle, tx, document, intent)


async def _try_again(cycle: Cycle, tx: Tx, document: Document, intent: Intent | None) -> None:
    """After a crash and after the first unanswered try at once, then less and less often, in the end not any more.

    A vendor that answers nobody is not this order's fault: then it is never given up. Nor is a crash of ours: it leaves
    a whole batch announced, most of it never sent, and counts as no try.
    """
    if intent is None or intent.state is IntentState.OPEN:
        await move(tx, document, DocumentState.DUE, "not-found")
        return
    now = cycle.clock.now()
    attempts = document.attempts + 1
    if document.code == DOWN:
        attempts = min(attempts, MAX_ATTEMPTS - 1)
    if attempts >= MAX_ATTEMPTS:
        message = f"Order {document.reference}: {attempts} times no usable answer, and it is not in the target."
        suggestion = "Look at the detail log for what the target answers to this order, then process it again."
        await move(
            tx, document, DocumentState.ERROR, "given-up", ("order.poison", message, suggestion), attempts=attempts
        )
    elif attempts == 1:
        await move(tx, document, DocumentState.DUE, "not-found", attempts=attempts)
    else:
        at = now + WAITS[attempts - 1]
        cycle.wake(at)
        why = (document.code, document.message, "")
        await move(tx, document, DocumentState.RETRY, "not-found", why, attempts=attempts, retry_at=at)
