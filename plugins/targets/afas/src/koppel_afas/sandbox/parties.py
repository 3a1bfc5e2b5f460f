"""Relations, organisations, persons and their addresses, with AFAS' ways of matching [fact sheet 7.3, 7.5]."""

from datetime import datetime

from koppel_afas.sandbox.books import MASTERS, Books, Party, Relation
from koppel_afas.sandbox.envelopes import Element, require
from koppel_afas.sandbox.failures import ProfitError, exists, missing_value, unknown_value

_NAME = ("LaNm", "Is", "In", "ViGe")
_MATCHES: dict[bool, dict[str, tuple[str, ...]]] = {
    False: {"1": ("CcNr",), "2": ("FiNr",), "3": ("Nm",)},
    True: {
        "1": ("SoSe",),
        "2": _NAME,
        "3": (*_NAME, "EmAd"),
        "4": (*_NAME, "MbNr"),
        "5": (*_NAME, "TeNr"),
        "6": (*_NAME, "DaBi"),
    },
}
"""Person or not -> way of matching -> the fields that must be equal."""
_ALWAYS_NEW = {False: "6", True: "7"}
_OBJECT = {False: "KnOrganisation", True: "KnPerson"}


def insert_relation(books: Books, element: Element, now: datetime, *, person: bool, autonumber: bool) -> Relation:
    """Make a sales relation, with or for an organisation or person."""
    require("KnSalesRelationPer" if person else "KnSalesRelationOrg", element)
    fields = element.fields
    if fields.get("IsDb"):
        for name in ("ColA", "PaCd"):
            if not fields.get(name):
                raise missing_value(name)
    for name in ("CuId", "ColA", "PaCd", "VaDu"):
        if fields.get(name) and str(fields[name]) not in MASTERS[name]:
            raise unknown_value(name)
    number = element.text("DbId")
    if not number and not autonumber:
        raise missing_value("DbId")
    if number in books.relations:
        raise exists("DbId")
    inner = element.below.get(_OBJECT[person], [])
    if len(inner) != 1:
        raise missing_value("LaNm" if person else "Nm")
    party = match_party(books, inner[0], now, person=person)
    relation = Relation(number or books.next("relation"), party, fields, now)
    books.relations[relation.number] = relation
    return relation


def update_relation(books: Books, element: Element) -> Relation:
    """Change a sales relation."""
    relation = books.relations.get(element.text("DbId"))
    if relation is None:
        raise unknown_value("DbId")
    relation.fields |= element.fields
    relation.changes += 1
    return relation


def match_party(books: Books, element: Element, now: datetime, *, person: bool) -> Party:
    """The organisation or person of an element: a new one, or an existing one, which is then **written over**."""
    way = element.text("MatchPer" if person else "MatchOga")
    if way == "0":
        party = books.parties.get(element.text("BcCo"))
        if party is None or party.person is not person:
            raise unknown_value("BcCo")
    else:
        party = _matching(books, element, way, person=person)
    if party is None:
        require(_OBJECT[person], element)
        if person and not element.text("LaNm"):
            raise missing_value("LaNm")
        if not element.fields.get("AutoNum") and not element.text("BcCo"):
            raise missing_value("BcCo")
        party = Party(element.text("BcCo") or books.next("party"), person, dict(element.fields), None, now)
        books.parties[party.number] = party
    elif set(element.fields) - {"MatchPer", "MatchOga", "BcCo"}:
        party.fields |= element.fields
        party.changes += 1
    _set_address(books, party, element)
    return party


def _matching(books: Books, element: Element, way: str, *, person: bool) -> Party | None:
    if way == _ALWAYS_NEW[person]:
        return None
    names = _MATCHES[person].get(way)
    if names is None:
        raise unknown_value("MatchPer" if person else "MatchOga")
    found = [
        party
        for party in books.parties.values()
        if party.person is person and all(party.fields.get(name) == element.fields.get(name) for name in names)
    ]
    if len(found) > 1:
        raise ProfitError("Er is meer dan één gegeven gevonden.", "More than one record was found.")
    return found[0] if found else None


def _set_address(books: Books, party: Party, element: Element) -> None:
    for address in element.below.get("KnBasicAddressAdr", []):
        if party.address is not None:
            if not address.fields.get("BeginDate"):
                raise missing_value("BeginDate")
            party.changes += 1
        party.address = books.address(checked_address(address))


def checked_address(element: Element) -> dict[str, object]:
    """The fields of an address, with a country that AFAS knows."""
    require("KnBasicAddressAdr", element)
    if element.text("CoId") not in MASTERS["CoId"]:
        raise unknown_value("CoId")
    return element.fields


def insert_contact(books: Books, element: Element, now: datetime, *, person: bool) -> Party:
    """Add contacts, delivery addresses among them, to an existing organisation or person."""
    party = match_party(books, element, now, person=person)
    for contact in element.below.get("KnContact", []):
        require("KnContact", contact)
        for address in contact.below.get("KnBasicAddressAdr", []):
            record = books.address({**checked_address(address), "name": contact.fields.get("ExAd")})
            if contact.text("ViKc") == "AFL" and record not in party.deliveries:
                party.deliveries.append(record)
    return party
