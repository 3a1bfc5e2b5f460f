"""OData `$filter`, really evaluated: eq ne gt ge lt le and or not, brackets, literals, four functions."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any, cast

from koppel_exact.sandbox.schema import Resource
from koppel_exact.sandbox.wording import QUERY, Rejected

Row = Mapping[str, object]
Expression = Callable[[Row], object]

_TOKEN = re.compile(
    r"\s*(?:(?P<guid>guid'[0-9a-fA-F-]*')|(?P<date>datetime'[^']*')|(?P<text>'(?:[^']|'')*')"
    r"|(?P<number>-?\d+(?:\.\d+)?)(?P<suffix>[LlMmDdFf]?)(?![\w])|(?P<word>[A-Za-z_][\w/]*)|(?P<sign>[(),]))"
)
_COMPARE = {"eq", "ne", "gt", "ge", "lt", "le"}
_FUNCTIONS = {"trim": 1, "tolower": 1, "startswith": 2, "substringof": 2}


@dataclass
class Filter:
    """A parsed filter and the fields that it names."""

    matches: Callable[[Row], bool]
    fields: set[str] = field(default_factory=set[str])


def parse(text: str, resource: Resource) -> Filter:
    """Parse; Rejected (400) for bad syntax or a field that the resource does not have."""
    reader = _Reader(_tokens(text), resource)
    expression = reader.either()
    if reader.more():
        raise Rejected(400, QUERY)
    return Filter(lambda row: expression(row) is True, reader.fields)


def _tokens(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    at = 0
    while at < len(text.rstrip()):
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise Rejected(400, QUERY)
        kind = "number" if match.lastgroup == "suffix" else match.lastgroup
        found.append((kind, match[kind]))
        at = match.end()
    return found


class _Reader:
    """Recursive descent over the tokens."""

    def __init__(self, tokens: list[tuple[str, str]], resource: Resource) -> None:
        self._tokens = tokens
        self._at = 0
        self._resource = resource
        self.fields: set[str] = set()

    def more(self) -> bool:
        return self._at < len(self._tokens)

    def either(self) -> Expression:
        parts = [self._both()]
        while self._takes("or"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else lambda row: any(part(row) is True for part in parts)

    def _both(self) -> Expression:
        parts = [self._comparison()]
        while self._takes("and"):
            parts.append(self._comparison())
        return parts[0] if len(parts) == 1 else lambda row: all(part(row) is True for part in parts)

    def _comparison(self) -> Expression:
        if self._takes("not"):
            inner = self._comparison()
            return lambda row: inner(row) is not True
        left = self._term()
        for operator in _COMPARE:
            if self._takes(operator):
                right = self._term()
                return partial(_holds, operator, left, right)
        return left

    def _term(self) -> Expression:
        kind, token = self._next()
        if (kind, token) == ("sign", "("):
            inner = self.either()
            self._expect(")")
            return inner
        if kind == "word":
            return self._word(token)
        value = _literal(kind, token)
        return lambda _row: value

    def _word(self, token: str) -> Expression:
        if token in ("true", "false", "null"):
            constant = {"true": True, "false": False, "null": None}[token]
            return lambda _row: constant
        if token in _FUNCTIONS and self._takes("("):
            arguments = [self._term()]
            while self._takes(","):
                arguments.append(self._term())
            self._expect(")")
            if len(arguments) != _FUNCTIONS[token]:
                raise Rejected(400, QUERY)
            return lambda row: _call(token, [argument(row) for argument in arguments])
        if token not in self._resource.fields:
            model = f"Exact.Web.Api.Models.{self._resource.model}"
            raise Rejected(400, f"No property '{token}' exists in type '{model}' at position 0.")
        self.fields.add(token)
        return lambda row: row.get(token)

    def _takes(self, word: str) -> bool:
        if self.more() and self._tokens[self._at][1] == word and self._tokens[self._at][0] in ("word", "sign"):
            self._at += 1
            return True
        return False

    def _expect(self, sign: str) -> None:
        if not self._takes(sign):
            raise Rejected(400, QUERY)

    def _next(self) -> tuple[str, str]:
        if not self.more():
            raise Rejected(400, QUERY)
        self._at += 1
        return self._tokens[self._at - 1]


def _holds(operator: str, left: Expression, right: Expression, row: Row) -> object:
    return _compare(operator, left(row), right(row))


def _literal(kind: str, token: str) -> object:
    if kind == "text":
        return token[1:-1].replace("''", "'")
    if kind == "number":
        return Decimal(token)
    if kind == "guid":
        if not re.fullmatch(r"guid'[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}'", token):
            raise Rejected(400, "Niet herkende GUID-indeling.")
        return token[5:-1].lower()
    if kind == "date":
        try:
            return datetime.fromisoformat(token[9:-1]).replace(tzinfo=None)
        except ValueError:
            raise Rejected(400, QUERY) from None
    raise Rejected(400, QUERY)


def _call(name: str, arguments: list[object]) -> object:
    texts = [str(argument or "") for argument in arguments]
    if name == "trim":
        return texts[0].strip()
    if name == "tolower":
        return texts[0].lower()
    if name == "startswith":
        return texts[0].casefold().startswith(texts[1].casefold())
    return texts[0].casefold() in texts[1].casefold()


def _comparable(value: object) -> object:
    """As SQL Server compares: text without case and trailing (not leading) spaces; numbers by value."""
    if isinstance(value, str):
        return value.casefold().rstrip()
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    return value


def _compare(operator: str, left: object, right: object) -> bool:
    one, other = _comparable(left), _comparable(right)
    if operator in ("eq", "ne"):
        return (one == other) is (operator == "eq")
    if one is None or type(one) is not type(other):
        return False
    less = bool(cast("Any", one) < other)
    return {"lt": less, "le": less or one == other, "gt": not less and one != other, "ge": not less}[operator]
