"""Customers: which relation is the buyer, and the one that koppel makes [fact sheet 7.2]. Pure."""

import hashlib
import re
from collections.abc import Iterable, Sequence

from msgspec import UNSET, Struct

from koppel.booking.draft import CustomerKind, DraftCustomer
from koppel.model import Address
from koppel.plugin import Misconfigured, Refused
from koppel_snelstart import tables
from koppel_snelstart.chart import country
from koppel_snelstart.wire import Adres, Land, Mailing, Ref, Relatie, RelationRequest

_SEPARATORS = re.compile(r"[;,\s]+")
_NOT_ALPHANUMERIC = re.compile(r"[^A-Za-z0-9]")
HOME = "NL"


class NewRelation(Struct, frozen=True):
    """A relation to make, and what a person should know about it (no personal data)."""

    request: RelationRequest
    notes: tuple[str, ...] = ()


def is_customer(relation: Relatie) -> bool:
    """Whether it can be booked on: a customer, active, none of SnelStart's own rows (codes below 1, ``Eigen``)."""
    kinds = relation.relatiesoort or []
    system = relation.relatiecode is not None and relation.relatiecode <= 0
    return "Klant" in kinds and "Eigen" not in kinds and not relation.nonactief and not system


def emails(relation: Relatie) -> set[str]:
    """The e-mail addresses of a relation, in lower case: the field may hold several."""
    return {part.casefold() for part in _SEPARATORS.split(relation.email or "") if part}


def first(relations: Iterable[Relatie]) -> Relatie | None:
    """Of several the one with the lowest code, of those without a code any."""
    return min(relations, key=lambda each: (each.relatiecode is None, each.relatiecode or 0, each.id), default=None)


def vat_number(value: str | None) -> str:
    """Letters and digits in upper case."""
    return _NOT_ALPHANUMERIC.sub("", value or "").upper()


def same_vat_number(value: str | None) -> str:
    """A form in which Dutch numbers are equal with and without NL: SnelStart gives them back without."""
    return vat_number(value).removeprefix("NL")


def stored_name(customer: DraftCustomer) -> str:
    """The name as SnelStart keeps it: at most 50 characters.

    A buyer is found by e-mail, so a name that is cut loses nothing. A collective debtor is found by this very name: cut
    names end in a mark made from the whole name, so that two of them stay two.
    """
    name = " ".join(customer.name.split())
    if len(name) <= tables.NAAM or customer.kind is not CustomerKind.COLLECTIVE:
        return name[: tables.NAAM].rstrip()
    mark = hashlib.sha256(name.encode()).hexdigest()[:6]
    return f"{name[: tables.NAAM - 7].rstrip()} {mark}"


def relation_code(customer: DraftCustomer) -> int | None:
    """The configured code of a collective debtor."""
    code = (customer.code or "").strip()
    if not code:
        return None
    if not code.isdigit():
        raise Misconfigured(
            "snelstart.relation-code",
            f"The code {code} of the collective debtor is no relatiecode: SnelStart numbers its relations.",
            "Use the number of the relation in SnelStart.",
        )
    return int(code)


def new_relation(customer: DraftCustomer, countries: Sequence[Land], placeholder: str) -> NewRelation:
    """The relation for a customer that does not exist yet."""
    code = relation_code(customer)
    if code is not None:
        raise Refused(
            "snelstart.relation-unknown",
            f"The collective debtor {code} is no active customer in SnelStart.",
            "Make a customer with that relatiecode, or correct the code in this connection.",
        )
    if customer.email and len(customer.email) > tables.EMAIL:
        raise Refused("REL-0085", "The e-mail address is too long for SnelStart.", "Make the relation by hand.")
    name = stored_name(customer)
    notes = ["The name was cut to 50 characters."] if len(" ".join(customer.name.split())) > tables.NAAM else []
    address, address_notes = postal(customer.address, contact_of(customer), countries, placeholder)
    number = vat_number(customer.vat_id)
    return NewRelation(
        RelationRequest(
            naam=name,
            email=customer.email or UNSET,
            telefoon=customer.phone[: tables.TELEFOON] if customer.phone else UNSET,
            btw_nummer=number if 2 <= len(number) <= tables.BTW_NUMMER else UNSET,
            vestigings_adres=address or UNSET,
            factuur_email_versturen=Mailing(email=customer.email or UNSET),
        ),
        (*notes, *address_notes),
    )


def contact_of(customer: DraftCustomer) -> str | None:
    """The person at the company: only where the relation's own name is another."""
    person = customer.contact or " ".join(part for part in (customer.first_name, customer.last_name) if part)
    return person if person and person.casefold() != customer.name.casefold() else None


def postal(
    address: Address | None, contact: str | None, countries: Sequence[Land], placeholder: str
) -> tuple[Adres | None, tuple[str, ...]]:
    """An address as SnelStart takes it: complete or not at all [REL-0060], and what was lost on the way.

    Missing parts of a foreign address become the placeholder: without address SnelStart would take the buyer for Dutch.
    """
    if address is None:
        return None, ()
    land = country(address.country, countries)
    if land is None:
        return None, ("The address was left out: SnelStart does not know its country.",) if address.country else ()
    street = " ".join(" ".join(address.lines).split())
    parts = [street, (address.postcode or "").strip(), (address.city or "").strip()]
    if not all(parts):
        if address.country == HOME or not placeholder:
            return None, ("The address was left out: SnelStart takes it complete or not at all.",)
        parts = [part or placeholder for part in parts]
    limits = (tables.STRAAT, tables.POSTCODE, tables.PLAATS)
    notes = (
        ("The address was cut to what SnelStart holds.",)
        if any(len(part) > limit for part, limit in zip(parts, limits, strict=True))
        else ()
    )
    street, postcode, city = (part[:limit].rstrip() for part, limit in zip(parts, limits, strict=True))
    person = contact or None
    return (
        Adres(
            straat=street,
            postcode=postcode,
            plaats=city,
            land=Ref(land.id),
            contactpersoon=person[: tables.CONTACTPERSOON] if person else UNSET,
        ),
        notes,
    )


def without_vat_number(request: RelationRequest) -> RelationRequest:
    """The same relation without the VAT number that SnelStart refused."""
    import msgspec

    return msgspec.structs.replace(request, btw_nummer=UNSET)
