"""What the tests of the AFAS plugin share: a sandbox on a real socket, and the plugin opened against it."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import anyio
import pytest
from koppel_afas import AfasTarget, Settings
from koppel_afas.sandbox import AfasSandbox, sandbox_settings
from msgspec import convert

from koppel.sandbox import Options, serve
from koppel.testing.clock import VirtualClock
from koppel.vendor import Token, Vendor, VendorHub


class Memory:
    """Stores that forget at the end of the test."""

    def __init__(self) -> None:
        self.kept: dict[str, Any] = {}

    async def load(self, key: str) -> Any:
        return self.kept.get(key)

    async def save(self, key: str, value: Any) -> None:
        self.kept[key] = value


class Tokens(Memory):
    async def load(self, key: str) -> Token | None:
        return self.kept.get(key)


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
    session: Vendor


Opener = Callable[..., AbstractAsyncContextManager[World]]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def world() -> Opener:
    """``async with world(switch="…", settings={…}) as w``; ``driven`` lets time pass while the client waits to retry."""

    @asynccontextmanager
    async def opened(
        *, settings: dict[str, Any] | None = None, driven: bool = False, **switches: str
    ) -> AsyncGenerator[World]:
        clock = VirtualClock()
        sandbox = AfasSandbox(Options(clock=clock, switches=switches))
        hub = VendorHub(clock=clock, tokens=Tokens(), limits=Memory(), allow_insecure=True)
        async with serve(sandbox) as url, anyio.create_task_group() as tasks, hub:
            if driven:
                tasks.start_soon(clock.drive)
            session = hub.session("test")
            yield World(sandbox, AfasTarget(settings_for(url, **(settings or {})), session), clock, session)
            tasks.cancel_scope.cancel()

    return opened
