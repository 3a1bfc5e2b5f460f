"""Buyer and addresses, as far as Amazon tells: an empty string is nothing, nothing is invented. [fact sheet 3.6, 9]"""

from collections.abc import Iterator

from koppel.model import Address, Buyer
from koppel_amazon.tables import COUNTRY_ALIASES
from koppel_amazon.wire import TaxRegistration, WireAddress, WireBuyer, WireOrder


def _text(text: str | None) -> str | None:
    """The text without blanks around it; None if nothing is left."""
    return (text or "").strip() or None


def country(code: str | None) -> str | None:
    """An ISO 3166 code from Amazon's spelling."""
    plain = (code or "").strip().upper()
    return COUNTRY_ALIASES.get(plain, plain) or None


def _customer_address(wire: WireOrder) -> WireAddress:
    """The delivery address where it tells who the customer is: those of a parcel locker and of a shop do not."""
    address = wire.recipient.delivery_address if wire.recipient else None
    collected = "IN_STORE_PICK_UP" in (wire.programs or ())
    if address is None or collected or (address.address_type or "").upper() == "PICKUP_POINT":
        return WireAddress()
    return address


def buyer_of(wire: WireOrder) -> Buyer:
    """The buyer: what BUYER says, else the tax registration, else who gets the goods."""
    told = wire.buyer or WireBuyer()
    address = _customer_address(wire)
    own = list(registrations(wire))
    legal_name = next((name for one in own if (name := _text(one.legal_name))), None)
    return Buyer(
        name=_text(told.buyer_name) or _text(address.name),
        company=_text(told.buyer_company_name) or legal_name or _text(address.company_name),
        email=_text(told.buyer_email),
        phone=_text(address.phone),
        vat_id=next(
            (
                number
                for one in own
                if (one.tax_registration_type or "").upper() == "VAT" and (number := _text(one.tax_registration_number))
            ),
            None,
        ),
        purchase_order=_text(told.buyer_purchase_order_number),
    )


def registrations(wire: WireOrder) -> Iterator[TaxRegistration]:
    """The buyer's own tax registrations."""
    for one in (wire.tax.tax_registrations if wire.tax else None) or ():
        if (one.entity_type or "").upper() == "BUYER":
            yield one


def delivery_address(wire: WireOrder) -> Address | None:
    """Where the goods go, a pick-up point too: it decides the VAT."""
    return _address(wire.recipient.delivery_address if wire.recipient else None)


def billing_address(wire: WireOrder) -> Address | None:
    """Amazon gives no billing address; some business orders have the address of the tax registration."""
    return next((address for one in registrations(wire) if (address := _address(one.tax_registration_address))), None)


def _address(wire: WireAddress | None) -> Address | None:
    if wire is None:
        return None
    lines = (_text(wire.address_line1), _text(wire.address_line2), _text(wire.address_line3))
    address = Address(
        name=_text(wire.name),
        company=_text(wire.company_name),
        lines=tuple(line for line in lines if line),
        postcode=_text(wire.postal_code),
        city=_text(wire.city) or _text(wire.municipality),
        region=_text(wire.state_or_region),
        country=country(wire.country_code),
        phone=_text(wire.phone),
    )
    return None if address == Address() else address
