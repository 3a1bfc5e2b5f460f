"""Reading documents, the basic log, links and intents. Writing them goes through :class:`koppel.store.Tx`."""

import builtins
from collections.abc import Collection, Iterable
from datetime import datetime
from decimal import Decimal

from koppel.store.records import Document, DocumentState, Event, Intent


class Documents:
    """Reads; each sees the last commit."""

    async def get(self, connection: str, reference: str, kind: str = "order") -> Document | None:
        """One document."""
        raise NotImplementedError

    async def by_references(self, connection: str, refs: Iterable[str], kind: str = "order") -> dict[str, Document]:
        """Those of the references that exist."""
        raise NotImplementedError

    async def in_states(
        self,
        connection: str,
        states: Collection[DocumentState],
        limit: int,
        after_id: int = 0,
        retry_before: datetime | None = None,
    ) -> builtins.list[Document]:
        """Documents to work on, oldest first, after the given id.

        With ``retry_before`` those whose ``retry_at`` is later are left out.
        """
        raise NotImplementedError

    async def counts(self, connection: str | None = None) -> dict[tuple[str, DocumentState], int]:
        """How many documents by (connection, state); states without any are left out. Quick at any size."""
        raise NotImplementedError

    async def list(
        self, connection: str | None, states: Collection[DocumentState] | None, limit: int, offset: int = 0
    ) -> builtins.list[Document]:
        """A page for people, newest first."""
        raise NotImplementedError

    async def events(
        self, connection: str | None, reference: str | None, limit: int, before_id: int | None = None
    ) -> builtins.list[Event]:
        """The basic log, newest first; ``before_id`` gives the next page."""
        raise NotImplementedError

    async def links(self, connection: str, kind: str, keys: Iterable[str]) -> dict[str, str]:
        """Given key -> id in the target, for those that are linked."""
        raise NotImplementedError

    async def open_intents(self, connection: str) -> builtins.list[Intent]:
        """Writes whose outcome is not settled (states open and unknown), oldest first."""
        raise NotImplementedError

    async def sums(self, connection: str) -> dict[str, Decimal]:
        """Currency -> total booked, incl. VAT. Quick at any size."""
        raise NotImplementedError
