"""POST /relaties in the sandbox, with the rules of REL-* [fact sheet 7.2]."""

import re
from typing import Any

from stdnum.nl import btw as dutch_vat

from koppel_snelstart import tables
from koppel_snelstart.sandbox import body as wire
from koppel_snelstart.sandbox import seed
from koppel_snelstart.sandbox.body import Body
from koppel_snelstart.sandbox.books import Books, Record
from koppel_snelstart.sandbox.rates import EU
from koppel_snelstart.sandbox.refusal import business

_EMAIL = re.compile(r"[^@\s;]+@[^@\s;]+\.[^@\s;]+")
_LENGTHS = {
    "straat": tables.STRAAT,
    "postcode": tables.POSTCODE,
    "plaats": tables.PLAATS,
    "contactpersoon": tables.CONTACTPERSOON,
}
_TOO_LONG = {
    "vestigingsadres": dict(zip(_LENGTHS, ("REL-0020", "REL-0021", "REL-0022", "REL-0023"), strict=True)),
    "correspondentieadres": dict(zip(_LENGTHS, ("REL-0025", "REL-0026", "REL-0027", "REL-0028"), strict=True)),
    "afleveradres": dict(zip(_LENGTHS, ("VOR-0006", "VOR-0007", "VOR-0008", "VOR-0009"), strict=True)),
}
_NO_COUNTRY = {"vestigingsadres": "REL-0056", "correspondentieadres": "REL-0055", "afleveradres": "VOR-0010"}


def create(books: Books, body: Body) -> Record:
    """Make a relation; SnelStart numbers it. The same e-mail address may be used again."""
    wire.refuse_id(body)
    codes = [*_kinds(body), *_texts(body)]
    address = address_of(books, body, "vestigingsadres", codes)
    second = address_of(books, body, "correspondentieadres", codes)
    code = wire.whole(body, "relatiecode")
    if code is not None and any(record["relatiecode"] == code for record in books.records["relations"]):
        codes.append("REL-0008")
    number = _vat_number(body, books.country_of(address), codes)
    if codes:
        raise business(*dict.fromkeys(codes))
    if code is None:
        books.next_relation += 1
        code = books.next_relation
    record: dict[str, Any] = {
        **seed.relation(
            list(body["relatiesoort"]), code, wire.text(body, "naam") or "", email=wire.text(body, "email")
        ),
        "vestigingsAdres": address,
        "correspondentieAdres": second,
        "telefoon": wire.text(body, "telefoon"),
        "mobieleTelefoon": wire.text(body, "mobieletelefoon"),
        "btwNummer": number,
        "krediettermijn": wire.whole(body, "krediettermijn"),
        "kvkNummer": wire.text(body, "kvknummer"),
        "memo": wire.text(body, "memo"),
    }
    for name in (
        "factuurEmailVersturen",
        "bevestigingsEmailVersturen",
        "aanmaningEmailVersturen",
        "offerteEmailVersturen",
    ):
        sent: Body = body.get(name.lower()) or {}
        record[name] = {
            "shouldSend": bool(sent.get("shouldsend", False)),
            "email": sent.get("email"),
            "ccEmail": sent.get("ccemail"),
        }
    return books.add("relations", f"new-{code}", record)


def _kinds(body: Body) -> list[str]:
    kinds: list[str] = body.get("relatiesoort") or []
    if not kinds or "Geen" in kinds:
        return ["REL-0001"]
    if "Eigen" in kinds:
        return ["REL-0048"]
    return ["REL-0065"] if {"Klant", "Leverancier"} <= set(kinds) else []


def _texts(body: Body) -> list[str]:
    codes: list[str] = []
    name = wire.text(body, "naam")
    if name is None or len(name) > tables.NAAM:
        codes.append("REL-0007")
    if len(wire.text(body, "mobieletelefoon") or "") > tables.TELEFOON:
        codes.append("REL-0012")
    if len(wire.text(body, "telefoon") or "") > tables.TELEFOON:
        codes.append("REL-0013")
    email = wire.text(body, "email")
    if email is not None:
        parts = [part.strip() for part in email.split(";")]
        if len(email) > tables.EMAIL:
            codes.append("REL-0085")
        elif not all(_EMAIL.fullmatch(part) for part in parts):
            codes.append("REL-0084" if len(parts) > 1 else "REL-0061")
    return codes


def address_of(books: Books, body: Body, name: str, codes: list[str]) -> Record | None:
    """An address as it is kept; what is wrong with it is added to ``codes``."""
    sent = body.get(name)
    if not isinstance(sent, dict):
        return None
    fields: Body = sent  # pyright: ignore[reportUnknownVariableType] - JSON of any shape
    parts = {key: wire.text(fields, key) for key in _LENGTHS}
    country = wire.reference(fields, "land")
    if not any(parts.values()) and country is None:
        return None
    if name != "afleveradres" and not all((parts["straat"], parts["postcode"], parts["plaats"])):
        codes.append("REL-0060")
    codes.extend(_TOO_LONG[name][key] for key, limit in _LENGTHS.items() if len(parts[key] or "") > limit)
    if country is not None and books.by_id("countries", country) is None:
        codes.append(_NO_COUNTRY[name])
        return None
    home = books.guid("countries", "NL")
    return {**parts, "land": books.ref("countries", country or home)}


def _vat_number(body: Body, country: str, codes: list[str]) -> str | None:
    number = wire.text(body, "btwnummer")
    if number is None:
        return None
    if len(number) > tables.BTW_NUMMER:
        codes.append("REL-0057")
    elif len(number) < 2:
        codes.append("REL-0058")
    elif not number.isalnum():
        codes.append("REL-0059")
    else:
        prefix = number[:2].upper() if number[:2].isalpha() else country
        named = {"EL": "GR"}.get(prefix, prefix)
        if named in EU and named != country:
            codes.append("REL-0087")
        elif (named == "NL" and not dutch_vat.is_valid(number)) or len(number) < 8:
            codes.append("REL-0088")
    return number.removeprefix("NL") if number.startswith("NL") else number
