"""From orders to drafts: facts from outside, the pure booking code, the hooks; refusals before anything is written."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from koppel.booking import Evidence, make_draft, needs
from koppel.booking.debtor_country import in_vat_country
from koppel.booking.draft import Draft
from koppel.errors import KoppelError, Misconfigured, Refused, RetryLater
from koppel.flow.cycle import Cycle, move, tell
from koppel.flow.recording import Work
from koppel.model import Order
from koppel.store import Document, DocumentState

HOLD = timedelta(minutes=30)
"""How long to wait before facts that were unavailable (VIES) are asked for again."""


@dataclass(frozen=True)
class Drafted:
    """A due document with all that is needed to book it."""

    document: Document
    order: Order
    draft: Draft


async def draft_order(cycle: Cycle, order: Order) -> Draft:
    """The draft of one order as it would be booked now. Raises Refused, RetryLater, Misconfigured."""
    settings = cycle.settings.booking
    currencies = cycle.target.traits.currencies
    wanted = needs(order, settings, currencies)
    evidence = Evidence(
        vies=await cycle.facts.vies(wanted.vat_id) if wanted.vat_id else None,
        to_eur=await cycle.facts.to_eur(*wanted.rate) if wanted.rate else None,
        currencies=currencies,
    )
    draft = make_draft(order, settings, evidence)
    if cycle.target.traits.vat_country_from_debtor:
        draft = in_vat_country(draft)
    draft = _bend(cycle, order, draft)
    cycle.target.refuses(draft)
    return draft


async def draft_all(cycle: Cycle, work: Sequence[Work]) -> list[Drafted]:
    """The drafts of what can be booked; the rest is committed as error or held."""
    drafted: list[Drafted] = []
    refused: list[tuple[Document, Order, KoppelError]] = []
    for document, order in work:
        try:
            drafted.append(Drafted(document, order, await draft_order(cycle, order)))
        except (Refused, RetryLater, Misconfigured) as error:
            refused.append((document, order, error))
    if refused:
        async with cycle.store.write(cycle.lease) as tx:
            for document, order, why in refused:
                if isinstance(why, RetryLater):
                    at = why.not_before or cycle.clock.now() + HOLD
                    cycle.wake(at)
                    await move(tx, document, DocumentState.RETRY, "held", tell(why, order), retry_at=at)
                else:
                    await move(tx, document, DocumentState.ERROR, "refused", tell(why, order))
    return drafted


def _bend(cycle: Cycle, order: Order, draft: Draft) -> Draft:
    for bent in cycle.hooks.koppel_draft(connection=cycle.name, order=order, draft=draft):
        if bent is None:
            continue
        if not isinstance(bent, Draft) or bent.total != draft.total or bent.reference != draft.reference:
            raise Refused(
                "plugin.draft",
                f"Order {order.number}: a plugin's koppel_draft changed the total or the reference of the draft.",
                "Switch that plugin off, or mend it.",
            )
        draft = bent
    return draft
