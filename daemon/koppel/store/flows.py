"""The schedule: when which flow of which connection is due, and how it went."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from sqlalchemy import and_, bindparam, func, insert, select, update

from koppel.clock import Clock
from koppel.store.database import Database
from koppel.store.leases import lock
from koppel.store.records import ConnectionState, FlowState
from koppel.store.schema import connections, flows

SCHEDULED = select(*(flows.c[name] for name in FlowState.__struct_fields__)).where(flows.c.due_at.is_not(None))
ACTIVE = and_(connections.c.name == flows.c.connection, connections.c.state == ConnectionState.ACTIVE)
DUE = (
    select(flows.c.connection, flows.c.flow)
    .join(connections, ACTIVE)
    .where(flows.c.due_at <= bindparam("now"))
    .order_by(flows.c.due_at, flows.c.connection, flows.c.flow)
)
NEXT_DUE = select(func.min(flows.c.due_at).label("due_at")).select_from(flows).join(connections, ACTIVE)
ADD = insert(flows)
SCHEDULE = (
    update(flows)
    .where(flows.c.connection == bindparam("in_connection"), flows.c.flow == bindparam("in_flow"))
    .values(interval=bindparam("new_interval"), due_at=bindparam("new_due_at"))
)


class Flows:
    """Reads of the schedule and the operator's pokes. A run writes through :class:`koppel.store.Tx`."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def ensure(self, connection: str, intervals: Mapping[str, float], keep: Collection[str] = ()) -> None:
        """Schedule exactly these flows (seconds between runs). New ones are due now; removed ones run no more.

        Those in ``keep`` stay as they are, scheduled or not: they come and go by other ways.

        A removed flow keeps its cursor, so that one that is switched on again leaves no gap. A shorter interval brings
        the next run forward.
        """
        now = self._clock.now()
        query = select(flows.c.flow, flows.c.interval, flows.c.due_at).where(flows.c.connection == connection)
        async with self._database.begin() as writing:
            await lock(writing, connection)
            known = {row["flow"]: row for row in await writing.rows(query)}
            new = [
                flow_row(connection, flow, now, interval=interval)
                for flow, interval in intervals.items()
                if flow not in known
            ]
            changed: list[dict[str, object]] = []
            for flow, row in known.items():
                if flow in keep:
                    continue
                interval = intervals.get(flow, row["interval"])
                due_at = min(row["due_at"] or now, now + timedelta(seconds=interval)) if flow in intervals else None
                if (interval, due_at) != (row["interval"], row["due_at"]):
                    where = {"in_connection": connection, "in_flow": flow}
                    changed.append({**where, "new_interval": interval, "new_due_at": due_at})
            if new:
                await writing.rows(ADD, new)
            if changed:
                await writing.rows(SCHEDULE, changed)

    async def states(self, connection: str | None = None) -> list[FlowState]:
        """The scheduled flows of one connection or of all."""
        query = SCHEDULED.order_by(flows.c.connection, flows.c.flow)
        if connection is not None:
            query = query.where(flows.c.connection == connection)
        return [FlowState(**row) for row in await self._database.rows(query)]

    async def cursor(self, connection: str, flow: str) -> str | None:
        """The cursor of a flow, also of one that is not on the schedule any more."""
        query = select(flows.c.cursor).where(flows.c.connection == connection, flows.c.flow == flow)
        rows = await self._database.rows(query)
        return rows[0]["cursor"] if rows else None

    async def due(self, now: datetime) -> list[tuple[str, str]]:
        """(connection, flow) of what is due in active connections, longest waiting first."""
        return [(row["connection"], row["flow"]) for row in await self._database.rows(DUE, {"now": now})]

    async def next_due(self) -> datetime | None:
        """The earliest due moment in active connections."""
        moment: datetime | None = (await self._database.rows(NEXT_DUE))[0]["due_at"]
        return moment

    async def make_due(self, connection: str, flow: str | None, at: datetime) -> None:
        """Run one flow (None: all) at this moment; a run that is under way does not swallow it."""
        change = update(flows).where(flows.c.connection == connection, flows.c.due_at.is_not(None))
        if flow is not None:
            change = change.where(flows.c.flow == flow)
        await self._database.write(change.values(due_at=at, asked=True))


def flow_row(
    connection: str, flow: str, due_at: datetime | None, *, interval: float = 0.0, cursor: str | None = None
) -> dict[str, object]:
    """The row of a flow that never ran."""
    return {
        "connection": connection,
        "flow": flow,
        "cursor": cursor,
        "interval": interval,
        "due_at": due_at,
        "asked": False,
        "started_at": None,
        "finished_at": None,
        "ok_at": None,
        "failures": 0,
        "failing_since": None,
        "code": "",
        "message": "",
        "progress": "",
    }
