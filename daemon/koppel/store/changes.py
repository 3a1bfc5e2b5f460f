"""Documents and their events within one transaction: gathered, then written with few statements."""

from collections.abc import Collection, Iterable
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, TypeAlias

from msgspec import Struct
from msgspec.structs import asdict, replace
from sqlalchemy import Insert, Update, bindparam, select, update
from sqlalchemy import insert as plain_insert
from sqlalchemy.sql.dml import ReturningInsert

from koppel.log.redaction import scrub
from koppel.store.database import Writing, insert
from koppel.store.records import Document, DocumentFields, DocumentState, NewDocument, NewEvent
from koppel.store.schema import documents, events, totals

_CHUNK = 500
LOG = plain_insert(events)


class _Change(Struct, frozen=True):
    document_id: int
    state: DocumentState | None
    event: NewEvent | None
    only_from: frozenset[DocumentState] | None
    fields: DocumentFields


_Bucket: TypeAlias = tuple[DocumentState, str]


class Changes:
    """What is to happen to documents, in order; :meth:`flush` writes it."""

    def __init__(self, writing: Writing, connection: str, now: datetime) -> None:
        self._writing = writing
        self._connection = connection
        self._now = now
        self._steps: list[_Change | NewEvent] = []
        self._totals: dict[_Bucket, tuple[int, Decimal]] = {}
        self.moved: list[Document] = []
        """Every change of state that was written, in order: the document as it stands after it."""

    async def insert(self, new: Iterable[NewDocument]) -> list[Document]:
        """Insert those that are not there yet, each with its first event."""
        given = {(document.kind, document.reference): document for document in new}
        if not given:
            return []
        rows = [self._row(document) for document in given.values()]
        made = [Document(**row) for row in await self._writing.rows(insert_statement(self._writing.dialect), rows)]
        made.sort(key=lambda document: document.id)
        for document in made:
            self._count(document, +1)
            self.moved.append(document)
            kind = given[document.kind, document.reference].event
            event = NewEvent(kind=kind, code=document.code, message=document.message)
            self._steps.append(_about(event, document, before="", after=document.state))
        return made

    def change(
        self,
        document_id: int,
        state: DocumentState | None,
        event: NewEvent | None,
        only_from: Collection[DocumentState] | None,
        fields: DocumentFields,
    ) -> None:
        """Note a change."""
        if state is not None and event is None:
            raise ValueError("a change of state must come with an event")
        unknown = fields.keys() - DocumentFields.__annotations__.keys()
        if unknown:
            raise TypeError(f"a document has no {', '.join(sorted(unknown))} that may change")
        allowed = None if only_from is None else frozenset(only_from)
        self._steps.append(_Change(document_id, state, event, allowed, fields))

    def event(self, event: NewEvent) -> None:
        """Note an event."""
        self._steps.append(event)

    async def flush(self) -> None:
        """Write everything."""
        changes = [step for step in self._steps if isinstance(step, _Change)]
        stand = await self._load({change.document_id for change in changes})
        start = dict(stand)
        log: list[dict[str, object]] = []
        for step in self._steps:
            if isinstance(step, NewEvent):
                log.append(self._event_row(step))
                continue
            before = stand[step.document_id]
            if step.only_from is not None and before.state not in step.only_from:
                continue
            after = _changed(before, step, self._now)
            stand[after.id] = after
            self._count(before, -1)
            self._count(after, +1)
            if after.state is not before.state:
                self.moved.append(after)
            if step.event is not None:
                log.append(self._event_row(_about(step.event, after, before=before.state, after=after.state)))
        for names, rows in _updates(start, stand).items():
            await self._writing.rows(update_statement(names), rows)
        if log:
            await self._writing.rows(LOG, log)
        await self._flush_totals()
        self._steps.clear()

    async def _load(self, ids: set[int]) -> dict[int, Document]:
        wanted = sorted(ids)
        found: dict[int, Document] = {}
        query = select(documents).where(documents.c.connection == self._connection)
        for start in range(0, len(wanted), _CHUNK):
            rows = await self._writing.rows(query.where(documents.c.id.in_(wanted[start : start + _CHUNK])))
            found.update((row["id"], Document(**row)) for row in rows)
        if missing := ids - found.keys():
            raise LookupError(f"connection {self._connection} has no document {sorted(missing)}")
        return found

    def _count(self, document: Document, sign: int) -> None:
        bucket = (document.state, document.currency)
        count, amount = self._totals.get(bucket, (0, Decimal(0)))
        self._totals[bucket] = (count + sign, amount + sign * (document.amount or Decimal(0)))

    async def _flush_totals(self) -> None:
        """Read and written under the lock that this transaction took first: nobody else changes them meanwhile."""
        moved = {bucket: delta for bucket, delta in self._totals.items() if any(delta)}
        self._totals.clear()
        if not moved:
            return
        query = select(totals).where(totals.c.connection == self._connection)
        stand = {(row["state"], row["currency"]): row for row in await self._writing.rows(query)}
        rows: list[dict[str, object]] = []
        for (state, currency), (count, amount) in moved.items():
            old = stand.get((state, currency))
            rows.append(
                {
                    "connection": self._connection,
                    "state": state,
                    "currency": currency,
                    "documents": count + (old["documents"] if old else 0),
                    "amount": amount + (old["amount"] if old else Decimal(0)),
                }
            )
        await self._writing.rows(totals_statement(self._writing.dialect), rows)

    def _row(self, document: NewDocument) -> dict[str, object]:
        row = {name: getattr(document, name) for name in NewDocument.__struct_fields__ if name != "event"}
        message = scrub(document.message, ())
        return {**row, "message": message, "connection": self._connection, "updated_at": self._now}

    def _event_row(self, event: NewEvent) -> dict[str, object]:
        return {**asdict(event), "message": scrub(event.message, ()), "at": self._now, "connection": self._connection}


def _about(event: NewEvent, document: Document, *, before: str, after: str) -> NewEvent:
    moved = before != after
    return replace(
        event,
        document_id=document.id,
        reference=event.reference or document.reference,
        before=event.before or (before if moved else ""),
        after=event.after or (after if moved else ""),
        source_id=event.source_id or document.source_id,
        target_id=event.target_id or document.target_id or "",
    )


def _changed(document: Document, change: _Change, now: datetime) -> Document:
    values: dict[str, object] = {**change.fields, "updated_at": now}
    if change.state is not None:
        cleared: dict[str, object] = {"code": "", "message": "", "suggestion": "", "retry_at": None}
        values = {**cleared, **values, "state": change.state}
    if message := change.fields.get("message"):
        values["message"] = scrub(message, ())
    return replace(document, **values)


def _updates(before: dict[int, Document], after: dict[int, Document]) -> dict[tuple[str, ...], list[dict[str, object]]]:
    """Rows to update, by which columns differ: of a page nearly always the same few."""
    updates: dict[tuple[str, ...], list[dict[str, object]]] = {}
    for key, document in after.items():
        old = before[key]
        if document is old:
            continue
        names = tuple(name for name in Document.__struct_fields__ if getattr(document, name) != getattr(old, name))
        row = {f"new_{name}": getattr(document, name) for name in names}
        updates.setdefault(names, []).append({"in_id": key, **row})
    updates.pop((), None)
    return updates


@lru_cache(maxsize=64)
def update_statement(names: tuple[str, ...]) -> Update:
    """Set these columns of a document."""
    values: dict[str, object] = {name: bindparam(f"new_{name}") for name in names}
    return update(documents).where(documents.c.id == bindparam("in_id")).values(values)


def insert_statement(dialect: str) -> ReturningInsert[Any]:
    """Insert documents that are not there; returns those."""
    return insert(dialect, documents).on_conflict_do_nothing().returning(*documents.c)


def totals_statement(dialect: str) -> Insert:
    """Write a total."""
    statement = insert(dialect, totals)
    given = {name: statement.excluded[name] for name in ("documents", "amount")}
    return statement.on_conflict_do_update(index_elements=list(totals.primary_key.columns), set_=given)
