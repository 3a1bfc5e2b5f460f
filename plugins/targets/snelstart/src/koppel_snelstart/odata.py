"""OData v3 filters: property names are UpperCamelCase, quotes doubled inside literals [fact sheet 5.1]."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from urllib.parse import quote

from koppel_snelstart.tables import CLAUSES, FILTER_CHARACTERS


def text(value: str) -> str:
    """A string literal."""
    return "'" + value.replace("'", "''") + "'"


def equals(name: str, value: str) -> str:
    """``Factuurnummer eq '112-1'``."""
    return f"{name} eq {text(value)}"


def contains(name: str, part: str) -> str:
    """``substringof('x', Email) eq true``."""
    return f"substringof({text(part)}, {name}) eq true"


def changed_since(moment: datetime) -> str:
    """``ModifiedOn gt datetime'2026-11-20T08:00:00.000'``: ``moment`` is naive, in the server's own zone."""
    return f"ModifiedOn gt datetime'{moment.isoformat(timespec='milliseconds')}'"


def either(clauses: Iterable[str], *, at_most: int = CLAUSES) -> Iterator[str]:
    """The clauses joined by ``or``, in as few filters as fit a query string."""
    joined: list[str] = []
    length = 0
    for clause in dict.fromkeys(clauses):
        size = len(quote(clause)) + len(quote(" or "))
        if joined and (len(joined) >= at_most or length + size > FILTER_CHARACTERS):
            yield " or ".join(joined)
            joined, length = [], 0
        joined.append(clause)
        length += size
    if joined:
        yield " or ".join(joined)


def naive_moment(value: str | None) -> datetime | None:
    """A moment of the API (no zone, two to seven digits of a second), naive; None for what is none."""
    if not value:
        return None
    whole, _, fraction = value.rstrip("Z").partition(".")
    try:
        return datetime.fromisoformat(f"{whole}.{fraction[:6]:0<6}" if fraction else whole).replace(tzinfo=None)
    except ValueError:
        return None
