"""The bodies of UpdateConnectors, in all the shapes that AFAS' own samples have, checked against the fields [fact
sheet 7.0].
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import cast

import msgspec

from koppel_afas.sandbox.failures import ProfitError, missing_value
from koppel_afas.sandbox.fields import FIELDS, Field

Json = dict[str, object]
_FREE = re.compile(r"U[0-9A-F]{32}")
_IGNORED = {"KnBankAccount", "KnBasicAddressPad", "FbOrderSerialLines", "AfasFbOrderCompLines", "FbOrderBatchLines"}
"""Objects below that AFAS knows and this sandbox lets pass."""


@dataclass
class Element:
    """One element: its fields, converted, and what hangs below it. ``action`` is insert, update or delete."""

    fields: Json
    action: str
    below: dict[str, list["Element"]] = field(default_factory=dict[str, list["Element"]])

    def text(self, name: str) -> str:
        """A field as text, empty if absent."""
        value = self.fields.get(name)
        return "" if value is None else str(value)


def elements(content: bytes, connector: str, action: str) -> list[Element]:
    """The elements of a body. Raises ProfitError for what AFAS does not know or misses."""
    try:
        body = msgspec.json.Decoder(Json, float_hook=Decimal).decode(content)
    except msgspec.DecodeError:
        raise ProfitError("De JSON kan niet worden gelezen.", "The JSON cannot be read.") from None
    if set(body) != {connector}:
        raise ProfitError(f"Connector '{connector}' verwacht.", f"Connector '{connector}' expected.")
    return list(_elements(connector, body[connector], action))


def _elements(name: str, holder: object, action: str) -> Iterator[Element]:
    inner = cast("Json", holder).get("Element") if isinstance(holder, dict) else None
    if inner is None:
        raise ProfitError("'Element' ontbreekt.", "'Element' is missing.")
    for one in _each(inner):
        yield _element(name, one, action)


def _each(value: object) -> list[Json]:
    if isinstance(value, list):
        return [each for item in cast("list[object]", value) for each in _each(item)]
    return [cast("Json", value)] if isinstance(value, dict) else []


def _element(name: str, raw: Json, action: str) -> Element:
    given: Json = {}
    for part in _each(raw.get("Fields")):
        given |= part
    given |= {key.removeprefix("@"): value for key, value in raw.items() if key.startswith("@")}
    action = str(given.pop("Action", given.pop("@Action", action)))
    known = FIELDS[name]
    element = Element({key: _value(name, key, value, known) for key, value in given.items()}, action)
    for part in _each(raw.get("Objects")):
        for below, holder in part.items():
            if below in _IGNORED:
                continue
            if below not in FIELDS:
                raise ProfitError(f"Object '{below}' is onbekend.", f"Object '{below}' is unknown.")
            element.below.setdefault(below, []).extend(_elements(below, holder, action))
    return element


def require(name: str, element: Element) -> None:
    """Raise ProfitError for the first compulsory field that is missing or empty."""
    for key, info in FIELDS[name].items():
        text_line = name == "FbSalesLines" and key == "BiUn" and element.text("VaIt") == "3"
        if info.required and not text_line and element.fields.get(key) in (None, ""):
            raise missing_value(key)


def _value(name: str, key: str, value: object, known: Mapping[str, Field]) -> object:
    if _FREE.fullmatch(key):
        return value
    if key not in known:
        raise ProfitError(f"Veld '{key}' is onbekend in '{name}'.", f"Field '{key}' is unknown in '{name}'.")
    if value is None or value == "":
        return None
    info = known[key]
    try:
        converted = _CONVERT[info.kind](value)
    except (ValueError, InvalidOperation, KeyError):
        raise ProfitError(f"De waarde bij '{key}' is ongeldig.", f"The value for '{key}' is invalid.") from None
    if info.length is not None and len(str(converted)) > info.length:
        raise ProfitError(f"De waarde bij '{key}' is te lang.", f"The value for '{key}' is too long.")
    return converted


def _text(value: object) -> str:
    """A sample of AFAS' own sends ``true`` for a code: yes and no are ``1`` and ``0`` as text."""
    return str(int(value)) if isinstance(value, bool) else str(value)


def _boolean(value: object) -> bool:
    return {"true": True, "1": True, "false": False, "0": False}[str(value).casefold()]


def _integer(value: object) -> int:
    if isinstance(value, bool):
        raise ValueError(value)  # noqa: TRY004 - one error for every value that does not fit
    return int(str(value))


def _number(value: object) -> Decimal:
    if isinstance(value, bool):
        raise ValueError(value)  # noqa: TRY004 - one error for every value that does not fit
    return Decimal(str(value))


def _date(value: object) -> date:
    return date.fromisoformat(str(value)[:10])


_CONVERT: dict[str, Callable[[object], object]] = {
    "s": _text,
    "t": _text,
    "b": _boolean,
    "i": _integer,
    "n": _number,
    "d": _date,
}
