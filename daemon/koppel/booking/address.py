"""Addresses and people, put in order without inventing anything (C4, C5)."""

import re
from typing import NamedTuple

from msgspec.structs import replace

from koppel.model import Address
from koppel.vat.countries import country_code

_HOUSE = re.compile(
    r"(?P<street>.*?[^\W\d].*?)[\s,]+(?:nr\.?\s*)?(?P<number>[1-9]\d{0,4})"
    r"(?P<addition>\s*[-/]?\s*(?:[a-z]{1,2}\d{0,3}|bis|hs|huis|bg|boven|beneden|rood|zwart|i{1,3}|iv)"
    r"|\s*[-/]\s*\d{1,4}[a-z]?)?",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?:1[89]|20)\d\d")
_DUTCH_POSTCODE = re.compile(r"([1-9]\d{3})\s*([A-Z]{2})")
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")


class Street(NamedTuple):
    """A street line in parts. ``number`` None = it could not be told apart and ``street`` is the whole line."""

    street: str
    number: int | None
    addition: str


NUMBER_LAST = frozenset({"NL", "BE", "DE", "AT"})
"""Where the house number follows the street, so that it can be told apart at all."""


def split_house_number(line: str, country: str = "NL") -> Street:
    """``Voorbeeldstraat 12-A`` -> ``("Voorbeeldstraat", 12, "A")``; whatever is not clear stays whole.

    Not clear are ``Plein 1944`` (a year?), ``Dorpsstraat 12 3`` (which is the number?), lines without a number, and
    addresses in countries that write the number first.
    """
    text = tidy(line) or ""
    match = _HOUSE.fullmatch(text) if country in NUMBER_LAST else None
    if match is None or _YEAR.fullmatch(match["number"]) or re.search(r"\d$", match["street"]):
        return Street(text, None, "")
    return Street(match["street"].strip(" ,"), int(match["number"]), (match["addition"] or "").strip(" -/"))


def tidy(text: str | None) -> str | None:
    """Without surrounding, doubled or control white space; None for nothing."""
    return " ".join((text or "").split()) or None


def tidy_postcode(postcode: str | None, country: str | None) -> str | None:
    """Dutch ones as ``1234 AB``; others in upper case as given."""
    text = (tidy(postcode) or "").upper()
    dutch = _DUTCH_POSTCODE.fullmatch(text.removeprefix("NL-").removeprefix("NL ").strip())
    if country == "NL" and dutch and dutch[2] not in ("SA", "SD", "SS"):
        return f"{dutch[1]} {dutch[2]}"
    return text or None


def tidy_phone(phone: str | None, country: str | None) -> str | None:
    """Dutch ones as ``+31`` and nine digits; whatever does not look like one stays as given."""
    text = tidy(phone)
    if text is None:
        return None
    digits = re.sub(r"[^\d+]", "", text.replace("(0)", ""))
    for prefix in ("+31", "0031"):
        if digits.startswith(prefix):
            national = digits.removeprefix(prefix).lstrip("0")
            return f"+31{national}" if len(national) == 9 else text
    if country == "NL" and re.fullmatch(r"0[1-9]\d{8}", digits):
        return f"+31{digits[1:]}"
    return text


def tidy_email(email: str | None) -> str | None:
    """As given without white space around; None for what can be no e-mail address."""
    text = tidy(email)
    return text if text and len(text) <= 254 and _EMAIL.fullmatch(text) else None


def tidy_address(address: Address | None) -> Address | None:
    """The address with every part in order; None if nothing of it is left."""
    if address is None:
        return None
    country = country_code(address.country) or tidy(address.country)
    tidied = replace(
        address,
        name=tidy(address.name),
        company=tidy(address.company),
        lines=tuple(line for each in address.lines if (line := tidy(each))),
        postcode=tidy_postcode(address.postcode, country),
        city=tidy(address.city),
        region=tidy(address.region),
        country=country,
        phone=tidy_phone(address.phone, country),
    )
    return tidied if tidied != Address() else None


def same_address(one: Address, other: Address) -> bool:
    """Whether two addresses are the same place and person, whatever the case, spacing and punctuation (C4).

    A name or company that only one of them tells is no difference; nor are region and phone.
    """
    if one == other:
        return True
    if any(_bare(getattr(one, key)) != _bare(getattr(other, key)) for key in ("postcode", "city", "country")):
        return False
    if _bare(" ".join(one.lines)) != _bare(" ".join(other.lines)):
        return False
    pairs = ((_bare(one.name), _bare(other.name)), (_bare(one.company), _bare(other.company)))
    return all(first == second or not first or not second for first, second in pairs)


def _bare(text: str | None) -> str:
    return re.sub(r"[\W_]", "", (text or "").casefold())
