"""The detail log: full exchanges with vendors, sealed, and gone after at most 14 days (L2)."""

import zlib
from datetime import datetime, timedelta

import anyio.to_thread
import msgspec
from sqlalchemy import Select, bindparam, delete, func, insert, select

from koppel.clock import Clock
from koppel.store.connections import Connections
from koppel.store.database import Database
from koppel.store.records import DetailEntry
from koppel.store.schema import exchanges
from koppel.store.vault import Vault
from koppel.vendor.ports import Exchange

MAX_KEEP = timedelta(days=14)
MAX_SIZE = 2 * 1024**3

_HOLD = 0.03
"""Seconds for which one batch should hold the write lock: far below the 100 ms that are promised."""
_BATCH = 32
_BATCH_BYTES = 1024**2

ADD = insert(exchanges)
REMOVE = delete(exchanges).where(exchanges.c.id == bindparam("in_id"))
SIZE = select(func.coalesce(func.sum(exchanges.c.size), 0).label("size"))
OLDEST = select(exchanges.c.id, exchanges.c.at, exchanges.c.size).order_by(exchanges.c.at, exchanges.c.id)


class DetailLog:
    """Switched on per connection by ``Connections.set_detail``."""

    def __init__(self, database: Database, vault: Vault, connections: Connections, clock: Clock) -> None:
        self._database = database
        self._vault = vault
        self._connections = connections
        self._clock = clock

    async def record(self, connection: str, exchange: Exchange) -> bool:
        """Keep an exchange (secrets masked by its maker) if the connection's switch is on; True if it was kept.

        Moment, operation and status stay readable; all the rest is sealed.
        """
        if not await self._connections.detail_on(connection):
            return False
        sealed = await anyio.to_thread.run_sync(self._seal, exchange)
        row = {
            "at": exchange.at,
            "connection": connection,
            "operation": exchange.operation,
            "status": exchange.status,
            "size": len(sealed),
            "value": sealed,
        }
        await self._database.write(ADD, row)
        return True

    async def show(self, connection: str, limit: int, before_id: int | None = None) -> list[DetailEntry]:
        """The last exchanges, newest first; ``before_id`` gives the next page."""
        rows = await self._database.rows(_page(connection, limit, before_id))
        return [
            DetailEntry(
                id=row["id"],
                at=row["at"],
                connection=row["connection"],
                operation=row["operation"],
                status=row["status"],
                exchange=msgspec.json.decode(zlib.decompress(self._vault.open(row["value"])), type=dict[str, object]),
            )
            for row in rows
        ]

    async def purge(self, now: datetime, *, keep: timedelta = MAX_KEEP, max_size: int = MAX_SIZE) -> int:
        """Delete what is older than ``keep`` (capped at 14 days) and the oldest above ``max_size`` bytes.

        In batches, so that nobody waits over 100 ms for the write lock. Returns how many rows went.
        """
        oldest = now - min(keep, MAX_KEEP)
        excess = (await self._database.rows(SIZE))[0]["size"] - max_size
        batch = _BATCH
        gone = 0
        while True:
            ids: list[dict[str, int]] = []
            weight = 0
            for row in await self._database.rows(OLDEST.limit(batch)):
                if (row["at"] >= oldest and excess <= 0) or (ids and weight + row["size"] > _BATCH_BYTES):
                    break
                ids.append({"in_id": row["id"]})
                weight += row["size"]
                excess -= row["size"]
            if not ids:
                return gone
            batch = await self._remove(ids, batch)
            gone += len(ids)

    async def _remove(self, ids: list[dict[str, int]], batch: int) -> int:
        """Delete these rows; how many to take next, from how long it took."""
        async with self._database.begin() as writing:
            start = self._clock.monotonic()
            await writing.rows(REMOVE, ids)
        held = self._clock.monotonic() - start
        await self._clock.sleep(held)  # other processes only look for the lock now and then
        if held > _HOLD:
            return max(1, batch // 2)
        return min(batch * 2, 1024) if len(ids) == batch and held < _HOLD / 3 else batch

    def _seal(self, exchange: Exchange) -> bytes:
        return self._vault.seal(zlib.compress(msgspec.json.encode(exchange)))


def _page(connection: str, limit: int, before_id: int | None) -> Select[tuple[object, ...]]:
    query = select(exchanges).where(exchanges.c.connection == connection).order_by(exchanges.c.id.desc()).limit(limit)
    return query if before_id is None else query.where(exchanges.c.id < before_id)
