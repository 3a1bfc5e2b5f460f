"""Signing in to Exact Online: OAuth with a refresh token that dies at its use, at most once in 570 seconds [3]."""

from collections.abc import Mapping
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from koppel.clock import Clock
from koppel.plugin import KoppelError, Misconfigured, RetryLater, SignInNeeded
from koppel.vendor import Limit, LimitTable, Reply, Token, TokenSignIn, Window
from koppel_exact import tables
from koppel_exact.settings import ExactSettings
from koppel_exact.velocity import shared_velocity

CONSENT_AGAIN = (
    "Give koppel consent: run koppel sign-in with the name of this connection, open the address that it prints, and "
    "paste the redirected address within three minutes."
)


class _TokenError(Struct):
    error: str = ""
    error_description: str = ""


def token_key(settings: ExactSettings) -> str:
    """The token's name in the store: one per app and sign-in host, so that all its connections use one refresher."""
    return f"exact:{urlsplit(settings.token_url).netloc}:{settings.client_id}"


def refresh_form(settings: ExactSettings, token: Token | None) -> Mapping[str, str]:
    """The form of a token request. A stored refresh token always wins: the configured one is dead after its first use.

    Raises SignInNeeded where there is neither.
    """
    refresh = (token.refresh if token else None) or str(settings.refresh_token)
    if not refresh:
        raise SignInNeeded("exact.no-consent", "There is no refresh token for Exact Online yet.", CONSENT_AGAIN)
    return {"grant_type": "refresh_token", "refresh_token": refresh, **app(settings)}


def app(settings: ExactSettings) -> Mapping[str, str]:
    """The fields that name the app: in the body, never as Basic sign-in [3.2]."""
    return {"client_id": settings.client_id, "client_secret": str(settings.client_secret)}


def sign_in(settings: ExactSettings, clock: Clock) -> TokenSignIn:
    """How the vendor layer signs in. Refused token requests count as errors too: few of them, then none for a while."""
    key = token_key(settings)
    velocity = shared_velocity(clock, key)

    def form(token: Token | None) -> Mapping[str, str]:
        velocity.check("the token address")
        return refresh_form(settings, token)

    def refused(reply: Reply) -> KoppelError:
        velocity.note("the token address", reply.status)
        return refusal(reply, clock)

    return TokenSignIn(
        key=key,
        token_url=settings.token_url,
        form=form,
        refusal=refused,
        expired=lambda reply: reply.status == 401,
        token_headers={"Accept": "application/json"},
        early=tables.TOKEN_EARLY,
        hold=tables.TOKEN_HOLD,
        limits=LimitTable(always=(Limit("token", key, (Window(tables.TOKENS_PER_DAY, tables.DAY),)),)),
    )


def refusal(reply: Reply, clock: Clock) -> KoppelError:
    """What a refused token request means [3.5]. The answer's own words hold no secret but are not needed either."""
    try:
        told = msgspec.json.decode(reply.content, type=_TokenError)
    except (msgspec.DecodeError, UnicodeDecodeError):
        told = _TokenError()
    words = f"{told.error_description} {reply.headers.get('reason', '')}"
    if reply.status in (408, 429) or reply.status >= 500:
        return RetryLater(
            "exact.token-unavailable", f"Exact Online's sign-in is not available (status {reply.status})."
        )
    if tables.OLD_TOKEN.search(words):
        return SignInNeeded(
            "exact.token-used",
            "Exact Online says that this refresh token was used before: another program signs in with the same app, "
            "or the answer with the newer token was lost.",
            CONSENT_AGAIN,
        )
    if tables.TOO_EARLY.search(words) or told.error == "access_denied":
        return RetryLater(
            "exact.token-too-early",
            "Exact Online gives no new token yet: the last one was given less than ten minutes ago.",
            not_before=clock.now() + tables.TOKEN_REFUSED_WAIT,
        )
    if told.error in ("invalid_request", "invalid_client", "unsupported_grant_type") or reply.status == 404:
        return Misconfigured(
            "exact.app",
            f"Exact Online does not accept the app's sign-in ({told.error or reply.status}).",
            "Check client ID, client secret and token address against the app's registration in the Exact App Store.",
        )
    return SignInNeeded(
        "exact.consent-lost",
        f"Exact Online does not accept the refresh token ({told.error or reply.status}): it is older than 30 days, "
        "consent was withdrawn, the user's password was changed, or the user lost its rights.",
        CONSENT_AGAIN,
    )
