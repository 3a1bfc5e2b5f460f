"""What koppel did and how it stands: for a person to read, and for pages and scripts."""

from collections.abc import Collection, Sequence
from datetime import datetime

import anyio
import msgspec
from msgspec import Struct

from koppel.booking.templates import preview
from koppel.engine.control import call_daemon
from koppel.engine.daemon import Workshop
from koppel.errors import KoppelError, Misconfigured
from koppel.operating.applying import known_connection
from koppel.operating.backfilling import BackfillProgress, backfill_progress
from koppel.plugin import Finding, NamesAdministration, Source, Target
from koppel.store import ConnectionRecord, ConnectionState, Document, DocumentState, Event, FlowState

LONGEST_CHECK = 300.0
"""Seconds that a plugin may take to check itself."""


class ConnectionStatus(Struct, frozen=True, kw_only=True):
    """One connection at a glance."""

    name: str
    source: str
    target: str
    state: ConnectionState
    counts: dict[str, int]
    booked: dict[str, str]
    """Currency -> total booked, incl. VAT."""
    flows: tuple[FlowState, ...]
    backfill: BackfillProgress | None
    """The one that is under way, or the last one."""
    detail_until: datetime | None


class Status(Struct, frozen=True, kw_only=True):
    """The daemon, if it runs, and the connections."""

    daemon_pid: int | None
    connections: tuple[ConnectionStatus, ...]


async def status(workshop: Workshop, name: str | None = None) -> Status:
    """How everything, or one connection, stands."""
    records = [await known_connection(workshop, name)] if name else await workshop.store.connections.all()
    answer = await call_daemon(workshop.config, "ping")
    counts = await workshop.store.documents.counts(name)
    connections: list[ConnectionStatus] = []
    for record in records:
        sums = await workshop.store.documents.sums(record.name)
        connections.append(
            ConnectionStatus(
                name=record.name,
                source=record.source,
                target=record.target,
                state=record.state,
                counts={
                    str(state): count for (connection, state), count in counts.items() if connection == record.name
                },
                booked={currency: str(total) for currency, total in sums.items()},
                flows=tuple(await workshop.store.flows.states(record.name)),
                backfill=await backfill_progress(workshop, record.name),
                detail_until=record.detail_until,
            )
        )
    return Status(daemon_pid=answer.pid if answer else None, connections=tuple(connections))


async def documents(
    workshop: Workshop, name: str, states: Collection[DocumentState] | None, limit: int, offset: int = 0
) -> list[Document]:
    """A page of a connection's documents, newest first."""
    await known_connection(workshop, name)
    return await workshop.store.documents.list(name, states, limit, offset)


async def show(workshop: Workshop, name: str, reference: str) -> tuple[Document, list[Event]]:
    """One document and its whole history, oldest first."""
    await known_connection(workshop, name)
    document = await workshop.store.documents.get(name, reference)
    if document is None:
        raise Misconfigured("document.unknown", f"Connection {name} has no document {reference!r}.")
    events = await workshop.store.documents.events(name, reference, limit=1000)
    return document, events[::-1]


async def check(workshop: Workshop, name: str) -> list[Finding]:
    """Sign-in, rights, VAT table, ledgers, book year, limits: what source and target say of themselves."""
    record = await known_connection(workshop, name)
    opened = await workshop.opener.open(record)
    template = opened.settings.booking.orders.description
    findings = [Finding(level="ok", subject="description", message=f"Reads like: {preview(template)}")]
    findings += await _administration(record, opened.target)
    for side, plugin in (("source", opened.source), ("target", opened.target)):
        for finding in await _side(plugin):
            findings.append(msgspec.structs.replace(finding, subject=f"{side}: {finding.subject}"))
    return findings


async def _side(plugin: Source | Target) -> Sequence[Finding]:
    """What one side says of itself; where it cannot say anything, why. The other side is looked at all the same."""
    try:
        with anyio.fail_after(LONGEST_CHECK):
            return [msgspec.convert(finding, Finding, from_attributes=True) for finding in await plugin.check()]
    except KoppelError as error:
        return [Finding(level="error", subject="sign-in", message=error.message, suggestion=error.suggestion)]
    except Exception as error:  # noqa: BLE001 - whatever a plugin raises or gives
        message = f"The plugin's own check failed: {type(error).__name__}."
        return [Finding(level="error", subject="plugin", message=message, suggestion="Tell the plugin's makers.")]


async def _administration(record: ConnectionRecord, target: object) -> list[Finding]:
    """Whether the settings lead to where the documents stand. A fault shows in the target's own findings."""
    if record.administration is None or not isinstance(target, NamesAdministration):
        return []
    try:
        now = await target.administration()
    except KoppelError:
        return []
    if now in ("", record.administration):
        return [Finding(level="ok", subject="administration", message=record.administration)]
    return [
        Finding(
            level="error",
            subject="administration",
            message=f"The documents stand in {record.administration}; the settings lead to {now}.",
            suggestion=f"If that is meant, run: koppel switch {record.name}. Else correct the settings.",
        )
    ]
