"""A shop for a test: the sandbox over a real socket, the source opened on it through the vendor layer, virtual time."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import httpx
import msgspec

from koppel.model import Order, UnreadableOrder
from koppel.plugin import Secret
from koppel.sandbox import Options, serve
from koppel.testing.clock import VirtualClock
from koppel.vendor import Token, VendorHub
from koppel_lightspeed import SPEC, sandbox_settings
from koppel_lightspeed.sandbox import KEY, SECRET, LightspeedSandbox
from koppel_lightspeed.settings import LightspeedSettings
from koppel_lightspeed.source import LightspeedSource

SHARED = Path(__file__).parents[5] / "shared"
"""The vendors' fact sheets, beside the project."""


class TokensInMemory:
    def __init__(self) -> None:
        self._tokens: dict[str, Token] = {}

    async def load(self, key: str) -> Token | None:
        return self._tokens.get(key)

    async def save(self, key: str, token: Token) -> None:
        self._tokens[key] = token


class LimitsInMemory:
    def __init__(self) -> None:
        self._states: dict[str, bytes] = {}

    async def load(self, key: str) -> bytes | None:
        return self._states.get(key)

    async def save(self, key: str, state: bytes) -> None:
        self._states[key] = state


@dataclass
class Rig:
    """A shop and a source that reads it."""

    sandbox: LightspeedSandbox
    source: LightspeedSource
    clock: VirtualClock

    async def poll(self, cursor: str | None = None) -> tuple[dict[str, Order | UnreadableOrder], str]:
        """One whole poll: what came, by number, and the cursor after it."""
        found: dict[str, Order | UnreadableOrder] = {}
        async for page in self.source.orders_changed(cursor):
            found |= {order.number: order for order in page.orders}
            cursor = page.cursor
        assert cursor is not None
        return found, cursor

    def calls(self, operation: str | None = None) -> int:
        return self.sandbox.journal.count(operation)


Open = Callable[..., AbstractAsyncContextManager[Rig]]


@asynccontextmanager
async def open_shop(
    *, size: int = 20, seed: int = 1, limits: bool = False, switches: dict[str, str] | None = None, **settings: Any
) -> AsyncGenerator[Rig]:
    clock = VirtualClock()
    sandbox = LightspeedSandbox(
        Options(clock=clock, seed=seed, size=size, limits=limits, switches={"quiet": "1", **(switches or {})})
    )
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(clock.drive)
        async with (
            serve(sandbox) as url,
            VendorHub(clock=clock, tokens=TokensInMemory(), limits=LimitsInMemory(), allow_insecure=True) as hub,
        ):
            values = {**sandbox_settings(url), **settings}
            chosen = msgspec.convert(values, LightspeedSettings, dec_hook=lambda _type, value: Secret(value))
            source = SPEC.open(chosen, hub.session("winkel-nl"))
            assert isinstance(source, LightspeedSource)
            await clock.sleep(60)  # so that nothing in the shop is of this very second
            yield Rig(sandbox, source, clock)
        tasks.cancel_scope.cancel()


@dataclass
class Visitor:
    """Somebody who calls a sandbox by hand."""

    sandbox: LightspeedSandbox
    _client: httpx.AsyncClient

    async def get(self, path: str, *, auth: tuple[str, str] = (KEY, SECRET)) -> httpx.Response:
        return await self._client.get(path, auth=auth)

    async def post(self, path: str, content: bytes) -> httpx.Response:
        return await self._client.post(path, content=content)

    async def put(self, path: str, json: object) -> httpx.Response:
        return await self._client.put(path, json=json)


@asynccontextmanager
async def visit(options: Options) -> AsyncGenerator[Visitor]:
    """A sandbox on a real socket, and a visitor with its key."""
    sandbox = LightspeedSandbox(options)
    async with serve(sandbox) as url, httpx.AsyncClient(base_url=url) as client:
        yield Visitor(sandbox, client)
