"""Serving sandboxes over real sockets."""

import socket
from asyncio import Transport
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, closing, contextmanager
from typing import Any

import anyio
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from koppel.sandbox.base import ABORT


class _AbortableProtocol(H11Protocol):
    """Lets a sandbox drop the connection without a byte of answer, as a cut cable does."""

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        inner = self.app

        async def app(scope: Any, receive: Any, send: Any) -> None:
            scope[ABORT] = transport.abort
            await inner(scope, receive, send)

        self.app = app


class _Server(uvicorn.Server):
    """A server that leaves the process's signals alone."""

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


@asynccontextmanager
async def serve(app: ASGIApp, *, port: int = 0, host: str = "127.0.0.1") -> AsyncGenerator[str]:
    """Serve an ASGI app until the block ends; gives its address, ``http://127.0.0.1:8501``. Port 0 takes a free one."""
    # Named as TCP, so that asyncio switches Nagle off: else each answer waits 40 ms for a delayed acknowledgement.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    config = uvicorn.Config(
        app, http=_AbortableProtocol, lifespan="off", log_level="critical", access_log=False, ws="none"
    )
    server = _Server(config)
    with closing(listener):  # after the server: it stops listening first, unless it was cancelled
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(server.serve, [listener])
            while not server.started:  # noqa: ASYNC110 - uvicorn offers only this flag
                await anyio.sleep(0.005)
            try:
                yield f"http://{host}:{listener.getsockname()[1]}"
            finally:
                server.should_exit = True
                server.force_exit = True
