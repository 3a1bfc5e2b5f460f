"""Giving consent, once, in a browser: pure functions for a callback as well as for copy and paste [3.1, 3.2].

Exact takes no localhost as redirect address. Without a public https address of its own, the daemon lets the user copy
the address to which the browser was sent, and finds the code in it. The code lives for three minutes.
"""

from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import parse_qs, quote, unquote, urlencode, urlsplit

from koppel.clock import Clock
from koppel.plugin import Misconfigured, SignInNeeded
from koppel.vendor import Token, TokenSignIn
from koppel_exact.settings import ExactSettings
from koppel_exact.signin import app, sign_in

_AGAIN = "Open the consent address again and copy the whole address to which the browser is sent."


def consent_address(settings: ExactSettings, state: str) -> str:
    """Where the user gives consent. ``state`` is random and comes back; `force_login` lets the user choose the user.

    Raises Misconfigured without a redirect address.
    """
    if not settings.redirect_uri.startswith("https://"):
        raise Misconfigured(
            "exact.redirect-address",
            "Exact Online only sends the user back to a public https address.",
            "Set the redirect address exactly as it is registered with the app; any https page of yours will do.",
        )
    query = {
        "client_id": settings.client_id,
        "redirect_uri": settings.redirect_uri,
        "response_type": "code",
        "state": state,
        "force_login": "1",
    }
    return f"{settings.consent_url}?{urlencode(query, quote_via=quote)}"


def code_from(pasted: str, state: str | None = None) -> str:
    """The code in a pasted redirect address (or the bare code), percent-decoded as the token address wants it.

    ``state`` is what :func:`consent_address` was given; a foreign one is refused, and so is a bare code, which has
    none. Raises SignInNeeded.
    """
    text = pasted.strip().strip("<>\"'")
    if "://" not in text and "code=" not in text and "error=" not in text:
        if state is not None or not text or any(character.isspace() for character in text):
            raise SignInNeeded("exact.no-code", "There is no code in what was pasted.", _AGAIN)
        return unquote(text)
    parts = urlsplit(text)
    # quote("+") first: parse_qs takes a plus for a space, and a code may hold one
    answer = parse_qs((parts.query or parts.fragment or text.lstrip("?")).replace("+", "%2B"))
    if "error" in answer:
        raise SignInNeeded("exact.consent-refused", "Consent was not given in Exact Online.", _AGAIN)
    codes = answer.get("code", [])
    if len(codes) != 1:
        raise SignInNeeded("exact.no-code", "There is no code in the pasted address.", _AGAIN)
    if state is not None and answer.get("state") != [state]:
        raise SignInNeeded(
            "exact.foreign-answer", "The pasted address does not belong to this request for consent.", _AGAIN
        )
    return codes[0]


def exchange_form(settings: ExactSettings, code: str) -> Mapping[str, str]:
    """The form that turns a code into the first pair of tokens."""
    return {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": settings.redirect_uri,
        **app(settings),
    }


def exchange(settings: ExactSettings, clock: Clock, code: str) -> TokenSignIn:
    """The sign-in whose next token request exchanges the code; what it gives replaces the stored pair."""

    def form(_stored: Token | None) -> Mapping[str, str]:
        return exchange_form(settings, code)

    return replace(sign_in(settings, clock), form=form, hold=0.0)
