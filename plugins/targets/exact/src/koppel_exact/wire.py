"""What goes over the wire to Exact Online and back: the fields that are used, and the quirks of its JSON."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Generic, TypeVar

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType, field

from koppel.clock import AMSTERDAM
from koppel.vendor import Reply
from koppel.vendor.decode import decode

T = TypeVar("T")

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - Exact counts from a wall clock, not from a moment
_DATE = re.compile(r"/Date\((-?\d+)(?:[+-]\d{4})?\)/")


def read_moment(value: str | None) -> datetime | None:
    """An Exact date as aware Amsterdam time: `/Date(ms)/` counts milliseconds of the Dutch wall clock [5.6].

    Also takes ISO 8601, with or without an offset. None where there is none or it cannot be read.
    """
    found = _DATE.fullmatch((value or "").replace("\\/", "/"))
    try:
        told = _EPOCH + timedelta(milliseconds=int(found[1])) if found else datetime.fromisoformat(value or "")
        return told.astimezone(AMSTERDAM) if told.tzinfo else told.replace(tzinfo=AMSTERDAM)
    except (ValueError, OverflowError):
        return None


def read_day(value: str | None) -> date | None:
    """The day of an Exact date; None where there is none or it cannot be read."""
    moment = read_moment(value)
    return moment.date() if moment else None


def write_day(value: date) -> str:
    """A day as Exact takes it: ISO 8601 with midnight, the form that every resource accepts [5.1, 5.2]."""
    return f"{value.isoformat()}T00:00:00"


def show_moment(value: datetime) -> str:
    """An aware moment as Exact shows it: `/Date(ms)/` of the Amsterdam wall clock."""
    naive = value.astimezone(AMSTERDAM).replace(tzinfo=None) if value.tzinfo else value
    return f"/Date({(naive - _EPOCH) // timedelta(milliseconds=1)})/"


def show_day(value: date) -> str:
    """A day as Exact shows it: `/Date(ms)/` of its midnight."""
    return show_moment(datetime(value.year, value.month, value.day))  # noqa: DTZ001 - a day of the wall clock


def same_id(one: str | None, other: str) -> bool:
    """Whether two GUIDs are the same: hexadecimal digits mean the same in either case."""
    return (one or "").strip("{}").casefold() == other.strip("{}").casefold()


class _Envelope(Struct):
    d: Raw | UnsetType = UNSET


class _Page(Struct, Generic[T]):
    results: list[T] | UnsetType = UNSET
    next: str | None = field(default=None, name="__next")


def rows(reply: Reply, into: type[T]) -> tuple[Sequence[T], str | None]:
    """The rows of a collection answer and the address of the next page. Exact answers `{"d":{"results":[…]}}`, a bare
    list in `d`, or one entity, in `d` or bare [5.2]; numbers may be strings. RetryLater ``vendor.garbage`` if it is
    none of these.
    """
    envelope = decode(reply, _Envelope, strict=False)
    inner = reply if isinstance(envelope.d, UnsetType) else replace(reply, content=bytes(envelope.d))
    if inner.content.lstrip().startswith(b"["):
        return decode(inner, list[into], strict=False), None  # type: ignore[valid-type]
    page: _Page[T] = decode(inner, _Page[into], strict=False)  # type: ignore[valid-type]
    if isinstance(page.results, UnsetType):
        return [decode(inner, into, strict=False)], None
    return page.results, page.next


def entity(reply: Reply, into: type[T]) -> T:
    """The one entity of an answer. RetryLater ``vendor.garbage`` if there is none."""
    found, _ = rows(reply, into)
    return found[0] if found else decode(replace(reply, content=b"null"), into)


class _Message(Struct):
    value: str = ""


class _Error(Struct):
    message: _Message | str = ""


class _ErrorBody(Struct):
    error: _Error


def error_text(reply: Reply) -> str:
    """The vendor's own sentence: of the JSON or XML error body, else of the header `Reason`; empty if there is none."""
    try:
        message = msgspec.json.decode(reply.content, type=_ErrorBody).error.message
        text = message if isinstance(message, str) else message.value
    except (msgspec.DecodeError, UnicodeDecodeError):
        found = re.search(r"<message[^>]*>([^<]*)</message>", reply.text)
        text = found[1] if found else ""
    return (text or reply.headers.get("reason", "")).strip()
