"""Amazon's sandbox over real sockets, the vendor layer without a database, virtual time."""

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import anyio
import msgspec
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from koppel.sandbox import Options, serve
from koppel.testing.clock import VirtualClock
from koppel.vendor import Token, VendorHub
from koppel_amazon.sandbox import AmazonSandbox, sandbox_settings
from koppel_amazon.settings import AmazonSettings
from koppel_amazon.source import AmazonSource

SHARED = Path(__file__).parents[4].parent / "shared" / "apis" / "amazon"
ABSENT = "the vendor's specs and samples (../shared) are not here"


class Tokens:
    """A token store in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, Token] = {}

    async def load(self, key: str) -> Token | None:
        return self.kept.get(key)

    async def save(self, key: str, token: Token) -> None:
        self.kept[key] = token


class Limits:
    """A limit store in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    async def load(self, key: str) -> bytes | None:
        return self.kept.get(key)

    async def save(self, key: str, state: bytes) -> None:
        self.kept[key] = state


def settings_of(values: Mapping[str, Any]) -> AmazonSettings:
    """Settings as the core makes them: secrets given as text."""
    return msgspec.convert(values, AmazonSettings, dec_hook=lambda kind, value: kind(value))


@dataclass(frozen=True)
class Heard:
    """One request to the API and its answer."""

    path: str
    params: list[tuple[str, str]]
    status: int
    headers: dict[str, str]
    body: bytes


class Listener:
    """Passes requests on to the sandbox and remembers them with their answers, token requests apart."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.heard: list[Heard] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        status, headers, body = 0, dict[str, str](), b""

        async def tell(message: Message) -> None:
            nonlocal status, headers, body
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = {name.decode().lower(): value.decode() for name, value in message["headers"]}
            body += message.get("body", b"")
            await send(message)

        await self._app(scope, receive, tell)
        if not scope["path"].startswith("/auth"):
            params = parse_qsl(scope["query_string"].decode(), keep_blank_values=True)
            self.heard.append(Heard(scope["path"], params, status, headers, body))


@dataclass
class Rig:
    """A served sandbox and an opened source."""

    sandbox: AmazonSandbox
    clock: VirtualClock
    url: str
    hub: VendorHub
    tokens: Tokens
    limits: bool
    source: AmazonSource
    heard: list[Heard]

    def open(self, **settings: Any) -> AmazonSource:
        """Another opening of the same account, with other settings."""
        values = {**sandbox_settings(self.url), **settings}
        return AmazonSource(settings_of(values), self.hub.session("winkel", enforce_limits=self.limits))


Open = Callable[..., AbstractAsyncContextManager[Rig]]


@asynccontextmanager
async def open_rig(*, size: int = 40, limits: bool = False, seed: int = 1, **switches: str) -> AsyncGenerator[Rig]:
    clock = VirtualClock()
    sandbox = AmazonSandbox(Options(clock=clock, size=size, limits=limits, seed=seed, switches=switches))
    tokens, listener = Tokens(), Listener(sandbox)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(clock.drive)
        async with (
            serve(listener) as url,
            VendorHub(clock=clock, tokens=tokens, limits=Limits(), allow_insecure=True) as hub,
        ):
            source = AmazonSource(settings_of(sandbox_settings(url)), hub.session("winkel", enforce_limits=limits))
            yield Rig(sandbox, clock, url, hub, tokens, limits, source, listener.heard)
        tasks.cancel_scope.cancel()
