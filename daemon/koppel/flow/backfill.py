"""Back-fill: orders placed between two days of the past, page by page, beside the polls (O13).

The flow's cursor holds the whole undertaking: its days, where the source stands, what was counted. It is committed
together with each page, so that a stop at any moment loses nothing and counts nothing twice. The polls go first: after
each page the flow makes way for whatever else of the connection is due.
"""

from collections.abc import AsyncIterator
from datetime import date, datetime
from typing import Literal

import msgspec
from msgspec import Struct

from koppel.errors import Refused
from koppel.flow.cycle import Cycle
from koppel.flow.orders import book_all, book_left_over
from koppel.flow.recording import record
from koppel.flow.unknown import settle_unknown
from koppel.plugin import OrderPage
from koppel.store import CursorMoved, NewEvent, Tx

FLOW = "backfill"
End = Literal["done", "cancelled", "refused"]


class Backfill(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A back-fill and how far it is. The days are inclusive and Amsterdam's; ``asked_at`` tells two alike apart.

    ``after_id`` is the last document of the store before it began. ``cursor`` is the source's; ``pages`` and ``seen``
    count what was read, orders that were there already too. ``read`` says that the source has no more; ``end`` is set
    when nothing more is done; ``problem`` is what the source refused.
    """

    since: date
    until: date
    asked_at: datetime
    after_id: int = 0
    cursor: str | None = None
    pages: int = 0
    seen: int = 0
    read: bool = False
    end: End | None = None
    problem: str = ""

    def text(self) -> str:
        """As the flow's cursor."""
        return msgspec.json.encode(self).decode()

    @staticmethod
    def of(text: str) -> "Backfill":
        """From the flow's cursor."""
        return msgspec.json.decode(text, type=Backfill)

    def after(self, page: OrderPage) -> "Backfill":
        """How far it is after this page."""
        return msgspec.structs.replace(
            self,
            cursor=page.cursor,
            pages=self.pages + 1,
            seen=self.seen + len({order.number for order in page.orders}),
            read=page.last,
        )


async def run_backfill(cycle: Cycle) -> None:
    """At least one page, then more until something else is due; when all was read, what is left over is booked.

    Raises what the source and the target raise; Refused of the source ends the back-fill for good.
    """
    text = await cycle.store.flows.cursor(cycle.name, FLOW)
    job = Backfill.of(text) if text else None
    if job is None or job.end:
        async with cycle.store.write(cycle.lease) as tx:
            await tx.unschedule(FLOW)
        return
    try:
        job = await _read_and_book(cycle, job)
        if not job.read:
            cycle.wake(cycle.clock.now())
            return
        await settle_unknown(cycle)
        await book_left_over(cycle)
        if not cycle.stopping():
            await _end(cycle, job, "done")
    except CursorMoved:
        return  # cancelled, or asked for anew, by somebody else meanwhile


async def _read_and_book(cycle: Cycle, job: Backfill) -> Backfill:
    if job.read:
        return job
    async for page in _pages(cycle, job):
        after = job.after(page)
        due = await record(cycle, page.orders, flow=FLOW, cursor=after.text(), instead_of=job.text())
        job = after
        await book_all(cycle, due)
        if job.read or cycle.stopping() or await _others_wait(cycle):
            return job
    return msgspec.structs.replace(job, read=True)


async def _pages(cycle: Cycle, job: Backfill) -> AsyncIterator[OrderPage]:
    """The source's pages. What it refuses (days that it keeps no longer) it will refuse again: that is the end."""
    try:
        async for page in cycle.source.orders_placed(job.since, job.until, job.cursor):
            yield page
    except Refused as error:
        await _end(cycle, job, "refused", f"{error.message} {error.suggestion}".strip())
        raise


async def _others_wait(cycle: Cycle) -> bool:
    now = cycle.clock.now()
    states = await cycle.store.flows.states(cycle.name)
    return any(state.due_at <= now for state in states if state.flow != FLOW)


async def _end(cycle: Cycle, job: Backfill, end: End, problem: str = "") -> None:
    text = await cycle.store.flows.cursor(cycle.name, FLOW)
    stored = Backfill.of(text) if text else None
    if text is None or stored is None or stored.end or stored.asked_at != job.asked_at:
        return
    async with cycle.store.write(cycle.lease) as tx:
        await end_backfill(tx, text, end, problem)


async def end_backfill(tx: Tx, text: str, end: End, problem: str = "") -> None:
    """Take the back-fill whose cursor this is off the schedule. Raises CursorMoved if it moved on meanwhile."""
    job = msgspec.structs.replace(Backfill.of(text), end=end, problem=problem)
    await tx.cursor(FLOW, job.text(), instead_of=text)
    await tx.unschedule(FLOW)
    await tx.event(NewEvent(kind=f"backfill.{end}", message=f"{job.since} to {job.until}: {job.seen} orders seen."))
