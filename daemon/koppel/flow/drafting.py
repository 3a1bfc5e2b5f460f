"""From orders to drafts: facts from outside, the pure booking code, the hooks; refusals before anything is written."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from koppel.booking import Evidence, make_draft, needs
from koppel.booking.debtor_country import in_vat_country
from koppel.booking.draft import Draft
from koppel.errors import KoppelError, Misconfigured, Refused, RetryLater
from koppel.flow.cycle import IN_HAND, Cycle, broken, move, tell
from koppel.flow.recording import Work
from koppel.model import Order
from koppel.store import Document, DocumentState

HOLD = timedelta(minutes=30)
"""How long to wait before facts that were unavailable (VIES) are asked for again."""
SHORTEST_HOLD = timedelta(minutes=1)
"""Whatever moment a fault names: a past one must not make us run in circles."""


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
        except KoppelError:
            raise
        except Exception as error:  # noqa: BLE001 - of a plugin that refuses or bends drafts
            message = f"Order {order.number}: {broken(cycle, 'making of its draft', error)}"
            suggestion = (
                "Tell the makers of the target's plugin, or of the one that bends drafts; then process it again."
            )
            refused.append((document, order, Refused("plugin.failed", message, suggestion)))
    if refused:
        now = cycle.clock.now()
        async with cycle.write() as tx:
            for document, order, why in refused:
                told = tell(why, order)
                if isinstance(why, RetryLater):
                    at = max(why.not_before or now + HOLD, now + SHORTEST_HOLD)
                    cycle.wake(at)
                    await move(tx, document, DocumentState.RETRY, "held", told, only_from=IN_HAND, retry_at=at)
                else:
                    await move(tx, document, DocumentState.ERROR, "refused", told, only_from=IN_HAND)
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
