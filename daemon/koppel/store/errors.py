"""What the store itself can raise, and how a database's faults are told."""

import errno
import shutil
import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from koppel.errors import KoppelError, Misconfigured, RetryLater

_LITTLE_ROOM = 256 * 1024


class LeaseLost(KoppelError):
    """Another worker holds the connection now: stop at once; nothing of this transaction was written."""

    def __init__(self, connection: str) -> None:
        super().__init__(
            "store.lease-lost",
            f"Another worker has taken over connection {connection}; nothing was written.",
        )


class CursorMoved(KoppelError):
    """Somebody else moved a flow's cursor meanwhile; nothing of this transaction was written."""

    def __init__(self, flow: str) -> None:
        super().__init__("store.cursor-moved", f"The flow {flow} was changed meanwhile; nothing was written.")


@contextmanager
def translated(place: str) -> Generator[None]:
    """Turn the database's faults into ours. ``place`` names the database for people; no password in it."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error, OSError) as error:
        told = told_as(error, place)
        if told is None:
            raise
        raise told from error


def told_as(error: Exception, place: str) -> KoppelError | None:
    """The fault in our words; None if it is no fault of a database."""
    match error:
        case DBAPIError() | sqlite3.Error():
            return _translate(error, place)
        case PoolTimeout():
            return _busy(place)
        case OSError(errno=errno.ENOSPC | errno.EDQUOT):
            return _full(place)
        case OSError(filename=None):
            return _gone(place)  # no file: the network
        case OSError():
            return Misconfigured(
                "store.not-usable",
                f"The database {place} cannot be used: {error.strerror or type(error).__name__}.",
                "See that its directory exists and belongs to the user of koppel.",
            )
        case _:
            return None


def _translate(error: DBAPIError | sqlite3.Error, place: str) -> KoppelError:
    original: BaseException | None = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(error, IntegrityError | sqlite3.IntegrityError):
        return KoppelError(
            "store.conflict",
            f"The database {place} refused a write that contradicts what it holds ({_constraint(original)}).",
            "Please report this; nothing was written.",
        )
    number = getattr(original, "sqlite_errorcode", None)
    if isinstance(number, int):
        return _sqlite(number & 0xFF, place)
    state = getattr(original, "sqlstate", None)
    if isinstance(state, str):
        return _postgres(state, place)
    if isinstance(error, DBAPIError) and (error.connection_invalidated or isinstance(error, InterfaceError)):
        return _gone(place)
    return KoppelError(
        "store.fault", f"The database {place} reported {type(original).__name__}.", "Please report this."
    )


def _constraint(original: BaseException | None) -> str:
    """Which rule was broken: SQLite tells names of columns, never their values; PostgreSQL's detail has values."""
    if isinstance(original, sqlite3.Error):
        return str(original)
    return str(getattr(original, "sqlstate", "") or "integrity")


def _sqlite(code: int, place: str) -> KoppelError:
    if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return _busy(place)
    if code == sqlite3.SQLITE_FULL or (code == sqlite3.SQLITE_IOERR and _has_no_room(place)):
        return _full(place)
    if code == sqlite3.SQLITE_IOERR:
        return RetryLater(
            "store.disk-fault",
            f"The disk with the database {place} does not take or give data; nothing was written.",
            "See whether it is full, over quota or broken; koppel goes on by itself when it works again.",
        )
    if code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
        return Misconfigured(
            "store.corrupt",
            f"The database {place} is damaged or is no database.",
            "Stop koppel, keep a copy of the file, and put back your last backup; nothing is booked twice by that.",
        )
    if code in {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH}:
        return Misconfigured(
            "store.not-writable",
            f"The database {place} cannot be opened or written.",
            "See that its directory exists and belongs to the user of koppel.",
        )
    return KoppelError("store.fault", f"The database {place} reported SQLite error {code}.", "Please report this.")


def _has_no_room(place: str) -> bool:
    """SQLite calls it an I/O error when there is no room for the files that it works with."""
    try:
        return shutil.disk_usage(Path(place).parent).free < _LITTLE_ROOM
    except OSError:
        return False


def _postgres(state: str, place: str) -> KoppelError:
    match state[:2]:
        case "53":
            return _full(place) if state == "53100" else _busy(place)
        case "40" | "55":
            return _busy(place)
        case "08" | "57":
            return _gone(place)
        case "28" | "3D" | "42":
            return Misconfigured(
                "store.not-usable",
                f"The database {place} refuses us ({state}).",
                "See that it exists and that user, password and rights in the address are right.",
            )
        case _:
            return KoppelError("store.fault", f"The database {place} reported {state}.", "Please report this.")


def _busy(place: str) -> RetryLater:
    return RetryLater(
        "store.locked",
        f"Another program holds the database {place} for long; nothing was written.",
        "Close other programs that have it open (a backup, an SQL shell); koppel goes on by itself.",
    )


def _full(place: str) -> RetryLater:
    return RetryLater(
        "store.disk-full",
        f"The disk with the database {place} is full; nothing was written.",
        "Make room there; koppel goes on by itself.",
    )


def _gone(place: str) -> RetryLater:
    return RetryLater(
        "store.unreachable",
        f"The database {place} does not answer; nothing was written.",
        "See whether its server runs; koppel goes on by itself.",
    )
