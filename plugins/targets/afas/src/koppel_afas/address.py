"""Addresses as AFAS keeps them: street, a house number that is an integer, its addition, AFAS' own country code."""

import re
from collections.abc import Mapping
from datetime import date

from koppel.booking.address import split_house_number
from koppel.model import Address
from koppel.plugin import Refused
from koppel_afas.countries import AFAS_COUNTRIES
from koppel_afas.tables import LENGTHS
from koppel_afas.wire import text

_PO_BOX = re.compile(r"(?:postbus|p\.?\s?o\.?\s?box|postfach|boîte postale)\s*(\d{1,9})", re.IGNORECASE)


def country_code(country: str) -> str:
    """AFAS' code for an ISO 3166 alpha-2 country. Refused if AFAS has none: passed on, it would be another."""
    code = AFAS_COUNTRIES.get(country.upper())
    if code is None:
        raise Refused(
            "afas.country-unknown",
            f"AFAS has no code for the country {country!r}.",
            "Correct the country in the shop, then process the order again.",
        )
    return code


def basic_address(address: Address | None, today: date) -> dict[str, object] | None:
    """Fields of ``KnBasicAddressAdr``; None where no country is known, without which AFAS takes no address.

    A street line that cannot be split stays whole, without house number. ``BeginDate`` is ignored for a first address,
    but the specification calls it compulsory [fact sheet 7.3, spec/fields.csv].
    """
    if address is None or not address.country:
        return None
    lines = [line.strip() for line in address.lines if line.strip()]
    fields: dict[str, object] = {"CoId": country_code(address.country), "PbAd": False}
    extra = lines[1:]
    if lines and (box := _PO_BOX.fullmatch(lines[0])):
        fields |= {"PbAd": True, "HmNr": int(box.group(1))}
    elif lines:
        street, extra = _street(lines)
        fields |= street
    fields["AdAd"] = _fit("AdAd", ", ".join(extra))
    fields["ZpCd"] = _fit("ZpCd", address.postcode)
    fields["Rs"] = _fit("Rs", address.city)
    return {**fields, "BeginDate": today.isoformat(), "ResZip": False}


def one_line(address: Address) -> str:
    """The address as a line of text, name first."""
    place = " ".join(part for part in (address.postcode, address.city) if part)
    parts = (address.name or address.company, *address.lines, place, address.country)
    return ", ".join(part.strip() for part in parts if part and part.strip())


def same_place(fields: Mapping[str, object], record: Mapping[str, object]) -> bool:
    """Whether a delivery address in AFAS is the one that these fields describe; case, spaces and punctuation aside."""
    return (
        _plain(fields.get("Ad")) == _plain(record.get("street"))
        and _plain(fields.get("HmNr")) == _plain(record.get("number")).removeprefix("0")
        and _plain(fields.get("HmAd")) == _plain(record.get("addition"))
        and _plain(fields.get("ZpCd")) == _plain(record.get("postcode"))
    )


def _street(lines: list[str]) -> tuple[dict[str, object], list[str]]:
    """Street, number, addition of the first line, or of the first two where the number stands alone in the second; and
    the lines that are left. What is too long for the street is kept, whole, with what is left.
    """
    for taken in (1, 2):
        found = split_house_number(" ".join(lines[:taken]))
        if found.number and len(found.addition) <= LENGTHS["HmAd"] and len(found.street) <= LENGTHS["Ad"]:
            fields: dict[str, object] = {"Ad": found.street, "HmNr": int(found.number), "HmAd": found.addition or None}
            return fields, lines[taken:]
        if len(lines) < 2 or not lines[1][0].isdigit():
            break
    kept = lines if len(lines[0]) > LENGTHS["Ad"] else lines[1:]
    return {"Ad": _fit("Ad", lines[0])}, kept


def _fit(field: str, value: str | None) -> str | None:
    return (value or "").strip()[: LENGTHS[field]].rstrip() or None


def _plain(value: object) -> str:
    return re.sub(r"\W", "", text(value)).casefold()
