"""One token: fetched by one at a time, stored before it is used, never lost (G8).

The order is the whole point: load what the store has → ask the vendor → **store durably** → use. From the moment the
request is sent nothing can cancel it before the answer is stored. If the store fails, the new token waits in memory,
unused, and storing it is what every later call tries first.

A token's life is counted by the monotonic clock from the moment it was issued or loaded: jumps of the wall clock
neither end it nor prolong it. A wrong guess shows as an answer "expired", which fetches a new one.
"""

import copy
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Protocol
from urllib.parse import urlsplit

import anyio

from koppel.clock import Clock
from koppel.errors import KoppelError, RetryLater
from koppel.vendor.contract import Reply, Token, TokenSignIn
from koppel.vendor.issued import Issued, refusal
from koppel.vendor.ports import TokenStore
from koppel.vendor.transport import Unanswered, Unsent

_BETWEEN_TRIES = 1.0
_AFTER_FAILURE = 5.0
_AFTER_SILENCE = 30.0

Ask = Callable[[Mapping[str, str]], Awaitable[Reply]]


class Asker(Protocol):
    """How one client asks a token endpoint: with its own limits, traces and credentials."""

    @property
    def sign_in(self) -> TokenSignIn:
        """What the plugin described."""
        ...

    async def turn(self) -> Ask:
        """Wait for the turn at the endpoint's limits; gives what sends one request (raises Unsent, Unanswered)."""
        ...


class TokenKeeper:
    """The single refresher of one key."""

    def __init__(self, key: str, clock: Clock, store: TokenStore) -> None:
        self._key = key
        self._clock = clock
        self._store = store
        self._lock = anyio.Lock()
        self._token: Token | None = None
        self._unsaved: Token | None = None
        self._issued = 0.0
        self._due = 0.0
        self._dead = 0.0
        self._failures = 0
        self._failure: KoppelError | None = None
        self._closed_until = 0.0

    async def current(self, asker: Asker) -> Token:
        """A token that is good now. Raises what the sign-in's refusal says, or RetryLater."""
        token = self._good()
        if token is not None:
            return token
        try:
            return await self._one_at_a_time(asker, self._good)
        except RetryLater:
            if self._token is None or self._unsaved is not None or self._clock.monotonic() >= self._dead:
                raise
            self._due = min(self._dead, self._clock.monotonic() + _AFTER_FAILURE)
            return self._token  # it serves until its very end

    async def renew(self, asker: Asker, used: Token) -> Token:
        """Another token than ``used``, which the vendor called expired. RetryLater while the vendor gives none."""

        def other() -> Token | None:
            token = self._good()
            return token if token is not None and token.access != used.access else None

        if self._token is not None and self._token.access == used.access:
            self._due = self._dead = 0.0
        return await self._one_at_a_time(asker, other)

    async def exchange(self, asker: Asker) -> Token:
        """A token for something that works once (a code): asked for once, stored, and then the one that all use.

        Raises what the sign-in's refusal says; RetryLater without an answer: the code may be used up by then.
        """
        async with self._lock:
            stored = await self._load(asker.sign_in)
            try:
                return await self._ask(asker, asker.sign_in.form(stored), stored)
            except (Unsent, Unanswered) as error:
                raise RetryLater(
                    "vendor.token-unanswered",
                    f"{_host(asker.sign_in)}, the sign-in address, did not answer ({error}).",
                    "Begin again: a code works once.",
                ) from None

    def young(self, sign_in: TokenSignIn) -> bool:
        """Does the vendor refuse to give a new token yet?"""
        return self._token is not None and self._clock.monotonic() < self._issued + sign_in.hold

    def _good(self) -> Token | None:
        usable = self._unsaved is None and self._clock.monotonic() < self._due
        return self._token if usable else None

    async def _one_at_a_time(self, asker: Asker, good: Callable[[], Token | None]) -> Token:
        failures = self._failures
        async with self._lock:
            if (token := good()) is not None:
                return token
            if failures != self._failures and self._failure is not None:
                raise copy.copy(self._failure)  # whoever waited meanwhile need not ask the same again
            try:
                return await self._fetch(asker, good)
            except KoppelError as error:
                self._failures += 1
                self._failure = error
                raise

    async def _fetch(self, asker: Asker, good: Callable[[], Token | None]) -> Token:
        sign_in = asker.sign_in
        if self._unsaved is not None:
            await self._keep(self._unsaved, sign_in)
        stored = await self._load(sign_in)
        if (token := good()) is not None:
            return token
        if self._failure is not None and self._clock.monotonic() < self._closed_until:
            raise copy.copy(self._failure)
        if stored is not None:
            self._wait_until(self._issued + sign_in.hold)
        form = sign_in.form(stored)
        try:
            try:
                return await self._ask(asker, form, stored)
            except Unanswered:
                if sign_in.hold:
                    raise
            except Unsent:
                pass
            await self._clock.sleep(_BETWEEN_TRIES)
            return await self._ask(asker, form, stored)
        except Unsent as error:
            raise self._closed(
                RetryLater(
                    "vendor.token-unreachable", f"{_host(sign_in)}, the sign-in address, cannot be reached ({error})."
                )
            ) from None
        except Unanswered as error:
            silence = timedelta(seconds=max(sign_in.hold, _AFTER_SILENCE))
            raise self._closed(
                RetryLater(
                    "vendor.token-unanswered",
                    f"{_host(sign_in)}, the sign-in address, did not answer ({error}).",
                    "It is asked again with the stored token.",
                    not_before=self._clock.now() + silence,
                )
            ) from None

    async def _ask(self, asker: Asker, form: Mapping[str, str], stored: Token | None) -> Token:
        ask = await asker.turn()
        with anyio.CancelScope(shield=True):
            return await self._ask_and_keep(ask, form, stored, asker.sign_in)
        raise AssertionError("a shield swallows nothing")

    async def _ask_and_keep(
        self, ask: Ask, form: Mapping[str, str], stored: Token | None, sign_in: TokenSignIn
    ) -> Token:
        asked_at = self._clock.monotonic()
        reply = await ask(form)
        issued = Issued.read(reply, sign_in)
        refresh = issued.refresh or (stored.refresh if stored else None)
        if issued.access:
            now = self._clock.now().timestamp()
            expires_at = now - (self._clock.monotonic() - asked_at) + issued.seconds
            token = Token(access=issued.access, refresh=refresh, issued_at=now, expires_at=expires_at)
            await self._keep(token, sign_in)
            self._failure = None
            return token
        if stored is not None and refresh != stored.refresh:  # a refusal may rotate too [Exact fact sheet 3.4]
            await self._keep(replace(stored, refresh=refresh), sign_in)
        raise self._closed(refusal(reply, sign_in, self._clock))

    async def _load(self, sign_in: TokenSignIn) -> Token | None:
        try:
            stored = await self._store.load(self._key)
        except Exception as error:
            raise _store_failed(error) from error
        if stored is None:
            self._token = None
        elif self._token is None or stored.access != self._token.access:
            self._adopt(stored, sign_in)
        return stored

    async def _keep(self, token: Token, sign_in: TokenSignIn) -> None:
        self._unsaved = token
        try:
            await self._store.save(self._key, token)
        except Exception as error:
            raise _store_failed(error) from error
        self._unsaved = None
        self._adopt(token, sign_in)

    def _adopt(self, token: Token, sign_in: TokenSignIn) -> None:
        wall, now = self._clock.now().timestamp(), self._clock.monotonic()
        life = token.expires_at - token.issued_at
        self._token = token
        self._issued = now - max(0.0, wall - token.issued_at)
        self._dead = now + min(token.expires_at - wall, life)
        early = min(sign_in.early, life / 10)
        self._due = min(self._dead, max(self._dead - early, self._issued + sign_in.hold))

    def _wait_until(self, moment: float) -> None:
        wait = moment - self._clock.monotonic()
        if wait > 0:
            raise RetryLater(
                "vendor.token-too-early",
                "The vendor gives no new sign-in token yet.",
                not_before=self._clock.now() + timedelta(seconds=wait),
            )

    def _closed(self, error: KoppelError) -> KoppelError:
        """Ask nobody before the time that a temporary fault names."""
        if isinstance(error, RetryLater):
            wait = _AFTER_FAILURE
            if error.not_before is not None:
                wait = (error.not_before - self._clock.now()).total_seconds()
            self._closed_until = self._clock.monotonic() + wait
        return error


def _host(sign_in: TokenSignIn) -> str:
    """Whose sign-in it is, as a person recognises it."""
    return urlsplit(sign_in.token_url).hostname or "the vendor"


def _store_failed(error: Exception) -> RetryLater:
    return RetryLater(
        "vendor.token-store",
        f"Sign-in tokens cannot be stored or read ({type(error).__name__}), so none is used.",
        "Look whether the disk is full or the database is unreachable.",
    )
