"""How the CLI talks to a running daemon: one JSON line each way over a Unix socket that only its user can open."""

import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import anyio
import msgspec
from anyio.abc import SocketStream, TaskStatus

from koppel.config.daemon import DaemonConfig

MAX_LINE = 4096
LONGEST_PATH = 100
"""Unix socket addresses end at 107 bytes."""


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
        async with stream:
            try:
                request = msgspec.json.decode(await stream.receive(MAX_LINE), type=Request)
            except (msgspec.DecodeError, anyio.EndOfStream, anyio.BrokenResourceError):
                return
            if request.verb == "wake":
                wake()
            await stream.send(msgspec.json.encode(answer()) + b"\n")

    path.unlink(missing_ok=True)  # noqa: ASYNC240 - one system call at start
    listener = await anyio.create_unix_listener(path, mode=0o600)
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
            with anyio.fail_after(5):
                return msgspec.json.decode(await stream.receive(MAX_LINE), type=Answer)
    except (OSError, TimeoutError, anyio.EndOfStream, msgspec.DecodeError):
        return None


def describe(version: str, running: frozenset[str]) -> Answer:
    """This process's answer."""
    return Answer(version=version, pid=os.getpid(), running=tuple(sorted(running)))
