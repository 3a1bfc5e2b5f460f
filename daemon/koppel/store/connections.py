"""Connections as configured, and whether they run."""

from datetime import datetime

from sqlalchemy import Insert, or_, select, update
from sqlalchemy import insert as plain_insert

from koppel.clock import Clock
from koppel.errors import Misconfigured
from koppel.store.database import Database, Writing, insert
from koppel.store.records import ConnectionRecord, ConnectionState
from koppel.store.schema import connections, events

SWITCH_SECONDS = 2.0
"""How long a detail switch that another process turned may go unnoticed."""


class Connections:
    """The connections. Each change is one transaction and one event."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._switches: dict[str, tuple[float, datetime | None]] = {}

    async def put(self, record: ConnectionRecord) -> bool:
        """Make or change a connection; True if something changed.

        Of an existing one, source, target and config are replaced; its state and detail switch stay as they are.
        """
        async with self._database.begin() as writing:
            if not await writing.rows(put_statement(writing.dialect), _row(record)):
                return False
            await self._event(writing, record.name, "connection.applied")
        self._switches.pop(record.name, None)
        return True

    async def get(self, name: str) -> ConnectionRecord | None:
        """The connection of this name."""
        rows = await self._database.rows(select(connections).where(connections.c.name == name))
        return ConnectionRecord(**rows[0]) if rows else None

    async def all(self) -> list[ConnectionRecord]:
        """Every connection by name, deactivated ones too."""
        rows = await self._database.rows(select(connections).order_by(connections.c.name))
        return [ConnectionRecord(**row) for row in rows]

    async def set_state(self, name: str, state: ConnectionState) -> None:
        """Pause, resume or deactivate. Misconfigured ``connection.unknown`` if there is none."""
        change = update(connections).where(connections.c.name == name).values(state=state)
        async with self._database.begin() as writing:
            await self._known(await writing.count(change), name)
            await self._event(writing, name, "connection.state", state)

    async def set_detail(self, name: str, until: datetime | None) -> None:
        """Switch the detail log on until then, or off. Misconfigured ``connection.unknown`` if there is none."""
        change = update(connections).where(connections.c.name == name).values(detail_until=until)
        async with self._database.begin() as writing:
            await self._known(await writing.count(change), name)
            await self._event(writing, name, "connection.detail", "on" if until else "off")
        self._switches.pop(name, None)

    async def detail_on(self, name: str) -> bool:
        """Whether the detail log is on now. What another process changed is seen within two seconds."""
        stale_at, until = self._switches.get(name, (0.0, None))
        if stale_at <= self._clock.monotonic():
            rows = await self._database.rows(select(connections.c.detail_until).where(connections.c.name == name))
            until = rows[0]["detail_until"] if rows else None
            self._switches[name] = (self._clock.monotonic() + SWITCH_SECONDS, until)
        return until is not None and until > self._clock.now()

    async def _known(self, touched: int, name: str) -> None:
        if not touched:
            raise Misconfigured(
                "connection.unknown", f"There is no connection {name}.", "See `koppel status` for the names."
            )

    async def _event(self, writing: Writing, name: str, kind: str, after: str = "") -> None:
        empty = dict.fromkeys(("reference", "before", "code", "message", "source_id", "target_id"), "")
        row = {**empty, "at": self._clock.now(), "connection": name, "kind": kind, "after": after}
        await writing.rows(plain_insert(events), row)


def put_statement(dialect: str) -> Insert:
    """Insert, or update what differs; returns a row only if it did one of both."""
    statement = insert(dialect, connections)
    given = {name: statement.excluded[name] for name in ("source", "target", "config")}
    return statement.on_conflict_do_update(
        index_elements=[connections.c.name],
        set_=given,
        where=or_(*(connections.c[name] != value for name, value in given.items())),
    ).returning(connections.c.name)


def _row(record: ConnectionRecord) -> dict[str, object]:
    return {name: getattr(record, name) for name in ConnectionRecord.__struct_fields__}
