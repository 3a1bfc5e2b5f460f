"""AFAS' JSON, both ways: rows of GetConnectors, envelopes of UpdateConnectors, filters, times."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar, cast
from urllib.parse import urlencode

import msgspec
from msgspec import Struct

from koppel.clock import AMSTERDAM
from koppel.errors import RetryLater
from koppel.vendor import Reply
from koppel_afas.tables import EQUALS, QUERY_LENGTH

Row = Mapping[str, object]
Pair = tuple[str, str]
"""A field id and the value that it must equal."""
JSON = {"Content-Type": "application/json;charset=utf-8"}
"""Header of every write: without the character set AFAS turns accented letters into ``?`` [fact sheet 2]."""


S = TypeVar("S", bound=Struct)


class Page(Struct, frozen=True):
    """Rows of a GetConnector. ``take`` is what AFAS made of the number that was asked for."""

    rows: list[dict[str, object]] | None
    take: int | None = None


_PAGE = msgspec.json.Decoder(Page, float_hook=Decimal)
_JSON = msgspec.json.Decoder[Any](float_hook=Decimal)
_BARE_FRACTION = re.compile(rb'("(?:[^"\\]|\\.)*")|(?<![\d.])(?=\.\d)')


def page_of(reply: Reply) -> Page:
    """A GetConnector's answer; numbers are int or Decimal, never float.

    Before Profit 7 AFAS wrote ``.5`` and ``-.5``, which is no JSON: the zero is put in [fact sheet 10.30]. Raises
    RetryLater ``vendor.garbage`` for anything else that cannot be read.
    """
    try:
        return _PAGE.decode(reply.content)
    except (msgspec.DecodeError, UnicodeDecodeError):
        mended = _BARE_FRACTION.sub(lambda match: match.group(1) or b"0", reply.content)
    try:
        return _PAGE.decode(mended)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RetryLater("vendor.garbage", f"AFAS' answer (status {reply.status}) cannot be read.") from error


def told(content: bytes, into: type[S]) -> S:
    """An answer that is no row. A key that is there without value (null) counts as absent, and a number may come as
    text. Raises msgspec.DecodeError or UnicodeDecodeError for what is not that.
    """
    return msgspec.convert(_without_nulls(_JSON.decode(content)), into, strict=False)


def _without_nulls(value: object) -> object:
    if isinstance(value, dict):
        items = cast("dict[str, object]", value).items()
        return {name: _without_nulls(each) for name, each in items if each is not None}
    if isinstance(value, list):
        return [_without_nulls(each) for each in cast("list[object]", value)]
    return value


def text(value: object) -> str:
    """A value of a row as text: null is empty, a number its digits, surrounding space is dropped."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value).strip()


def amount(value: object) -> Decimal | None:
    """A value of a row as a number, exact; None for null, empty and what is no number."""
    if value is None or isinstance(value, bool):
        return None
    try:
        return Decimal(text(value))
    except InvalidOperation:
        return None


def flag(value: object) -> bool:
    """A value of a row as yes or no; AFAS writes ``true``, ``"true"``, ``1`` and ``"1"``."""
    return text(value).casefold() in ("true", "1", "-1")


def amsterdam(value: object) -> datetime | None:
    """A moment as AFAS writes it: ``2026-11-21T09:00:00Z`` is nine o'clock **in Amsterdam**; the Z lies [fact sheet 5].

    Of the hour that comes twice in October the first is meant. None for null and what is no moment.
    """
    try:
        return datetime.fromisoformat(text(value).rstrip("Zz")).replace(tzinfo=AMSTERDAM).astimezone(UTC)
    except ValueError:
        return None


def day(value: object) -> date | None:
    """The Dutch day of a moment as AFAS writes it."""
    moment = amsterdam(value)
    return moment.astimezone(AMSTERDAM).date() if moment else None


def as_amsterdam(moment: datetime) -> str:
    """A moment as AFAS reads and writes it, to the second: Amsterdam's time with a Z."""
    return moment.astimezone(AMSTERDAM).strftime("%Y-%m-%dT%H:%M:%SZ")


def number(value: Decimal) -> Decimal:
    """The same number without exponent: ``1E+2`` becomes ``100``, so that it is written in plain digits."""
    return Decimal(f"{value:f}")


def any_of(pairs: Sequence[Pair], order_by: str) -> Iterator[list[Pair]]:
    """Query parameters that find the rows where one of the pairs holds, as many a query as its length allows.

    ``;`` means OR in all three lists. How a ``,`` or ``;`` inside a value is escaped is not documented, so that such
    a value goes as ``filterjson`` [fact sheet 5].
    """
    plain = [pair for pair in pairs if not re.search(r"[,;]", pair[1])]
    for write, group in ((_lists, plain), (_json, [pair for pair in pairs if pair not in plain])):
        start, end = 0, len(group)
        while start < len(group):
            params = [*write(group[start:end]), ("orderbyfieldids", order_by)]
            if end > start + 1 and len(urlencode(params)) > QUERY_LENGTH - len("?skip=100000&take=1000&"):
                end -= max(1, (end - start) // 4)
                continue
            yield params
            start, end = end, len(group)


def _lists(pairs: Sequence[Pair]) -> list[Pair]:
    return [
        ("filterfieldids", ";".join(name for name, _ in pairs)),
        ("filtervalues", ";".join(value for _, value in pairs)),
        ("operatortypes", ";".join(EQUALS for _ in pairs)),
    ]


def _json(pairs: Sequence[Pair]) -> list[Pair]:
    filters = [
        {"@FilterId": f"Filter {index}", "Field": [{"@FieldId": name, "@OperatorType": EQUALS, "#text": value}]}
        for index, (name, value) in enumerate(pairs, 1)
    ]
    return [("filterjson", json.dumps({"Filters": {"Filter": filters}}, ensure_ascii=False, separators=(",", ":")))]


def element(
    fields: Mapping[str, object], objects: Mapping[str, object] | None = None, **keys: str
) -> dict[str, object]:
    """One element: its identification with an ``@``, its fields, the objects below it. Fields that are None are left
    out.
    """
    body: dict[str, object] = {f"@{name}": value for name, value in keys.items()}
    body["Fields"] = {name: value for name, value in fields.items() if value is not None}
    if objects:
        body["Objects"] = [{name: {"Element": inner}} for name, inner in objects.items()]
    return body


def envelope(connector: str, inner: object) -> dict[str, object]:
    """The body of a call to an UpdateConnector [fact sheet 7.0]."""
    return {connector: {"Element": inner}}


class _Written(Struct):
    results: dict[str, dict[str, object]] = {}


def key_written(reply: Reply, name: str) -> str:
    """The key that AFAS gave to what was made (``OrNu``, ``DbId`` …); empty where the answer does not tell."""
    try:
        results = told(reply.content, _Written).results
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""
    return next((text(keys[name]) for keys in results.values() if name in keys), "")
