"""What the tests of the AFAS plugin share: a sandbox on a real socket, and the plugin opened against it."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import anyio
import pytest
from msgspec import convert

from koppel.sandbox import Options, serve
from koppel.testing.clock import VirtualClock
from koppel.vendor import Token, Vendor, VendorHub
from koppel_afas.adapter import AfasTarget
from koppel_afas.sandbox import AfasSandbox, sandbox_settings
from koppel_afas.settings import Settings


class Tokens:
    """Tokens, until the end of the test."""

    def __init__(self) -> None:
        self._kept: dict[str, Token] = {}

    async def load(self, key: str) -> Token | None:
        return self._kept.get(key)

    async def save(self, key: str, token: Token) -> None:
        self._kept[key] = token


class Limits:
    """Limits, until the end of the test."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    async def load(self, key: str) -> bytes | None:
        return self._kept.get(key)

    async def save(self, key: str, state: bytes) -> None:
        self._kept[key] = state


def decode_secret(expected: type, value: object) -> object:
    return expected(value)


def settings_for(url: str, **changes: Any) -> Settings:
    return convert({**sandbox_settings(url), **changes}, Settings, dec_hook=decode_secret)


@dataclass
class World:
    """A running sandbox and the plugin opened against it."""

    sandbox: AfasSandbox
    target: AfasTarget
    clock: VirtualClock
    settings: Settings
    session: Vendor

    def reopened(self) -> AfasTarget:
        """The plugin after a restart: it remembers nothing."""
        return AfasTarget(self.settings, self.session)


Opener = Callable[..., AbstractAsyncContextManager[World]]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def world() -> Opener:
    """``async with world(switch="…", settings={…}) as w``; ``driven`` lets time pass while the client waits."""

    @asynccontextmanager
    async def opened(
        *, settings: dict[str, Any] | None = None, driven: bool = False, **switches: str
    ) -> AsyncGenerator[World]:
        clock = VirtualClock()
        sandbox = AfasSandbox(Options(clock=clock, switches=switches))
        hub = VendorHub(clock=clock, tokens=Tokens(), limits=Limits(), allow_insecure=True)
        async with serve(sandbox) as url, anyio.create_task_group() as tasks, hub:
            if driven:
                tasks.start_soon(clock.drive)
            session, chosen = hub.session("test"), settings_for(url, **(settings or {}))
            yield World(sandbox, AfasTarget(chosen, session), clock, chosen, session)
            tasks.cancel_scope.cancel()

    return opened
