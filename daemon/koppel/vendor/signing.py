"""Signing one client's calls: fixed headers, or a token from the keeper that its key shares."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode

import msgspec

from koppel.clock import Clock
from koppel.vendor.contract import HeaderSignIn, Reply, SignIn, Token, TokenSignIn
from koppel.vendor.limiter import Limiter, Queue
from koppel.vendor.line import USER_AGENT, Line
from koppel.vendor.retry import wait_told
from koppel.vendor.secrets import Secrets, looks_secret
from koppel.vendor.tokens import Ask, TokenKeeper
from koppel.vendor.transport import Request

_TIMEOUT = 20.0
_LARGEST = 1024 * 1024
_OPERATION = "token"


@dataclass(frozen=True)
class Signed:
    """The headers that sign a call, and the token in them."""

    headers: Mapping[str, str] = field(repr=False)
    token: Token | None = None


class Endpoint:
    """One client's way to the token endpoint: an :class:`koppel.vendor.tokens.Asker`."""

    def __init__(
        self,
        sign_in: TokenSignIn,
        clock: Clock,
        limiter: Limiter,
        queues: Sequence[Queue],
        line: Line,
        secrets: Secrets,
    ) -> None:
        self._sign_in = sign_in
        self._clock = clock
        self._limiter = limiter
        self._queues = queues
        self._line = line
        self._secrets = secrets
        for name, value in sign_in.token_headers.items():
            if looks_secret(name):
                secrets.add_header(value)

    @property
    def sign_in(self) -> TokenSignIn:
        """See :class:`koppel.vendor.tokens.Asker`."""
        return self._sign_in

    async def turn(self) -> Ask:
        """See :class:`koppel.vendor.tokens.Asker`."""
        permit = await self._limiter.permit(self._queues, _OPERATION)

        async def ask(form: Mapping[str, str]) -> Reply:
            self._secrets.add_form(form)
            reply = await self._line.send(
                _OPERATION, self._request(form), permit, within=_TIMEOUT, max_body=_LARGEST, token=True
            )
            if reply.status == 429:
                await permit.throttled(wait_told(reply, self._clock))
            return reply

        return ask

    def _request(self, form: Mapping[str, str]) -> Request:
        kind = "application/json" if self._sign_in.json else "application/x-www-form-urlencoded"
        content = msgspec.json.encode(dict(form)) if self._sign_in.json else urlencode(form).encode()
        headers = {"User-Agent": USER_AGENT, "Content-Type": kind, "Accept": "application/json"}
        headers.update(self._sign_in.token_headers)
        return Request(method="POST", url=self._sign_in.token_url, headers=headers, content=content)


class Signer:
    """Signs the calls of one client."""

    def __init__(
        self, sign_in: SignIn | None, endpoint: Endpoint | None, keeper: TokenKeeper | None, secrets: Secrets
    ) -> None:
        self._sign_in = sign_in
        self._endpoint = endpoint
        self._keeper = keeper
        self._secrets = secrets
        self._seen = ""
        self._refused_young: dict[str, str] = {}
        if isinstance(sign_in, HeaderSignIn):
            for value in sign_in.headers.values():
                secrets.add_header(value)

    async def signed(self) -> Signed:
        """The headers for a call now. Quick while the token is good."""
        if isinstance(self._sign_in, HeaderSignIn):
            return Signed(self._sign_in.headers)
        if self._keeper is None or self._endpoint is None:
            return Signed({})
        token = await self._keeper.current(self._endpoint)
        sign_in = self._endpoint.sign_in
        if token.access != self._seen:
            self._secrets.add_token(token.access, token.refresh)
            sign_in.inspect(token)
            self._seen = token.access
        return Signed({sign_in.header: sign_in.template.format(token=token.access)}, token)

    async def renewed(self, operation: str, signed: Signed, reply: Reply) -> bool:
        """Does the answer mean that the token expired? Then a new one has been fetched, and the call may be repeated.

        Raises what the fetching raises. Where the vendor gives no new token for a while and refused this operation
        with an earlier young token too, it is not the token: False, the answer stands for itself.
        """
        if signed.token is None or self._keeper is None or self._endpoint is None:
            return False
        if not self._endpoint.sign_in.expired(reply):
            self._refused_young.pop(operation, None)
            return False
        access = signed.token.access
        young = self._keeper.young(self._endpoint.sign_in)
        if young and self._refused_young.setdefault(operation, access) != access:
            return False
        await self._keeper.renew(self._endpoint, signed.token)
        return True
