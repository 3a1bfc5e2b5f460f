"""Reading documents, the basic log, links and intents. Writing them goes through :class:`koppel.store.Tx`."""

import builtins
from collections.abc import Collection, Iterable
from datetime import datetime
from decimal import Decimal
from itertools import islice
from typing import Any

from sqlalchemy import Select, func, or_, select, union_all

from koppel.store.database import Database
from koppel.store.records import Document, DocumentState, Event, Intent
from koppel.store.schema import UNSETTLED, documents, events, intents, links, totals
from koppel.store.vault import Vault

_CHUNK = 500
"""How many values one IN may name."""


class Documents:
    """Reads; each sees the last commit."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    async def get(self, connection: str, reference: str, kind: str = "order") -> Document | None:
        """One document."""
        return (await self.by_references(connection, (reference,), kind)).get(reference)

    async def by_references(self, connection: str, refs: Iterable[str], kind: str = "order") -> dict[str, Document]:
        """Those of the references that exist."""
        query = select(documents).where(documents.c.connection == connection, documents.c.kind == kind)
        found: dict[str, Document] = {}
        for chunk in _chunks(refs):
            for row in await self._database.rows(query.where(documents.c.reference.in_(chunk))):
                found[row["reference"]] = Document(**row)
        return found

    async def of_connections(
        self, connections: Collection[str], refs: Iterable[str], kind: str = "order"
    ) -> builtins.list[Document]:
        """The documents of these connections with these references."""
        query = select(documents).where(documents.c.connection.in_(list(connections)), documents.c.kind == kind)
        found: builtins.list[Document] = []
        for chunk in _chunks(refs):
            found += [
                Document(**row) for row in await self._database.rows(query.where(documents.c.reference.in_(chunk)))
            ]
        return found

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
        if not states:
            return []
        parts: builtins.list[Select[Any]] = []
        for state in sorted(set(states)):
            part = _in_state(connection, state).where(documents.c.id > after_id)
            if retry_before is not None:
                part = part.where(or_(documents.c.retry_at.is_(None), documents.c.retry_at <= retry_before))
            parts.append(part.order_by(documents.c.id).limit(limit))
        ids = _together(parts)
        query = select(documents).where(documents.c.id.in_(ids)).order_by(documents.c.id).limit(limit)
        return [Document(**row) for row in await self._database.rows(query)]

    async def counts(self, connection: str | None = None) -> dict[tuple[str, DocumentState], int]:
        """How many documents by (connection, state); states without any are left out. Quick at any size."""
        query = select(totals.c.connection, totals.c.state, func.sum(totals.c.documents).label("count"))
        if connection is not None:
            query = query.where(totals.c.connection == connection)
        rows = await self._database.rows(query.group_by(totals.c.connection, totals.c.state))
        return {(row["connection"], row["state"]): int(row["count"]) for row in rows if row["count"]}

    async def list(
        self, connection: str | None, states: Collection[DocumentState] | None, limit: int, offset: int = 0
    ) -> builtins.list[Document]:
        """A page for people, newest first."""
        query = select(documents).order_by(documents.c.id.desc()).limit(limit).offset(offset)
        if states is None:
            if connection is not None:
                query = query.where(documents.c.connection == connection)
        elif states:
            reach = limit + offset
            parts = [
                _in_state(connection, state).order_by(documents.c.id.desc()).limit(reach)
                for state in sorted(set(states))
            ]
            query = query.where(documents.c.id.in_(_together(parts)))
        else:
            return []
        return [Document(**row) for row in await self._database.rows(query)]

    async def events(
        self, connection: str | None, reference: str | None, limit: int, before_id: int | None = None
    ) -> builtins.list[Event]:
        """The basic log, newest first; ``before_id`` gives the next page. A reference needs its connection."""
        query = select(events).order_by(events.c.id.desc()).limit(limit)
        if connection is not None:
            query = query.where(events.c.connection == connection)
        if reference is not None:
            query = query.where(events.c.reference == reference)
        if before_id is not None:
            query = query.where(events.c.id < before_id)
        return [Event(**row) for row in await self._database.rows(query)]

    async def links(self, connection: str, kind: str, keys: Iterable[str]) -> dict[str, str]:
        """Given key -> id in the target, for those that are linked."""
        given = {self._vault.fingerprint(key): key for key in keys}
        query = select(links.c.key, links.c.target_id).where(links.c.connection == connection, links.c.kind == kind)
        found: dict[str, str] = {}
        for chunk in _chunks(given):
            for row in await self._database.rows(query.where(links.c.key.in_(chunk))):
                found[given[row["key"]]] = row["target_id"]
        return found

    async def open_intents(self, connection: str) -> builtins.list[Intent]:
        """Writes whose outcome is not settled (states open and unknown), oldest first."""
        query = select(intents).where(intents.c.connection == connection, UNSETTLED).order_by(intents.c.id)
        return [Intent(**row) for row in await self._database.rows(query)]

    async def last_id(self, connection: str) -> int:
        """The id of the newest document; 0 if there is none."""
        query = select(func.max(documents.c.id).label("id")).where(documents.c.connection == connection)
        return (await self._database.rows(query))[0]["id"] or 0

    async def tally(
        self, connection: str, after_id: int, placed_from: datetime, placed_before: datetime
    ) -> dict[DocumentState, int]:
        """How many documents newer than an id, of orders placed in this time, are in which state.

        It looks at each of them: for a back-fill, not for whole connections.
        """
        query = (
            select(documents.c.state, func.count().label("count"))
            .where(documents.c.connection == connection, documents.c.id > after_id)
            .where(documents.c.placed_at >= placed_from, documents.c.placed_at < placed_before)
            .group_by(documents.c.state)
        )
        return {row["state"]: int(row["count"]) for row in await self._database.rows(query)}

    async def sums(self, connection: str) -> dict[str, Decimal]:
        """Currency -> total booked, incl. VAT. Quick at any size."""
        booked = totals.c.state == DocumentState.BOOKED
        query = select(totals.c.currency, totals.c.amount).where(totals.c.connection == connection, booked)
        return {
            row["currency"]: row["amount"] for row in await self._database.rows(query.where(totals.c.documents > 0))
        }


def _in_state(connection: str | None, state: DocumentState) -> Select[Any]:
    query = select(documents.c.id).where(documents.c.state == state)
    return query if connection is None else query.where(documents.c.connection == connection)


def _together(parts: builtins.list[Select[Any]]) -> Select[Any]:
    """The ids of all parts. Each walks its own stretch of the index; one IN over the states would sort all."""
    return select(union_all(*(select(part.subquery()) for part in parts)).subquery().c.id)


def _chunks(values: Iterable[str]) -> Iterable[builtins.list[str]]:
    rest = iter(dict.fromkeys(values))
    while chunk := builtins.list(islice(rest, _CHUNK)):
        yield chunk
