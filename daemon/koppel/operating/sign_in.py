"""Consent that a person gives in a browser, by copy and paste: no public address of our own is needed (L7)."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
from msgspec import Struct

from koppel.config.connection import parse_connection
from koppel.engine.control import call_daemon
from koppel.engine.daemon import Workshop
from koppel.errors import Misconfigured, SignInNeeded
from koppel.log.redaction import register_secret
from koppel.operating.applying import known_connection
from koppel.plugin import Consent, PluginSpec

STATE = "sign-in"
"""Under this name the store keeps, sealed, which request for consent is under way."""
STATE_LIFE = timedelta(hours=1)


class SignedIn(Struct, frozen=True, kw_only=True):
    """``good_until``: when consent ends if nobody renews it, which koppel does while it runs; None = it does not."""

    name: str
    vendor: str
    good_until: datetime | None


class _Request(Struct, frozen=True):
    state: str
    at: datetime


@dataclass(frozen=True)
class _Side:
    spec: PluginSpec
    consent: Consent
    settings: Any
    limits: bool


async def consent_address(workshop: Workshop, name: str) -> str:
    """Where to give consent now. What comes back must belong to this request, the last one. Raises Misconfigured."""
    side = await _side(workshop, name)
    request = _Request(secrets.token_urlsafe(24), workshop.clock.now())
    address = side.consent.address(side.settings, request.state)
    await workshop.store.secrets.put(name, STATE, msgspec.json.encode(request).decode())
    return address


async def finish_sign_in(workshop: Workshop, name: str, redirected: str) -> SignedIn:
    """Take the address that the browser was sent to, and fetch and keep the first token.

    Raises SignInNeeded for an address that does not belong to the last request, and what the vendor refuses.
    """
    side = await _side(workshop, name)
    kept = await workshop.store.secrets.get(name, STATE)
    request = msgspec.json.decode(kept, type=_Request) if kept else None
    if request is None or workshop.clock.now() - request.at > STATE_LIFE:
        raise SignInNeeded(
            "sign-in.no-request", f"No consent was asked for {name} in the last hour.", f"Run: koppel sign-in {name}"
        )
    code = side.consent.code(redirected, request.state)
    register_secret(code)
    await workshop.store.secrets.delete(name, STATE)  # a state is good for one answer
    sign_in = side.consent.exchange(side.settings, workshop.clock, code)
    token = await workshop.hub.exchange(side.spec.name, sign_in, enforce_limits=side.limits)
    await _try_again(workshop, name)
    lasts = side.consent.lasts
    until = workshop.clock.now() + lasts if lasts and token.refresh else None
    return SignedIn(name=name, vendor=side.spec.title, good_until=until)


async def _side(workshop: Workshop, name: str) -> _Side:
    record = await known_connection(workshop, name)
    settings = parse_connection(record.config, f"connection {name}", workshop.plugins)
    limits = settings.heading.limits == "vendor"
    if (consent := settings.source_spec.consent) is not None:
        return _Side(settings.source_spec, consent, await workshop.opener.resolved(settings, "source"), limits)
    if (consent := settings.target_spec.consent) is not None:
        return _Side(settings.target_spec, consent, await workshop.opener.resolved(settings, "target"), limits)
    titles = f"{settings.source_spec.title} and {settings.target_spec.title}"
    raise Misconfigured(
        "sign-in.not-needed",
        f"{titles} sign in with the settings alone.",
        f"Run koppel check {name} to see whether they do.",
    )


async def _try_again(workshop: Workshop, name: str) -> None:
    """What failed for lack of consent is due now."""
    for state in await workshop.store.flows.states(name):
        if state.failures:
            await workshop.store.flows.make_due(name, state.flow, workshop.clock.now())
    await call_daemon(workshop.config, "wake")
