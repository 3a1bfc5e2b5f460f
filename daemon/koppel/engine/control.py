"""How the CLI talks to a running daemon: one JSON line each way over a Unix socket that only its user can open."""

import fcntl
import hashlib
import os
import tempfile
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path

import anyio
import msgspec
from anyio.abc import SocketStream, TaskStatus

from koppel.config.daemon import DaemonConfig
from koppel.errors import Misconfigured

MAX_LINE = 4096
PATIENCE = 5.0
"""Seconds that either side waits for the other's line."""
LONGEST_PATH = 100
"""Unix socket addresses end at 107 bytes."""


_GONE = (OSError, anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError)


class Request(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``verb`` is ``ping`` or ``wake``."""

    verb: str


class Answer(msgspec.Struct, frozen=True):
    """``running`` names the connections whose cycle runs."""

    version: str
    pid: int
    running: tuple[str, ...] = ()


def socket_path(config: DaemonConfig) -> Path:
    """Where the daemon of this configuration listens: beside its SQLite file, else in the runtime directory."""
    url = config.database.url
    digest = hashlib.sha256(url.encode()).hexdigest()[:16]
    runtime = Path(os.environ.get("RUNTIME_DIRECTORY") or os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir())
    if url.startswith("sqlite:///"):
        beside = Path(url.removeprefix("sqlite:///") + ".sock")
        if len(str(beside).encode()) <= LONGEST_PATH:
            return beside
    return runtime / f"koppel-{digest}.sock"


async def serve_control(
    path: Path,
    wake: Callable[[], None],
    answer: Callable[[], Answer],
    *,
    task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED,
) -> None:
    """Listen until cancelled. A socket left by a killed daemon is replaced."""

    async def handle(stream: SocketStream) -> None:
        """A visitor that goes away in the middle is nothing to us."""
        with suppress(msgspec.DecodeError, *_GONE), anyio.move_on_after(PATIENCE):
            async with stream:
                request = msgspec.json.decode(await stream.receive(MAX_LINE), type=Request)
                if request.verb == "wake":
                    wake()
                await stream.send(msgspec.json.encode(answer()) + b"\n")

    try:
        path.unlink(missing_ok=True)  # noqa: ASYNC240 - one system call at start
        listener = await anyio.create_unix_listener(path, mode=0o600)
    except OSError as error:
        raise Misconfigured(
            "daemon.socket",
            f"The socket {path} cannot be made: {error.strerror or type(error).__name__}.",
            "See that its directory exists and belongs to the user of koppel.",
        ) from error
    async with listener:
        task_status.started()
        try:
            await listener.serve(handle)
        finally:
            path.unlink(missing_ok=True)  # noqa: ASYNC240 - one system call at the end


async def call_daemon(config: DaemonConfig, verb: str) -> Answer | None:
    """Ask the running daemon; None if none runs."""
    path = socket_path(config)
    try:
        async with await anyio.connect_unix(path) as stream:
            await stream.send(msgspec.json.encode(Request(verb)) + b"\n")
            with anyio.fail_after(PATIENCE):
                return msgspec.json.decode(await stream.receive(MAX_LINE), type=Answer)
    except (OSError, msgspec.DecodeError, *_GONE):
        return None


@contextmanager
def only_daemon(config: DaemonConfig) -> Generator[None]:
    """Be the one daemon of this machine for this database. Raises Misconfigured if another is.

    The kernel lets go when a process dies: who has the lock knows that the daemon before him is gone.
    """
    path = socket_path(config).with_suffix(".daemon")
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise Misconfigured("daemon.lock", f"The file {path} cannot be made: {error.strerror}.") from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Misconfigured(
                "daemon.running",
                "A daemon runs already for this database.",
                "See `koppel status`; stop that one first (systemctl stop koppel).",
            ) from None
        yield
    finally:
        os.close(descriptor)


def describe(version: str, running: frozenset[str]) -> Answer:
    """This process's answer."""
    return Answer(version=version, pid=os.getpid(), running=tuple(sorted(running)))
