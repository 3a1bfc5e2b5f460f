"""What VIES, the EU's register of VAT numbers, said about a number. Asking it is the vendor layer's work."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct


class ViesState(StrEnum):
    """An answer of VIES. "Not asked" is the absence of an answer; unknown is never invalid [bookkeeping.md 4]."""

    VALID = "valid"
    INVALID = "invalid"
    UNKNOWN = "unknown"
    """The member state or VIES itself was unavailable: nothing is known, ask again."""
    VALID_AT_SALE = "invalid_now_valid_at_sale"
    """Valid on the tax date, invalid since: the document of the sale stands, and so does its credit."""


class ViesAnswer(Struct, frozen=True, kw_only=True):
    """One answer, kept as proof. ``number`` is compact with its prefix (``DE136695976``); ``asked_at`` is UTC.

    ``consultation`` is VIES's ``requestIdentifier``, given only to who tells an own number.
    """

    number: str
    state: ViesState
    asked_at: datetime | None = None
    consultation: str = ""
