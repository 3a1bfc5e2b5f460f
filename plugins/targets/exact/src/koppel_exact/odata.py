"""Questions to Exact Online in OData's words: literals and filters that fit in one address."""

from collections.abc import Iterable, Iterator
from urllib.parse import quote

from koppel_exact import tables


def text(value: str) -> str:
    """A string literal; quotes are doubled [5.1]."""
    return "'" + value.replace("'", "''") + "'"


def guid(value: str) -> str:
    """A GUID literal."""
    return f"guid'{value}'"


def equals(field: str, value: str) -> str:
    """`field eq 'value'`."""
    return f"{field} eq {text(value)}"


def padded(code: str) -> str:
    """An account code as a filter must have it: 18 characters, spaces on the left [7.2]."""
    return code.strip().rjust(tables.ACCOUNT_CODE)


def any_of(terms: Iterable[str]) -> Iterator[str]:
    """The terms joined by `or`, in as few filters as the length of an address allows, each term once."""
    pending: list[str] = []
    length = 0
    for term in dict.fromkeys(terms):
        size = len(quote(f" or {term}", safe=""))
        if pending and (length + size > tables.QUERY_LIMIT or len(pending) == tables.BATCH):
            yield " or ".join(pending)
            pending, length = [], 0
        pending.append(term)
        length += size
    if pending:
        yield " or ".join(pending)
