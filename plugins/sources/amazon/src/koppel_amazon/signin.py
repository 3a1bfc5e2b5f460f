"""Login with Amazon (LWA): access tokens from the refresh token of a self-authorised private app. [fact sheet 3]"""

from collections.abc import Mapping
from hashlib import sha256

import msgspec

from koppel.errors import KoppelError, Misconfigured, RetryLater, SignInNeeded
from koppel.vendor import Reply, Token, TokenSignIn
from koppel_amazon.settings import AmazonSettings
from koppel_amazon.wire import ApiError, ErrorAnswer, TokenError

EARLY = 300.0
"""Seconds before its end that a token is renewed: at 55 of 60 minutes. [fact sheet 3.1]"""

SECRET_WRONG = (
    "Amazon does not accept the client id and secret.",
    "Make a new client secret in Seller Central (a secret lives 180 days) and enter it.",
)
NOT_AUTHORISED = (
    "Amazon no longer accepts the refresh token.",
    "Authorise the app again in Seller Central and enter the refresh token that it shows.",
)
OUR_REQUEST = (
    "Amazon does not understand the sign-in request ({error}).",
    "Check client_id, client_secret and refresh_token for missing or stray characters; otherwise report it.",
)

REFUSALS: Mapping[str, tuple[type[KoppelError], str, str]] = {
    "invalid_grant": (SignInNeeded, *NOT_AUTHORISED),
    "unauthorized_client": (SignInNeeded, *NOT_AUTHORISED),
    "invalid_client": (SignInNeeded, *SECRET_WRONG),
    "unsupported_grant_type": (Misconfigured, *OUR_REQUEST),
    "invalid_request": (Misconfigured, *OUR_REQUEST),
    "invalid_scope": (Misconfigured, *OUR_REQUEST),
}
"""What the token endpoint says, and what it means. [fact sheet 3.3]"""


def sign_in(settings: AmazonSettings) -> TokenSignIn:
    """How calls are signed in.

    The key holds a digest of what the user entered: connections of one account share a token, accounts of one app do
    not, a refresh token that the user replaces is not overruled by a stored one, and a new client secret is tried at
    once, not when the token of the old one ends.
    """
    refresh = str(settings.refresh_token)
    entered = f"{refresh}\n{settings.client_secret}"

    def form(stored: Token | None) -> Mapping[str, str]:
        return {
            "grant_type": "refresh_token",
            "refresh_token": (stored.refresh if stored else None) or refresh,
            "client_id": settings.client_id,
            "client_secret": str(settings.client_secret),
        }

    return TokenSignIn(
        key=f"amazon:{settings.client_id}:{sha256(entered.encode()).hexdigest()[:24]}",
        token_url=settings.token_url,
        form=form,
        refusal=refusal,
        expired=expired,
        header="x-amz-access-token",
        template="{token}",
        early=EARLY,
    )


def refusal(reply: Reply) -> KoppelError:
    """What an answer of the token endpoint without a token means."""
    try:
        told = msgspec.json.decode(reply.content, type=TokenError)
    except (msgspec.DecodeError, UnicodeDecodeError):
        told = TokenError()
    error = (told.error or "").lower()
    if reply.status in {400, 401, 403} and error in REFUSALS:
        kind, message, suggestion = REFUSALS[error]
        return kind(f"amazon.lwa.{error}", message.format(error=error), suggestion)
    return RetryLater("amazon.lwa", f"Amazon gives no access token at the moment (status {reply.status}).")


def errors_of(reply: Reply) -> list[ApiError]:
    """The errors in an SP-API answer; empty where the body is none, HTML for instance. [fact sheet 2, 6]"""
    try:
        return msgspec.json.decode(reply.content, type=ErrorAnswer).errors
    except (msgspec.DecodeError, UnicodeDecodeError):
        return []


def expired(reply: Reply) -> bool:
    """Whether a call was refused because of its token. Amazon says so with 403, not 401. [fact sheet 3.5]"""
    if reply.status == 401:
        return True
    if reply.status != 403:
        return False
    texts = (f"{error.message or ''} {error.details or ''}".casefold() for error in errors_of(reply))
    return any("token" in text and ("expired" in text or "revoked" in text or "malformed" in text) for text in texts)
