"""Items and their charges as order lines."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from koppel.model import ZERO, ChannelVat, LineKind, OrderLine, ProductRef
from koppel_amazon.money import Charge
from koppel_amazon.pricing import Priced
from koppel_amazon.tables import CHARGES
from koppel_amazon.wire import Item, Product


def quantity_of(item: Item) -> int | None:
    """Units that are still ordered: ordered less cancelled. None where Amazon does not tell. [fact sheet 9]"""
    ordered, sent = item.quantity_ordered, item.fulfillment
    if sent and sent.quantity_fulfilled is not None and sent.quantity_unfulfilled is not None:
        left = sent.quantity_fulfilled + sent.quantity_unfulfilled
        return left if ordered is None else min(ordered, left)
    return ordered


def still_ordered(items: Iterable[Item]) -> Iterator[Item]:
    """The items of which something is left after cancellations.

    Where Amazon gives no quantities, an item whose cancellation was executed and that costs nothing is gone too.
    """
    for item in items:
        quantity = quantity_of(item)
        if quantity is not None and quantity <= 0:
            continue
        told = item.fulfillment is not None and item.fulfillment.quantity_fulfilled is not None
        executed = item.cancellation is not None and item.cancellation.cancellation_execution is not None
        total = item.proceeds.proceeds_total if item.proceeds else None
        if executed and not told and not (total and total.amount):
            continue
        yield item


@dataclass(frozen=True)
class LinesOf:
    """Makes the lines of one order. ``facilitated`` are the positions of items whose VAT Amazon remits."""

    items: tuple[Item, ...]
    priced: Priced
    facilitated: frozenset[int]

    def all(self) -> tuple[OrderLine, ...]:
        """Goods first, then what belongs to them, item by item; last what belongs to the whole order."""
        lines: list[OrderLine] = []
        for index, item in enumerate(self.items):
            lines.extend(self._item(index, item))
        for charge in self.priced.extras:
            kind, title = CHARGES.get(charge.type, CHARGES["OTHER"])
            lines.append(
                OrderLine(id=f"order:{charge.type}", kind=kind, title=title, quantity=Decimal(1), gross=charge.gross)
            )
        return tuple(lines)

    def _item(self, index: int, item: Item) -> Iterator[OrderLine]:
        charges = self.priced.items[index]
        goods = next((one for one in charges if one.type == "ITEM" and not one.discount), Charge("ITEM", ZERO))
        line_id = item.order_item_id or f"item-{index + 1}"
        product = item.product or Product()
        sku, asin = (product.seller_sku or "").strip() or None, (product.asin or "").strip() or None
        yield OrderLine(
            id=line_id,
            kind=LineKind.GOODS,
            title=product.title or sku or asin or "Artikel",
            quantity=Decimal(quantity_of(item) or 1),
            gross=goods.gross,
            product=ProductRef(sku=sku, channel_id=asin),
            channel_vat=self._vat(goods),
            marketplace_vat=index in self.facilitated,
            vat_withheld=self._withheld(index, goods),
        )
        for charge in charges:
            if charge is goods or not charge.gross:
                continue
            kind, title = CHARGES.get(charge.type, CHARGES["OTHER"])
            yield OrderLine(
                id=f"{line_id}:DISCOUNT:{charge.type}" if charge.discount else f"{line_id}:{charge.type}",
                kind=LineKind.DISCOUNT if charge.discount else kind,
                title=_discount_title(item) if charge.discount else title,
                quantity=Decimal(1),
                gross=charge.gross,
                applies_to=line_id,
                discounts=kind if charge.discount else None,
                channel_vat=self._vat(charge),
                marketplace_vat=index in self.facilitated,
                vat_withheld=self._withheld(index, charge),
            )

    def _vat(self, charge: Charge) -> ChannelVat | None:
        """The reported VAT. An order whose taxes are all zero tells nothing: without Amazon's VAT Calculation Service
        every EU order has 0.00. [fact sheet 7.2]
        """
        return None if charge.tax is None or not self.priced.taxed else ChannelVat(amount=charge.tax)

    def _withheld(self, index: int, charge: Charge) -> Decimal:
        return charge.tax or ZERO if index in self.facilitated else ZERO


def _discount_title(item: Item) -> str:
    promotions = (item.promotion.breakdowns if item.promotion else None) or ()
    names = ", ".join(one.promotion_id for one in promotions if one.promotion_id)
    return f"Korting {names}".strip()
