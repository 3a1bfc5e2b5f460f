"""What every flow works with during one cycle of one connection."""

from collections.abc import AsyncGenerator, Callable, Collection, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Protocol, Unpack

import structlog

from koppel.booking import ViesAnswer
from koppel.clock import Clock
from koppel.config.connection import ConnectionSettings
from koppel.errors import KoppelError, Misconfigured
from koppel.log.places import first_of, places
from koppel.log.redaction import scrub
from koppel.model import Order
from koppel.plugin import BooksOrders, HasArticles, HasCustomers, ReadsOrders, TargetTraits
from koppel.store import Document, DocumentFields, DocumentState, Lease, NewEvent, Store, Tx

IN_HAND = frozenset({DocumentState.DUE, DocumentState.RETRY, DocumentState.BOOKING})
"""What a cycle may have in its hands to book; what came into another state meanwhile is left alone."""


class FactFinder(Protocol):
    """Facts from outside that booking may need."""

    async def vies(self, vat_id: str) -> ViesAnswer:
        """What VIES says of a VAT number: valid, invalid, or unknown (unavailable is unknown)."""
        ...

    async def to_eur(self, currency: str, day: date) -> Decimal:
        """The ECB reference rate of the day, else of the last one before: units of ``currency`` for one euro."""
        ...


class OrderTarget(BooksOrders, HasCustomers, Protocol):
    """What the orders flow asks of a target."""

    @property
    def traits(self) -> TargetTraits:
        """How to treat it."""
        ...


@dataclass(kw_only=True)
class Cycle:
    """One cycle: opened plugins, the lease under which everything is written, and the wish to stop."""

    settings: ConnectionSettings
    source: ReadsOrders
    target: OrderTarget
    store: Store
    lease: Lease
    clock: Clock
    hooks: Any
    facts: FactFinder
    stopping: Callable[[], bool] = lambda: False
    sure: bool = False
    """Whether the target was asked which administration it is."""
    wake_at: datetime | None = None
    """The earliest moment at which something of this connection wants another look."""
    log: structlog.stdlib.BoundLogger = field(default_factory=structlog.get_logger)

    @property
    def name(self) -> str:
        """The connection's name."""
        return self.settings.name

    @property
    def articles(self) -> HasArticles | None:
        """The target as keeper of articles, where its lines need them."""
        if not self.target.traits.needs_articles:
            return None
        if not isinstance(self.target, HasArticles):
            raise Misconfigured(
                "plugin.capability", f"{self.settings.target_spec.title} needs articles but offers none."
            )
        return self.target

    @property
    def batch(self) -> int:
        """How many references one look-up of the target takes."""
        return max(1, self.target.traits.batch)

    @asynccontextmanager
    async def write(self) -> AsyncGenerator[Tx]:
        """One transaction under the lease; after its commit plugins are told of every change of state."""
        async with self.store.write(self.lease) as tx:
            yield tx
        hook = self.hooks.koppel_document_changed
        for document in tx.moved if hook.get_hookimpls() else ():
            told = {"reference": document.reference, "state": str(document.state), "code": document.code}
            call_hooks(hook, connection=self.name, **told)

    def wake(self, moment: datetime) -> None:
        """Ask for another cycle at this moment at the latest."""
        self.wake_at = moment if self.wake_at is None else min(self.wake_at, moment)

    def in_(self, delay: timedelta) -> datetime:
        """So long from now; a cycle is asked for then."""
        moment = self.clock.now() + delay
        self.wake(moment)
        return moment


def call_hooks(hook: Any, **told: str) -> None:
    """Tell plugins; what one of them raises is its own trouble."""
    try:
        hook(**told)
    except Exception as error:  # noqa: BLE001 - see above
        structlog.get_logger("koppel.flow").error("hook_failed", hook=hook.name, exception=places(error))


def tell(error: KoppelError, order: Order | None = None) -> tuple[str, str, str]:
    """Code, message and suggestion of an error, fit to be kept for ever: no personal data, no secrets."""
    needles = tuple(order.personal_data()) if order else ()
    return error.code, scrub(error.message, needles), scrub(error.suggestion, needles)


def broken(cycle: Cycle, what: str, error: BaseException) -> str:
    """Log where a plugin broke, without what it broke on; gives a sentence for people."""
    cycle.log.error("plugin_failed", what=what, exception=places(error))
    return f"The {what} failed: {type(first_of(error)).__name__}."


def redact(error: KoppelError, orders: Iterable[Order]) -> KoppelError:
    """The same error without what tells who the buyers of these orders are: it may end up where they are not known."""
    needles = [needle for order in orders for needle in order.personal_data()]
    error.message, error.suggestion = scrub(error.message, needles), scrub(error.suggestion, needles)
    error.args = (error.message,)
    return error


async def move(
    tx: Tx,
    document: Document,
    state: DocumentState,
    kind: str,
    reason: tuple[str, str, str] = ("", "", ""),
    *,
    only_from: Collection[DocumentState] | None = None,
    **changes: Unpack[DocumentFields],
) -> None:
    """Change a document's state together with its event, and set the reason (or clear it).

    With ``only_from`` nothing happens if it came into another state meanwhile.
    """
    code, message, suggestion = reason
    fields: DocumentFields = {**changes, "code": code, "message": message, "suggestion": suggestion}
    event = NewEvent(kind=kind, code=code, message=message)
    await tx.change(document.id, state=state, event=event, only_from=only_from, **fields)
