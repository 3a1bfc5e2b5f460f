"""Pause, resume, process now, run now."""

from collections.abc import Sequence
from datetime import datetime

from koppel.engine.control import call_daemon
from koppel.engine.daemon import Workshop, make_runner
from koppel.errors import Misconfigured, RetryLater
from koppel.flow.verdict import CANCELLED_AFTER_BOOKING
from koppel.operating.applying import known_connection
from koppel.store import ConnectionRecord, ConnectionState, DocumentState, FlowState, NewEvent

LOOK = 0.2
"""Seconds between looks while waiting for a running daemon."""
PROCESSABLE = frozenset({DocumentState.ERROR, DocumentState.RETRY, DocumentState.REVIEW, DocumentState.DUE})


async def set_state(workshop: Workshop, name: str, state: ConnectionState) -> None:
    """Pause, resume or deactivate a connection; the log stays (L5)."""
    await known_connection(workshop, name)
    await workshop.store.connections.set_state(name, state)
    await call_daemon(workshop.config, "wake")


async def retry(workshop: Workshop, name: str, references: Sequence[str], *, everything: bool = False) -> list[str]:
    """Put documents back to be processed now, ahead of the clock (Verwerk). Gives the references that were put back."""
    await known_connection(workshop, name)
    if everything:
        documents = await workshop.store.documents.in_states(
            name, {DocumentState.ERROR, DocumentState.RETRY}, limit=100_000
        )
    else:
        found = await workshop.store.documents.by_references(name, references)
        if unknown := [reference for reference in references if reference not in found]:
            raise Misconfigured("document.unknown", f"Connection {name} has no document {', '.join(unknown)}.")
        documents = list(found.values())
        if wrong := [each for each in documents if each.state not in PROCESSABLE]:
            listed = ", ".join(f"{each.reference} ({each.state})" for each in wrong)
            raise Misconfigured("document.not-waiting", f"Nothing to process again in: {listed}.")
    async with workshop.store.operate(name) as tx:
        for document in documents:
            closed = document.state is DocumentState.REVIEW and document.code == CANCELLED_AFTER_BOOKING
            await tx.change(
                document.id,
                state=DocumentState.CANCELLED if closed else DocumentState.DUE,
                event=NewEvent(kind="closed" if closed else "retry"),
                only_from={DocumentState.REVIEW} if closed else PROCESSABLE,
                attempts=0,
            )
    await workshop.store.flows.make_due(name, "orders", workshop.clock.now())
    await call_daemon(workshop.config, "wake")
    return [document.reference for document in documents]


async def active_connection(workshop: Workshop, name: str) -> ConnectionRecord:
    """The connection of this name, if it is neither paused nor deactivated. Raises Misconfigured."""
    record = await known_connection(workshop, name)
    if record.state is not ConnectionState.ACTIVE:
        raise Misconfigured(
            "connection.inactive", f"Connection {name} is {record.state}.", f"Run: koppel resume {name}"
        )
    return record


async def sync(workshop: Workshop, name: str, flow: str | None = None, *, wait: bool = False) -> list[FlowState]:
    """Run a connection's flows now: by the running daemon, or here if none runs. Gives how they stand afterwards."""
    record = await active_connection(workshop, name)
    states = await workshop.store.flows.states(name)
    wanted = frozenset(state.flow for state in states if flow is None or state.flow == flow)
    if not wanted:
        flows = ", ".join(state.flow for state in states)
        raise Misconfigured("flow.unknown", f"Connection {name} has no flow {flow!r}.", f"It has: {flows}.")
    asked_at = workshop.clock.now()
    for each in wanted:
        await workshop.store.flows.make_due(name, each, asked_at)
    if await call_daemon(workshop.config, "wake") is None:
        if not await make_runner(workshop).cycle(record, wanted):
            raise RetryLater(
                "connection.busy", f"Another process works on {name} at this moment; try again in a minute."
            )
    elif wait:
        await _until_finished(workshop, name, wanted, asked_at)
    return [state for state in await workshop.store.flows.states(name) if state.flow in wanted]


async def _until_finished(workshop: Workshop, name: str, wanted: frozenset[str], asked_at: datetime) -> None:
    while True:
        await active_connection(workshop, name)
        if await call_daemon(workshop.config, "ping") is None:
            raise RetryLater("daemon.gone", "The daemon stopped before it had run; nothing is lost.", "Start it again.")
        states = [state for state in await workshop.store.flows.states(name) if state.flow in wanted]
        if all(
            state.finished_at is not None
            and state.started_at is not None
            and state.started_at >= asked_at
            and state.finished_at >= state.started_at
            for state in states
        ):
            return
        await workshop.clock.sleep(LOOK)
