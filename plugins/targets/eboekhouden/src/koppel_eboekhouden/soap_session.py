"""SOAP calls: the session, and what failures mean. The codes are unknown, so texts only help; look-ups decide [6.3]."""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta

import anyio

from koppel.plugin import (
    AlreadyExists,
    KoppelError,
    Misconfigured,
    OutcomeUnknown,
    Refused,
    RetryLater,
    SignInNeeded,
)
from koppel.vendor import Bucket, Concurrent, Dialect, Limit, LimitTable, Reply, Vendor
from koppel_eboekhouden import tables
from koppel_eboekhouden.envelope import Failure, Field, Node, Unreadable, envelope, fault_code, result
from koppel_eboekhouden.refusals import scrub
from koppel_eboekhouden.settings import Settings
from koppel_eboekhouden.texts import SESSION, refusal

_CODES = (
    "Copy user name, security code 1 and security code 2 again from Beheer > Instellingen > API/SOAP in "
    "e-Boekhouden.nl."
)
_DOUBTFUL = timedelta(minutes=5)
"""A session of this age is blamed for a failure that cannot be told: one with a new session decides."""
UNTOLD = "eboekhouden.soap"


class SoapSession:
    """One administration's session: opened when needed, for ten minutes at most."""

    def __init__(self, settings: Settings, vendor: Vendor) -> None:
        self._settings = settings
        self._clock = vendor.clock
        self._lock = anyio.Lock()
        self._open: tuple[str, datetime] | None = None
        owner = hashlib.sha256(settings.security_code_2.encode()).hexdigest()[:16]
        pace = Bucket(float(settings.calls_per_second), settings.calls_per_second)
        self._client = vendor.client(
            vendor=tables.VENDOR,
            base_url=settings.soap_endpoint,
            dialect=Dialect(error=error),
            limits=LimitTable(always=(Limit("soap", owner, (pace, Concurrent(1))),)),
            headers={"Content-Type": "text/xml; charset=utf-8", "Accept": "text/xml"},
        )

    async def open(self) -> str:
        """The session's id."""
        async with self._lock:
            if self._open is None or self._clock.now() - self._open[1] >= tables.SOAP_SESSION:
                self._open = (await self._start(), self._clock.now())
            return self._open[0]

    async def _start(self) -> str:
        settings = self._settings
        fields: list[Field] = [
            ("Username", settings.username),
            ("SecurityCode1", str(settings.security_code_1)),
            ("SecurityCode2", str(settings.security_code_2)),
            ("Source", tables.SOURCE),
        ]
        found = await self._send("OpenSession", fields, write=False)
        session = found.text("SessionID")
        if found.failure() is not None or not session:
            raise SignInNeeded("eboekhouden.soap-sign-in", "e-Boekhouden.nl starts no SOAP session.", _CODES)
        return session

    async def read(self, operation: str, fields: Sequence[Field] = ()) -> Node:
        """A call without effect."""
        return await self._call(operation, fields, write=False)

    async def write(self, operation: str, fields: Sequence[Field]) -> Node:
        """A call with effect. A failure that the service tells proves that nothing was done."""
        return await self._call(operation, fields, write=True)

    async def _call(self, operation: str, fields: Sequence[Field], *, write: bool) -> Node:
        for last in (False, True):
            session = await self.open()
            opened_at = self._open[1] if self._open else self._clock.now()
            own: list[Field] = [("SessionID", session), ("SecurityCode2", str(self._settings.security_code_2))]
            found = await self._send(operation, [*own, *fields], write=write)
            failure = found.failure()
            if failure is None:
                return found
            blamed = self._clock.now() - opened_at >= _DOUBTFUL or SESSION.search(failure.description)
            if last or not blamed:
                raise self._meaning(operation, failure, write=write)
            if self._open and self._open[0] == session:
                self._open = None
        raise AssertionError

    async def _send(self, operation: str, fields: Sequence[Field], *, write: bool) -> Node:
        content = envelope(operation, fields)
        headers = {"SOAPAction": f'"{tables.SOAP_NAMESPACE}/{operation}"'}
        if write:
            reply = await self._client.write(operation, "", headers=headers, content=content)
        else:
            reply = await self._client.read(operation, "", method="POST", headers=headers, content=content)
        try:
            return result(reply.content, operation)
        except Unreadable as error:
            kind = OutcomeUnknown if write else RetryLater
            raise kind("eboekhouden.unreadable", f"e-Boekhouden.nl's answer to {operation} cannot be read.") from error

    def _meaning(self, operation: str, failure: Failure, *, write: bool) -> KoppelError:
        said = scrub(failure.description) or "no text"
        for secret in (self._settings.security_code_2, self._settings.security_code_1, self._settings.username):
            said = said.replace(str(secret), "…")
        what = f"e-Boekhouden.nl refuses {operation} ({scrub(failure.code) or 'no code'}): {said}"
        text = failure.description
        if SESSION.search(text):
            return SignInNeeded("eboekhouden.soap-session", what, _CODES)
        if not write:
            return Misconfigured(UNTOLD, what, "Check the rights of the user in e-Boekhouden.nl.")
        if failure.code == "M006":
            return AlreadyExists("eboekhouden.exists", what, "Look it up in e-Boekhouden.nl.")
        if known := refusal(text, what):
            return known
        return Refused(UNTOLD, what, "Mend what is named; if it is the period, open it in e-Boekhouden.nl.")


def error(operation: str, write: bool, reply: Reply) -> KoppelError:
    """An HTTP error: a fault of the sender's proves that nothing was done [6.3]."""
    if fault_code(reply.content) in ("Client", "Sender"):
        kind = Refused if write else Misconfigured
        return kind("eboekhouden.soap-fault", f"e-Boekhouden.nl cannot read {operation} (SOAP fault).", "Report it.")
    if reply.status in (401, 403, 404):
        return Misconfigured(
            "eboekhouden.soap-address",
            f"e-Boekhouden.nl does not answer {operation} at this address ({reply.status}).",
            "Check soap_endpoint.",
        )
    kind_ = OutcomeUnknown if write else RetryLater
    return kind_("eboekhouden.fault", f"e-Boekhouden.nl failed at {operation} ({reply.status}).")
