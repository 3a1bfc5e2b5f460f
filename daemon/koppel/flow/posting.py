"""Booking what is due: look up in bulk, make what is missing; intent committed, request, outcome committed (G2)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import anyio

from koppel.errors import (
    AlreadyExists,
    CustomerGone,
    KoppelError,
    Misconfigured,
    OutcomeUnknown,
    Refused,
    RetryLater,
    SignInNeeded,
)
from koppel.flow.administration import sure_of_administration
from koppel.flow.counterparts import ensure_articles, ensure_customers, lasting, reason
from koppel.flow.cycle import Cycle, move
from koppel.flow.drafting import Drafted, draft_all
from koppel.flow.recording import Work
from koppel.plugin import Booked, UpdatesBookings
from koppel.store import Document, DocumentState, Intent, IntentKind, NewIntent, Tx

BATCH = 60
"""Documents whose intents, and then whose outcomes, go into one commit. Looking up goes by the target's own batch."""
MAX_ATTEMPTS = 5
"""Unanswered writes after which an order is set apart for a person: it may be the order that breaks the vendor."""
UNKNOWN_IN_A_ROW = 5
"""Unanswered writes in one batch after which the vendor is taken to be down."""


@dataclass
class Batch:
    """The results of one batch: what came of each document, and what stopped us, if anything did."""

    outcomes: dict[int, Booked | KoppelError] = field(default_factory=dict[int, Booked | KoppelError])
    stop: KoppelError | None = None
    unknown: int = 0

    def note(self, document: Document, outcome: Booked | KoppelError) -> None:
        """Keep an outcome; a fault of the connection, or many unanswered writes, stop the batch."""
        self.outcomes[document.id] = outcome
        if isinstance(outcome, RetryLater | SignInNeeded | Misconfigured):
            self.stop = self.stop or outcome
        if isinstance(outcome, OutcomeUnknown):
            self.unknown += 1
            if self.unknown >= UNKNOWN_IN_A_ROW:
                self.stop = self.stop or RetryLater("target.down", "The target does not answer; the rest waits.")


async def book(cycle: Cycle, work: Sequence[Work]) -> None:
    """Book these orders (at most ``BATCH``). What cannot be booked is committed with its reason.

    Raises RetryLater, SignInNeeded, Misconfigured when the connection as a whole cannot go on.
    """
    drafted = await draft_all(cycle, work)
    if not drafted:
        return
    await sure_of_administration(cycle)
    existing = await _look_up_all(cycle, [each.draft.reference for each in drafted])
    updates = isinstance(cycle.target, UpdatesBookings)
    to_update = [each for each in drafted if updates and each.document.target_id and each.draft.reference in existing]
    adopted = [each for each in drafted if each.draft.reference in existing and each not in to_update]
    if adopted:
        async with cycle.store.write(cycle.lease) as tx:
            for each in adopted:
                await adopt(cycle, tx, each, existing[each.draft.reference])
    rest = [each for each in drafted if each not in adopted]
    ready, customers, articles = await _counterparts(cycle, rest)
    if not ready or cycle.stopping():
        return
    await _post(cycle, ready, existing, customers, articles)


async def _look_up_all(cycle: Cycle, references: Sequence[str]) -> dict[str, Booked]:
    found: dict[str, Booked] = {}
    size = cycle.target.traits.batch
    for start in range(0, len(references), size):
        found |= await cycle.target.find_bookings(references[start : start + size])
    return found


async def adopt(cycle: Cycle, tx: Tx, each: Drafted, booked: Booked, kind: str = "adopted") -> None:
    """The target has a document with our reference already: ours, if the total agrees; else a person must look."""
    if booked.total is not None and booked.total != each.draft.total:
        message = (
            f"Order {each.order.number}: the target already has {booked.number or booked.reference} with this "
            f"reference, of {booked.total} instead of {each.draft.total} {each.draft.currency}."
        )
        suggestion = "Was it booked by hand? Rename or delete that document, then process this one again."
        why = ("target.reference-taken", message, suggestion)
        await move(tx, each.document, DocumentState.ERROR, "clash", why)
        return
    await move(
        tx,
        each.document,
        DocumentState.BOOKED,
        kind,
        ("", booked.note, ""),
        target_id=booked.id,
        target_number=booked.number or booked.reference,
        amount=each.draft.total,
        currency=each.draft.currency,
        booked_at=cycle.clock.now(),
    )


async def _counterparts(
    cycle: Cycle, drafted: Sequence[Drafted]
) -> tuple[list[Drafted], dict[str, str], dict[str, str]]:
    """The documents whose relation and articles exist now, and the ids of those."""
    fitting: list[Drafted] = []
    problems: dict[int, KoppelError] = {}
    customers, no_customer = await ensure_customers(cycle, drafted)
    keeper = cycle.articles
    for each in drafted:
        try:
            if keeper is not None:
                for line in each.draft.lines:
                    keeper.article_code(line)
        except Refused as error:
            problems[each.document.id] = error
        else:
            fitting.append(each)
    articles, no_article = await ensure_articles(cycle, [line for each in fitting for line in each.draft.lines])
    for each in fitting:
        problem = no_customer.get(each.draft.customer.identity)
        if keeper is not None and problem is None:
            codes = [keeper.article_code(line) for line in each.draft.lines]
            problem = next((no_article[code] for code in codes if code in no_article), None)
        if problem is not None:
            problems[each.document.id] = problem
    if problems:
        async with cycle.store.write(cycle.lease) as tx:
            for each in drafted:
                if each.document.id in problems:
                    await _put_aside(cycle, tx, each, problems[each.document.id])
    return [each for each in drafted if each.document.id not in problems], customers, articles


async def _post(
    cycle: Cycle,
    ready: Sequence[Drafted],
    existing: Mapping[str, Booked],
    customers: Mapping[str, str],
    articles: Mapping[str, str],
) -> None:
    async with cycle.store.write(cycle.lease) as tx:
        opened = await tx.open_intents(
            [
                NewIntent(kind=IntentKind.BOOKING, key=each.draft.reference, document_id=each.document.id)
                for each in ready
            ]
        )
        for each in ready:
            await move(
                tx,
                each.document,
                DocumentState.BOOKING,
                "booking",
                amount=each.draft.total,
                currency=each.draft.currency,
            )
    intents = {intent.document_id: intent for intent in opened}
    batch = Batch()
    limiter = anyio.CapacityLimiter(max(1, cycle.target.traits.parallel))

    async def one(each: Drafted) -> None:
        async with limiter:
            if batch.stop is None and not cycle.stopping():
                batch.note(each.document, await _attempt(cycle, each, existing, customers, articles))

    try:
        async with anyio.create_task_group() as tasks:
            for each in ready:
                tasks.start_soon(one, each)
    finally:
        with anyio.CancelScope(shield=True):
            await _commit(cycle, ready, intents, batch)
    if batch.stop is not None:
        raise batch.stop


async def _attempt(
    cycle: Cycle,
    each: Drafted,
    existing: Mapping[str, Booked],
    customers: Mapping[str, str],
    articles: Mapping[str, str],
) -> Booked | KoppelError:
    draft, target = each.draft, cycle.target
    customer = customers[draft.customer.identity]
    before = existing.get(draft.reference)
    try:
        if before is not None and isinstance(target, UpdatesBookings):
            return await target.update(draft, before, customer, articles)
        return await target.book(draft, customer, articles)
    except (OutcomeUnknown, AlreadyExists) as error:
        return await _look_up(cycle, each, error)
    except KoppelError as error:
        return error
    except Exception as error:
        cycle.log.exception("plugin_failed", reference=draft.reference)
        return await _look_up(
            cycle, each, OutcomeUnknown("plugin.failed", f"The target plugin failed: {type(error).__name__}.")
        )


async def _look_up(cycle: Cycle, each: Drafted, error: KoppelError) -> Booked | KoppelError:
    """Only the target can tell what came of an unanswered write, or what is there already."""
    try:
        found = await cycle.target.find_bookings([each.draft.reference])
    except KoppelError:
        return error
    return found.get(each.draft.reference, error)


async def _commit(cycle: Cycle, ready: Sequence[Drafted], intents: Mapping[int | None, Intent], batch: Batch) -> None:
    async with cycle.store.write(cycle.lease) as tx:
        for each in ready:
            intent = intents[each.document.id]
            outcome = batch.outcomes.get(each.document.id)
            if outcome is None:  # never sent: the batch stopped before, or was cancelled in the middle of it
                await _undo(cycle, tx, each, intent, stopped=batch.stop is not None or cycle.stopping())
            elif isinstance(outcome, Booked):
                await tx.settle_intent(intent.id, "done", target_id=outcome.id)
                await _concluded(cycle, tx, each, outcome)
            elif isinstance(outcome, OutcomeUnknown):
                await tx.settle_intent(intent.id, "unknown")
                at = _sure_at(cycle, intent)
                await tx.change(
                    each.document.id, event=None, code=outcome.code, message=reason(outcome, each)[1], retry_at=at
                )
            else:
                await tx.settle_intent(intent.id, "failed")
                await _put_aside(cycle, tx, each, outcome)


async def _undo(cycle: Cycle, tx: Tx, each: Drafted, intent: Intent, *, stopped: bool) -> None:
    if stopped:
        await tx.settle_intent(intent.id, "failed")
        await move(tx, each.document, DocumentState.DUE, "postponed")
    else:
        await tx.settle_intent(intent.id, "unknown")
        await tx.change(each.document.id, event=None, retry_at=_sure_at(cycle, intent))


def _sure_at(cycle: Cycle, intent: Intent) -> datetime:
    """When a look-up is sure to see what this intent may have written."""
    at = max(cycle.clock.now(), intent.created_at) + cycle.target.traits.recheck_after
    cycle.wake(at)
    return at


async def _put_aside(cycle: Cycle, tx: Tx, each: Drafted, error: KoppelError) -> None:
    """This document cannot be booked now: for good, for a while, or because its relation is gone."""
    why = reason(error, each)
    if isinstance(error, CustomerGone):
        await tx.unlink(IntentKind.CUSTOMER, each.draft.customer.identity)
        if cycle.settings.orders.customer_gone == "recreate":
            await move(tx, each.document, DocumentState.DUE, "customer.gone", why)
            cycle.wake(cycle.clock.now())
            return
    if lasting(error):
        await move(tx, each.document, DocumentState.ERROR, "refused", why)
        return
    not_before = error.not_before if isinstance(error, RetryLater) else None
    at = not_before or cycle.clock.now() + timedelta(minutes=1)
    cycle.wake(at)
    await move(tx, each.document, DocumentState.RETRY, "held", why, retry_at=at)


async def _concluded(cycle: Cycle, tx: Tx, each: Drafted, booked: Booked) -> None:
    """We booked it. If the target made another total of it, that is not right to the cent: a person must look."""
    if booked.total is None or booked.total == each.draft.total:
        await adopt(cycle, tx, each, booked, "booked")
        return
    message = f"Order {each.order.number}: booked, but the target made {booked.total} of {each.draft.total}."
    reason_ = ("target.total-differs", message, "Compare the two and correct the document in the target.")
    await move(
        tx,
        each.document,
        DocumentState.REVIEW,
        "booked",
        reason_,
        target_id=booked.id,
        target_number=booked.number or booked.reference,
        booked_at=cycle.clock.now(),
    )
