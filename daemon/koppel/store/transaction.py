"""One transaction: everything that a flow writes together."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Literal, Unpack

from koppel.store.records import (
    Document,
    DocumentFields,
    DocumentState,
    Intent,
    NewDocument,
    NewEvent,
    NewIntent,
)


class Tx:
    """The verbs of one transaction of one connection; nothing is visible to others before its end.

    Verbs that give nothing back may be gathered and sent together at the end.
    """

    async def insert(self, documents: Iterable[NewDocument]) -> list[Document]:
        """Insert documents, each with its first event. One whose kind and reference exist already is left as it
        stands and is not in the answer.
        """
        raise NotImplementedError

    async def change(
        self,
        document_id: int,
        *,
        state: DocumentState | None = None,
        event: NewEvent | None,
        only_from: Collection[DocumentState] | None = None,
        **fields: Unpack[DocumentFields],
    ) -> None:
        """Change a document. A change of state must come with an event (ValueError otherwise).

        With ``state``, code, message, suggestion and retry_at are cleared unless given: they belong to the old state.
        With ``only_from``, nothing happens if the document stands in another state by now. What the event leaves empty
        (states, reference, ids) is filled in. An unknown id rolls the whole transaction back with LookupError.
        """
        raise NotImplementedError

    async def event(self, event: NewEvent) -> None:
        """Write an event that goes with no change of a document."""
        raise NotImplementedError

    async def cursor(self, flow: str, value: str | None) -> None:
        """Move the flow's cursor."""
        raise NotImplementedError

    async def flow_started(self, flow: str) -> None:
        """Note that a run begins now."""
        raise NotImplementedError

    async def flow_finished(
        self, flow: str, due_at: datetime, *, ok: bool = True, code: str = "", message: str = "", progress: str = ""
    ) -> None:
        """Note how the run went and when the next is due (earlier if somebody asked during the run)."""
        raise NotImplementedError

    async def open_intents(self, intents: Iterable[NewIntent]) -> list[Intent]:
        """Announce writes, in the order given. They count when the transaction has ended, not before.

        KoppelError ``store.conflict`` if one of the same kind and key is still unsettled.
        """
        raise NotImplementedError

    async def settle_intent(
        self, intent_id: int, outcome: Literal["done", "failed", "unknown"], target_id: str | None = None
    ) -> None:
        """Note what became of it. ``unknown`` keeps it open for a look-up and moves ``attempted_at`` to now."""
        raise NotImplementedError

    async def link(self, kind: str, key: str, target_id: str, created: bool) -> None:
        """Remember the target's id; only a fingerprint of ``key`` is kept. ``created``: koppel made it (C7)."""
        raise NotImplementedError

    async def unlink(self, kind: str, key: str) -> None:
        """Forget a link."""
        raise NotImplementedError
