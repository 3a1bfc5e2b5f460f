"""VIES and the ECB as servers that say what a test wants, over real sockets, on a clock that jumps."""

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass

import anyio
import msgspec
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from koppel.sandbox import Options, Sandbox, serve
from koppel.testing.clock import VirtualClock
from koppel.vendor import Token, Vendor, VendorHub


class RegisterServer(Sandbox):
    """Answers with ``answer``; keeps the questions."""

    def __init__(self, options: Options) -> None:
        super().__init__("registers", options)
        self.answer: Callable[[], Response] = lambda: JSONResponse({})
        self.asked: list[dict[str, str]] = []
        self.paths: list[str] = []
        self.operation("check", "POST", "/check-vat-number", self._check)
        self.operation("rates", "GET", "/{name}", self._rates)

    async def _check(self, request: Request) -> Response:
        self.asked.append(msgspec.json.decode(await request.body(), type=dict[str, str]))
        return self.answer()

    async def _rates(self, request: Request) -> Response:
        self.paths.append(request.url.path)
        return self.answer()


class NoTokens:
    """Implements TokenStore: nobody signs in here."""

    async def load(self, key: str) -> Token | None:
        return None

    async def save(self, key: str, token: Token) -> None:
        raise AssertionError("no token is expected")


class NoLimits:
    """Implements LimitStore: what is counted is forgotten."""

    async def load(self, key: str) -> bytes | None:
        return None

    async def save(self, key: str, state: bytes) -> None:
        return None


@dataclass
class Registers:
    """What a test gets."""

    server: RegisterServer
    url: str
    vendor: Vendor
    clock: VirtualClock


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def registers() -> AsyncGenerator[Registers]:
    clock = VirtualClock()
    server = RegisterServer(Options(clock=clock))
    hub = VendorHub(clock=clock, tokens=NoTokens(), limits=NoLimits(), allow_insecure=True)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(clock.drive)
        async with serve(server) as url, hub:
            yield Registers(server, url, hub.session("test"), clock)
        tasks.cancel_scope.cancel()
