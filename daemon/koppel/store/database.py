"""One database: connections to it, transactions, and faults told in our words."""

from collections.abc import AsyncGenerator, Awaitable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

import anyio
from sqlalchemy import URL, Executable, RowMapping, Table, event, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from koppel.errors import Misconfigured
from koppel.store.errors import translated

T = TypeVar("T")
Values = Mapping[str, object] | Sequence[Mapping[str, object]]

BUSY_SECONDS = 5
READERS = 4
POSTGRES_CONNECTIONS = 8

PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}",
    "PRAGMA secure_delete=ON",  # what the detail log gives up is gone from the file too
    "PRAGMA recursive_triggers=ON",  # else REPLACE deletes rows behind the triggers' back
    "PRAGMA journal_size_limit=67108864",
    "PRAGMA trusted_schema=OFF",
)


class Place:
    """Where a database is, from its address."""

    def __init__(self, address: str) -> None:
        try:
            url = make_url(address)
        except ArgumentError:
            raise _bad_address() from None
        backend = url.get_backend_name()
        if backend not in {"sqlite", "postgresql"} or not url.database or url.database == ":memory:":
            raise _bad_address()
        self.dialect = backend
        self.path = Path(url.database).absolute() if backend == "sqlite" else None
        self.url = (
            URL.create("sqlite", database=str(self.path)) if self.path else url.set(drivername="postgresql+asyncpg")
        )

    def __str__(self) -> str:
        return str(self.path) if self.path else f"{self.url.database} on {self.url.host or 'this machine'}"


class Database:
    """SQLite: one writer, a few readers, so that writers queue here in order of arrival. PostgreSQL: one pool."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.dialect = place.dialect
        if place.path:
            self._writer = _sqlite_engine(place, size=1, read_only=False)
            self._reader = _sqlite_engine(place, size=READERS, read_only=True)
            self._turn = anyio.Semaphore(1)
        else:
            self._writer = _postgres_engine(place)
            self._reader = self._writer.execution_options(isolation_level="AUTOCOMMIT")
            self._turn = anyio.Semaphore(POSTGRES_CONNECTIONS // 2)

    async def close(self) -> None:
        """Close every connection."""
        with anyio.CancelScope(shield=True):
            await self._reader.dispose()
            await self._writer.dispose()

    @asynccontextmanager
    async def begin(self) -> AsyncGenerator["Writing"]:
        """One transaction: commit at the end, rollback on any error. Its first statement must write (SQLite then takes
        the write lock at once).

        Only the wait for our turn can be cancelled: what the database has begun is finished or undone.
        """
        place = str(self.place)
        async with self._turn:
            connection = self._writer.connect()
            await _undisturbed(place, connection.start())
            try:
                yield Writing(connection, self.dialect, place)
                await _undisturbed(place, connection.commit())
            finally:
                await _undisturbed(place, connection.close())  # undoes what was not committed

    async def write(self, statement: Executable, values: Values | None = None) -> Sequence[RowMapping]:
        """One statement as one transaction. Returns what its RETURNING gives."""
        async with self.begin() as writing:
            return await writing.rows(statement, values)

    async def rows(self, statement: Executable, values: Values | None = None) -> Sequence[RowMapping]:
        """Read; sees the last commit."""
        return await _undisturbed(str(self.place), self._read(statement, values))

    async def _read(self, statement: Executable, values: Values | None) -> Sequence[RowMapping]:
        async with self._reader.connect() as connection:
            return (await connection.execute(statement, values)).mappings().all()


class Writing:
    """A transaction under way."""

    def __init__(self, connection: AsyncConnection, dialect: str, place: str) -> None:
        self.dialect = dialect
        self._connection = connection
        self._place = place

    async def rows(self, statement: Executable, values: Values | None = None) -> Sequence[RowMapping]:
        """Run a statement; what it returns, if it does."""
        result = await _undisturbed(self._place, self._connection.execute(statement, values))
        return result.mappings().all() if result.returns_rows else ()

    async def count(self, statement: Executable, values: Mapping[str, object] | None = None) -> int:
        """Run a statement; how many rows it touched."""
        return (await _undisturbed(self._place, self._connection.execute(statement, values))).rowcount


async def _undisturbed(place: str, work: Awaitable[T]) -> T:
    """Let the database finish what it began, whoever is cancelled; its faults in our words."""
    with anyio.CancelScope(shield=True), translated(place):
        return await work
    raise AssertionError("neither a shield nor a translation swallows errors")


def insert(dialect: str, table: Table) -> "sqlite.Insert | postgresql.Insert":
    """INSERT with ON CONFLICT, which both dialects spell alike but SQLAlchemy keeps apart."""
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)


def _sqlite_engine(place: Place, *, size: int, read_only: bool) -> AsyncEngine:
    engine = create_async_engine(
        place.url.set(drivername="sqlite+aiosqlite"),
        # The driver itself begins: IMMEDIATE before the first write statement, or never (None).
        connect_args={"isolation_level": None if read_only else "IMMEDIATE", "timeout": BUSY_SECONDS},
        pool_size=size,
        max_overflow=0,
        hide_parameters=True,
        **({"isolation_level": "AUTOCOMMIT"} if read_only else {}),
    )

    def prepare(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        for pragma in (*PRAGMAS, *(("PRAGMA query_only=ON",) if read_only else ())):
            cursor.execute(pragma)
        cursor.close()

    event.listen(engine.sync_engine, "connect", prepare)
    return engine


def _postgres_engine(place: Place) -> AsyncEngine:
    try:
        return create_async_engine(
            place.url, pool_size=POSTGRES_CONNECTIONS, max_overflow=0, pool_pre_ping=True, hide_parameters=True
        )
    except ModuleNotFoundError as error:
        raise Misconfigured(
            "store.no-driver", "The driver for PostgreSQL is not installed.", "Run: pip install asyncpg"
        ) from error


def _bad_address() -> Misconfigured:
    return Misconfigured(
        "store.address",
        "The address of the database is not understood.",
        "Write sqlite:////var/lib/koppel/koppel.db (four slashes for an absolute path) or "
        "postgresql://user:password@host/database.",
    )
