"""A debtor in the country whose VAT is booked, for targets that take that country from the debtor.

A buyer who lives in one country and sends a gift to another is two debtors there; so is one who moves.
"""

import msgspec

from koppel.booking.draft import CustomerKind, Draft, DraftCustomer
from koppel.model import Address
from koppel.vat.treatment import Treatment

HOME = "NL"
"""A debtor without an address counts as Dutch in a Dutch bookkeeping system."""
CONSUMER = frozenset({Treatment.DOMESTIC, Treatment.OSS})
"""Treatments whose VAT is that of the country where a consumer gets the goods."""


def in_vat_country(draft: Draft) -> Draft:
    """The draft with a debtor in its VAT country. Businesses with a VAT number, and documents of another kind, stay."""
    countries = {line.country for line in draft.lines if line.treatment in CONSUMER}
    customer = draft.customer
    if customer.vat_id or customer.code or len(countries) != 1 or None in countries:
        return draft
    (country,) = countries
    moved = _collective(customer, country) if customer.kind is CustomerKind.COLLECTIVE else _buyer(draft, country)
    return msgspec.structs.replace(draft, customer=moved)


def _collective(customer: DraftCustomer, country: str | None) -> DraftCustomer:
    if customer.address is not None or country == HOME:
        return customer
    return msgspec.structs.replace(
        customer,
        identity=f"{customer.identity}|{country}",
        name=f"{customer.name} {country}",
        address=Address(country=country),
    )


def _buyer(draft: Draft, country: str | None) -> DraftCustomer:
    customer = draft.customer
    elsewhere = customer.address is None or customer.address.country != country
    address = draft.delivery if elsewhere and draft.delivery is not None else customer.address
    return msgspec.structs.replace(
        customer, identity=f"{customer.identity}|{country}", vat_country=country, address=address
    )
