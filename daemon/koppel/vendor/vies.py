"""VIES, the EU's register of VAT numbers, over its REST service.

Whatever goes wrong there says nothing about a number: the answer is then ``unknown``, never ``invalid``
[bookkeeping.md 4]. The service was written down without access to it, so that both known spellings of an answer
are read: ``valid`` (POST) and ``isValid`` (GET), errors in ``userError`` or in ``errorWrappers``.
"""

from datetime import datetime, timedelta
from typing import Protocol

from msgspec import Struct

from koppel.clock import Clock
from koppel.errors import KoppelError, OutcomeUnknown, RetryLater
from koppel.vat.numbers import Shape, judge_number
from koppel.vat.vies import ViesAnswer, ViesState
from koppel.vendor.contract import Dialect, Reply, Vendor, VendorClient
from koppel.vendor.limits import Concurrent, Limit, LimitTable

BASE_URL = "https://ec.europa.eu/taxation_customs/vies/rest-api"
VALID_FOR = timedelta(hours=24)
"""How long an answer is used again for the same number."""
SAYS_INVALID = frozenset({"INVALID", "INVALID_INPUT"})
SAYS_VALID = frozenset({"VALID", ""})
LIMITS = LimitTable(always=(Limit("vies", "all", (Concurrent(2),)),))
"""VIES publishes no limit but answers ``MS_MAX_CONCURRENT_REQ``; two at a time is modest."""


class ViesCache(Protocol):
    """Where answers are kept. Valid and invalid ones only: an unknown is no answer."""

    async def find(self, number: str) -> ViesAnswer | None:
        """The last answer about a number (compact, with prefix)."""
        ...

    async def keep(self, answer: ViesAnswer) -> None:
        """Keep an answer, with its time and consultation number: it is the proof for 0 %."""
        ...


class MemoryViesCache:
    """Keeps answers as long as the process lives."""

    def __init__(self) -> None:
        self._answers: dict[str, ViesAnswer] = {}

    async def find(self, number: str) -> ViesAnswer | None:
        """See :class:`ViesCache`."""
        return self._answers.get(number)

    async def keep(self, answer: ViesAnswer) -> None:
        """See :class:`ViesCache`."""
        self._answers[answer.number] = answer


class _Error(Struct):
    error: str = ""


class _Body(Struct, rename="camel"):
    valid: bool | None = None
    is_valid: bool | None = None
    user_error: str = ""
    request_identifier: str | None = None
    error_wrappers: tuple[_Error, ...] = ()


class Vies:
    """Asks VIES about numbers, once a day each. ``requester`` is the seller's own number, "" = ask without proof."""

    def __init__(self, vendor: Vendor, cache: ViesCache, *, requester: str = "", base_url: str = BASE_URL) -> None:
        self._clock: Clock = vendor.clock
        self._cache = cache
        self._requester = requester
        self._client: VendorClient = vendor.client(
            vendor="vies", base_url=base_url, dialect=Dialect(error=_error), limits=LIMITS, timeout=20.0
        )

    async def check(self, vat_id: str) -> ViesAnswer:
        """What VIES says: valid, invalid, or unknown. Never raises for a fault of the service."""
        number = judge_number(vat_id)
        now = self._clock.now()
        if number.shape in (Shape.NOT_EU, Shape.MALFORMED):
            return ViesAnswer(number=number.text, state=ViesState.INVALID, asked_at=now)
        known = await self._cache.find(number.text)
        if known is not None and known.asked_at is not None and now - known.asked_at < VALID_FOR:
            return known
        answer = await self._ask(number.text, now)
        if answer.state is not ViesState.UNKNOWN:
            await self._cache.keep(answer)
        return answer

    async def _ask(self, number: str, now: datetime) -> ViesAnswer:
        body = {"countryCode": number[:2], "vatNumber": number[2:]}
        own = judge_number(self._requester) if self._requester else None
        if own is not None and own.shape is Shape.GOOD:
            body |= {"requesterMemberStateCode": own.text[:2], "requesterNumber": own.text[2:]}
        try:
            reply = await self._client.read("check", "/check-vat-number", method="POST", json=body)
            found = reply.json(_Body)
        except (RetryLater, OutcomeUnknown):
            return ViesAnswer(number=number, state=ViesState.UNKNOWN, asked_at=now)
        return ViesAnswer(number=number, state=_state(found), asked_at=now, consultation=found.request_identifier or "")


def _state(body: _Body) -> ViesState:
    """Valid and invalid only where VIES says just that; every error word, known or new, is unknown."""
    valid = body.valid if body.valid is not None else body.is_valid
    words = {body.user_error.upper(), *(wrapper.error.upper() for wrapper in body.error_wrappers)} - {""}
    if valid and words <= SAYS_VALID:
        return ViesState.VALID
    if valid is False and words <= SAYS_INVALID | SAYS_VALID and "VALID" not in words:
        return ViesState.INVALID
    return ViesState.UNKNOWN


def _error(operation: str, is_write: bool, reply: Reply) -> KoppelError:
    del operation, is_write
    return RetryLater("vies.unavailable", f"VIES answered with status {reply.status}.", "It is asked again.")
