"""Answers to GET: `$select`, `$filter`, `$top`, `$expand`, paging, padding, and the vendor's two JSON shapes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast
from urllib.parse import quote

from starlette.datastructures import QueryParams

from koppel_exact.sandbox import filters
from koppel_exact.sandbox.schema import Resource
from koppel_exact.sandbox.wording import QUERY, Rejected
from koppel_exact.wire import show_moment

Row = Mapping[str, object]

_OPTIONS = {"$select", "$filter", "$expand", "$orderby", "$top", "$skip", "$inlinecount", "$skiptoken"}
MANDATORY = (
    "This endpoint has mandatory filtering applied. A GET request for this endpoint must have a $filter parameter with "
    "one of the following fields in the url:{}."
)


@dataclass(frozen=True, kw_only=True)
class View:
    """How a list is asked for: as an ordinary, a sync or a bulk resource. ``base`` is the division's address."""

    resource: Resource
    base: str
    path: str
    sync: bool = False
    bulk: bool = False

    @property
    def page(self) -> int:
        """Rows per page."""
        return 1000 if self.sync or self.bulk else self.resource.page


def listed(view: View, rows: Sequence[Row], query: QueryParams) -> object:
    """The body of a list. Rejected (400) for what the vendor refuses."""
    if unknown := [name for name in query if name.startswith("$") and name not in _OPTIONS]:
        raise Rejected(400, f"The query parameter '{unknown[0]}' is not supported.")
    columns = selected(view, query)
    matches = _condition(view, query)
    found = [row for row in rows if matches(row)]
    found.sort(key=lambda row: _order(view, row))
    if "$skiptoken" in query:
        found = [row for row in found if _order(view, row) > _token(view, query["$skiptoken"])]
    top = _number(query, "$top")
    size = min(view.page, top) if top is not None else view.page
    shown = [render(view.resource, row, view.base, columns, query.get("$expand", "")) for row in found[:size]]
    if top is not None and top <= view.page and "$inlinecount" not in query:
        return {"d": shown}
    body: dict[str, object] = {"results": shown}
    if query.get("$inlinecount") == "allpages":
        body["__count"] = str(len(found))
    if len(found) > size and top is None:
        body["__next"] = _next(view, query, found[size - 1])
    return {"d": body}


def selected(view: View, query: QueryParams) -> Sequence[str] | None:
    """The columns; None for all. Bulk demands a choice, sync takes no star."""
    text = query.get("$select", "")
    if view.bulk and not text:
        raise Rejected(400, "The $select parameter is mandatory for this endpoint.")
    if view.sync and (not text or "*" in text):
        raise Rejected(400, "The $select parameter must name the fields for this endpoint.")
    if not text or text == "*":
        return None
    columns = [name.strip() for name in text.split(",")]
    for name in columns:
        if name.split("/")[0] not in view.resource.fields:
            model = f"Exact.Web.Api.Models.{view.resource.model}"
            raise Rejected(400, f"Could not find a property named '{name}' on type '{model}'.")
    return columns


def _condition(view: View, query: QueryParams) -> Callable[[Row], bool]:
    text = query.get("$filter", "")
    parsed = filters.parse(text, view.resource) if text else filters.Filter(lambda _row: True)
    allowed = view.resource.filterable()
    if view.sync:
        if parsed.fields != {"Timestamp"}:
            raise Rejected(400, "Filtering on these fields is not supported: only Timestamp can be filtered.")
    elif view.resource.must_filter:
        if refused := parsed.fields - set(allowed):
            raise Rejected(400, f"Filtering on these fields is not supported: {', '.join(sorted(refused))}")
        if not parsed.fields and not view.bulk:
            raise Rejected(400, MANDATORY.format(",".join(allowed)))
    return parsed.matches


def _order(view: View, row: Row) -> tuple[int, str]:
    if view.sync:
        return int(str(row["Timestamp"])), ""
    return 0, str(row[view.resource.key]).rjust(40)


def _token(view: View, text: str) -> tuple[int, str]:
    value = text.removeprefix("guid").strip("'")
    return (int(value.rstrip("L")), "") if view.sync else (0, value.rjust(40))


def _next(view: View, query: QueryParams, last: Row) -> str:
    kept = "&".join(f"{name}={quote(value)}" for name, value in query.items() if name != "$skiptoken")
    key = f"{last['Timestamp']}L" if view.sync else f"guid'{last[view.resource.key]}'"
    return f"{view.base}/{view.path}?{kept}&$skiptoken={quote(key)}"


def _number(query: QueryParams, name: str) -> int | None:
    if name not in query:
        return None
    if not query[name].isdecimal():
        raise Rejected(400, QUERY)
    return int(query[name])


def render(
    resource: Resource, row: Row, base: str, columns: Sequence[str] | None, expand: str = ""
) -> dict[str, object]:
    """One entity as the vendor writes it. ``columns`` None: all of them. ``base`` is the division's address."""
    uri = f"{base}/{resource.path}(guid'{row[resource.key]}')"
    shown: dict[str, object] = {"__metadata": {"uri": uri, "type": f"Exact.Web.Api.Models.{resource.model}"}}
    expanded = [part.strip() for part in expand.split(",")]
    for name, field in resource.fields.items():
        wanted = columns is None or any(column.split("/")[0] == name for column in columns)
        if not wanted or (name == "Timestamp" and columns is None):
            continue
        if field.kind != "lines":
            shown[name] = _shown(row.get(name), field.pad)
        elif name in expanded:
            lines = cast("Sequence[Row]", row[name])
            shown[name] = {"results": [render(resource.children[name], line, base, None) for line in lines]}
        else:
            shown[name] = {"__deferred": {"uri": f"{uri}/{name}"}}
    return shown


def _shown(value: object, pad: int) -> object:
    if isinstance(value, datetime):
        return show_moment(value)
    if isinstance(value, str) and pad:
        return value.ljust(pad)
    return value


def emptied(body: Mapping[str, object], key: str) -> dict[str, object]:
    """What a POST answers without `Prefer: return=representation`: null in all but the key."""
    return {name: value if name in (key, "__metadata") else None for name, value in body.items()}
