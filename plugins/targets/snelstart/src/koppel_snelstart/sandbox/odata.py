"""OData v3 filters, really evaluated: comparisons, and or not, substringof, startswith, any() [fact sheet 5.1]."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from koppel_snelstart.sandbox.refusal import Refusal, business, odata

Model = Mapping[str, "Model | None"]
"""The properties of a type, UpperCamelCase; a nested type has its own."""
Scope = Mapping[str, Any]
Node = Callable[[Scope], Any]

_TOKEN = re.compile(
    r"\s*(?:(?P<guid>guid'[0-9A-Fa-f-]{36}')|(?P<moment>datetime'[^']*')|(?P<text>'(?:[^']|'')*')"
    r"|(?P<number>-?\d+(?:\.\d+)?[MmLlDdFf]?)|(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<mark>[(),:/]))"
)
_COMPARISONS = {"eq", "ne", "gt", "ge", "lt", "le"}
NODES = 100
"""ASP.NET Web API's default ceiling of the nodes of a filter."""
_ROW = "$it"


@dataclass(frozen=True)
class Dialect:
    """How this server filters: the type's own name, and whether text is compared with case."""

    type_name: str
    model: Model
    case_sensitive: bool = False
    functions: frozenset[str] = frozenset({"substringof", "startswith", "endswith"})


def compile_filter(text: str, dialect: Dialect) -> Callable[[Mapping[str, Any]], bool]:
    """A predicate over rows. Refusal 400 for bad syntax, unknown properties, and filters that are too large."""
    parser = _Parser(_tokens(text), dialect)
    node = parser.expression()
    parser.end()
    if parser.nodes > NODES:
        raise odata(f"The node count limit of '{NODES}' has been exceeded. To increase the limit, set 'MaxNodeCount'.")
    return lambda row: node({_ROW: row}) is True


def _tokens(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    at = 0
    while at < len(text.rstrip()):
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise business("ALG-0104", details=f"Syntax error at position {at}")
        found.append((match.lastgroup, match[match.lastgroup]))
        at = match.end()
    return found


class _Parser:
    def __init__(self, tokens: list[tuple[str, str]], dialect: Dialect) -> None:
        self._tokens = tokens
        self._at = 0
        self._dialect = dialect
        self._variables: dict[str, Model | None] = {}
        self.nodes = 0

    def end(self) -> None:
        if self._at < len(self._tokens):
            raise self._syntax()

    def expression(self) -> Node:
        left = self._conjunction()
        while self._word("or"):
            left = self._or(left, self._conjunction())
        return left

    def _or(self, left: Node, right: Node) -> Node:
        self.nodes += 1
        return lambda scope: left(scope) is True or right(scope) is True

    def _conjunction(self) -> Node:
        left = self._negation()
        while self._word("and"):
            left = self._and(left, self._negation())
        return left

    def _and(self, left: Node, right: Node) -> Node:
        self.nodes += 1
        return lambda scope: left(scope) is True and right(scope) is True

    def _negation(self) -> Node:
        if self._word("not"):
            self.nodes += 1
            inner = self._negation()
            return lambda scope: inner(scope) is not True
        return self._comparison()

    def _comparison(self) -> Node:
        left = self._operand()
        kind, value = self._peek()
        if kind != "name" or value not in _COMPARISONS:
            return left
        self._at += 1
        self.nodes += 1
        right = self._operand()
        return lambda scope: self._compare(value, left(scope), right(scope))

    def _compare(self, operator: str, left: Any, right: Any) -> bool:
        one, other = self._comparable(left), self._comparable(right)
        if operator == "eq":
            return bool(one == other)
        if operator == "ne":
            return bool(one != other)
        if one is None or other is None:
            return False
        try:
            return bool({"gt": one > other, "ge": one >= other, "lt": one < other, "le": one <= other}[operator])
        except TypeError as error:
            raise odata("A binary operator with incompatible types was detected.") from error

    def _comparable(self, value: Any) -> Any:
        if isinstance(value, str):
            if (moment := _moment(value)) is not None:
                return moment
            return value if self._dialect.case_sensitive else value.casefold()
        return Decimal(value) if isinstance(value, int | float) and not isinstance(value, bool) else value

    def _operand(self) -> Node:
        kind, value = self._next()
        self.nodes += 1
        if kind == "mark" and value == "(":
            self.nodes -= 1
            inner = self.expression()
            self._expect(")")
            return inner
        if kind == "name" and value not in {"null", "true", "false"}:
            if self._peek() == ("mark", "("):
                return self._function(value)
            return self._path(value)
        constant = _constant(kind, value)
        if constant is _NOTHING:
            raise self._syntax()
        return lambda _scope: constant

    def _function(self, name: str) -> Node:
        if name not in self._dialect.functions:
            raise odata(f"An unknown function with name '{name}' was found.")
        self._expect("(")
        first = self.expression()
        self._expect(",")
        second = self.expression()
        self._expect(")")

        def call(scope: Scope) -> bool:
            one, other = self._comparable(first(scope)), self._comparable(second(scope))
            if not isinstance(one, str) or not isinstance(other, str):
                return False
            if name == "substringof":
                return one in other
            return one.startswith(other) if name == "startswith" else one.endswith(other)

        return call

    def _path(self, name: str) -> Node:
        if name in self._variables:
            model: Model | None = self._variables[name]
            node: Node = lambda scope: scope[name]  # noqa: E731 - one of many little nodes
        else:
            self.nodes += 1
            node, model = self._property(lambda scope: scope[_ROW], self._dialect.model, name)
        while self._peek() == ("mark", "/"):
            self._at += 1
            kind, step = self._next()
            if kind != "name":
                raise self._syntax()
            if step == "any" and self._peek() == ("mark", "("):
                return self._any(node, model)
            if model is None:
                raise self._unknown(step)
            self.nodes += 1
            node, model = self._property(node, model, step)
        return node

    def _property(self, node: Node, model: Model, name: str) -> tuple[Node, Model | None]:
        if name not in model or name == "Uri":
            raise self._unknown(name)
        key = name[0].lower() + name[1:]

        def read(scope: Scope) -> Any:
            value = node(scope)
            return value.get(key) if isinstance(value, Mapping) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]

        return read, model[name]

    def _any(self, node: Node, model: Model | None) -> Node:
        self._expect("(")
        kind, variable = self._next()
        if kind != "name":
            raise self._syntax()
        self._expect(":")
        self._variables[variable] = model
        inner = self.expression()
        del self._variables[variable]
        self._expect(")")
        return lambda scope: any(inner({**scope, variable: item}) is True for item in node(scope) or ())

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._at] if self._at < len(self._tokens) else ("end", "")

    def _next(self) -> tuple[str, str]:
        token = self._peek()
        self._at += 1
        return token

    def _word(self, word: str) -> bool:
        if self._peek() == ("name", word):
            self._at += 1
            return True
        return False

    def _expect(self, mark: str) -> None:
        if self._next() != ("mark", mark):
            raise self._syntax()

    def _syntax(self) -> Refusal:
        return business("ALG-0104", details=f"Syntax error at token {self._at}")

    def _unknown(self, name: str) -> Refusal:
        return unsupported(name, self._dialect.type_name)


_NOTHING = object()


def unsupported(name: str, type_name: str) -> Refusal:
    """A property that cannot be filtered."""
    return odata(f"Could not find a property named '{name}' on type '{type_name}'.")


def _constant(kind: str, value: str) -> Any:
    if kind == "text":
        return value[1:-1].replace("''", "'")
    if kind == "guid":
        return value[5:-1].lower()
    if kind == "moment":
        moment = _moment(value[9:-1])
        if moment is None:
            raise business("ALG-0104", details="Unrecognized datetime literal")
        return moment
    if kind == "number":
        return Decimal(value.rstrip("MmLlDdFf"))
    return {"null": None, "true": True, "false": False}.get(value, _NOTHING) if kind == "name" else _NOTHING


_MOMENT = re.compile(r"(\d{4}-\d{2}-\d{2})(?:T(\d{2}:\d{2}(?::\d{2})?)(?:\.(\d{1,7}))?)?")


def _moment(text: str) -> datetime | None:
    match = _MOMENT.fullmatch(text)
    if match is None:
        return None
    day, time, fraction = match.groups()
    try:
        return datetime.fromisoformat(f"{day}T{time or '00:00:00'}").replace(
            microsecond=int(f"{fraction or '0':0<6}"[:6])
        )
    except ValueError:
        return None
