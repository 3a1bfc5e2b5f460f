"""Texts with placeholders that the user configures (O9): checked when loaded, filled without inventing anything."""

import re
from collections.abc import Mapping

from koppel.errors import Misconfigured

DESCRIPTION = frozenset(
    {
        "order_number",
        "invoice_number",
        "payment_method",
        "marketplace",
        "channel",
        "date",
        "order_date",
        "buyer_country",
        "currency",
        "total",
        "purchase_order",
    }
)
"""What a document's description may name. No name, address or e-mail: descriptions show up in lists."""

STAND_IN = frozenset({"channel", "marketplace", "postcode", "city", "country", "order_number"})
COLLECTIVE = frozenset({"channel", "marketplace", "country"})

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


class Template:
    """A checked text with ``{placeholders}``."""

    def __init__(self, text: str) -> None:
        self._text = text

    def fill(self, values: Mapping[str, str | None]) -> str:
        """Put the values in. What is missing leaves nothing behind, not even a double space or a hanging dash."""
        filled = _PLACEHOLDER.sub(lambda match: values.get(match.group(1)) or "", self._text)
        return re.sub(r"\s+", " ", filled).strip(" -/,;|")


def check_template(place: str, text: str, known: frozenset[str]) -> None:
    """Raise Misconfigured, naming the place, for a placeholder that does not exist or a stray brace."""
    for name in _PLACEHOLDER.findall(text):
        if name not in known:
            raise Misconfigured(
                "config.placeholder",
                f"{place}: there is no placeholder {{{name}}}.",
                f"Known: {', '.join(f'{{{each}}}' for each in sorted(known))}.",
            )
    if re.search(r"[{}]", _PLACEHOLDER.sub("", text)):
        raise Misconfigured("config.placeholder", f"{place}: a brace is not closed.", "Write {order_number}.")


EXAMPLE: Mapping[str, str | None] = {
    "order_number": "171-1234567-1234567",
    "invoice_number": "INV00038",
    "payment_method": "iDEAL",
    "marketplace": "NL",
    "channel": "Amazon",
    "date": "2026-03-01",
    "order_date": "2026-02-28",
    "buyer_country": "DE",
    "currency": "EUR",
    "total": "49.99",
    "purchase_order": "PO-7",
}


def preview(text: str) -> str:
    """What a description template makes of an example order (O9). Raises Misconfigured as at load."""
    check_template("description", text, DESCRIPTION)
    return Template(text).fill(EXAMPLE)
