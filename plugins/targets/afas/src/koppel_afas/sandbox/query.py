"""Filters, order and pages of GetConnectors, as AFAS evaluates them [fact sheet 5]."""

import random
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from operator import itemgetter

import msgspec

from koppel_afas.sandbox.failures import UNEXPECTED, ProfitError

Row = dict[str, object]
Test = tuple[str, str, str]
"""Field, operator, value."""
CELLS = 150_000


class _Field(msgspec.Struct):
    field: str = msgspec.field(name="@FieldId")
    operator: str = msgspec.field(name="@OperatorType")
    value: str = msgspec.field(name="#text", default="")


class _Filter(msgspec.Struct):
    fields: list[_Field] = msgspec.field(name="Field")


class _Filters(msgspec.Struct):
    filters: list[_Filter] = msgspec.field(name="Filter")


class _FilterJson(msgspec.Struct):
    root: _Filters = msgspec.field(name="Filters")


def select(rows: Sequence[Row], fields: Sequence[str], params: Mapping[str, str], shuffle: random.Random) -> list[Row]:
    """The rows of one page. Raises ProfitError. Without an order the rows come in another order each time."""
    skip, take = int(params.get("skip") or 0), int(params.get("take") or 100)
    if (skip == -1) != (take == -1):
        raise ProfitError("Er is een onverwachte fout opgetreden.", "An unexpected error occurred.", UNEXPECTED)
    by_name = {name.casefold(): name for name in fields}
    groups = _groups(params)
    for group in groups:
        for field, _, _ in group:
            if field.casefold() not in by_name:
                raise ProfitError(f"Connector-veld '{field}' niet gevonden", f"Connector field '{field}' not found")
    chosen = [
        row
        for row in rows
        if not groups
        or any(all(_holds(row[by_name[name.casefold()]], op, value) for name, op, value in group) for group in groups)
    ]
    chosen = _ordered(chosen, params.get("orderbyfieldids", ""), by_name, shuffle)
    page = chosen if skip == -1 else chosen[skip : skip + take]
    if len(page) * len(fields) > CELLS:
        raise ProfitError("Out of memory", "Out of memory")
    return page


def _groups(params: Mapping[str, str]) -> list[list[Test]]:
    """A list of alternatives, each a list of tests that must all hold; ``;`` = or, ``,`` = and."""
    if text := params.get("filterjson"):
        filters = msgspec.json.decode(text, type=_FilterJson).root.filters
        return [[(each.field, each.operator, each.value) for each in one.fields] for one in filters]
    names = params.get("filterfieldids", "")
    if not names:
        return []
    lists = [
        [part.split(",") for part in params.get(key, "").split(";")]
        for key in ("filterfieldids", "operatortypes", "filtervalues")
    ]
    if len({tuple(len(group) for group in one) for one in lists}) != 1:
        raise ProfitError("Er is een onverwachte fout opgetreden.", "An unexpected error occurred.", UNEXPECTED)
    return [list(zip(*group, strict=True)) for group in zip(*lists, strict=True)]


def _ordered(rows: list[Row], order: str, by_name: Mapping[str, str], shuffle: random.Random) -> list[Row]:
    if not order:
        shuffle.shuffle(rows)
        return rows
    for part in reversed(order.split(",")):
        name = by_name.get(part.lstrip("-").casefold())
        if name is None:
            raise ProfitError(f"Connector-veld '{part}' niet gevonden", f"Connector field '{part}' not found")
        keyed = sorted(((_sort_key(row[name]), row) for row in rows), key=itemgetter(0), reverse=part.startswith("-"))
        rows = [row for _, row in keyed]
    return rows


def _sort_key(value: object) -> tuple[int, Decimal, str]:
    if isinstance(value, int | Decimal):
        return (1, Decimal(value), "")
    return (0, Decimal(0), "") if value is None else (2, Decimal(0), str(value).casefold())


def _holds(value: object, operator: str, wanted: str) -> bool:
    text = _text(value)
    folded = wanted.casefold()
    if operator in _COMPARISONS:
        if value is None:
            return operator == "7"
        return _COMPARISONS[operator](_compare(value, wanted))
    tests: dict[str, bool] = {
        "6": folded in text,
        "8": text == "",
        "9": text != "",
        "10": text.startswith(folded),
        "11": folded not in text,
        "12": not text.startswith(folded),
        "13": text.endswith(folded),
        "14": not text.endswith(folded),
        "15": folded in text,
    }
    return tests[operator]


_COMPARISONS: dict[str, Callable[[int], bool]] = {
    "1": lambda sign: sign == 0,
    "2": lambda sign: sign >= 0,
    "3": lambda sign: sign <= 0,
    "4": lambda sign: sign > 0,
    "5": lambda sign: sign < 0,
    "7": lambda sign: sign != 0,
}


def _text(value: object) -> str:
    return "" if value is None else str(value).casefold()


def _compare(value: object, wanted: str) -> int:
    """Negative, zero or positive. Text is compared without case, as the database does, a time without its Z."""
    if isinstance(value, bool):
        return int(value) - int(wanted.casefold() in ("true", "1"))
    if isinstance(value, int | Decimal):
        try:
            other = Decimal(wanted)
        except InvalidOperation:
            return -1
        return (value > other) - (value < other)
    left, right = _text(value).removesuffix("z"), wanted.casefold().removesuffix("z")
    return (left > right) - (left < right)
