"""Keys and tokens of the sandbox [fact sheet 3]."""

import base64
import json
from collections.abc import Mapping, Sequence

from starlette.requests import Request

from koppel.clock import Clock
from koppel_snelstart.sandbox.books import Books
from koppel_snelstart.sandbox.refusal import Refusal, gateway
from koppel_snelstart.sandbox.seed import SUBSCRIPTION_KEYS

SCOPES = (
    "artikelen:read artikelen:write bankieren:read bankieren:write boekhouden:read boekhouden:write documenten:read "
    "documenten:write kas:read kas:write memoriaal:read memoriaal:write orders:read orders:write rapportage "
    "relaties:read relaties:write settings:read settings:write"
)
_WRONG_KEY = (
    "Access denied due to invalid subscription key. Make sure to provide a valid key for an active subscription."
)
_NO_KEY = (
    "Access denied due to missing subscription key. Make sure to include subscription key when making requests to an "
    "API."
)


class SignIn:
    """Who may do what. Tokens live ``token_life`` seconds (switch); ``scopes`` (switch) limits what they give."""

    def __init__(self, clock: Clock, administrations: Sequence[Books], switches: Mapping[str, str]) -> None:
        self._clock = clock
        self._administrations = administrations
        self._life = float(switches.get("token_life", "3599"))
        self._scopes = switches.get("scopes", SCOPES).replace(",", " ")
        self._tokens: dict[str, tuple[Books, float]] = {}
        self._issued = 0
        self.subscription_keys = set(SUBSCRIPTION_KEYS)

    def token(self, form: Mapping[str, str]) -> dict[str, object]:
        """The answer to a token request."""
        books = self._owner(form)
        self._issued += 1
        claims = {"scopes": self._scopes, "jti": self._issued, "aud": books.name}
        parts = ({"alg": "HS256", "typ": "JWT"}, claims, {"sandbox": self._issued})
        access = ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)
        self._tokens[access] = (books, self._clock.monotonic() + self._life)
        return {"access_token": access, "token_type": "bearer", "expires_in": int(self._life)}

    def _owner(self, form: Mapping[str, str]) -> Books:
        grant = form.get("grant_type", "")
        if grant == "clientkey":
            key = form.get("clientkey", "")
        elif grant == "password":
            key = base64.b64encode(f"{form.get('username', '')}:{form.get('password', '')}".encode()).decode()
        else:
            raise Refusal(400, {"error": "unsupported_grant_type"})
        for books in self._administrations:
            if key == books.client_key:
                return books
        text = f"GrantType {grant} was found. Parameter clientkey does not contain a valid value"
        raise Refusal(400, {"error": text})

    def books(self, request: Request) -> Books | None:
        """The administration of a request's token, while it lives."""
        scheme, _, access = request.headers.get("authorization", "").partition(" ")
        found = self._tokens.get(access) if scheme.lower() == "bearer" else None
        return found[0] if found and self._clock.monotonic() < found[1] else None

    def admit(self, request: Request, scope: str | None) -> Books:
        """The administration that a request may use. Refusal 401 or 403, in the shape of who refuses."""
        key = request.headers.get("ocp-apim-subscription-key") or request.query_params.get("subscription-key")
        if not key:
            raise gateway(401, _NO_KEY)
        if key not in self.subscription_keys:
            raise gateway(401, _WRONG_KEY)
        books = self.books(request)
        if books is None:
            raise Refusal(401, {"message": "Authorization has been denied for this request."})
        if scope is not None and scope not in self._scopes.split():
            raise Refusal(403)
        return books

    def revoke_tokens(self) -> None:
        """Every token dies now, as after a restart of the token server."""
        self._tokens.clear()

    def regenerate(self, books: Books, key: str) -> None:
        """The shop's owner makes a new coupling key: the old one and its tokens are dead."""
        books.client_key = key
        self._tokens = {access: found for access, found in self._tokens.items() if found[0] is not books}
