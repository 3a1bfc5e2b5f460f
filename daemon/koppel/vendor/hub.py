"""The one door to vendors: what all connections of a daemon share."""

from collections.abc import Mapping
from types import TracebackType
from typing import Self

import anyio

from koppel.clock import Clock
from koppel.vendor.address import Guard, Resolve, resolve
from koppel.vendor.client import Client, Settings
from koppel.vendor.contract import Dialect, SignIn, Token, TokenSignIn, Vendor, VendorClient
from koppel.vendor.limiter import Limiter
from koppel.vendor.limits import LimitTable
from koppel.vendor.line import Line
from koppel.vendor.ports import LimitStore, TokenStore, Tracer
from koppel.vendor.secrets import Secrets, looks_secret
from koppel.vendor.signing import Endpoint, Signer
from koppel.vendor.tokens import TokenKeeper
from koppel.vendor.trace import Recorder
from koppel.vendor.transport import Transport

_GOODBYE = 5.0


class VendorHub:
    """One per daemon: limits, token refreshers and the connection pools, shared over all connections.

    Use as an async context manager; leaving it saves the state of the limits. ``allow_insecure`` allows addresses that
    are http or private (``[security] allow_insecure_endpoints``). ``lookup`` finds the addresses of a name.

    The stores belong to one hub at a time: a second process with the same stores would count on its own.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        tokens: TokenStore,
        limits: LimitStore,
        allow_insecure: bool,
        lookup: Resolve = resolve,
    ) -> None:
        self.clock = clock
        self.guard = Guard(clock, allow_insecure=allow_insecure, lookup=lookup)
        self.transport = Transport(clock, self.guard)
        self._tokens = tokens
        self._limits = limits
        self._limiter: Limiter | None = None
        self._keepers: dict[str, TokenKeeper] = {}
        self._tasks = anyio.create_task_group()

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        self._limiter = Limiter(self.clock, self._limits, self._tasks)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with anyio.move_on_after(_GOODBYE, shield=True):
            await self.limiter.close()
            await self.transport.close()
        self._tasks.cancel_scope.cancel()
        await self._tasks.__aexit__(None, None, None)  # not told of the error: the group would wrap it

    def session(self, connection: str, *, tracer: Tracer | None = None, enforce_limits: bool = True) -> Vendor:
        """The vendor layer as one connection sees it. ``enforce_limits=False`` ignores the documented limits (not the
        vendor's 429): for sandboxes that have none.
        """
        return _Session(self, connection, tracer, enforce_limits=enforce_limits)

    async def exchange(self, vendor: str, sign_in: TokenSignIn, *, enforce_limits: bool = True) -> Token:
        """Fetch the first token with what a person's consent gave, and store it. See :meth:`TokenKeeper.exchange`."""
        secrets = Secrets()
        line = Line(self.clock, self.transport, Recorder(None, secrets))
        endpoint = self.endpoint(vendor, sign_in, line, secrets, enforce_limits=enforce_limits)
        return await self.keeper(sign_in.key).exchange(endpoint)

    def endpoint(
        self, vendor: str, sign_in: TokenSignIn, line: Line, secrets: Secrets, *, enforce_limits: bool
    ) -> Endpoint:
        """The way to a token endpoint, with its limits. Misconfigured for an address that may not be called."""
        self.guard.check(sign_in.token_url)
        queues = self.limiter.queues(vendor, sign_in.limits.always if enforce_limits else ())
        if not queues:
            queues = self.limiter.unlimited(f"{vendor}|token|{sign_in.key}")
        return Endpoint(sign_in, self.clock, self.limiter, queues, line, secrets)

    @property
    def limiter(self) -> Limiter:
        """The limits of all vendors. RuntimeError outside ``async with``."""
        if self._limiter is None:
            raise RuntimeError("a VendorHub must be entered before it is used: async with hub")
        return self._limiter

    def keeper(self, key: str) -> TokenKeeper:
        """The single refresher of a token."""
        keeper = self._keepers.get(key)
        if keeper is None:
            keeper = self._keepers[key] = TokenKeeper(key, self.clock, self._tokens)
        return keeper


class _Session:
    """See :class:`koppel.vendor.Vendor`."""

    def __init__(self, hub: VendorHub, connection: str, tracer: Tracer | None, *, enforce_limits: bool) -> None:
        self._hub = hub
        self._connection = connection
        self._tracer = tracer
        self._enforce_limits = enforce_limits

    @property
    def clock(self) -> Clock:
        return self._hub.clock

    @property
    def connection(self) -> str:
        return self._connection

    def client(
        self,
        *,
        vendor: str,
        base_url: str,
        dialect: Dialect,
        sign_in: SignIn | None = None,
        limits: LimitTable | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = 60.0,
        max_body: int = 32 * 1024 * 1024,
    ) -> VendorClient:
        self._hub.guard.check(base_url)
        secrets = Secrets()
        for name, value in (headers or {}).items():
            if looks_secret(name):
                secrets.add_header(value)
        line = Line(self.clock, self._hub.transport, Recorder(self._tracer, secrets))
        return Client(
            Settings(
                vendor=vendor,
                connection=self._connection,
                base_url=base_url,
                dialect=dialect,
                limits=limits if self._enforce_limits else None,
                headers=headers or {},
                timeout=timeout,
                max_body=max_body,
            ),
            clock=self.clock,
            limiter=self._hub.limiter,
            line=line,
            signer=self._signer(vendor, sign_in, line, secrets),
            secrets=secrets,
        )

    def _signer(self, vendor: str, sign_in: SignIn | None, line: Line, secrets: Secrets) -> Signer:
        if not isinstance(sign_in, TokenSignIn):
            return Signer(sign_in, None, None, secrets)
        endpoint = self._hub.endpoint(vendor, sign_in, line, secrets, enforce_limits=self._enforce_limits)
        return Signer(sign_in, endpoint, self._hub.keeper(sign_in.key), secrets)
