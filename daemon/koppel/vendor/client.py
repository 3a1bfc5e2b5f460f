"""The client that plugins call: reads are tried again, writes are sent once."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import msgspec

from koppel.clock import Clock
from koppel.errors import KoppelError, Misconfigured, OutcomeUnknown, RetryLater
from koppel.vendor import query
from koppel.vendor.contract import Dialect, Reply
from koppel.vendor.limiter import Limiter, Queue
from koppel.vendor.limits import LimitTable
from koppel.vendor.line import USER_AGENT, Line
from koppel.vendor.ports import flow_label
from koppel.vendor.retry import LONGEST, SHORT, THROTTLES, TRIES, back_off, wait_told
from koppel.vendor.secrets import Secrets
from koppel.vendor.signing import Signer
from koppel.vendor.transport import Request, Unanswered, Unsent

_json = msgspec.json.Encoder(decimal_format="number")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a plugin asked for, and whose client it is."""

    vendor: str
    connection: str
    base_url: str
    dialect: Dialect
    limits: LimitTable | None
    headers: Mapping[str, str] = field(repr=False)
    timeout: float
    max_body: int


class Client:
    """See :class:`koppel.vendor.VendorClient`."""

    def __init__(
        self, settings: Settings, *, clock: Clock, limiter: Limiter, line: Line, signer: Signer, secrets: Secrets
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._limiter = limiter
        self._line = line
        self._signer = signer
        self._secrets = secrets
        self._queues: dict[str, Sequence[Queue]] = {}

    async def read(
        self,
        operation: str,
        path: str,
        *,
        params: Sequence[tuple[str, str]] = (),
        headers: Mapping[str, str] | None = None,
        method: str = "GET",
        json: object | None = None,
        content: bytes | None = None,
    ) -> Reply:
        """See :class:`koppel.vendor.VendorClient`."""
        request = self._request(method, path, params, headers, json, content)
        spent = 0.0
        tries = 0
        while True:
            start = self._clock.monotonic()
            try:
                reply = await self._call(operation, request)
                if reply.status // 100 == 2:
                    return reply
                error = self._meaning(operation, request, reply, write=False)
            except (Unsent, Unanswered) as fault:
                error = self._unreachable(fault)
            tries += 1
            spent += min(self._clock.monotonic() - start, self._settings.timeout)
            wait = self._before_next_try(error, tries)
            if wait is None or tries >= TRIES or spent + wait > LONGEST:
                raise error
            spent += wait
            await self._clock.sleep(wait)

    async def write(
        self,
        operation: str,
        path: str,
        *,
        method: str = "POST",
        params: Sequence[tuple[str, str]] = (),
        headers: Mapping[str, str] | None = None,
        json: object | None = None,
        content: bytes | None = None,
    ) -> Reply:
        """See :class:`koppel.vendor.VendorClient`."""
        request = self._request(method, path, params, headers, json, content)
        try:
            reply = await self._call(operation, request)
        except Unsent as fault:
            raise self._unreachable(fault) from None
        except Unanswered as fault:
            raise OutcomeUnknown(
                "vendor.no-answer", f"{self._settings.vendor} gave no usable answer to {operation} ({fault})."
            ) from None
        if reply.status // 100 == 2:
            return reply
        raise self._meaning(operation, request, reply, write=True)

    async def _call(self, operation: str, request: Request) -> Reply:
        """Send a request signed and in turn; again after "slow down" and, once, after an expired token: both prove
        that nothing was done. Raises Unsent, Unanswered, or what signing in and waiting raise.
        """
        settings = self._settings
        queues = self._gates(operation)
        label = f"{settings.connection}/{flow_label.get()}"
        renewed = False
        throttles = 0
        while True:
            await self._signer.signed()  # fetching a token may take long: not while holding a permit
            permit = await self._limiter.permit(queues, label)
            try:
                signed = await self._signer.signed()
                ready = self._with_headers(request, signed.headers)
            except BaseException:
                permit.unsent()
                raise
            reply = await self._line.send(
                operation,
                ready,
                permit,
                within=settings.timeout,
                max_body=settings.max_body,
                feedback=lambda told: settings.dialect.feedback(operation, told),
            )
            if reply.status == 429 or (reply.status >= 400 and settings.dialect.throttled(reply)):
                throttles += 1
                wait = await permit.throttled(wait_told(reply, self._clock))
                if wait > SHORT or throttles >= THROTTLES:
                    raise self._slow_down(wait)
                continue
            permit.accepted()
            if not renewed and await self._signer.renewed(operation, signed, reply):
                renewed = True
                continue
            return reply

    def _gates(self, operation: str) -> Sequence[Queue]:
        queues = self._queues.get(operation)
        if queues is None:
            settings = self._settings
            table = settings.limits or LimitTable()
            limits = (*table.always, *table.operations.get(operation, ()))
            queues = self._limiter.queues(settings.vendor, limits)
            if not queues:
                queues = self._limiter.unlimited(f"{settings.vendor}|{settings.connection}|{settings.base_url}")
            self._queues[operation] = queues
        return queues

    def _request(
        self,
        method: str,
        path: str,
        params: Sequence[tuple[str, str]],
        headers: Mapping[str, str] | None,
        json: object | None,
        content: bytes | None,
    ) -> Request:
        merged = {"User-Agent": USER_AGENT}
        if json is not None:
            content = _json.encode(json)
            merged["Content-Type"] = "application/json"
        for more in (self._settings.headers, headers or {}):
            for name, value in more.items():
                merged = {known: kept for known, kept in merged.items() if known.lower() != name.lower()}
                merged[name] = value
        url = query.join(self._settings.base_url, path, params)
        return Request(method=method, url=url, headers=merged, content=content)

    def _with_headers(self, request: Request, headers: Mapping[str, str]) -> Request:
        merged = {**request.headers, **headers}
        for name, value in merged.items():
            if not (value.isascii() and value.isprintable() and value == value.strip()):
                raise Misconfigured(
                    "vendor.header",
                    f"What {self._settings.vendor} is to get as {name} holds characters that cannot be sent.",
                    "Enter the key or code again: a space or line break may have been copied with it.",
                )
        return Request(method=request.method, url=request.url, headers=merged, content=request.content)

    def _meaning(self, operation: str, request: Request, reply: Reply, *, write: bool) -> KoppelError:
        vendor = self._settings.vendor
        if reply.status < 400:
            text = f"{vendor} answered {operation} with a redirection ({reply.status}), which is not followed."
            if write:
                return OutcomeUnknown("vendor.redirected", text)
            return RetryLater("vendor.redirected", text, "If it stays so, check the vendor's address.")
        error = self._settings.dialect.error(operation, write, reply)
        error.message = self._secrets.of_call(request.url, request.headers).body(error.message)
        error.args = (error.message,)
        if isinstance(error, RetryLater) and error.not_before is None:
            wait = wait_told(reply, self._clock)
            if wait is not None:
                error.not_before = self._clock.now() + timedelta(seconds=wait)
        return error

    def _unreachable(self, fault: Unsent | Unanswered) -> RetryLater:
        vendor = self._settings.vendor
        if isinstance(fault, Unsent):
            return RetryLater("vendor.unreachable", f"{vendor} cannot be reached ({fault}).")
        return RetryLater("vendor.no-answer", f"{vendor} gave no usable answer ({fault}).")

    def _before_next_try(self, error: KoppelError, tries: int) -> float | None:
        """Seconds until a read may be tried again; None: not here."""
        if not isinstance(error, RetryLater):
            return None
        wait = back_off(tries)
        if error.not_before is not None:
            told = (error.not_before - self._clock.now()).total_seconds()
            wait = max(wait, told + random.uniform(0.05, 0.5))  # noqa: S311 - jitter
        if tries >= TRIES and error.not_before is None:
            error.not_before = self._clock.now() + timedelta(seconds=SHORT / 2)
        return wait if wait <= SHORT else None

    def _slow_down(self, wait: float) -> RetryLater:
        until = self._clock.now() + timedelta(seconds=wait)
        return RetryLater("vendor.slow-down", f"{self._settings.vendor} asks to call less often.", not_before=until)
