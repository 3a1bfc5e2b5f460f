"""Back-fill: ask for it, see how far it is, end it (O13)."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta

import anyio
from msgspec import Struct

from koppel.clock import AMSTERDAM
from koppel.engine.control import call_daemon
from koppel.engine.daemon import Workshop, make_runner
from koppel.errors import Misconfigured, RetryLater
from koppel.flow.backfill import FLOW, Backfill, End, end_backfill
from koppel.operating.applying import known_connection
from koppel.operating.steering import active_connection
from koppel.store import ConnectionRecord, CursorMoved, NewEvent

LOOK = 0.5
"""Seconds between looks at how far it is."""
DAY = timedelta(days=1)


class BackfillProgress(Struct, frozen=True, kw_only=True):
    """How far a back-fill is.

    ``seen`` counts the orders that the source gave, ``new`` tells how many of them were not known before, by the state
    they are in now. ``end`` is None while it is under way. ``message`` tells why it does not get on, if it does not.
    """

    since: date
    until: date
    pages: int
    seen: int
    new: dict[str, int]
    end: End | None
    message: str = ""


Report = Callable[[BackfillProgress], None]


async def start_backfill(workshop: Workshop, name: str, since: date, until: date) -> None:
    """Ask for the orders that were placed between two days, inclusive. Misconfigured while another is under way."""
    today = workshop.clock.now().astimezone(AMSTERDAM).date()
    if since > until:
        raise Misconfigured("backfill.days", f"The first day, {since}, comes after the last, {until}.")
    if until > today:
        raise Misconfigured("backfill.days", f"The last day, {until}, has not come yet.")
    await known_connection(workshop, name)
    now = workshop.clock.now()
    last = await workshop.store.documents.last_id(name)
    job = Backfill(since=since, until=until, asked_at=now, after_id=last)
    async with workshop.store.operate(name) as tx:
        started = await tx.schedule(FLOW, job.text())
        if started:
            await tx.event(NewEvent(kind="backfill.asked", message=f"{since} to {until}."))
    if not started:
        raise Misconfigured(
            "backfill.under-way",
            f"A back-fill of {name} is under way already.",
            f"See how far it is with `koppel backfill {name}`, or end it with `koppel backfill {name} --cancel`.",
        )
    await call_daemon(workshop.config, "wake")


async def cancel_backfill(workshop: Workshop, name: str) -> None:
    """End the back-fill that is under way. What it has read stays, and what is due of that is booked by the polls."""
    while (text := await _under_way(workshop, name)) is not None:
        try:
            async with workshop.store.operate(name) as tx:
                await end_backfill(tx, text, "cancelled")
        except CursorMoved:
            continue  # a page came in between
        return
    raise _none(name)


async def backfill_progress(workshop: Workshop, name: str) -> BackfillProgress | None:
    """How far the back-fill is, or how far the last one came; None if there never was one."""
    text = await workshop.store.flows.cursor(name, FLOW)
    if text is None:
        return None
    job = Backfill.of(text)
    first, end = (datetime.combine(day, time(), AMSTERDAM) for day in (job.since, job.until + DAY))
    new = await workshop.store.documents.tally(name, job.after_id, first, end)
    states = {state.flow: state for state in await workshop.store.flows.states(name)}
    return BackfillProgress(
        since=job.since,
        until=job.until,
        pages=job.pages,
        seen=job.seen,
        new={str(state): count for state, count in sorted(new.items())},
        end=job.end,
        message=job.problem or (states[FLOW].message if FLOW in states and states[FLOW].failures else ""),
    )


async def follow_backfill(workshop: Workshop, name: str, report: Report, *, wait: bool) -> BackfillProgress:
    """Work at the back-fill that is under way if no daemon does, or wait for its end if asked; gives how far it is.

    Without a daemon a fault ends the work here; it goes on where it was at the next call. Raises Misconfigured if none
    is under way.
    """
    if await _under_way(workshop, name) is None:
        raise _none(name)
    if await call_daemon(workshop.config, "wake") is None:
        await _work(workshop, name, report)
    elif wait:
        await _until_ended(workshop, name, report)
    return await _progress(workshop, name)


async def _work(workshop: Workshop, name: str, report: Report) -> None:
    record = await active_connection(workshop, name)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_until_ended, workshop, name, report)
        while (await _progress(workshop, name)).end is None:
            await _cycle(workshop, record)
            if (await _progress(workshop, name)).message:
                break
        tasks.cancel_scope.cancel()


async def _cycle(workshop: Workshop, record: ConnectionRecord) -> None:
    """Whatever of the connection is due, the polls first, and some pages."""
    now = workshop.clock.now()
    due = {state.flow for state in await workshop.store.flows.states(record.name) if state.due_at <= now}
    if not await make_runner(workshop).cycle(record, frozenset(due | {FLOW})):
        raise RetryLater(
            "connection.busy", f"Another process works on {record.name} at this moment; try again in a minute."
        )


async def _until_ended(workshop: Workshop, name: str, report: Report) -> None:
    while (progress := await _progress(workshop, name)).end is None:
        report(progress)
        await workshop.clock.sleep(LOOK)


async def _progress(workshop: Workshop, name: str) -> BackfillProgress:
    progress = await backfill_progress(workshop, name)
    if progress is None:
        raise _none(name)
    return progress


async def _under_way(workshop: Workshop, name: str) -> str | None:
    await known_connection(workshop, name)
    text = await workshop.store.flows.cursor(name, FLOW)
    return text if text is not None and Backfill.of(text).end is None else None


def _none(name: str) -> Misconfigured:
    return Misconfigured(
        "backfill.none",
        f"No back-fill of {name} is under way.",
        f"Ask for one: koppel backfill {name} --from 2026-01-01 --to 2026-03-31",
    )
