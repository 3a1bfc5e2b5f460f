"""What an order IS, whatever channel it came from."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from msgspec import Struct

from koppel.model.party import Address, Buyer


class LineKind(StrEnum):
    """What an amount is for. Discounts and vouchers are negative amounts."""

    GOODS = "goods"
    SHIPPING = "shipping"
    GIFT_WRAP = "gift_wrap"
    PAYMENT_COSTS = "payment_costs"
    DISCOUNT = "discount"
    VOUCHER = "voucher"
    """A multi-purpose voucher (gift card) used to pay: a payment method, not a price reduction."""
    DEPOSIT = "deposit"
    TIP = "tip"
    OTHER = "other"


class ProductRef(Struct, frozen=True, kw_only=True):
    """How a channel names a product."""

    sku: str | None = None
    article_code: str | None = None
    ean: str | None = None
    channel_id: str | None = None

    @property
    def code(self) -> str | None:
        """The article code that the target gets: seller SKU, else article code, else EAN, else the channel's id
        (A2).
        """
        return self.sku or self.article_code or self.ean or self.channel_id


class ChannelVat(Struct, frozen=True, kw_only=True):
    """What the channel itself reports about VAT on an amount; only a cross-check unless booked by rule.

    ``amount`` is the VAT inside the line's gross amount; ``rate`` a percentage. None = not reported (which is not
    zero).
    """

    amount: Decimal | None = None
    rate: Decimal | None = None


class OrderLine(Struct, frozen=True, kw_only=True):
    """One amount of an order.

    ``gross`` is the total of the line (not per unit), in the order's currency, VAT included, as the buyer paid it,
    after
    nothing but what the channel itself took off; negative for discounts and vouchers. ``quantity`` is positive.
    ``applies_to`` names the goods line (by ``id``) that a shipping, wrap or discount amount belongs to; None = the
    whole
    order. ``discounts`` says for a DISCOUNT what kind of amount it lowers. ``marketplace_vat`` is true where the
    channel
    itself collects and remits the VAT (deemed supplier). ``vat_withheld`` is the part of ``gross`` that it keeps for
    that.
    """

    id: str
    kind: LineKind
    title: str
    quantity: Decimal
    gross: Decimal
    product: ProductRef | None = None
    applies_to: str | None = None
    discounts: LineKind | None = None
    channel_vat: ChannelVat | None = None
    marketplace_vat: bool = False
    vat_withheld: Decimal = Decimal(0)


class Fulfilment(StrEnum):
    """Who sends the goods."""

    MERCHANT = "merchant"
    CHANNEL = "channel"
    """From the channel's own warehouse (Amazon FBA): the departure country is the warehouse's, not the seller's."""


class Payment(Struct, frozen=True, kw_only=True):
    """How the buyer paid: the channel's own word for the method."""

    method: str | None = None
    paid_at: datetime | None = None


class Order(Struct, frozen=True, kw_only=True):
    """One order. All moments are aware and UTC; all amounts in ``currency``, VAT included.

    ``number`` is what buyer and bookkeeper call it and the key for ever; ``id`` is what the channel's API wants.
    ``status`` is one of the names in the source's :class:`~koppel.plugin.Status` table. ``total`` is what the buyer
    paid;
    None where the channel does not tell yet. ``channel`` is ``amazon``, ``amazon_fba``, ``lightspeed`` …; ``market``
    the
    marketplace or shop language ("NL"). ``ships_from`` is the departure country, None = unknown. ``skip`` is a reason
    why
    this order must never be booked (a replacement, not sold by this channel), empty otherwise.
    """

    number: str
    id: str
    placed_at: datetime
    changed_at: datetime
    status: str
    currency: str
    lines: tuple[OrderLine, ...]
    total: Decimal | None
    channel: str
    market: str | None = None
    fulfilment: Fulfilment = Fulfilment.MERCHANT
    ships_from: str | None = None
    buyer: Buyer = Buyer()
    billing: Address | None = None
    delivery: Address | None = None
    payment: Payment = Payment()
    shipped_at: datetime | None = None
    business: bool = False
    cancelled: bool = False
    invoice_number: str | None = None
    skip: str = ""
    warnings: tuple[str, ...] = ()
    """Codes of what a person should know (``amazon.cancellation-requested``); never a reason not to book."""

    def personal_data(self) -> Iterator[str]:
        """Every string that tells who the buyer is: to be cut out of error texts before they are kept."""
        buyer = self.buyer
        yield from filter(
            None,
            (
                buyer.first_name,
                buyer.last_name,
                buyer.name,
                buyer.company,
                buyer.email,
                buyer.phone,
                buyer.vat_id,
            ),
        )
        for address in (self.billing, self.delivery):
            if address is not None:
                yield from filter(
                    None, (address.name, address.company, address.phone, address.postcode, *address.lines)
                )


class UnreadableOrder(Struct, frozen=True, kw_only=True):
    """An order that the source found but cannot turn into an :class:`Order`: it becomes an error, not a gap.

    ``message`` holds no personal data. The figures that do not fit belong in it.
    """

    number: str
    id: str
    changed_at: datetime
    code: str
    message: str
    suggestion: str = ""
    placed_at: datetime | None = None
    status: str = ""


class OrderRef(Struct, frozen=True, kw_only=True):
    """Enough to ask the source for an order again."""

    id: str
    number: str
    changed_at: datetime
