"""What a plugin sees of the vendor layer: sign-in as data, reads that are retried, writes that never are."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from koppel.clock import Clock
from koppel.errors import KoppelError
from koppel.vendor.limits import Feedback, LimitTable

T = TypeVar("T")


@dataclass(frozen=True)
class Reply:
    """A vendor's answer, complete. ``headers`` have lower-case names. ``content`` is capped by the client."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def text(self) -> str:
        """The body as UTF-8, undecodable bytes replaced: for messages, never for data."""
        return self.content.decode("utf-8", "replace")

    def json(self, into: type[T]) -> T:
        """Decode strictly into a type (msgspec: exact Decimals). RetryLater ``vendor.garbage`` if it is none."""
        from koppel.vendor.decode import decode

        return decode(self, into)


@dataclass(frozen=True, kw_only=True)
class Token:
    """A token as kept in the store: encrypted, before its first use. ``expires_at`` is a Unix time of the wall
    clock.
    """

    access: str = field(repr=False)
    expires_at: float
    refresh: str | None = field(default=None, repr=False)
    issued_at: float = 0.0


@dataclass(frozen=True, kw_only=True)
class TokenSignIn:
    """OAuth-like sign-in: a token endpoint gives a token that lives for a while.

    ``key`` names the token in the store; connections that use the same key share the token and its single refresher.
    ``form`` makes the fields of the token request from the stored token (None at first): it chooses the refresh token
    kept in the store over the configured one. They are sent as a form, or as a JSON object (``json``). The answer must
    be JSON with the fields that ``names`` names (access token, seconds of life as number or digits) and perhaps
    ``refresh_token``. ``header`` and ``template`` say how the token is sent.

    ``early`` is how many seconds before the end a new one is fetched (a tenth of the token's life at most); ``hold``
    how many seconds after issue the vendor refuses to give a new one (Exact: 570), and is not asked. ``expired`` tells
    whether an answer means "this token is no good": then one new token is fetched (unless another call did so
    meanwhile) and the call repeated once, writes too (the vendor refused before doing anything). ``refusal`` turns a
    token endpoint's answer that is no token into an error (SignInNeeded, Misconfigured, RetryLater); for 429 and 5xx
    anything but RetryLater is taken as RetryLater. ``inspect`` is shown each token before its first use here, so that
    a plugin can read a claim out of it (the rights it gives); it may keep what it read, never the token.

    A token request without an answer is repeated with the stored token: at once, or after ``hold`` where there is one.
    """

    key: str
    token_url: str
    form: Callable[[Token | None], Mapping[str, str]] = field(repr=False)
    refusal: Callable[[Reply], KoppelError]
    expired: Callable[[Reply], bool]
    header: str = "Authorization"
    template: str = "Bearer {token}"
    token_headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    json: bool = False
    names: tuple[str, str] = ("access_token", "expires_in")
    early: float = 60.0
    hold: float = 0.0
    inspect: Callable[[Token], None] = lambda _token: None
    limits: LimitTable = field(default_factory=LimitTable)


@dataclass(frozen=True, kw_only=True)
class HeaderSignIn:
    """Sign-in by fixed headers (an API key, HTTP Basic); ``headers`` are secret."""

    headers: Mapping[str, str] = field(repr=False)


SignIn = TokenSignIn | HeaderSignIn


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """How one vendor's answers are to be understood.

    ``error`` turns any answer with status >= 400 (except 429, and except expired tokens) into an error. For a
    **write** it may return
    Refused/AlreadyExists/… only if the answer proves that nothing was done; for a 5xx that proves nothing it returns
    OutcomeUnknown.
    For a **read**, RetryLater makes the client try again a few times. ``feedback`` reads limit headers of any answer.
    ``throttled`` tells whether an
    answer that is no 429 means "slow down" (a quota told as 403).
    """

    error: Callable[[str, bool, Reply], KoppelError]
    """(operation, is_write, reply) -> error"""
    feedback: Callable[[str, Reply], Sequence[Feedback]] = lambda _operation, _reply: ()
    throttled: Callable[[Reply], bool] = lambda _reply: False


class VendorClient(Protocol):
    """One API of one vendor, signed in, limited, traced. Waits for its turn by itself."""

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
        """A call without effect (GET; POST for searches and SOAP reads). Retried on connection faults, 5xx and 429.

        ``path`` is below the client's base address, already percent-encoded; ``params`` are encoded here; the query
        string is the
        same for the same params. Returns 2xx only; raises what the dialect says, or RetryLater when tries or time are
        used up.
        """
        ...

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
        """A call with effect. Sent at most once (again only after 429 or an expired token, which prove that nothing
        was done).

        No answer, a cut answer, or an answer that the dialect cannot read as proof raises OutcomeUnknown; a
        connection that was never
        made raises RetryLater. ``json`` is encoded by msgspec: Decimals become JSON numbers with their own digits.
        """
        ...


class Vendor(Protocol):
    """The vendor layer as one opened connection sees it: handed to a plugin's ``open``."""

    @property
    def clock(self) -> Clock:
        """The injected clock."""
        ...

    @property
    def connection(self) -> str:
        """The connection's name, for messages."""
        ...

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
        """A client for one base address. ``headers`` go with every call and are masked in traces if their name looks
        secret.

        Refuses (Misconfigured) an address that is not https or is private, unless the daemon allows insecure endpoints.
        """
        ...
