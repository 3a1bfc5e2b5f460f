"""Request bodies: names in any case, unknown members ignored, money as number or as text [fact sheet 2]."""

import json
import re
from decimal import Decimal, InvalidOperation
from typing import Any

from koppel_snelstart.sandbox.refusal import business, model

Body = dict[str, Any]
"""A JSON object whose names are in lower case."""

EMPTY_ID = "00000000-0000-0000-0000-000000000000"
_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?")


def parse(content: bytes) -> Body:
    """The object of a request."""
    if not content.strip():
        raise business("ALG-0106")
    try:
        found = fold(json.loads(content, parse_float=Decimal))
    except ValueError as error:
        raise model("body", "The JSON value could not be converted.") from error
    if not isinstance(found, dict):
        raise model("body", "An object was expected.")
    return found  # pyright: ignore[reportUnknownVariableType] - JSON of any shape


def fold(value: Any) -> Any:
    """All names in lower case, all the way down."""
    if isinstance(value, dict):
        return {str(key).lower(): fold(inner) for key, inner in value.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    if isinstance(value, list):
        return [fold(inner) for inner in value]  # pyright: ignore[reportUnknownVariableType]
    return value


def refuse_id(body: Body) -> None:
    """A new record may have no id; none, null and the all-zero GUID count as empty."""
    if body.get("id") not in (None, "", EMPTY_ID):
        raise business("ALG-0100")


def text(body: Body, name: str) -> str | None:
    """A text; empty is the same as absent."""
    value = body.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise model(name, "The value is not a string.")
    return value


def amount(body: Body, name: str) -> Decimal | None:
    """A number, or digits in a text."""
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        raise model(name, "The value is not a number.")
    try:
        return Decimal(value)
    except InvalidOperation as error:
        raise model(name, "The value is not a number.") from error


def whole(body: Body, name: str) -> int | None:
    """A whole number."""
    value = amount(body, name)
    if value is None:
        return None
    if value != int(value):
        raise model(name, "The value is not an integer.")
    return int(value)


def day(body: Body, name: str) -> str | None:
    """The day of a moment, ``yyyy-MM-dd``."""
    value = text(body, name)
    if value is None:
        return None
    match = _DAY.fullmatch(value)
    if match is None:
        raise model(name, "The value is not a date.")
    return match[1]


def reference(body: Body, name: str) -> str | None:
    """The id of a nested reference; null, absent and the all-zero GUID count as none."""
    value = body.get(name)
    if not isinstance(value, dict):
        return None
    id_ = value.get("id")  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    return None if id_ in (None, "", EMPTY_ID) else str(id_).lower()  # pyright: ignore[reportUnknownArgumentType]


def items(body: Body, name: str) -> list[Body]:
    """A list of objects; absent is empty."""
    value = body.get(name)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []  # pyright: ignore[reportUnknownVariableType]
