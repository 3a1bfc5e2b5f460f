"""Signing in: OAuth client credentials first, the AppConnector token second."""

import base64
import binascii
import re
from datetime import date, datetime

from koppel.plugin import Finding, Misconfigured
from koppel.vendor import HeaderSignIn, SignIn, TokenSignIn
from koppel_afas.errors import refusal
from koppel_afas.settings import Settings
from koppel_afas.tables import BASE_URL, HOSTS, SECRET_WARNING, TOKEN_END, TOKEN_EXPIRY

_TOKEN = re.compile(r"<token>\s*<version>\s*1\s*</version>\s*<data>\s*([0-9A-Za-z]+)\s*</data>\s*</token>")


def base_url(settings: Settings) -> str:
    """Where the REST services are. Raises Misconfigured if neither address nor environment number is set."""
    if settings.base_url:
        return settings.base_url.rstrip("/")
    if not re.fullmatch(r"[1-9]\d{4}", settings.environment):
        raise Misconfigured(
            "afas.environment",
            "The AFAS environment number is missing or not five digits.",
            "Set environment in [target].",
        )
    return BASE_URL.format(environment=settings.environment, host=HOSTS[settings.system])


def sign_in(settings: Settings) -> SignIn:
    """The way of signing in that the settings describe [fact sheet 3]. Raises Misconfigured if there is none.

    No refresh token exists in this flow: a new access token is asked for when the old one ends.
    """
    if settings.client_id and settings.client_secret:
        form = {
            "grant_type": "client_credentials",
            "client_id": settings.client_id,
            "client_secret": str(settings.client_secret),
        }
        address = base_url(settings)
        return TokenSignIn(
            key=f"afas:{address}:{settings.client_id}",
            token_url=settings.token_url or f"{address}/oauth/token",
            form=lambda _: form,
            refusal=refusal,
            expired=lambda reply: reply.status == 401,
        )
    if settings.app_token:
        return HeaderSignIn(headers={"Authorization": f"AfasToken {encoded_token(str(settings.app_token))}"})
    raise Misconfigured(
        "afas.no-credentials",
        "No way to sign in to AFAS is set.",
        "Set client_id and client_secret of an app connector with OAuth, or app_token of an older one.",
    )


def encoded_token(token: str) -> str:
    """The AppConnector token as the header wants it: base64 of the whole XML text, without line breaks in it.

    Takes the XML as AFAS shows it, or what is base64 already. Raises Misconfigured for anything else.
    """
    xml = token.strip()
    if not xml.startswith("<"):
        try:
            xml = base64.b64decode("".join(xml.split()), validate=True).decode("utf-8")
        except (binascii.Error, UnicodeDecodeError):
            xml = ""
    match = _TOKEN.fullmatch(xml.strip())
    if not match:
        raise Misconfigured(
            "afas.token-format",
            "The AppConnector token is not the XML text that AFAS shows.",
            "Set the whole text, from <token> to </token>.",
        )
    plain = f"<token><version>1</version><data>{match.group(1)}</data></token>"
    return base64.b64encode(plain.encode()).decode()


def expiry_findings(settings: Settings, today: date, told: str = "") -> list[Finding]:
    """What will end, before it does (L7). ``told`` is ``tokenExpiry`` of AFAS' own answer, ``"0"`` = unknown."""
    if settings.client_id and settings.client_secret:
        ends = settings.client_secret_expires
        if ends is not None and ends - today <= SECRET_WARNING:
            return [
                Finding(
                    level="warning" if ends >= today else "error",
                    subject="client_secret",
                    message=f"The client secret ends on {ends}.",
                    suggestion="Make a second secret in the app connector, set it here, then revoke the old one.",
                )
            ]
        return []
    ends = min(_date(told) or TOKEN_EXPIRY, TOKEN_END)
    return [
        Finding(
            level="warning" if ends >= today else "error",
            subject="app_token",
            message=f"The AppConnector token ends on {ends}; AFAS stops all such tokens after {TOKEN_END}.",
            suggestion="Set the app connector to OAuth and use client_id and client_secret instead.",
        )
    ]


def _date(told: str) -> date | None:
    try:
        return datetime.fromisoformat(told.rstrip("Zz")).date()
    except ValueError:
        return None
