"""The money of an order: lines, discounts, shipping, payment costs, and the VAT that the shop says is in them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from koppel.model import ZERO, ChannelVat, LineKind, OrderLine, ProductRef, round_money
from koppel_lightspeed.wire import LineWire, OrderWire, TaxRate

CENT = Decimal("0.01")


class Unreadable(Exception):
    """The order cannot be turned into one of ours; becomes an UnreadableOrder."""

    def __init__(self, code: str, message: str, suggestion: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.suggestion = suggestion


@dataclass(frozen=True)
class Amounts:
    """How amounts are to be read. ``split`` shows goods at the full price with the discount as a line of its own;
    ``article_code_first`` lets the shop's article code lead where there is a SKU too.
    """

    currency: str
    split: bool = True
    article_code_first: bool = False

    def lines(self, order: OrderWire, goods: Sequence[LineWire]) -> tuple[OrderLine, ...]:
        """All lines; their sum is what the order's own amounts add up to. Raises Unreadable."""
        found: list[OrderLine] = []
        for position, line in enumerate(goods, start=1):
            found.extend(self._goods(line, str(line.id or position)))
        found.extend(self._shipping(order))
        found.extend(self._payment_costs(order))
        return tuple(found)

    def cents(self, amount: Decimal) -> Decimal:
        """Rounded to the currency's smallest unit."""
        return round_money(amount, self.currency)

    def _goods(self, line: LineWire, line_id: str) -> Iterator[OrderLine]:
        title = _title(line)
        if line.price_incl is None or line.quantity_ordered is None:
            raise Unreadable("lightspeed.line", f"Line {line_id} has no amount or no quantity.")
        gross = self.cents(line.price_incl)
        if line.quantity_ordered == 0 and gross == 0:
            return  # taken out of the order afterwards
        if line.quantity_ordered == 0:
            raise Unreadable("lightspeed.line", f"Line {line_id} has quantity 0 and amount {gross} {self.currency}.")
        discount = max(ZERO, self.cents(line.discount_incl))
        vat = self._vat(gross, line.tax_rate, line.tax_rates)
        kind = LineKind.GOODS if gross + discount >= 0 else LineKind.DISCOUNT
        yield from self._discounted(
            OrderLine(
                id=line_id,
                kind=kind,
                title=title,
                quantity=abs(line.quantity_ordered),
                gross=gross,
                product=_product(line, article_code_first=self.article_code_first),
                discounts=LineKind.GOODS if kind is LineKind.DISCOUNT else None,
                channel_vat=vat,
            ),
            discount,
        )

    def _shipping(self, order: OrderWire) -> Iterator[OrderLine]:
        gross = self.cents(order.shipment_price_incl)
        if gross == 0:
            return
        yield from self._discounted(
            OrderLine(
                id="shipping",
                kind=LineKind.SHIPPING,
                title=str(order.shipment_title or "Verzendkosten"),
                quantity=Decimal(1),
                gross=gross,
                channel_vat=self._vat(gross, order.shipment_tax_rate, order.shipment_tax_rates),
            ),
            max(ZERO, self.cents(order.shipment_discount_incl)),
        )

    def _payment_costs(self, order: OrderWire) -> Iterator[OrderLine]:
        gross = self.cents(order.payment_price_incl)
        if gross == 0:
            return
        kind = LineKind.PAYMENT_COSTS if gross > 0 else LineKind.DISCOUNT
        yield OrderLine(
            id="payment",
            kind=kind,
            title=str(order.payment_title or "Betaalkosten"),
            quantity=Decimal(1),
            gross=gross,
            discounts=LineKind.PAYMENT_COSTS if kind is LineKind.DISCOUNT else None,
            channel_vat=self._vat(gross, order.payment_tax_rate, order.payment_tax_rates),
        )

    def _discounted(self, line: OrderLine, discount: Decimal) -> Iterator[OrderLine]:
        """The line, and its discount as a line of its own: the vendor's amount has it taken off already."""
        if not discount or not self.split or line.kind is LineKind.DISCOUNT:
            yield line
            return
        vat, taken = line.channel_vat, None
        if vat is not None and vat.rate is not None:
            taken = ChannelVat(rate=vat.rate, amount=-self.cents(_inside(discount, vat.rate)))
            if vat.amount is not None and taken.amount is not None:
                vat = ChannelVat(rate=vat.rate, amount=vat.amount - taken.amount)
        full = OrderLine(
            id=line.id,
            kind=line.kind,
            title=line.title,
            quantity=line.quantity,
            gross=line.gross + discount,
            product=line.product,
            channel_vat=vat,
        )
        yield full
        yield OrderLine(
            id=f"{line.id}-discount",
            kind=LineKind.DISCOUNT,
            title=f"Korting {line.title}",
            quantity=Decimal(1),
            gross=-discount,
            applies_to=line.id if line.kind is LineKind.GOODS else None,
            discounts=line.kind,
            channel_vat=taken,
        )

    def _vat(self, gross: Decimal, fraction: Decimal | None, told: Sequence[TaxRate]) -> ChannelVat | None:
        """What the shop says of the VAT inside ``gross``. No rate is not a rate of 0 %."""
        rates = {each.rate for each in told if each.rate is not None}
        if fraction is None and len(rates) == 1:
            (fraction,) = rates
        amounts = [each.amount for each in told if each.amount is not None]
        amount = sum(amounts, ZERO) if amounts else None
        if len(rates) > 1:
            return ChannelVat(amount=self.cents(amount) if amount is not None else None)
        if fraction is None:
            return None
        rate = percentage(fraction)
        if amount is not None:
            # The shop tells four decimals: rounding 3.9050 gives 3.91 where the exact 3.90496 is 3.90.
            exact = _inside(gross, rate)
            amount = self.cents(exact if abs(exact - amount) <= CENT / 2 else amount)
        return ChannelVat(rate=rate, amount=amount)


def percentage(fraction: Decimal) -> Decimal:
    """0.21 as 21, 0.055 as 5.5: without trailing zeros, never in powers of ten."""
    rate = (fraction * 100).normalize()
    return rate.quantize(Decimal(1)) if rate == rate.to_integral_value() else rate


def _inside(gross: Decimal, rate: Decimal) -> Decimal:
    return gross * rate / (100 + rate)


def _title(line: LineWire) -> str:
    product, variant = str(line.product_title or ""), str(line.variant_title or "")
    if variant.casefold() in ("", "default", product.casefold()):
        return product or str(line.article_code or line.sku or line.ean or "Artikel")
    return f"{product} {variant}".strip()


def _product(line: LineWire, *, article_code_first: bool) -> ProductRef:
    """The codes as snapshots of the order. With the article code first, a SKU beside it is left out: it would lead."""
    variant = line.variant.resource.id if line.variant and line.variant.resource else None
    return ProductRef(
        sku=None if article_code_first and line.article_code else _code(line.sku),
        article_code=_code(line.article_code),
        ean=_code(line.ean),
        channel_id=str(variant) if variant else None,
    )


def _code(value: str | int | None) -> str | None:
    return None if value is None else str(value)
