"""A vendor to test against: a small sandbox with a token endpoint, over real sockets and on a clock that jumps."""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import anyio
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from koppel.errors import KoppelError, OutcomeUnknown, Refused, RetryLater, SignInNeeded
from koppel.sandbox import Meter, Options, Sandbox, serve
from koppel.testing.clock import VirtualClock
from koppel.vendor import Dialect, Reply, Token, TokenSignIn, Vendor, VendorClient, VendorHub
from vendor.stores import MemoryLimits, MemoryTokens, Traces


class Counterpart(Sandbox):
    """The vendor. ``signs``: calls need a token; ``rotates``: a refresh token works once."""

    def __init__(self, options: Options) -> None:
        super().__init__("counterpart", options)
        self.counters: list[Meter] = []
        self.signs = False
        self.refresh = "refresh-0-canary"
        self.previous: str = ""
        self.rotates = True
        self.forgiving = False
        self.serial = 0
        self.life = 600.0
        self.tokens: dict[str, float] = {}
        self.requests: list[Request] = []
        self.bodies: list[bytes] = []
        self.done: list[bytes] = []
        self.answer: Callable[[Request], Response | None] | None = None
        self.hangs = False
        self.operation("token", "POST", "/token", self._token)
        self.operation("get", "GET", "/things", self._get)
        self.operation("other", "GET", "/other", self._get)
        self.operation("post", "POST", "/things", self._post)

    def meters(self, operation: str, request: Request) -> Sequence[Meter]:
        return () if operation == "token" else self.counters

    async def _token(self, request: Request) -> Response:
        body = await request.body()
        self.bodies.append(body)
        given = dict(parse_qsl(body.decode()))["refresh_token"]
        if given != self.refresh and not (self.forgiving and given == self.previous):
            return JSONResponse({"error": "unauthorized_client", "echo": given}, 401)
        self.serial += 1
        if self.rotates:
            self.previous, self.refresh = given, f"refresh-{self.serial}-canary"
        access = f"access-{self.serial}-canary"
        self.tokens[access] = self.clock.monotonic() + self.life
        told = {"access_token": access, "expires_in": str(int(self.life)), "refresh_token": self.refresh}
        return JSONResponse(told)

    def _refuses(self, request: Request) -> Response | None:
        self.requests.append(request)
        if self.signs:
            token = request.headers.get("authorization", "").removeprefix("Bearer ")
            if self.tokens.get(token, -1.0) <= self.clock.monotonic():
                return JSONResponse({"error": f"token {token} expired"}, 401)
        return self.answer(request) if self.answer else None

    async def _get(self, request: Request) -> Response:
        if self.hangs:
            await anyio.sleep_forever()
        return self._refuses(request) or JSONResponse({"price": 12.30, "query": request.url.query})

    async def _post(self, request: Request) -> Response:
        if (refused := self._refuses(request)) is not None:
            return refused
        self.done.append(await request.body())
        if self.hangs:
            await anyio.sleep_forever()
        return JSONResponse({"id": len(self.done)}, 201)


def _error(operation: str, write: bool, reply: Reply) -> KoppelError:
    text = f"{operation}: {reply.status} {reply.text}"
    if reply.status >= 500:
        return OutcomeUnknown("test.unknown", text) if write else RetryLater("test.down", text)
    return Refused("test.refused", text)


DIALECT = Dialect(error=_error)


def _refusal(reply: Reply) -> KoppelError:
    if reply.status >= 500 or b"too_early" in reply.content:
        return RetryLater("test.token-later", f"token: {reply.status}")
    return SignInNeeded("test.sign-in", f"token: {reply.status}", "Sign in again.")


def _expired(reply: Reply) -> bool:
    return reply.status == 401


@dataclass
class Ground:
    """What a test stands on."""

    clock: VirtualClock
    vendor: Counterpart
    url: str
    hub: VendorHub
    tokens: MemoryTokens
    limits: MemoryLimits
    traces: Traces

    def session(self, connection: str = "winkel", **options: Any) -> Vendor:
        return self.hub.session(connection, tracer=self.traces, **options)

    def client(self, *, connection: str = "winkel", **options: Any) -> VendorClient:
        described: dict[str, Any] = {"vendor": "counterpart", "base_url": self.url, "dialect": DIALECT}
        return self.session(connection).client(**{**described, **options})

    def sign_in(self, key: str = "counterpart:app", **options: Any) -> TokenSignIn:
        def form(token: Token | None) -> dict[str, str]:
            refresh = (token and token.refresh) or "refresh-0-canary"
            return {"grant_type": "refresh_token", "refresh_token": refresh, "client_secret": "app-secret-canary"}

        described: dict[str, Any] = {
            "key": key,
            "token_url": f"{self.url}/token",
            "form": form,
            "refusal": _refusal,
            "expired": _expired,
        }
        return TokenSignIn(**{**described, **options})

    @asynccontextmanager
    async def restarted(self) -> AsyncGenerator["Ground"]:
        """The daemon after a kill: a new hub over the same stores; the old one wrote nothing any more."""
        tokens, limits = MemoryTokens(), MemoryLimits()
        tokens.kept, limits.kept = dict(self.tokens.kept), dict(self.limits.kept)
        async with VendorHub(clock=self.clock, tokens=tokens, limits=limits, allow_insecure=True) as hub:
            yield Ground(self.clock, self.vendor, self.url, hub, tokens, limits, self.traces)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def ground() -> AsyncGenerator[Ground]:
    clock = VirtualClock()
    vendor = Counterpart(Options(clock=clock))
    tokens, limits = MemoryTokens(), MemoryLimits()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(clock.drive)
        async with (
            serve(vendor) as url,
            VendorHub(clock=clock, tokens=tokens, limits=limits, allow_insecure=True) as hub,
        ):
            yield Ground(clock, vendor, url, hub, tokens, limits, Traces())
        tasks.cancel_scope.cancel()
