"""Bringing a database to this program's schema: alone with it, with a backup, and back again if that fails."""

import fcntl
import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection, create_engine, event, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, NullPool

from koppel.errors import KoppelError, Misconfigured, RetryLater
from koppel.store.database import PRAGMAS, Place
from koppel.store.errors import told_as, translated
from koppel_migrations import Migrations

PATIENCE = 20.0
"""Seconds to wait for another process that starts or upgrades."""
BACKUPS = 3
_ADVISORY_LOCK = 0x6B6F7070656C  # "koppel"


class Use:
    """A process's hold on the lock file beside an SQLite database: shared while it is open, exclusive for an upgrade.

    So an upgrade never happens under the feet of another koppel process. The kernel lets go when a process dies.
    """

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path.with_name(f"{path.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def shared(self) -> bool:
        """Wait for upgrades of others; False when that takes too long."""
        return self._take(fcntl.LOCK_SH)

    def exclusive(self) -> bool:
        """Wait to be alone; False when that takes too long."""
        return self._take(fcntl.LOCK_EX)

    def release(self) -> None:
        """Let go."""
        os.close(self._descriptor)

    def _take(self, how: int) -> bool:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                fcntl.flock(self._descriptor, how | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    return False
                time.sleep(0.02)  # a worker thread, and another process: no clock of ours can know
            else:
                return True


def prepare_sqlite(place: Place, migrate: bool, migrations: Migrations | None = None) -> Use:
    """Make or upgrade the database file; returns the hold on it, to be released after its last use. Blocks."""
    migrations = migrations or Migrations()
    path = place.path
    if path is None:
        raise ValueError("not an SQLite database")
    with translated(str(place)):
        if migrate:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        elif not path.exists():
            raise _outdated(place)
        use = Use(path)
        try:
            _settle(place, path, use, migrate, migrations)
        except BaseException:
            use.release()
            raise
        return use


def _settle(place: Place, path: Path, use: Use, migrate: bool, migrations: Migrations) -> None:
    if not use.shared():
        raise _in_use(place)
    if _is_current(path, place, migrations):
        return
    if not migrate:
        raise _outdated(place)
    if not use.exclusive():
        raise _in_use(place)
    if not _is_current(path, place, migrations):  # somebody else may have done it meanwhile
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        _upgrade(path, place, migrations)
    use.shared()


def _is_current(path: Path, place: Place, migrations: Migrations) -> bool:
    revision = _revision(path)
    _refuse_newer(revision, place, migrations)
    return revision == migrations.head


def _revision(path: Path) -> str | None:
    if not path.exists() or path.stat().st_size == 0:
        return None
    with closing(sqlite3.connect(path, timeout=PATIENCE)) as connection:
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone():
            return None
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        return str(row[0]) if row else None


def _upgrade(path: Path, place: Place, migrations: Migrations) -> None:
    revision = _revision(path)
    backup = _backup(path, revision) if revision else None
    engine = create_engine(place.url, poolclass=NullPool, hide_parameters=True)
    event.listen(engine, "connect", _prepare)
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            migrations.upgrade(connection)
            _check_foreign_keys(connection)
            connection.commit()
    except Exception as error:
        engine.dispose()
        if backup:
            _restore(backup, path)
        raise _failed(place, revision, error) from error
    finally:
        engine.dispose()
    if backup:
        _forget_details(backup)
        _prune(path)


def _check_foreign_keys(connection: Connection) -> None:
    if broken := connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall():
        raise sqlite3.IntegrityError(f"{len(broken)} rows refer to rows that are gone")


def _prepare(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    """One transaction over all revisions: the driver must not commit by itself. Foreign keys are checked at the end,
    because tables that are rebuilt break them for a moment.
    """
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (*PRAGMAS, "PRAGMA foreign_keys=OFF"):
        cursor.execute(pragma)
    cursor.close()


def _backup(path: Path, revision: str) -> Path:
    """A complete copy, there under its name only when it is whole."""
    backup = path.with_name(f"{path.name}.backup-{revision}")
    draft = path.with_name(f"{backup.name}.draft")
    draft.unlink(missing_ok=True)
    os.close(os.open(draft, os.O_RDWR | os.O_CREAT, 0o600))  # VACUUM INTO takes an empty file as it is
    try:
        with closing(sqlite3.connect(path, timeout=PATIENCE, isolation_level=None)) as connection:
            # Nothing committed may be in the log only: a restore throws the log away.
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.execute("VACUUM INTO ?", (str(draft),))
    except sqlite3.Error:
        draft.unlink()
        raise
    with draft.open("rb") as whole:
        os.fsync(whole.fileno())
    draft.replace(backup)
    _sync_directory(path)
    return backup


def _restore(backup: Path, path: Path) -> None:
    """Put the backup in the place of the database; needs no room, so it works on a full disk too."""
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    backup.replace(path)
    _sync_directory(path)


def _forget_details(backup: Path) -> None:
    """A backup outlives 14 days, the detail log must not."""
    with closing(sqlite3.connect(backup, isolation_level=None)) as connection:
        connection.execute("PRAGMA secure_delete=ON")
        if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'exchanges'").fetchone():
            connection.execute("DELETE FROM exchanges")
            connection.execute("VACUUM")


def _prune(path: Path) -> None:
    backups = [file for file in path.parent.glob(f"{path.name}.backup-*") if not file.name.endswith(".draft")]
    for old in sorted(backups, key=lambda file: file.stat().st_mtime_ns)[:-BACKUPS]:
        old.unlink()


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


async def prepare_postgres(place: Place, migrate: bool, migrations: Migrations | None = None) -> None:
    """Make or upgrade the tables in one transaction under an advisory lock. Backups are the administrator's there."""
    migrations = migrations or Migrations()

    def settle(connection: Connection) -> None:
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_ADVISORY_LOCK})"))
        revision = migrations.revision(connection)
        _refuse_newer(revision, place, migrations)
        if revision == migrations.head:
            return
        if not migrate:
            raise _outdated(place)
        try:
            migrations.upgrade(connection)
        except Exception as error:
            raise _failed(place, revision, error) from error

    engine = create_async_engine(place.url, poolclass=NullPool, hide_parameters=True)
    try:
        with translated(str(place)):
            async with engine.begin() as connection:
                await connection.run_sync(settle)
    finally:
        await engine.dispose()


def _refuse_newer(revision: str | None, place: Place, migrations: Migrations) -> None:
    if revision is not None and not migrations.knows(revision):
        raise Misconfigured(
            "store.newer-schema",
            f"The database {place} was made by a newer koppel (schema {revision}).",
            "Install that version again, or put back the backup that the upgrade made beside the database.",
        )


def _outdated(place: Place) -> Misconfigured:
    return Misconfigured(
        "store.older-schema",
        f"The database {place} is not of this version of koppel yet.",
        "Start the service (koppel run): it upgrades the database.",
    )


def _in_use(place: Place) -> Misconfigured:
    return Misconfigured(
        "store.in-use",
        f"The database {place} must be upgraded, but another koppel process has it open.",
        "Stop the service (systemctl stop koppel) and start this again.",
    )


def _failed(place: Place, revision: str | None, error: Exception) -> KoppelError:
    told = error if isinstance(error, KoppelError) else told_as(error, str(place))
    reason = told or Misconfigured("", f"{type(error).__name__}: {error}")
    kind = RetryLater if isinstance(reason, RetryLater) else Misconfigured
    return kind(
        "store.upgrade-failed",
        f"The upgrade of the database {place} failed; it is as it was (schema {revision or 'none'}). {reason.message}",
        reason.suggestion or "Install the version of koppel that you had, and report this.",
    )
