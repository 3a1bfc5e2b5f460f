"""Upgrades: every revision on a filled database, alone with it, with a backup, and back when it fails."""

import shutil
import sqlite3
import stat
from collections.abc import Generator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, MetaData, Table, create_engine, event, func, select
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry, NullPool
from sqlalchemy.types import TypeEngine

from koppel.errors import KoppelError, Misconfigured, RetryLater
from koppel.store import ConnectionRecord, open_store
from koppel.store import migrate as migrate_module
from koppel.store.database import Place
from koppel.store.migrate import Use, prepare_sqlite
from koppel.store.schema import metadata
from koppel.testing.clock import VirtualClock
from koppel_migrations import HERE, Migrations

pytestmark = pytest.mark.anyio
HEAD = Migrations().head

NEXT = '''
"""{name}."""
import sqlalchemy as sa
from alembic import op
revision, down_revision, branch_labels, depends_on = "{name}", "{before}", None, None
def upgrade() -> None:
    {body}
'''
ADD_COLUMN = 'op.add_column("links", sa.Column("note", sa.Text))'
REBUILD = """with op.batch_alter_table("documents") as table:
        table.add_column(sa.Column("checked", sa.Boolean, server_default=sa.false(), nullable=False))
        table.alter_column("source_id", new_column_name="source_key")"""
BREAK = """op.execute("DELETE FROM exchanges")
    op.drop_table("limit_states")
    raise RuntimeError("this migration is wrong")"""
ORPHAN = """op.execute("INSERT INTO leases VALUES ('nobody', NULL, 1, 0, 0)")"""


@contextmanager
def connected(path: Path) -> Generator[Connection]:
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool)

    def by_hand(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        connection.isolation_level = None

    event.listen(engine, "connect", by_hand)
    with engine.connect() as connection:
        connection.exec_driver_sql("BEGIN")
        yield connection
        connection.commit()
    engine.dispose()


def value_for(column: TypeEngine[object], number: int) -> object:
    kind = column.python_type
    return {int: number, float: float(number), bool: False, bytes: b"x", str: f"text{number}"}[kind]


def fill(connection: Connection) -> dict[str, int]:
    """Three rows in every table of whatever revision this is, references included."""
    tables = MetaData()
    tables.reflect(connection)
    for table in tables.sorted_tables:
        if table.name == "alembic_version":
            continue
        for number in range(3):
            row = {name: value_for(column.type, number) for name, column in table.columns.items()}
            row |= {key.parent.name: _referred(key.column.name, number) for key in table.foreign_keys}
            connection.execute(table.insert().values(row))
    return count(connection, tables)


def _referred(column: str, number: int) -> object:
    return number if column == "id" else f"text{number}"


def count(connection: Connection, tables: MetaData) -> dict[str, int]:
    def rows(table: Table) -> int:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()

    return {name: rows(table) for name, table in tables.tables.items()}


def versions(tmp_path: Path, *bodies: str) -> Migrations:
    """Our revisions and some more."""
    folder = tmp_path / "versions"
    shutil.copytree(HERE / "versions", folder, ignore=shutil.ignore_patterns("__pycache__"))
    before = Migrations().head
    for number, body in enumerate(bodies, 9000):
        (folder / f"{number}.py").write_text(NEXT.format(name=number, before=before, body=body))
        before = str(number)
    return Migrations(folder)


def upgrade(path: Path, migrations: Migrations | None = None) -> None:
    prepare_sqlite(Place(f"sqlite:///{path}"), migrate=True, migrations=migrations).release()


def rows(path: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(query).fetchall()


def dump(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return sorted(connection.iterdump())


def filled(path: Path) -> dict[str, int]:
    upgrade(path)
    with connected(path) as connection:
        return fill(connection)


def backups(path: Path) -> list[str]:
    return sorted(file.name for file in path.parent.iterdir() if "backup" in file.name)


def test_the_migrations_make_the_schema_of_the_program(path: Path) -> None:
    upgrade(path)
    with connected(path) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


@pytest.mark.parametrize("revision", Migrations().revisions)
def test_every_revision_upgrades_with_what_it_holds(path: Path, revision: str) -> None:
    path.parent.mkdir()
    migrations = Migrations()
    with connected(path) as connection:
        migrations.upgrade(connection, to=revision)
        before = fill(connection)
    upgrade(path)
    assert rows(path, "SELECT version_num FROM alembic_version") == [(migrations.head,)]
    with connected(path) as connection:
        tables = MetaData()
        tables.reflect(connection)
        after = count(connection, tables)
    assert {name: after[name] for name in before} == before
    assert rows(path, "PRAGMA foreign_key_check") == []


def test_an_upgrade_keeps_every_row_and_makes_a_backup_without_the_detail_log(path: Path, tmp_path: Path) -> None:
    before = filled(path)
    upgrade(path, versions(tmp_path, ADD_COLUMN, REBUILD))
    assert rows(path, "SELECT version_num FROM alembic_version") == [("9001",)]
    for table, number in before.items():
        assert rows(path, f"SELECT count(*) FROM {table}") == [(number,)], table
    assert rows(path, "SELECT source_key, checked FROM documents WHERE id = 1") == [("text1", 0)]
    assert rows(path, "PRAGMA foreign_key_check") == []
    assert backups(path) == ["koppel.db.backup-" + HEAD]
    backup = path.with_name("koppel.db.backup-" + HEAD)
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    assert rows(backup, "SELECT count(*) FROM documents") == [(3,)]
    assert rows(backup, "SELECT count(*) FROM exchanges") == [(0,)]
    with closing(sqlite3.connect(path)) as connection, pytest.raises(sqlite3.IntegrityError, match="for ever"):
        connection.execute("DELETE FROM events")


def test_the_last_three_backups_stay(path: Path, tmp_path: Path) -> None:
    filled(path)
    for number in range(5):
        columns = [ADD_COLUMN.replace("note", f"note{n}") for n in range(number + 1)]
        upgrade(path, versions(tmp_path / f"{number}", *columns))
    assert backups(path) == [f"koppel.db.backup-{revision}" for revision in ("9001", "9002", "9003")]


@pytest.mark.parametrize("wrong", [BREAK, ORPHAN])
def test_an_upgrade_that_fails_leaves_the_database_as_it_was(path: Path, tmp_path: Path, wrong: str) -> None:
    filled(path)
    before = dump(path)
    with pytest.raises(Misconfigured) as told:
        upgrade(path, versions(tmp_path, ADD_COLUMN, wrong))
    assert told.value.code == "store.upgrade-failed"
    assert f"it is as it was (schema {HEAD})" in told.value.message
    assert dump(path) == before
    assert backups(path) == []  # it is the database again
    upgrade(path)  # the version from before works on


def test_a_migration_that_slips_out_of_its_transaction_is_undone_from_the_backup(path: Path, tmp_path: Path) -> None:
    filled(path)
    before = dump(path)
    with pytest.raises(Misconfigured):
        upgrade(path, versions(tmp_path, f'op.execute("COMMIT")\n    {BREAK}'))
    assert dump(path) == before


def test_a_disk_too_full_for_the_backup_leaves_everything_as_it_was(small_disk: Path, tmp_path: Path) -> None:
    path = small_disk / "koppel.db"
    filled(path)
    before = dump(path)
    newer = versions(tmp_path, ADD_COLUMN)
    ballast = small_disk / "ballast"
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(b"x" * 4096):
            pass
    with pytest.raises(RetryLater) as told:
        upgrade(path, newer)
    assert told.value.code == "store.disk-full"
    assert "Make room" in told.value.suggestion
    assert backups(path) == []
    ballast.unlink()
    assert dump(path) == before
    upgrade(path, newer)
    assert backups(path) == ["koppel.db.backup-" + HEAD]


def test_a_first_start_that_fails_leaves_nothing_in_the_way(path: Path, tmp_path: Path) -> None:
    with pytest.raises(KoppelError, match="schema none"):
        upgrade(path, versions(tmp_path, BREAK))
    upgrade(path)
    assert rows(path, "SELECT version_num FROM alembic_version") == [(HEAD,)]


async def test_a_newer_schema_is_refused(path: Path, tmp_path: Path, clock: VirtualClock) -> None:
    upgrade(path, versions(tmp_path, ADD_COLUMN))
    before = dump(path)
    with pytest.raises(Misconfigured) as told:
        async with open_store(f"sqlite:///{path}", clock=clock):
            pytest.fail("must not open")
    assert told.value.code == "store.newer-schema"
    assert dump(path) == before


async def test_without_migrate_nothing_is_made_or_upgraded(path: Path, tmp_path: Path, clock: VirtualClock) -> None:
    with pytest.raises(Misconfigured) as told:
        async with open_store(f"sqlite:///{path}", clock=clock, migrate=False):
            pytest.fail("must not open")
    assert told.value.code == "store.older-schema"
    assert not path.parent.exists()
    upgrade(path)
    with pytest.raises(Misconfigured) as told:
        prepare_sqlite(Place(f"sqlite:///{path}"), migrate=False, migrations=versions(tmp_path, ADD_COLUMN))
    assert told.value.code == "store.older-schema"
    async with open_store(f"sqlite:///{path}", clock=clock, migrate=False) as store:
        assert await store.connections.all() == []


async def test_no_upgrade_under_the_feet_of_another_process(
    path: Path, tmp_path: Path, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrate_module, "PATIENCE", 0.05)
    newer = versions(tmp_path, ADD_COLUMN)
    async with open_store(f"sqlite:///{path}", clock=clock) as store:
        with pytest.raises(Misconfigured) as told:
            upgrade(path, newer)
        assert told.value.code == "store.in-use"
        await store.connections.put(ConnectionRecord(name="a", source="", target="", config=""))
        upgrade(path)  # nothing to do: no need to be alone
    upgrade(path, newer)
    upgrading = Use(path)
    assert upgrading.exclusive()
    with pytest.raises(Misconfigured) as told:
        upgrade(path, newer)
    assert told.value.code == "store.in-use"
    upgrading.release()


async def test_a_directory_that_cannot_be_made_is_told(tmp_path: Path, clock: VirtualClock) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Misconfigured) as told:
        async with open_store(f"sqlite:///{tmp_path}/file/koppel.db", clock=clock):
            pytest.fail("must not open")
    assert told.value.code == "store.not-usable"
    assert not isinstance(told.value, RetryLater)
