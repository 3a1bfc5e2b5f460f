"""From koppel's customers to relations. Pure functions."""

import hashlib

from koppel.booking.draft import CustomerKind, DraftCustomer
from koppel.model import Address
from koppel.plugin import CustomerGone
from koppel_eboekhouden import tables
from koppel_eboekhouden.countries import country_name
from koppel_eboekhouden.document import Key, Party, Relation
from koppel_eboekhouden.settings import CountryNames

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def own_code(customer: DraftCustomer) -> str:
    """The code of the relation that koppel makes: the user's own for a collective debtor, else always the same one
    for the same buyer, so that a lost answer cannot make a second relation [8.3].
    """
    if customer.code:
        return customer.code.strip()
    number = int.from_bytes(hashlib.sha256(customer.identity.strip().casefold().encode()).digest()[:9], "big")
    digits = ""
    for _ in range(tables.RELATION_CODE - 1):
        number, digit = divmod(number, len(_ALPHABET))
        digits += _ALPHABET[digit]
    return "K" + digits


def party(customer: DraftCustomer, country_names: CountryNames) -> Party:
    """A new relation. Its own key (``freeText1``) is the code: an e-mail address changes, that does not."""
    place = customer.address or Address()
    code = own_code(customer)
    individual = customer.kind is CustomerKind.INDIVIDUAL
    return Party(
        code=code,
        name=shorten(customer.name, tables.RELATION_NAME),
        business=bool(customer.company) or not individual,
        contact=fit(customer.contact or _person(customer), tables.PLACE) if customer.company else None,
        address=fit(" ".join(place.lines), tables.ADDRESS),
        postcode=within(place.postcode, tables.PLACE),
        city=fit(place.city, tables.PLACE),
        country=country_name(place.country, country_names),
        phone=within(customer.phone or place.phone, tables.PLACE),
        email=within(customer.email, tables.EMAIL),
        vat_number=within(customer.vat_id, tables.PLACE),
        own_key=f"koppel {code}" if individual else fit(customer.identity, tables.FREE_TEXT),
    )


def _person(customer: DraftCustomer) -> str | None:
    return " ".join(filter(None, (customer.first_name, customer.last_name))) or None


def is_meant(relation: Relation, customer: DraftCustomer) -> bool:
    """Whether this is the customer: a filter of the vendor is a hint, no proof."""
    if relation.inactive:
        return False
    if relation.key.code.casefold() == own_code(customer).casefold():
        return True
    if customer.kind is CustomerKind.COLLECTIVE:
        return not customer.code and fold(relation.name) == fold(shorten(customer.name, tables.RELATION_NAME))
    if customer.email:
        return fold(customer.email) in {fold(email) for email in relation.emails}
    return customer.vat_id is not None and fold(relation.vat_number) == fold(customer.vat_id)


def chosen(relations: list[Relation], customer: DraftCustomer) -> Relation | None:
    """The one to use of several: the lowest id; e-mail addresses are not unique [7.2]."""
    return min((one for one in relations if is_meant(one, customer)), key=lambda one: one.key.id, default=None)


def read_key(text: str) -> Key:
    """The relation as koppel kept it."""
    number, separator, code = text.partition(":")
    if not separator or not number.isdecimal():
        raise CustomerGone(
            "eboekhouden.customer", "The kept relation is none of e-Boekhouden.nl's.", "Process the order again."
        )
    return Key(id=int(number), code=code)


def shorten(text: str, width: int) -> str:
    """One line of text, cut at the width; control characters become spaces."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())[:width].rstrip()


def fit(text: str | None, width: int) -> str | None:
    """The same for text that may be missing."""
    return shorten(text, width) or None if text else None


def within(text: str | None, width: int) -> str | None:
    """The text if it fits: half a postcode, address or number is worse than none."""
    clean = shorten(text, len(text)) if text else ""
    return clean if clean and len(clean) <= width else None


def fold(text: str) -> str:
    """For comparing: without case and outer spaces."""
    return text.strip().casefold()
