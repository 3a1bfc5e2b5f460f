"""The frame of a vendor's simulator: routing, limits, faults, journal. The vendor's behaviour is the plugin's."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Protocol, runtime_checkable

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from koppel.clock import Clock, SystemClock
from koppel.sandbox.faults import Fault, FaultKind, Faults
from koppel.sandbox.journal import Call, Journal
from koppel.sandbox.meter import Meter

Handler = Callable[[Request], Awaitable[Response]]

ABORT = "koppel.abort"
"""Key in the ASGI scope of a function that drops the connection at once; set by :func:`koppel.sandbox.serve`."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """How a sandbox is to behave. ``size`` is how much data it makes (orders, articles); ``switches`` are the
    vendor's own.
    """

    clock: Clock = field(default_factory=SystemClock)
    seed: int = 1
    limits: bool = True
    size: int = 200
    switches: Mapping[str, str] = field(default_factory=dict[str, str])


class SandboxOrder(Protocol):
    """What a source's sandbox tells of one of its orders, for comparison with what was booked."""

    @property
    def number(self) -> str:
        """The order number."""
        ...

    @property
    def released(self) -> bool:
        """Whether its status at this moment is one that releases an order by default."""
        ...

    @property
    def cancelled(self) -> bool:
        """Whether it is cancelled."""
        ...

    @property
    def skipped(self) -> bool:
        """Whether it must never be booked (a replacement, not sold through this channel)."""
        ...

    @property
    def expected_total(self) -> Decimal:
        """What must be booked: what the buyer pays, less VAT that the marketplace keeps."""
        ...

    @property
    def currency(self) -> str:
        """Its currency."""
        ...


@runtime_checkable
class SourceSandbox(Protocol):
    """A source's sandbox, as demonstration and tests use it."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """It is an ASGI application."""
        ...

    @property
    def orders(self) -> Sequence[SandboxOrder]:
        """All orders as they stand now."""
        ...

    def change_pending(self) -> None:
        """Let everything that waits move on at once, as a day does: payments come in, buyers cancel."""
        ...


class Sandbox:
    """Base class. A plugin subclasses it, registers operations in ``__init__`` and keeps the vendor's state.

    Every request goes: fault before → limit → handler → fault after → journal. Control, for tests and for people:
    ``GET /_sandbox/journal``, ``PUT /_sandbox/faults`` (a JSON list of rules).
    """

    def __init__(self, name: str, options: Options) -> None:
        self.name = name
        self.options = options
        self.clock = options.clock
        self.journal = Journal()
        self.faults = Faults(options.seed)
        self._routes: list[Route] = [
            Route("/_sandbox/journal", self._get_journal, methods=["GET"]),
            Route("/_sandbox/faults", self._put_faults, methods=["PUT"]),
        ]
        self._app: Starlette | None = None

    def operation(self, name: str, method: str, path: str, handler: Handler) -> None:
        """Register an operation under the name that faults, limits and journal use. Order matters: first match wins."""

        async def endpoint(request: Request) -> Response:
            return await self._call(name, handler, request)

        self._routes.append(Route(path, endpoint, methods=[method]))

    def meters(self, operation: str, request: Request) -> Sequence[Meter]:
        """The counters that this request counts against; asked only with limits on. Override."""
        del operation, request
        return ()

    def throttled(self, operation: str, wait: float) -> Response:
        """The vendor's answer to a request over a limit. Override for its exact shape."""
        del operation
        return Response(status_code=429, headers={"Retry-After": str(int(wait) + 1)})

    def unavailable(self, operation: str, status: int) -> Response:
        """The vendor's answer for the faults 500 and 502. Override for its exact shape."""
        del operation
        return Response("<html><body>Service unavailable</body></html>", status, media_type="text/html")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI application."""
        if self._app is None:
            self._app = Starlette(routes=self._routes)
        await self._app(scope, receive, send)

    async def _call(self, operation: str, handler: Handler, request: Request) -> Response:
        fault = self.faults.draw(operation)
        kind = fault.kind if fault else None
        if kind is FaultKind.RESET:
            return self._dropped(operation, request, kind)
        if kind is FaultKind.THROTTLE:
            return self._noted(operation, self.throttled(operation, 1.0), kind)
        if kind is FaultKind.ERROR_BEFORE:
            return self._noted(operation, self.unavailable(operation, 500), kind)
        if kind is FaultKind.GARBAGE:
            return self._noted(operation, Response("<html>\xe9 oops", media_type="text/html"), kind)
        if self.options.limits:
            wait = max((meter.take() for meter in self.meters(operation, request)), default=0.0)
            if wait > 0:
                return self._noted(operation, self.throttled(operation, wait), kind, over=True)
        response = await handler(request)
        if kind is FaultKind.LOST_REPLY:
            return self._dropped(operation, request, kind, response.status_code)
        if kind is FaultKind.ERROR_AFTER:
            response = self.unavailable(operation, 502)
        if kind is FaultKind.TRUNCATED:
            response.body = bytes(response.body)[: len(response.body) // 2]
        if fault and kind is FaultKind.SLOW:
            await self.clock.sleep(fault.seconds)
        return self._noted(operation, response, kind)

    def _noted(self, operation: str, response: Response, fault: FaultKind | None, *, over: bool = False) -> Response:
        self.journal.calls.append(
            Call(
                at=self.clock.now(),
                operation=operation,
                status=response.status_code,
                refused_by_limit=over,
                fault=fault.value if fault else "",
            )
        )
        return response

    def _dropped(self, operation: str, request: Request, fault: FaultKind, status: int = 0) -> Response:
        self.journal.calls.append(Call(at=self.clock.now(), operation=operation, status=status, fault=fault.value))
        abort: Callable[[], None] = request.scope[ABORT]
        abort()
        return Response(status_code=500)

    async def _get_journal(self, request: Request) -> Response:
        del request
        body: dict[str, Any] = {"calls": self.journal.calls, "entries": self.journal.entries}
        return Response(msgspec.json.encode(body), media_type="application/json")

    async def _put_faults(self, request: Request) -> Response:
        try:
            self.faults.set(msgspec.json.decode(await request.body(), type=list[Fault]))
        except msgspec.ValidationError as error:
            return Response(str(error), 400)
        return Response(status_code=204)
