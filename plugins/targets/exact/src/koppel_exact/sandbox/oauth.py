"""The vendor's sign-in: consent with a code, tokens that rotate, one token request in 570 seconds [3]."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from urllib.parse import parse_qsl, quote

import msgspec
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from koppel.clock import Clock
from koppel_exact.sandbox.seed import CLIENT_ID, CLIENT_SECRET, FIRST_REFRESH_TOKEN, REDIRECT_URI

CODE_LIFE = timedelta(minutes=3)
ACCESS_LIFE = timedelta(seconds=600)
REFRESH_LIFE = timedelta(days=30)
HOLD = timedelta(seconds=570)
_TOO_EARLY = "Rate limit exceeded: access_token not expired"


@dataclass
class OAuth:
    """Codes and tokens of one app and one user."""

    clock: Clock
    standing: bool = False
    """The first refresh token is taken again and again: it stands for a user who gives consent anew each time."""
    refresh_token: str = FIRST_REFRESH_TOKEN
    refreshed_at: datetime | None = None
    used: set[str] = field(default_factory=set[str])
    access: dict[str, datetime] = field(default_factory=dict[str, datetime])
    codes: dict[str, datetime] = field(default_factory=dict[str, datetime])
    _numbers: "count[int]" = field(default_factory=lambda: count(1))
    _started: datetime = field(init=False)

    def __post_init__(self) -> None:
        self._started = self.clock.now()

    async def consent(self, request: Request) -> Response:
        """The page where the user agrees: here the user always does."""
        query = request.query_params
        if query.get("client_id") != CLIENT_ID or query.get("redirect_uri") != REDIRECT_URI:
            return Response("invalid client_id or redirect_uri", 400)
        if query.get("response_type") != "code":
            return Response("invalid response_type", 400)
        code = f"stampNL001.c0de!{next(self._numbers)}"
        self.codes[code] = self.clock.now()
        state = f"&state={quote(query['state'], safe='')}" if "state" in query else ""
        return RedirectResponse(f"{REDIRECT_URI}?code={quote(code, safe='')}{state}", 302)

    async def token(self, request: Request) -> Response:
        """Both grants. Only forms are read."""
        if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            return _refused(400, "invalid_request")
        form = dict(parse_qsl((await request.body()).decode("ascii", "replace")))
        if form.get("client_id") != CLIENT_ID or form.get("client_secret") != CLIENT_SECRET:
            return _refused(400, "invalid_request")
        if form.get("grant_type") == "authorization_code":
            return self._by_code(form)
        if form.get("grant_type") == "refresh_token":
            return self._by_refresh(form.get("refresh_token", ""))
        return _refused(400, "invalid_request")

    def valid(self, authorization: str) -> bool:
        """Whether a call's `Authorization` header holds a living token."""
        scheme, _, token = authorization.partition(" ")
        ends = self.access.get(token)
        return scheme.lower() == "bearer" and ends is not None and self.clock.now() < ends

    def _by_code(self, form: Mapping[str, str]) -> Response:
        issued = self.codes.pop(form.get("code", ""), None)
        if issued is None or self.clock.now() - issued > CODE_LIFE or form.get("redirect_uri") != REDIRECT_URI:
            return _refused(400, "invalid_grant")
        return self._tokens()

    def _by_refresh(self, token: str) -> Response:
        if self.standing and token == FIRST_REFRESH_TOKEN:
            token = self.refresh_token
        if token in self.used:
            return _refused(401, "unauthorized_client", "Old refresh token used.")
        if token != self.refresh_token:
            return _refused(400, "invalid_grant")
        now = self.clock.now()
        if self.refreshed_at is not None and now - self.refreshed_at < HOLD:
            return _refused(400, "access_denied", _TOO_EARLY, f"TooEarlyToRefreshTokens: {_TOO_EARLY}")
        if now - (self.refreshed_at or self._started) > REFRESH_LIFE:
            return _refused(400, "invalid_grant")
        return self._tokens()

    def _tokens(self) -> Response:
        """A new pair: the old refresh token is dead at once."""
        number = next(self._numbers)
        self.used.add(self.refresh_token)
        self.refresh_token = f"Gcp7!IAAAA-{number}"
        self.refreshed_at = self.clock.now()
        access = f"AAEA-{number}"
        self.access[access] = self.refreshed_at + ACCESS_LIFE
        body = {
            "access_token": access,
            "token_type": "bearer",
            "expires_in": "600",
            "refresh_token": self.refresh_token,
        }
        return Response(msgspec.json.encode(body), media_type="application/json")


def _refused(status: int, error: str, description: str = "", reason: str = "") -> Response:
    body = {"error": error} | ({"error_description": description} if description else {})
    headers = {"Reason": reason} if reason else {}
    return Response(msgspec.json.encode(body), status, media_type="application/json", headers=headers)
