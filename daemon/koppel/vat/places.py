"""From an address to the VAT territory it lies in: the country code alone is not enough [bookkeeping.md 5]."""

import re
from dataclasses import dataclass
from functools import lru_cache

from koppel.vat.countries import VAT_TERRITORIES, country_code
from koppel.vat.sentence import Sentence


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where goods leave or arrive, as VAT sees it.

    ``country`` is whose VAT holds (Monaco: FR; Belfast: XI); outside the EU's VAT territory the country of the address.
    ``inside`` tells whether EU VAT rules hold there. ``region`` has rates of its own (``azores``). ``note`` says why
    the place is not simply its country; ``doubt`` what could not be seen; ``question`` what a person must answer first.
    """

    country: str
    inside: bool
    region: str | None = None
    note: Sentence | None = None
    doubt: Sentence | None = None
    question: Sentence | None = None


@dataclass(frozen=True)
class Territory:
    """A part of a country with another VAT than the country. ``name`` in Dutch and English."""

    country: str
    postcodes: re.Pattern[str]
    nl: str
    en: str
    words: tuple[str, ...] = ()
    """City or region names that hint at it where there is no postcode."""


def _outside(country: str, postcodes: str, nl: str, en: str, words: str = "") -> Territory:
    return Territory(country, re.compile(postcodes), nl, en, tuple(filter(None, words.split(","))))


OUTSIDE = (
    _outside("FI", r"22\d{3}", "Åland", "Åland", "åland,mariehamn"),
    _outside(
        "FR",
        r"97\d{3}|98[1-9]\d{2}",
        "de Franse overzeese gebieden",
        "the French overseas territories",
        "guadeloupe,martinique,guyane,réunion,reunion,mayotte",
    ),
    _outside("DE", r"27498", "Helgoland", "Heligoland", "helgoland"),
    _outside("DE", r"78266", "Büsingen", "Büsingen", "büsingen"),
    _outside("GR", r"6308[67]", "de berg Athos", "Mount Athos", "agio oros,mount athos"),
    _outside("IT", r"23041|23030", "Livigno", "Livigno", "livigno"),
    _outside("IT", r"22061", "Campione d'Italia", "Campione d'Italia", "campione"),
    _outside("IT", r"4789\d", "San Marino", "San Marino", "san marino"),
    _outside("IT", r"00120", "Vaticaanstad", "Vatican City"),
    _outside(
        "ES",
        r"35\d{3}|38\d{3}",
        "de Canarische Eilanden",
        "the Canary Islands",
        "las palmas,tenerife,canaria,lanzarote,fuerteventura",
    ),
    _outside("ES", r"51\d{3}", "Ceuta", "Ceuta", "ceuta"),
    _outside("ES", r"52\d{3}", "Melilla", "Melilla", "melilla"),
    _outside("CY", r"99\d{3}", "Noord-Cyprus", "northern Cyprus"),
    _outside("DK", r"39\d{2}", "Groenland", "Greenland", "grønland,greenland,nuuk"),
)
"""Inside a member state's address system, outside the EU's VAT territory."""

SHARED = {"23030": "livigno"}
"""Postcodes that towns inside the territory use too: such a town, where it is told, is inside."""

REGIONS = (
    ("PT", re.compile(r"9[5-9]\d{2}(\d{3})?"), "azores"),
    ("PT", re.compile(r"9[0-4]\d{2}(\d{3})?"), "madeira"),
    ("GR", re.compile(r"8[123]\d{3}|85300|85400"), "islands"),
    ("AT", re.compile(r"6691|699[123]"), "jungholz_mittelberg"),
)
"""Inside, with rates of their own."""

SURE_REGIONS = frozenset({"azores", "madeira"})
"""Regions whose rate holds for every sale to them. In the others it depends on more than the address."""

_ULSTER = ("belfast", "northern ireland", "derry", "lisburn", "newry", "craigavon")
_AREAS = {"IC": ("de Canarische Eilanden", "the Canary Islands"), "EA": ("Ceuta of Melilla", "Ceuta or Melilla")}


@lru_cache(maxsize=1024)
def locate(country: str | None, postcode: str | None = None, city: str | None = None) -> Place | None:
    """The VAT territory of an address; None for an unknown country. ``city`` may hold city and region."""
    code = country_code(country)
    if code is None:
        return None
    digits, town = _plain(code, postcode), (city or "").casefold()
    if code == "MC" or (code == "FR" and re.fullmatch(r"980\d{2}", digits)):
        note = Sentence("Monaco telt voor de btw als Frankrijk.", "Monaco counts as France for VAT.")
        return Place(country="FR", inside=True, note=note)
    if code == "GB":
        return _britain(digits, town)
    if code in _AREAS:
        return Place(country="ES", inside=False, note=_no_eu_vat(*_AREAS[code]))
    if code not in VAT_TERRITORIES:
        return Place(country=code, inside=False)
    return _part(code, digits, town) or _whole(code, digits)


def _plain(code: str, postcode: str | None) -> str:
    """``ES-38001`` -> ``38001``, ``F 97400`` -> ``97400``, ``bt1 1aa`` -> ``BT11AA``."""
    text = re.sub(r"[^0-9A-Z]", "", (postcode or "").upper())
    return text if code == "GB" else re.sub(r"^[A-Z]+", "", text)


def _britain(postcode: str, town: str) -> Place:
    if postcode.startswith("BT"):
        note = Sentence(
            "Een Brits adres met postcode BT ligt in Noord-Ierland, dat voor goederen als EU telt (XI).",
            "A British address with postcode BT is in Northern Ireland, which counts as EU for goods (XI).",
        )
        return Place(country="XI", inside=True, note=note)
    if postcode:
        return Place(country="GB", inside=False)
    if any(word in town for word in _ULSTER):
        return Place(country="GB", inside=False, question=_ask_postcode("Noord-Ierland", "Northern Ireland"))
    return Place(country="GB", inside=False, doubt=_no_postcode("Groot-Brittannië", "Great Britain"))


def _part(code: str, postcode: str, town: str) -> Place | None:
    for part in OUTSIDE:
        if part.country != code:
            continue
        if part.postcodes.fullmatch(postcode):
            if town and SHARED.get(postcode, "") not in town:
                continue
            return Place(country=code, inside=False, note=_no_eu_vat(part.nl, part.en))
        if not postcode and any(word in town for word in part.words):
            return Place(country=code, inside=True, question=_ask_postcode(part.nl, part.en))
    return None


def _whole(code: str, postcode: str) -> Place:
    for country, postcodes, region in REGIONS:
        if country == code and postcodes.fullmatch(postcode):
            return Place(country=code, inside=True, region=region)
    special = not postcode and any(part.country == code for part in OUTSIDE)
    return Place(country=code, inside=True, doubt=_no_postcode(code, code) if special else None)


def _no_eu_vat(nl: str, en: str) -> Sentence:
    return Sentence(
        f"Dit is een adres in {nl}: daar gelden de btw-regels van de EU niet.",
        f"This is an address in {en}: EU VAT rules do not apply there.",
    )


def _no_postcode(nl: str, en: str) -> Sentence:
    return Sentence(
        f"De postcode ontbreekt; genomen als {nl}, zonder de gebieden met een eigen regeling.",
        f"The postcode is missing; taken as {en}, without the parts that have rules of their own.",
    )


def _ask_postcode(nl: str, en: str) -> Sentence:
    return Sentence(
        f"De postcode ontbreekt en de plaats wijst op {nl}, waar andere btw geldt.",
        f"The postcode is missing and the place points to {en}, where other VAT holds.",
    )
