"""Atom XML: what the vendor answers to whoever does not ask for JSON [2]."""

from collections.abc import Mapping, Sequence
from typing import cast
from xml.sax.saxutils import escape

from koppel_exact.sandbox.wording import Rejected


def wants_json(accept: str) -> bool:
    """Whether the caller asks for JSON. `application/xml` is refused."""
    if "json" in accept:
        return True
    if "application/xml" in accept:
        raise Rejected(415, "Unsupported media type requested.")
    return False


def as_atom(body: object) -> str:
    """A feed with the properties of each entity."""
    inner = cast("Mapping[str, object]", body)["d"]
    if isinstance(inner, dict):
        page = cast("Mapping[str, object]", inner)
        rows = cast("Sequence[Mapping[str, object]]", page.get("results", [page]))
    else:
        rows = cast("Sequence[Mapping[str, object]]", inner)
    entries = "".join(
        f"<entry><content><m:properties>{_properties(row)}</m:properties></content></entry>" for row in rows
    )
    names = 'xmlns="http://www.w3.org/2005/Atom" xmlns:m="m" xmlns:d="d"'
    return f'<?xml version="1.0" encoding="utf-8"?><feed {names}>{entries}</feed>'


def _properties(row: Mapping[str, object]) -> str:
    plain = [(name, value) for name, value in row.items() if not isinstance(value, dict)]
    return "".join(f"<d:{name}>{escape(str(value if value is not None else ''))}</d:{name}>" for name, value in plain)
