"""Who the debtor is: this buyer, or the one that stands for many (C2, C5, C6, C8)."""

from koppel.booking.address import tidy, tidy_address, tidy_email, tidy_phone
from koppel.booking.draft import CustomerKind, DraftCustomer
from koppel.booking.facts import answer_about
from koppel.booking.settings import BookingSettings
from koppel.booking.templates import Template
from koppel.model import Address, Order
from koppel.vat.numbers import Shape, judge_number
from koppel.vat.vies import ViesAnswer, ViesState

_CHANNELS = {"amazon": "Amazon", "amazon_fba": "Amazon"}


def channel_title(order: Order) -> str:
    """The channel as people call it: ``Amazon``, ``Lightspeed``."""
    return _CHANNELS.get(order.channel, order.channel.replace("_", " ").capitalize())


def customer_of(order: Order, settings: BookingSettings, vies: ViesAnswer | None) -> DraftCustomer:
    """The debtor of an order. A business with a usable VAT number has its own; nobody's is invented."""
    vat_id = _usable_number(order, vies)
    email = tidy_email(order.buyer.email)
    if vat_id is None and (settings.orders.customers != "individual" or email is None):
        return _collective(order, settings)
    return _individual(order, settings, email, vat_id)


def _collective(order: Order, settings: BookingSettings) -> DraftCustomer:
    country = order.delivery.country if order.delivery else None
    each = settings.orders.customers == "collective-per-country"
    values = {"channel": channel_title(order), "marketplace": order.market, "country": tidy(country)}
    name = settings.orders.collective_template.fill(values)
    code = Template(settings.orders.collective_code).fill(values) or None
    return DraftCustomer(
        identity=f"collective:{code or name.casefold()}",
        kind=CustomerKind.COLLECTIVE,
        name=name,
        code=code,
        address=Address(country=tidy(country)) if each and country else None,
    )


def _individual(order: Order, settings: BookingSettings, email: str | None, vat_id: str | None) -> DraftCustomer:
    buyer = order.buyer
    address = tidy_address(order.billing) or tidy_address(order.delivery)
    company = tidy(buyer.company) or (address.company if address else None)
    person = tidy(buyer.full_name) or (address.name if address else None)
    return DraftCustomer(
        identity=f"email:{email.casefold()}" if email else f"vat:{vat_id}",
        kind=CustomerKind.INDIVIDUAL,
        name=company or person or _stand_in(order, settings),
        company=company,
        first_name=tidy(buyer.first_name),
        last_name=tidy(buyer.last_name),
        contact=person if company else None,
        email=email,
        phone=tidy_phone(buyer.phone, address.country if address else None) or (address.phone if address else None),
        vat_id=vat_id,
        address=address,
    )


def _stand_in(order: Order, settings: BookingSettings) -> str:
    place = order.delivery or order.billing or Address()
    values = {
        "channel": channel_title(order),
        "marketplace": order.market,
        "postcode": "".join((place.postcode or "").split()).upper(),
        "city": tidy(place.city),
        "country": tidy(place.country),
        "order_number": order.number,
    }
    return Template(settings.orders.stand_in_name).fill(values) or order.number


def _usable_number(order: Order, vies: ViesAnswer | None) -> str | None:
    """The buyer's number, normalised, if it can be one and VIES does not call it invalid. VIES beats check digits."""
    if not order.buyer.vat_id:
        return None
    number = judge_number(order.buyer.vat_id)
    state = answer_about(order.buyer.vat_id, vies)
    if state in (ViesState.VALID, ViesState.VALID_AT_SALE):
        return number.text
    return number.text if number.shape is Shape.GOOD and state is not ViesState.INVALID else None
