"""Sending one request and reading its answer: the one module that knows the HTTP library.

Transports are used without the library's client on top: no redirects, no cookies kept between connections of
different users, no log line with an address and its query, no proxy from the environment.
"""

import logging
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec

import anyio
import httpx

from koppel.clock import Clock
from koppel.vendor.address import Guard
from koppel.vendor.contract import Reply

_CONNECT = 10.0
_IDLE = 3.0
"""Seconds that an unused connection is kept. Shorter than servers do (5 s and more): a connection that the server
closes at the moment of a write leaves its outcome unknown."""
_LAST_LOOKS = 20
_LOOK = 0.002

if find_spec("sniffio") is None:
    # The HTTP library asks for this module several times a call, and takes asyncio if there is none. A search through
    # the whole path each time is a third of a call's cost; a known "no" costs nothing.
    sys.modules["sniffio"] = None  # type: ignore[assignment]

for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)  # below that it logs addresses and headers


class Unsent(Exception):
    """Not a byte of the request left us: no connection was made."""


class Unanswered(Exception):
    """The request was sent, at least in part, and no usable answer came. ``late``: it may yet arrive."""

    def __init__(self, reason: str, *, late: bool = False) -> None:
        super().__init__(reason)
        self.late = late


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request, ready to be sent. ``url`` is percent-encoded already."""

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    content: bytes | None = field(default=None, repr=False)


class _Progress:
    """Whether sending began: told by the HTTP library event by event."""

    def __init__(self) -> None:
        self.sending = False

    async def __call__(self, event: str, info: Mapping[str, object]) -> None:
        del info
        self.sending = self.sending or event.endswith("send_request_headers.started")


class Transport:
    """The connection pools of a daemon, one a host."""

    def __init__(self, clock: Clock, guard: Guard) -> None:
        self._clock = clock
        self._guard = guard
        self._tls = httpx.create_ssl_context()  # SSL_CERT_FILE is heard
        self._pools: dict[tuple[str, str, int | None], httpx.AsyncHTTPTransport] = {}

    async def close(self) -> None:
        """Close all connections."""
        for pool in self._pools.values():
            await pool.aclose()

    async def send(self, request: Request, *, within: float, max_body: int) -> Reply:
        """Send a request and read the whole answer, in ``within`` seconds from looking up the name to the last
        byte. Raises Unsent, Unanswered, or Misconfigured for an address that may not be called.
        """
        progress = _Progress()
        outcome: list[Reply | Exception] = []
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._give_up, within, tasks.cancel_scope)
            try:
                outcome.append(await self._exchange(request, progress, max_body))
            except Exception as error:  # noqa: BLE001 - re-raised below, outside the group that would wrap it
                outcome.append(error)
            tasks.cancel_scope.cancel()
        if not outcome:
            reason = f"no answer within {within:g} s"
            raise Unanswered(reason, late=True) if progress.sending else Unsent(reason)
        result = outcome[0]
        if isinstance(result, Reply):
            return result
        if isinstance(result, httpx.HTTPError | httpx.InvalidURL | OSError):
            reason = type(result).__name__
            raise (Unanswered(reason) if progress.sending else Unsent(reason)) from None
        raise result

    async def _give_up(self, seconds: float, scope: anyio.CancelScope) -> None:
        await self._clock.sleep(seconds)
        for _ in range(_LAST_LOOKS):  # an answer that is here but not read yet wins; nor may simulated time run on
            self._clock.monotonic()
            await anyio.sleep(_LOOK)
        scope.cancel()

    async def _exchange(self, request: Request, progress: _Progress, max_body: int) -> Reply:
        url = httpx.URL(request.url)
        pool = self._pool(url)
        addresses = await self._guard.addresses(request.url)
        if addresses is None:
            return await self._ask(pool, request, url, progress, max_body)
        for address in addresses:
            try:
                return await self._ask(pool, request, url.copy_with(host=address), progress, max_body)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                if progress.sending or address == addresses[-1]:
                    raise
        raise OSError("no address")

    async def _ask(
        self, pool: httpx.AsyncHTTPTransport, request: Request, url: httpx.URL, progress: _Progress, max_body: int
    ) -> Reply:
        named = httpx.URL(request.url)
        sent = httpx.Request(
            request.method,
            url,
            headers={"Host": named.netloc.decode("ascii"), "Accept-Encoding": "gzip", **request.headers},
            content=request.content,
            extensions={
                "timeout": {"connect": _CONNECT, "read": None, "write": None, "pool": None},
                "trace": progress,
                "sni_hostname": named.raw_host.decode("ascii"),
            },
        )
        response = await pool.handle_async_request(sent)
        try:
            body = bytearray()
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > max_body:
                    raise Unanswered(f"the answer is longer than {max_body} bytes")
        finally:
            with anyio.CancelScope(shield=True):
                await response.aclose()
        return Reply(status=response.status_code, headers=dict(response.headers.items()), content=bytes(body))

    def _pool(self, url: httpx.URL) -> httpx.AsyncHTTPTransport:
        where = (url.scheme, url.host, url.port)
        pool = self._pools.get(where)
        if pool is None:
            pool = self._pools[where] = httpx.AsyncHTTPTransport(
                verify=self._tls,
                trust_env=False,
                limits=httpx.Limits(max_connections=None, max_keepalive_connections=20, keepalive_expiry=_IDLE),
            )
        return pool
