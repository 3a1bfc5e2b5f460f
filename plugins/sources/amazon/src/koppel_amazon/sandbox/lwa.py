"""Login with Amazon: the token endpoint and a stub of the consent page. [fact sheet 3]"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from koppel.clock import Clock
from koppel_amazon.sandbox.answers import answer

CLIENT_ID = "amzn1.application-oa2-client.sandbox"
CLIENT_SECRET = "amzn1.oa2-cs.v1.sandbox"  # noqa: S105 - opens nothing but the simulator
REFRESH_TOKEN = "Atzr|sandbox"  # noqa: S105 - opens nothing but the simulator
SELLER_ID = "A1KOPPELSANDBOX"
REDIRECT_URI = "https://koppel.example/amazon/callback"
CODE_SECONDS = 300


class Lwa:
    """Gives access tokens and knows which are good."""

    def __init__(self, clock: Clock, switches: Mapping[str, str]) -> None:
        self._clock = clock
        self._life = int(switches.get("token_seconds", "3600"))
        self._draft = switches.get("app") == "draft"
        dies = switches.get("secret_dies_after")
        self._secret_end = clock.now() + timedelta(seconds=float(dies)) if dies else None
        self._tokens: dict[str, datetime] = {}
        self._codes: dict[str, datetime] = {}
        self._count = 0
        self.refresh_tokens = {REFRESH_TOKEN}
        """Take one out to withdraw the authorisation."""

    def state_of(self, token: str) -> str:
        """``good``, ``expired`` or ``unknown``."""
        end = self._tokens.get(token)
        if end is None:
            return "unknown"
        return "good" if self._clock.now() < end else "expired"

    def revoke(self) -> None:
        """Make all access tokens worthless at once."""
        self._tokens.clear()

    async def token(self, request: Request) -> Response:
        """``POST /auth/o2/token``."""
        form = {key: values[0] for key, values in parse_qs((await request.body()).decode("utf-8", "replace")).items()}
        if request.headers.get("content-type", "").partition(";")[0] != "application/x-www-form-urlencoded":
            return _refused("invalid_request", "The request is missing a required parameter")
        grant = form.get("grant_type", "")
        if grant not in {"refresh_token", "authorization_code", "client_credentials"}:
            return _refused(
                "unsupported_grant_type",
                "The authorization grant type is not supported by the authorization server",
                error_index="sandbox",
            )
        ended = self._secret_end is not None and self._clock.now() >= self._secret_end
        if form.get("client_id") != CLIENT_ID or form.get("client_secret") != CLIENT_SECRET or ended:
            return _refused("invalid_client", "Client authentication failed")
        if grant == "client_credentials":
            return self._grantless(form.get("scope"))
        if grant == "authorization_code":
            return self._by_code(form.get("code", ""))
        return self._by_refresh(form.get("refresh_token"))

    async def consent(self, request: Request) -> Response:
        """``GET /apps/authorize/consent``: says yes at once. [fact sheet 3.4]"""
        asked = request.query_params
        if self._draft and asked.get("version") != "beta":
            return Response("MD1000", 400)
        target = asked.get("redirect_uri", REDIRECT_URI)
        if target != REDIRECT_URI:
            return Response("MD5101", 400)
        self._count += 1
        code = f"sandbox-code-{self._count}"
        self._codes[code] = self._clock.now() + timedelta(seconds=CODE_SECONDS)
        back = {"state": asked.get("state", ""), "selling_partner_id": SELLER_ID, "spapi_oauth_code": code}
        return RedirectResponse(f"{target}?{urlencode(back)}", 302)

    def _by_code(self, code: str) -> Response:
        until = self._codes.pop(code, None)
        if until is None or self._clock.now() >= until:
            return _refused("invalid_grant", "The request has an invalid grant parameter : code")
        return self._granted(REFRESH_TOKEN)

    def _by_refresh(self, refresh: str | None) -> Response:
        if refresh is None:
            return _refused("invalid_request", "The request is missing a required parameter : refresh_token")
        if refresh not in self.refresh_tokens:
            return _refused("invalid_grant", "The request has an invalid grant parameter : refresh_token")
        return self._granted(refresh)

    def _granted(self, refresh: str) -> Response:
        self._count += 1
        access = f"Atza|sandbox-{self._count}"
        self._tokens[access] = self._clock.now() + timedelta(seconds=self._life)
        body = {
            "access_token": access,
            "refresh_token": refresh,
            "token_type": "bearer",
            "expires_in": self._life,
        }
        return answer(200, body)

    def _grantless(self, scope: str | None) -> Response:
        if not scope:
            return _refused("invalid_request", "The request is missing a required parameter : scope")
        if scope != "sellingpartnerapi::notifications":
            return _refused("invalid_scope", "The requested scope is invalid")
        self._count += 1
        body = {"access_token": f"Atza|grantless-{self._count}", "scope": scope, "token_type": "bearer"}
        return answer(200, {**body, "expires_in": self._life})


def _refused(code: str, description: str, **more: str) -> Response:
    return answer(400, {"error": code, "error_description": description, "request_id": "sandbox", **more})
