"""Making text fit Exact Online's fields: what may be shortened is, what would be wrong when cut is left out."""

import re
import textwrap
from collections.abc import Sequence

from koppel_exact import tables


def address_lines(lines: Sequence[str], width: int) -> tuple[str | None, str | None, str | None]:
    """Three street lines of at most so many characters; what is too long flows on to the next, at a space if it can."""
    clean = [" ".join(line.split()) for line in lines]
    wrapped = [part for line in clean for part in textwrap.wrap(line, width)]
    if len(wrapped) > tables.ADDRESS_LINES:
        wrapped = textwrap.wrap(", ".join(filter(None, clean)), width)[: tables.ADDRESS_LINES]
    padded: list[str | None] = [*wrapped, None, None, None]
    return padded[0], padded[1], padded[2]


def phone(number: str | None) -> str | None:
    """Digits, plus, hyphens and spaces; without spaces and hyphens if it does not fit; nothing rather than a part."""
    clean = re.sub(r"[^\d+\- ]", "", (number or "").replace("(0)", "")).strip()
    if len(clean) > tables.PHONE:
        clean = re.sub(r"[\- ]", "", clean)
    return clean if clean and len(clean) <= tables.PHONE else None


def shorten(text: str, width: int) -> str:
    """Text of one line, cut at the width."""
    return " ".join(text.split())[:width].rstrip()


def cut(text: str | None, width: int) -> str | None:
    """The same for text that may be missing."""
    return shorten(text, width) or None if text else None


def within(text: str | None, width: int) -> str | None:
    """The text if it fits: half a postcode or VAT number is worse than none."""
    return text if text and len(text) <= width else None


def same(one: str, other: str) -> bool:
    """Whether two names are the same, but for case, spacing and punctuation (C4)."""
    return "".join(filter(str.isalnum, one)).casefold() == "".join(filter(str.isalnum, other)).casefold()
