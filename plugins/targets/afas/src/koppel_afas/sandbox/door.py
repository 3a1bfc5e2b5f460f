"""Who may come in: OAuth client credentials and the AppConnector token [fact sheet 3]."""

import base64
import secrets
from collections.abc import Mapping
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from koppel.clock import Clock
from koppel_afas.sandbox.failures import ProfitError

CLIENT_ID = "koppel-sandbox"
CLIENT_SECRET = "sandbox-secret"  # noqa: S105 - opens nothing but the sandbox
APP_TOKEN = f"<token><version>1</version><data>{'0123456789ABCDEF' * 4}</data></token>"


class Door:
    """Gives and checks tokens. Switches: ``token_seconds`` (3600), ``ip`` = ``refused``."""

    def __init__(self, clock: Clock, switches: Mapping[str, str]) -> None:
        self._clock = clock
        self._switches = switches
        self._tokens: dict[str, float] = {}

    async def token(self, request: Request) -> Response:
        """The token endpoint."""
        form = parse_qs((await request.body()).decode())
        if any(len(values) > 1 for values in form.values()) or form.get("grant_type") != ["client_credentials"]:
            return JSONResponse({"error": "invalid_request"}, 400)
        if form.get("client_id") != [CLIENT_ID] or form.get("client_secret") != [CLIENT_SECRET]:
            return JSONResponse({"error": "invalid_client"}, 400)
        seconds = int(self._switches.get("token_seconds", "3600"))
        token = secrets.token_urlsafe(32)
        self._tokens[token] = self._clock.monotonic() + seconds
        return JSONResponse({"access_token": token, "token_type": "Bearer", "expires_in": seconds})

    def revoke(self) -> None:
        """Make all access tokens worthless at once."""
        self._tokens.clear()

    def refuse(self, request: Request) -> Response | None:
        """The answer to a caller who may not come in; None for the others. Raises ProfitError for a plain XML token."""
        if self._switches.get("ip") == "refused":
            return Response(status_code=403)
        scheme, _, value = request.headers.get("authorization", "").partition(" ")
        if scheme == "Bearer":
            if self._tokens.get(value, 0.0) > self._clock.monotonic():
                return None
            return Response(status_code=401, headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})
        if scheme == "AfasToken":
            if value.startswith("<"):
                raise ProfitError("Het token moet base64 zijn.", "The token must be base64.")
            if value == base64.b64encode(APP_TOKEN.encode()).decode():
                return None
        return Response(status_code=401, headers={"WWW-Authenticate": "Bearer, AfasToken"})
