"""One transaction: everything that a flow writes together."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Literal, Unpack

from sqlalchemy import Insert, Update, bindparam, case, delete, func, null, update
from sqlalchemy import insert as plain_insert
from sqlalchemy.sql.dml import ReturningInsert

from koppel.log.redaction import scrub
from koppel.store.changes import Changes
from koppel.store.database import Writing, insert
from koppel.store.errors import CursorMoved
from koppel.store.flows import flow_row
from koppel.store.records import (
    Document,
    DocumentFields,
    DocumentState,
    Intent,
    IntentKind,
    IntentState,
    NewDocument,
    NewEvent,
    NewIntent,
)
from koppel.store.schema import connections, flows, intents, links
from koppel.store.vault import Vault

_THIS_FLOW = update(flows).where(flows.c.connection == bindparam("in_connection"), flows.c.flow == bindparam("in_flow"))
CURSOR = _THIS_FLOW.values(cursor=bindparam("new_cursor"))
CURSOR_INSTEAD = CURSOR.where(flows.c.cursor == bindparam("old_cursor"))
UNSCHEDULE = _THIS_FLOW.values(due_at=null())
STARTED = _THIS_FLOW.values(started_at=bindparam("now"), asked=False)
SETTLE = (
    update(intents)
    .where(intents.c.id == bindparam("in_id"), intents.c.connection == bindparam("in_connection"))
    .values(
        state=bindparam("new_state"),
        attempted_at=func.coalesce(bindparam("tried_at", type_=intents.c.attempted_at.type), intents.c.attempted_at),
        settled_at=bindparam("done_at", type_=intents.c.settled_at.type),
        target_id=bindparam("new_target_id"),
    )
)
UNLINK = delete(links).where(
    links.c.connection == bindparam("in_connection"),
    links.c.kind == bindparam("in_kind"),
    links.c.key == bindparam("in_key"),
)
UNLINK_ALL = delete(links).where(links.c.connection == bindparam("in_connection"))
ADMINISTRATION = (
    update(connections)
    .where(connections.c.name == bindparam("in_connection"))
    .values(administration=bindparam("new_administration"))
)
ANNOUNCE: ReturningInsert[tuple[object, ...]] = plain_insert(intents).returning(*intents.c)


class Tx:
    """The verbs of one transaction of one connection; nothing is visible to others before its end.

    Verbs that give nothing back may be gathered and sent together at the end.
    """

    def __init__(self, writing: Writing, connection: str, vault: Vault, now: datetime) -> None:
        self._writing = writing
        self._connection = connection
        self._vault = vault
        self._now = now
        self._changes = Changes(writing, connection, now)
        self._settled: list[dict[str, object]] = []
        self._links: dict[tuple[str, str], dict[str, object] | None] = {}

    @property
    def moved(self) -> list[Document]:
        """After the transaction: each document that came into another state, as it stood then, in order."""
        return self._changes.moved

    async def insert(self, documents: Iterable[NewDocument]) -> list[Document]:
        """Insert documents, each with its first event. One whose kind and reference exist already is left as it
        stands and is not in the answer.
        """
        return await self._changes.insert(documents)

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
        self._changes.change(document_id, state, event, only_from, fields)

    async def event(self, event: NewEvent) -> None:
        """Write an event that goes with no change of a document."""
        self._changes.event(event)

    async def cursor(self, flow: str, value: str | None, *, instead_of: str | None = None) -> None:
        """Move the flow's cursor. LookupError if the flow was never scheduled.

        With ``instead_of`` only if the cursor is still that; CursorMoved rolls the whole transaction back otherwise.
        """
        if instead_of is None:
            await self._flow(CURSOR, flow, {"new_cursor": value})
            return
        where = {"in_connection": self._connection, "in_flow": flow, "old_cursor": instead_of}
        if not await self._writing.count(CURSOR_INSTEAD, {**where, "new_cursor": value}):
            raise CursorMoved(flow)

    async def schedule(self, flow: str, cursor: str) -> bool:
        """Put a flow that is not scheduled on the schedule, due now; False (and no change) if it is already."""
        statement = schedule_statement(self._writing.dialect)
        return bool(await self._writing.rows(statement, flow_row(self._connection, flow, self._now, cursor=cursor)))

    async def unschedule(self, flow: str) -> None:
        """Take a flow off the schedule; its cursor stays. LookupError if it was never scheduled."""
        await self._flow(UNSCHEDULE, flow, {})

    async def flow_started(self, flow: str) -> None:
        """Note that a run begins now. LookupError if the flow was never scheduled."""
        await self._flow(STARTED, flow, {"now": self._now})

    async def flow_finished(
        self, flow: str, due_at: datetime, *, ok: bool = True, code: str = "", message: str = "", progress: str = ""
    ) -> None:
        """Note how the run went and when the next is due (earlier if somebody asked during the run)."""
        values = {"now": self._now, "next": due_at, "new_progress": progress}
        if ok:
            await self._flow(FINISHED_WELL, flow, values)
        else:
            await self._flow(FINISHED_BADLY, flow, {**values, "new_code": code, "new_message": scrub(message, ())})

    async def open_intents(self, intents: Iterable[NewIntent]) -> list[Intent]:
        """Announce writes; the answer has the order given. They count when the transaction has ended, not before.

        KoppelError ``store.conflict`` if one of the same kind and key is still unsettled.
        """
        rows = [self._intent_row(intent) for intent in intents]
        if not rows:
            return []
        made = [Intent(**row) for row in await self._writing.rows(ANNOUNCE, rows)]
        by_key: dict[tuple[object, object], Intent] = {(intent.kind, intent.key): intent for intent in made}
        return [by_key[row["kind"], row["key"]] for row in rows]

    async def settle_intent(
        self, intent_id: int, outcome: Literal["done", "failed", "unknown"], target_id: str | None = None
    ) -> None:
        """Note what became of it. ``unknown`` keeps it open for a look-up and moves ``attempted_at`` to now."""
        state = IntentState(outcome)
        unknown = state is IntentState.UNKNOWN
        row: dict[str, object] = {
            "in_id": intent_id,
            "in_connection": self._connection,
            "new_state": state,
            "tried_at": self._now if unknown else None,
            "done_at": None if unknown else self._now,
            "new_target_id": target_id,
        }
        self._settled.append(row)

    async def link(self, kind: str, key: str, target_id: str, created: bool) -> None:
        """Remember the target's id; only a fingerprint of ``key`` is kept. ``created``: koppel made it (C7)."""
        mark = self._vault.fingerprint(key)
        self._links[kind, mark] = {
            "connection": self._connection,
            "kind": kind,
            "key": mark,
            "target_id": target_id,
            "created": created,
            "linked_at": self._now,
        }

    async def unlink(self, kind: str, key: str) -> None:
        """Forget a link."""
        self._links[kind, self._vault.fingerprint(key)] = None

    async def forget_links(self) -> None:
        """Forget all links of the connection."""
        await self._writing.rows(UNLINK_ALL, {"in_connection": self._connection})

    async def administration(self, name: str) -> None:
        """Note which administration the connection's documents stand in from now on."""
        await self._writing.rows(
            ADMINISTRATION, {"in_connection": self._connection, "new_administration": name or None}
        )

    async def flush(self) -> None:
        """Send the changes gathered so far, so that many of them do not fill the memory. Nothing is committed."""
        await self._changes.flush()

    async def finish(self) -> None:
        """Send what was gathered. The store calls it before the commit."""
        await self._changes.flush()
        if self._settled:
            await self._writing.rows(SETTLE, self._settled)
        if new := [row for row in self._links.values() if row is not None]:
            await self._writing.rows(link_statement(self._writing.dialect), new)
        if gone := [key for key, row in self._links.items() if row is None]:
            rows = [{"in_connection": self._connection, "in_kind": kind, "in_key": mark} for kind, mark in gone]
            await self._writing.rows(UNLINK, rows)

    async def _flow(self, statement: Update, flow: str, values: Mapping[str, object]) -> None:
        where = {"in_connection": self._connection, "in_flow": flow}
        if not await self._writing.count(statement, {**where, **values}):
            raise LookupError(f"flow {flow} of connection {self._connection} was never scheduled")

    def _intent_row(self, intent: NewIntent) -> dict[str, object]:
        key = self._vault.fingerprint(intent.key) if intent.kind is IntentKind.CUSTOMER else intent.key
        return {
            "connection": self._connection,
            "kind": intent.kind,
            "key": key,
            "document_id": intent.document_id,
            "state": IntentState.OPEN,
            "created_at": self._now,
            "attempted_at": self._now,
        }


_FINISHED = _THIS_FLOW.values(
    finished_at=bindparam("now"),
    progress=bindparam("new_progress"),
    # Taken off the schedule during the run: it stays off. Asked for during the run: that moment stands.
    due_at=case(
        (flows.c.due_at.is_(None), null()),
        (flows.c.asked, flows.c.due_at),
        else_=bindparam("next", type_=flows.c.due_at.type),
    ),
)
FINISHED_WELL = _FINISHED.values(ok_at=bindparam("now"), failures=0, failing_since=None, code="", message="")
FINISHED_BADLY = _FINISHED.values(
    failures=flows.c.failures + 1,
    failing_since=func.coalesce(flows.c.failing_since, bindparam("now", type_=flows.c.failing_since.type)),
    code=bindparam("new_code"),
    message=bindparam("new_message"),
)


def schedule_statement(dialect: str) -> Insert:
    """Insert a flow, or begin it anew where it is off the schedule; returns a row only if it did one of both."""
    statement = insert(dialect, flows)
    given = {name: statement.excluded[name] for name in flow_row("", "", None)}
    return statement.on_conflict_do_update(
        index_elements=list(flows.primary_key.columns), set_=given, where=flows.c.due_at.is_(None)
    ).returning(flows.c.flow)


def link_statement(dialect: str) -> Insert:
    """Insert a link or replace the one of the same key."""
    statement = insert(dialect, links)
    given = {name: statement.excluded[name] for name in ("target_id", "created", "linked_at")}
    return statement.on_conflict_do_update(index_elements=list(links.primary_key.columns), set_=given)
