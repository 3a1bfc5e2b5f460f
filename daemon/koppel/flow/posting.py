"""Booking what is due: look up in bulk, make what is missing; intent committed, request, outcome committed (G2)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

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
from koppel.flow.aside import DOWN, fault_of, put_aside, set_apart
from koppel.flow.counterparts import ensure_articles, ensure_customers, reason
from koppel.flow.cycle import IN_HAND, Cycle, broken, move, redact
from koppel.flow.drafting import Drafted, draft_all
from koppel.flow.recording import Work
from koppel.log.redaction import scrub
from koppel.model import Order
from koppel.plugin import Booked, UpdatesBookings
from koppel.store import Document, DocumentState, Intent, IntentKind, NewIntent, Tx

BATCH = 60
"""Documents whose intents, and then whose outcomes, go into one commit. Looking up goes by the target's own batch."""
UNKNOWN_IN_A_ROW = 5
"""Unanswered writes in one batch after which the vendor is taken to be down."""


@dataclass
class Batch:
    """The results of one batch: what came of each document, and what stopped us, if anything did."""

    outcomes: dict[int, Booked | KoppelError] = field(default_factory=dict[int, Booked | KoppelError])
    sent: set[int] = field(default_factory=set[int])
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
                self.stop = self.stop or RetryLater(DOWN, "The target does not answer; the rest waits.")


async def book(cycle: Cycle, work: Sequence[Work]) -> None:
    """Book these orders (at most ``BATCH``). What cannot be booked is committed with its reason.

    Raises RetryLater, SignInNeeded, Misconfigured when the connection as a whole cannot go on. An order on which a
    plugin breaks is found and set apart, so that the others are booked.
    """
    try:
        await _book(cycle, work)
    except Exception as raised:  # noqa: BLE001 - a plugin may raise anything
        fault = fault_of(cycle, raised, work)
        if len(work) == 1:
            await set_apart(cycle, [(*work[0], fault)])
            return
    else:
        return
    apart: list[tuple[Document, Order, KoppelError]] = []
    for document, order in work:
        if cycle.stopping():
            break
        try:
            await _book(cycle, [(document, order)])
        except Exception as raised:  # noqa: BLE001 - as above
            apart.append((document, order, fault_of(cycle, raised, [(document, order)])))
    if len(apart) == len(work):
        raise RetryLater(fault.code, fault.message, fault.suggestion)
    await set_apart(cycle, apart)


async def _book(cycle: Cycle, work: Sequence[Work]) -> None:
    drafted = await draft_all(cycle, work)
    if not drafted:
        return
    await sure_of_administration(cycle)
    existing = await _look_up_all(cycle, [each.draft.reference for each in drafted])
    updates = isinstance(cycle.target, UpdatesBookings)
    to_update = [each for each in drafted if updates and each.document.target_id and each.draft.reference in existing]
    adopted = [each for each in drafted if each.draft.reference in existing and each not in to_update]
    if adopted:
        others = await _of_others(cycle, adopted)
        async with cycle.write() as tx:
            for each in adopted:
                booked = existing[each.draft.reference]
                await adopt(cycle, tx, each, booked, other=others.get((each.draft.reference, booked.id)))
    rest = [each for each in drafted if each not in adopted]
    ready, customers, articles = await _counterparts(cycle, rest)
    if not ready or cycle.stopping():
        return
    await _post(cycle, ready, existing, customers, articles)


async def _look_up_all(cycle: Cycle, references: Sequence[str]) -> dict[str, Booked]:
    found: dict[str, Booked] = {}
    for start in range(0, len(references), cycle.batch):
        asked = references[start : start + cycle.batch]
        answer = await cycle.target.find_bookings(asked)
        found |= {reference: answer[reference] for reference in asked if reference in answer}
    return {reference: _checked(booked) for reference, booked in found.items()}


def _checked(booked: Any) -> Booked:
    """What a plugin hands over is a booking, or it is as good as no answer."""
    total: Any = getattr(booked, "total", 0)
    if not isinstance(booked, Booked) or not booked.id or not isinstance(total, Decimal | None):
        raise TypeError("not a booking")
    return booked


async def _of_others(cycle: Cycle, adopted: Sequence[Drafted]) -> dict[tuple[str, str], str]:
    """(Reference, id in the target) -> the other connection whose document that is: two shops may count alike."""
    records = await cycle.store.connections.all()
    target = cycle.settings.heading.target
    others = [record.name for record in records if record.name != cycle.name and record.target == target]
    if not others:
        return {}
    theirs = await cycle.store.documents.of_connections(others, [each.draft.reference for each in adopted])
    return {(document.reference, document.target_id): document.connection for document in theirs if document.target_id}


async def adopt(
    cycle: Cycle, tx: Tx, each: Drafted, booked: Booked, kind: str = "adopted", *, other: str | None = None
) -> None:
    """The target has a document with our reference already: ours, if the total agrees and it is not that of ``other``,
    another connection; else a person must look.
    """
    if other is not None:
        message = f"Order {each.order.number}: connection {other} has booked an order of this number there already."
        suggestion = "Two shops that book into one administration need order numbers that differ: give one a prefix."
        why = ("target.other-connection", message, suggestion)
        await move(tx, each.document, DocumentState.ERROR, "clash", why, only_from=IN_HAND)
        return
    if booked.total is not None and booked.total != each.draft.total:
        message = (
            f"Order {each.order.number}: the target already has {booked.number or booked.reference} with this "
            f"reference, of {booked.total} instead of {each.draft.total} {each.draft.currency}."
        )
        suggestion = "Was it booked by hand? Rename or delete that document, then process this one again."
        why = ("target.reference-taken", message, suggestion)
        await move(tx, each.document, DocumentState.ERROR, "clash", why, only_from=IN_HAND)
        return
    await move(
        tx,
        each.document,
        DocumentState.BOOKED,
        kind,
        ("", scrub(booked.note, each.order.personal_data()), ""),
        only_from=IN_HAND,
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
        async with cycle.write() as tx:
            for each in drafted:
                if each.document.id in problems:
                    await put_aside(cycle, tx, each.document, each.order, problems[each.document.id])
    return [each for each in drafted if each.document.id not in problems], customers, articles


async def _post(
    cycle: Cycle,
    ready: Sequence[Drafted],
    existing: Mapping[str, Booked],
    customers: Mapping[str, str],
    articles: Mapping[str, str],
) -> None:
    async with cycle.write() as tx:
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
                only_from=IN_HAND,
                amount=each.draft.total,
                currency=each.draft.currency,
            )
    taken = {document.id for document in tx.moved}
    if len(taken) < len(ready):  # booked or cancelled meanwhile: another page had the same order
        async with cycle.write() as tx:
            for intent in opened:
                if intent.document_id not in taken:
                    await tx.settle_intent(intent.id, "failed")
        ready = [each for each in ready if each.document.id in taken]
    intents = {intent.document_id: intent for intent in opened}
    batch = Batch()
    limiter = anyio.CapacityLimiter(max(1, cycle.target.traits.parallel))

    async def one(each: Drafted) -> None:
        async with limiter:
            if batch.stop is None and not cycle.stopping():
                batch.sent.add(each.document.id)
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
            return _checked(await target.update(draft, before, customer, articles))
        return _checked(await target.book(draft, customer, articles))
    except KoppelError as error:
        fault = redact(error, [each.order])
    except Exception as error:  # noqa: BLE001 - whatever a plugin raises: it may have been done or not
        fault = OutcomeUnknown("plugin.failed", broken(cycle, "target plugin", error), "Tell the plugin's makers.")
    if before is None and isinstance(fault, OutcomeUnknown | AlreadyExists):
        return await _look_up(cycle, each, fault)
    return fault


async def _look_up(cycle: Cycle, each: Drafted, error: KoppelError) -> Booked | KoppelError:
    """Only the target can tell what came of an unanswered write, or what is there already."""
    try:
        return (await _look_up_all(cycle, [each.draft.reference])).get(each.draft.reference, error)
    except KoppelError:
        return error
    except Exception as raised:  # noqa: BLE001 - as above
        broken(cycle, "target plugin", raised)
        return error


async def _commit(cycle: Cycle, ready: Sequence[Drafted], intents: Mapping[int | None, Intent], batch: Batch) -> None:
    async with cycle.write() as tx:
        for each in ready:
            intent = intents[each.document.id]
            outcome = batch.outcomes.get(each.document.id)
            if outcome is None:  # the batch stopped before it, or was cut off in the middle of it
                await _undo(cycle, tx, each, intent, sent=each.document.id in batch.sent)
            elif isinstance(outcome, Booked):
                await tx.settle_intent(intent.id, "done", target_id=outcome.id)
                await _concluded(cycle, tx, each, outcome)
            elif isinstance(outcome, OutcomeUnknown):
                await tx.settle_intent(intent.id, "unknown")
                at = _sure_at(cycle, intent)
                code = DOWN if batch.stop is not None and batch.stop.code == DOWN else outcome.code
                message = reason(outcome, each.order)[1]
                await tx.change(each.document.id, event=None, code=code, message=message, retry_at=at)
            else:
                await tx.settle_intent(intent.id, "failed")
                if isinstance(outcome, CustomerGone):
                    await tx.unlink(IntentKind.CUSTOMER, each.draft.customer.identity)
                await put_aside(cycle, tx, each.document, each.order, outcome)


async def _undo(cycle: Cycle, tx: Tx, each: Drafted, intent: Intent, *, sent: bool) -> None:
    if not sent:
        await tx.settle_intent(intent.id, "failed")
        await move(tx, each.document, DocumentState.DUE, "postponed", only_from=IN_HAND)
    else:
        await tx.settle_intent(intent.id, "unknown")
        await tx.change(each.document.id, event=None, retry_at=_sure_at(cycle, intent))


def _sure_at(cycle: Cycle, intent: Intent) -> datetime:
    """When a look-up is sure to see what this intent may have written."""
    at = max(cycle.clock.now(), intent.created_at) + cycle.target.traits.recheck_after
    cycle.wake(at)
    return at


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
