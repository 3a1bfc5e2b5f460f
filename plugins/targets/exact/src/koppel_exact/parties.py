"""From koppel's customers and addresses to Exact Online's relations, contacts and addresses. Pure functions."""

from koppel.booking.draft import CustomerKind, DraftCustomer
from koppel.model import Address
from koppel_exact import fitting, tables
from koppel_exact.sent import NewAccount, NewAddress, NewContact
from koppel_exact.settings import ExactSettings


def account(customer: DraftCustomer, settings: ExactSettings) -> NewAccount:
    """A new relation. Status customer, or no document would take it [7.2]."""
    place = customer.address or Address()
    lines = fitting.address_lines(place.lines, tables.ACCOUNT_ADDRESS_LINE)
    return NewAccount(
        name=fitting.shorten(customer.name, tables.ACCOUNT_NAME),
        status=tables.CUSTOMER,
        code=customer.code,
        line1=lines[0],
        line2=lines[1],
        line3=lines[2],
        postcode=fitting.within(place.postcode, tables.POSTCODE),
        city=fitting.cut(place.city, tables.CITY),
        country=place.country,
        phone=fitting.phone(customer.phone or place.phone),
        email=customer.email,
        vat_number=fitting.within(customer.vat_id, tables.VAT_NUMBER),
        payment_condition=settings.payment_condition or None,
    )


def contact(customer: DraftCustomer, account_id: str) -> NewContact | None:
    """The contact person of a new relation (C2); None where no person is known, or the debtor stands for many."""
    if customer.kind is CustomerKind.COLLECTIVE or not (customer.first_name or customer.last_name or customer.contact):
        return None
    first, last = customer.first_name, customer.last_name
    if not (first or last):
        last = customer.contact
    return NewContact(
        account=account_id, first_name=first, last_name=last, phone=fitting.phone(customer.phone), email=customer.email
    )


def delivery(place: Address, customer: DraftCustomer, account_id: str) -> NewAddress:
    """The delivery address of a document (C4). An address has no name in Exact: a recipient who is not the customer
    comes first on the street lines [7.4].
    """
    recipient = [name for name in (place.company, place.name) if name and not fitting.same(name, customer.name)]
    lines = fitting.address_lines([*dict.fromkeys(recipient), *place.lines], tables.ADDRESS_LINE)
    return NewAddress(
        account=account_id,
        type=tables.DELIVERY,
        line1=lines[0],
        line2=lines[1],
        line3=lines[2],
        postcode=fitting.within(place.postcode, tables.POSTCODE),
        city=fitting.cut(place.city, tables.CITY),
        country=place.country,
        phone=fitting.phone(place.phone),
    )
