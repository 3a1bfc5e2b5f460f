"""Filters and pages of lists, evaluated: `name[op]=value`, one filter per parameter [5.2]."""

import random
import re
from collections.abc import Callable, Sequence
from operator import eq, ge, gt, le, lt, ne
from typing import Any

from koppel_eboekhouden.sandbox.refusal import Refusal

_PARAMETER = re.compile(r"(\w+)(?:\[(\w+)\])?\Z")
DEFAULT, LARGEST = 100, 2000

Row = dict[str, Any]


def page(
    rows: Sequence[Row], query: Sequence[tuple[str, str]], fields: dict[str, str], *, shuffle: bool
) -> dict[str, Any]:
    """One page. ``fields``: parameter -> the field it compares. Unknown parameters and second filters are ignored."""
    told = dict(query)
    size = _number(told.get("limit", str(DEFAULT)), 1, LARGEST, "PAGE_001")
    offset = _number(told.get("offset", "0"), 0, None, "PAGE_002")
    found = list(rows)
    used: set[str] = set()
    for parameter, value in query:
        match = _PARAMETER.match(parameter)
        if match is None or match[1] not in fields or match[1] in used:
            continue
        used.add(match[1])
        found = [row for row in found if _fits(row.get(fields[match[1]]), match[2] or "eq", value)]
    if shuffle:
        random.Random(offset).shuffle(found)  # noqa: S311 - an order that nobody promised
    items = found[offset : offset + size]
    return {"items": items, "count": len(items)}


def _number(text: str, lowest: int, highest: int | None, code: str) -> int:
    if not re.fullmatch(r"-?\d+", text) or int(text) < lowest or (highest is not None and int(text) > highest):
        raise Refusal(code, "Paginering ongeldig.")
    return int(text)


def _fits(kept: Any, operator: str, value: str) -> bool:
    if isinstance(kept, int) and not isinstance(kept, bool):
        return _compares(kept, operator, [int(part) for part in value.split(",") if re.fullmatch(r"-?\d+", part)])
    text = str(kept or "")
    if operator in ("like", "not_like"):
        pattern = "".join({"%": ".*", "?": "."}.get(sign, re.escape(sign)) for sign in value)
        return bool(re.fullmatch(pattern, text, re.IGNORECASE)) == (operator == "like")
    values = value.casefold().split(",") if operator == "range" else [value.casefold()]
    return _compares(text.casefold(), operator, values)


_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": eq,
    "not_eq": ne,
    "gt": gt,
    "gte": ge,
    "lt": lt,
    "lte": le,
}


def _compares(kept: Any, operator: str, values: Sequence[Any]) -> bool:
    if operator == "range":
        return len(values) == 2 and bool(values[0] <= kept <= values[1])
    return bool(values) and operator in _OPERATORS and _OPERATORS[operator](kept, values[0])
