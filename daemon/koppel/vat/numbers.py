"""VAT numbers, as far as they can be judged without asking anybody: prefix, format, check digits (C8)."""

import re
from enum import StrEnum

from msgspec import Struct
from stdnum.eu import vat
from stdnum.exceptions import InvalidChecksum, InvalidComponent, ValidationError

from koppel.vat.countries import VAT_TERRITORIES, country_code


class Shape(StrEnum):
    """What a number looks like."""

    GOOD = "good"
    WRONG_CHECK = "wrong_check"
    """Well formed, but its check digits are wrong. VIES knows better: the Dutch rule changed in 2020."""
    MALFORMED = "malformed"
    NOT_EU = "not_eu"
    """The prefix is none of a member state or Northern Ireland (``GB``, ``CHE``, ``EU``, ``IM``), or there is none."""


class VatNumber(Struct, frozen=True, kw_only=True):
    """A judged number. ``text`` is compact, upper case, with prefix (``EL…`` for Greece); ``country`` is ISO (``GR``).

    For a number that is not well formed ``text`` is what was given without spaces, dots and dashes.
    """

    text: str
    shape: Shape
    country: str | None


def judge_number(given: str) -> VatNumber:
    """Judge a VAT number offline. Accepts spaces, dots, dashes, lower case, ``GR`` for ``EL``."""
    text = re.sub(r"[^0-9A-Z+*]", "", given.upper())
    country = country_code(text[:2])
    if country not in VAT_TERRITORIES:
        return VatNumber(text=text, shape=Shape.NOT_EU, country=country)
    if text.startswith("GR"):
        text = f"EL{text[2:]}"
    try:
        return VatNumber(text=vat.validate(text), shape=Shape.GOOD, country=country)
    except (InvalidChecksum, InvalidComponent):
        return VatNumber(text=text, shape=Shape.WRONG_CHECK, country=country)
    except ValidationError:
        return VatNumber(text=text, shape=Shape.MALFORMED, country=country)
