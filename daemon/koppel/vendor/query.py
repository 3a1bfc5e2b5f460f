"""Addresses, encoded always in the same way: vendors compare query strings, and sign them."""

from collections.abc import Sequence
from urllib.parse import quote

_LITERAL = "$,':()/"
"""Left as they are, besides letters, digits and ``-._~``: allowed in a query by RFC 3986, decoded by every server as
themselves, and what OData filters and comma lists are read as in logs. A space is %20, never +."""


def encode(params: Sequence[tuple[str, str]]) -> str:
    """The query string, in the order given."""
    return "&".join(f"{quote(name, safe=_LITERAL)}={quote(value, safe=_LITERAL)}" for name, value in params)


def join(base_url: str, path: str, params: Sequence[tuple[str, str]]) -> str:
    """The full address. ``path`` is below the base, never beside it, and may bring a query of its own."""
    url = base_url if not path else f"{base_url.rstrip('/')}/{path.lstrip('/')}"
    if not params:
        return url
    return f"{url}{'&' if '?' in url else '?'}{encode(params)}"
