"""What a document needs in the target before it can be booked: its relation, its articles.

Links that koppel remembers cost no call; the rest is asked in bulk; only what is really missing is made, each with an
intent. A create whose outcome is unknown is never repeated before the target's look-ups are sure to see it.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

import anyio

from koppel.booking.draft import DraftLine
from koppel.errors import AlreadyExists, KoppelError, OutcomeUnknown, Refused, RetryLater
from koppel.flow.cycle import Cycle, broken, tell
from koppel.flow.drafting import Drafted
from koppel.model import Order
from koppel.store import Intent, IntentKind, NewEvent, NewIntent

Find = Callable[[Sequence[str]], Awaitable[Mapping[str, str]]]
Make = Callable[[str], Awaitable[str]]


async def ensure_customers(cycle: Cycle, drafted: Sequence[Drafted]) -> tuple[dict[str, str], dict[str, KoppelError]]:
    """``identity`` -> the target's id, and the identities for which there is none, with the reason."""
    customers = {each.draft.customer.identity: each.draft.customer for each in drafted}

    async def find(identities: Sequence[str]) -> Mapping[str, str]:
        return await cycle.target.find_customers([customers[identity] for identity in identities])

    def make(identity: str) -> Awaitable[str]:
        return cycle.target.create_customer(customers[identity])

    return await _ensure(cycle, IntentKind.CUSTOMER, list(customers), find, make)


async def ensure_articles(cycle: Cycle, lines: Iterable[DraftLine]) -> tuple[dict[str, str], dict[str, KoppelError]]:
    """Article code -> the target's id, and the codes for which there is none, with the reason."""
    keeper = cycle.articles
    if keeper is None:
        return {}, {}
    by_code = {keeper.article_code(line): line for line in lines}

    def make(code: str) -> Awaitable[str]:
        return keeper.create_article(by_code[code])

    return await _ensure(cycle, IntentKind.ARTICLE, list(by_code), keeper.find_articles, make)


async def _ensure(
    cycle: Cycle, kind: IntentKind, keys: Sequence[str], find: Find, make: Make
) -> tuple[dict[str, str], dict[str, KoppelError]]:
    linked = await cycle.store.documents.links(cycle.name, kind, keys)
    unlinked = [key for key in keys if key not in linked]
    found: dict[str, str] = {}
    for start in range(0, len(unlinked), cycle.batch):
        asked = unlinked[start : start + cycle.batch]
        answer = await find(asked)
        found |= {key: answer[key] for key in asked if key in answer and _is_id(answer[key])}
    if found:
        async with cycle.write() as tx:
            for key, target_id in found.items():
                await tx.link(kind, key, target_id, created=False)
    missing = [key for key in unlinked if key not in found]
    problems = await _still_unknown(cycle, kind, missing) if missing else {}
    made = await _make(cycle, kind, [key for key in missing if key not in problems], make, problems)
    return linked | found | made, problems


async def _make(
    cycle: Cycle, kind: IntentKind, keys: Sequence[str], make: Make, problems: dict[str, KoppelError]
) -> dict[str, str]:
    """Create what is missing, one by one. What fails is noted in ``problems``; a fault of the connection is raised."""
    made: dict[str, str] = {}
    if not keys:
        return made
    async with cycle.write() as tx:
        intents = await tx.open_intents([NewIntent(kind=kind, key=key) for key in keys])
    stop: KoppelError | None = None
    in_flight: str | None = None
    try:
        for key in keys:
            in_flight = key
            try:
                made[key] = _id(await make(key))
            except (Refused, OutcomeUnknown) as error:
                problems[key] = error
            except KoppelError as error:
                stop = error
            except Exception as error:  # noqa: BLE001 - whatever a plugin raises: it may have been made or not
                problems[key] = OutcomeUnknown("plugin.failed", broken(cycle, f"making of the {kind}", error))
            in_flight = None
            if stop is not None:
                break
    finally:
        with anyio.CancelScope(shield=True):
            await _settle(cycle, kind, dict(zip(keys, intents, strict=True)), made, problems, in_flight)
    if stop is not None:
        raise stop
    return made


async def _settle(
    cycle: Cycle,
    kind: IntentKind,
    intents: Mapping[str, Intent],
    made: Mapping[str, str],
    problems: Mapping[str, KoppelError],
    in_flight: str | None,
) -> None:
    """``in_flight``: what was being made when we were cut off; a raised error proves that nothing was done."""
    async with cycle.write() as tx:
        for key, intent in intents.items():
            if key in made:
                await tx.settle_intent(intent.id, "done", target_id=made[key])
                await tx.link(kind, key, made[key], created=True)
                await tx.event(NewEvent(kind=f"{kind}.created", target_id=made[key]))
            elif isinstance(problems.get(key), OutcomeUnknown) or key == in_flight:
                await tx.settle_intent(intent.id, "unknown")
            else:
                await tx.settle_intent(intent.id, "failed")


async def _still_unknown(cycle: Cycle, kind: IntentKind, missing: Sequence[str]) -> dict[str, KoppelError]:
    """What an earlier, unanswered create may still bring: it has just been looked up and not been found.

    Once look-ups are sure to see it (``recheck_after``) it is settled as failed, and may be made again.
    """
    fingerprint = cycle.store.vault.fingerprint
    keys = {fingerprint(key) if kind is IntentKind.CUSTOMER else key: key for key in missing}
    problems: dict[str, KoppelError] = {}
    expired: list[Intent] = []
    for intent in await cycle.store.documents.open_intents(cycle.name):
        if intent.kind is not kind or intent.key not in keys:
            continue
        sure_at = intent.attempted_at + cycle.target.traits.recheck_after
        if sure_at > cycle.clock.now():
            message = f"Whether the {kind} was made is not known yet; it is looked up again."
            problems[keys[intent.key]] = RetryLater(f"{kind}.unknown", message, not_before=sure_at)
        else:
            expired.append(intent)
    if expired:
        async with cycle.write() as tx:
            for intent in expired:
                await tx.settle_intent(intent.id, "failed")
    return problems


def _is_id(value: object) -> bool:
    return isinstance(value, str) and value != ""


def _id(value: str) -> str:
    if not _is_id(value):
        raise TypeError("no id was given")
    return value


def lasting(error: KoppelError) -> bool:
    """Whether only a person can help."""
    return isinstance(error, Refused) and not isinstance(error, AlreadyExists)


def reason(error: KoppelError, order: Order) -> tuple[str, str, str]:
    """The reason why this order's document waits, naming the order."""
    code, message, suggestion = tell(error, order)
    return code, f"Order {order.number}: {message}" if order.number not in message else message, suggestion
