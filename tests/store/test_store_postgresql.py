"""Everything that we say to SQLite must be understood by PostgreSQL too."""

import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import Connection, Dialect, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import asyncpg
from sqlalchemy.engine import Engine
from sqlalchemy.sql import ClauseElement

from koppel.store import (
    ConnectionRecord,
    ConnectionState,
    DocumentState,
    IntentKind,
    Lease,
    NewDocument,
    NewEvent,
    NewIntent,
    Store,
    changes,
    connections,
    leases,
    open_store,
    secrets,
    transaction,
)
from koppel.store.schema import limit_states, meta, tokens
from koppel.store.schema import secrets as secret_values
from koppel.testing.clock import VirtualClock
from koppel.vendor import Token
from koppel.vendor.ports import Exchange
from koppel_migrations import Migrations

pytestmark = pytest.mark.anyio
PROGRAMS = ("initdb", "pg_ctl", "psql")


async def use_every_verb(path: Path, clock: VirtualClock) -> None:
    async with open_store(f"sqlite:///{path}", clock=clock) as store:
        await store.connections.put(ConnectionRecord(name="winkel", source="a", target="b", config=""))
        await use_settings(store, clock)
        lease = await store.leases.acquire("winkel", "me", 60)
        assert lease is not None
        await use_schedule(store, lease, clock)
        await write(store, lease, clock)
        await read(store, clock)
        await use_detail_log(store, clock)
        await store.reseal()
        await store.leases.release(lease)


async def use_settings(store: Store, clock: VirtualClock) -> None:
    await store.connections.get("winkel")
    await store.connections.all()
    await store.connections.set_state("winkel", ConnectionState.ACTIVE)
    await store.connections.set_detail("winkel", clock.now() + timedelta(days=1))
    await store.secrets.put("winkel", "k", "v")
    await store.secrets.get("winkel", "k")
    await store.secrets.names("winkel")
    await store.secrets.delete("winkel", "x")
    await store.tokens.save("t", Token(access="a", expires_at=0))
    await store.tokens.load("t")
    await store.limit_states.save("l", b"")
    await store.limit_states.load("l")


async def use_schedule(store: Store, lease: Lease, clock: VirtualClock) -> None:
    await store.leases.renew(lease, 60)
    await store.flows.ensure("winkel", {"orders": 60, "stock": 60})
    await store.flows.ensure("winkel", {"orders": 30})
    await store.flows.states()
    await store.flows.states("winkel")
    await store.flows.due(clock.now())
    await store.flows.next_due()
    await store.flows.make_due("winkel", None, clock.now())
    await store.flows.make_due("winkel", "orders", clock.now())


async def write(store: Store, lease: Lease, clock: VirtualClock) -> None:
    document = NewDocument(reference="r", source_id="1", state=DocumentState.DUE, amount=Decimal(1), currency="EUR")
    async with store.write(lease) as tx:
        (made,) = await tx.insert([document])
        (intent,) = await tx.open_intents([NewIntent(kind=IntentKind.BOOKING, key="r", document_id=made.id)])
        await tx.cursor("orders", "c")
        await tx.flow_started("orders")
        await tx.flow_finished("orders", clock.now(), ok=False, code="x")
        await tx.flow_finished("orders", clock.now())
        await tx.link("customer", "k", "T", created=True)
        await tx.link("customer", "l", "T", created=True)
    async with store.operate("winkel") as tx:
        await tx.change(made.id, state=DocumentState.BOOKED, event=NewEvent(kind="x"), booked_at=clock.now())
        await tx.settle_intent(intent.id, "unknown")
        await tx.unlink("customer", "k")


async def read(store: Store, clock: VirtualClock) -> None:
    reads = store.documents
    await reads.get("winkel", "r")
    for retry_before in (None, clock.now()):
        await reads.in_states("winkel", [DocumentState.DUE, DocumentState.RETRY], 9, retry_before=retry_before)
    await reads.counts()
    await reads.counts("winkel")
    for name in (None, "winkel"):
        await reads.list(name, None, 9)
        await reads.list(name, [DocumentState.DUE, DocumentState.ERROR], 9, 9)
        await reads.events(name, None, 9)
    await reads.events("winkel", "r", 9, before_id=9)
    await reads.links("winkel", "customer", ["k"])
    await reads.open_intents("winkel")
    await reads.sums("winkel")


async def use_detail_log(store: Store, clock: VirtualClock) -> None:
    exchange = Exchange(
        at=clock.now(), operation="o", method="GET", url="", request_headers={}, request_body="", status=200,
        response_headers={}, response_body="", seconds=0.0,
    )  # fmt: skip
    await store.detail.record("winkel", exchange)
    await store.detail.show("winkel", 9)
    await store.detail.show("winkel", 9, before_id=9)
    await store.detail.purge(clock.now() + timedelta(days=20))
    await store.detail.record("winkel", exchange)


@pytest.fixture
async def said(path: Path, clock: VirtualClock) -> list[str]:
    """Every statement of the store in PostgreSQL's words, as the driver would get it."""
    heard: list[ClauseElement] = []

    def hear(_connection: Connection, statement: ClauseElement, *_more: object) -> None:
        heard.append(statement)

    async with open_store(f"sqlite:///{path}", clock=clock):
        pass  # the migrations have a test of their own
    path.with_name("koppel.key").unlink()
    with closing(sqlite3.connect(path)) as shell:
        shell.execute("DELETE FROM meta")
        shell.commit()
    event.listen(Engine, "before_execute", hear)
    try:
        await use_every_verb(path, clock)
    finally:
        event.remove(Engine, "before_execute", hear)
    special: list[ClauseElement] = [
        connections.put_statement("postgresql"),
        leases.acquire_statement("postgresql"),
        leases.lock_statement("postgresql"),
        *(secrets.keep_statement("postgresql", table) for table in (secret_values, tokens, limit_states)),
        changes.insert_statement("postgresql"),
        changes.totals_statement("postgresql"),
        transaction.link_statement("postgresql"),
        postgresql.insert(meta).on_conflict_do_nothing(),
    ]
    alike = [each for each in heard if not isinstance(each, sqlite.Insert)]
    own = {str(each.compile(dialect=sqlite.dialect())) for each in heard if isinstance(each, sqlite.Insert)}
    assert len(own) == len(special), own  # none of SQLite's own statements is forgotten here
    dialect: Dialect = asyncpg.dialect()  # type: ignore[no-untyped-call] # untyped in SQLAlchemy
    options = {"render_postcompile": True}
    return sorted({str(each.compile(dialect=dialect, compile_kwargs=options)) for each in (*alike, *special)})


async def test_every_statement_compiles(said: list[str]) -> None:
    assert len(said) > 45
    assert not [statement for statement in said if "?" in statement]


def test_the_migrations_are_a_script_too() -> None:
    script = Migrations().sql("postgresql")
    assert script.index("BEGIN;") < script.index("CREATE TABLE events") < script.index("COMMIT;")
    assert "BIGSERIAL" in script
    assert "TIMESTAMP WITH TIME ZONE" in script
    assert "EXECUTE FUNCTION koppel_keep_events()" in script
    assert "INSERT INTO alembic_version" in script
    assert "RAISE(ABORT" in Migrations().sql("sqlite")


class Postgres:
    """A server of our own on a socket in a folder of its own."""

    def __init__(self, folder: Path, user: str | None) -> None:
        self.folder = folder
        self._user = user

    def run(self, *command: str) -> None:
        subprocess.run(command, user=self._user, cwd=self.folder, check=True, stdout=subprocess.DEVNULL, timeout=120)

    def sql(self, script: str) -> subprocess.CompletedProcess[str]:
        command = ["psql", "-h", str(self.folder), "-U", "koppel", "-d", "postgres", "-v", "ON_ERROR_STOP=1", "-qtA"]
        return subprocess.run(command, input=script, capture_output=True, text=True, check=False, timeout=120)


@pytest.fixture
def postgres() -> Iterator[Postgres]:
    if any(shutil.which(program) is None for program in PROGRAMS):
        pytest.skip("PostgreSQL's programs are not installed")
    folder = Path(tempfile.mkdtemp(prefix="koppel-pg-"))
    user = "nobody" if folder.owner() == "root" else None  # its server refuses to run as root
    if user:
        shutil.chown(folder, user)
    server = Postgres(folder, user)
    data = str(folder / "data")
    server.run("initdb", "-D", data, "-U", "koppel", "-A", "trust", "--no-sync", "--locale=C", "-E", "UTF8")
    options = f"-k {folder} -c listen_addresses='' -c fsync=off"
    server.run("pg_ctl", "-D", data, "-w", "-l", str(folder / "log"), "-o", options, "start")
    try:
        yield server
    finally:
        server.run("pg_ctl", "-D", data, "-w", "-m", "immediate", "stop")
        shutil.rmtree(folder)


async def test_a_real_server_understands_it_all(said: list[str], postgres: Postgres) -> None:
    made = postgres.sql(Migrations().sql("postgresql"))
    assert made.returncode == 0, made.stderr
    for number, statement in enumerate(said):
        understood = postgres.sql(f"PREPARE s{number} AS {statement};")
        assert understood.returncode == 0, f"{statement}\n{understood.stderr}"
    row = "('2026-01-01', 'winkel', '', 'x', '', '', '', '', '', '')"
    columns = "at, connection, reference, kind, before, after, code, message, source_id, target_id"
    assert postgres.sql(f"INSERT INTO events ({columns}) VALUES {row};").returncode == 0
    for statement in ("UPDATE events SET kind = 'y'", "DELETE FROM events", "TRUNCATE events"):
        refused = postgres.sql(f"{statement};")
        assert "events are kept for ever" in refused.stderr
    assert postgres.sql("SELECT kind FROM events;").stdout.split() == ["x"]
