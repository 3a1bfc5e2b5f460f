"""From the proceeds of an order and its items to amounts that add up to what the buyer paid."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from koppel.model import ZERO, quantum
from koppel_amazon.money import Charge, DoNotFit, ItemMoney, Reading, charges, choose, read, value
from koppel_amazon.wire import Item, OrderProceeds


class NoAmounts(Exception):
    """Amazon gave no amounts: normal while an order is pending, strange afterwards."""


@dataclass(frozen=True)
class Priced:
    """What was paid, VAT included. ``items`` has one entry for each item asked, ``extras`` belong to the whole order.

    ``total`` is Amazon's grand total, or where it is missing the sum (``total_told`` is false then). ``taxed`` is
    whether any VAT was reported that is not zero.
    """

    items: tuple[tuple[Charge, ...], ...]
    extras: tuple[Charge, ...]
    total: Decimal
    total_told: bool
    taxed: bool


def price(proceeds: OrderProceeds | None, items: Sequence[Item], currency: str) -> Priced:
    """Price the items that are still ordered. Raises DoNotFit or NoAmounts.

    An item without proceeds was given away if the others come to the grand total without it.
    """
    money = [read(item.proceeds, currency) if item.proceeds else ItemMoney(None) for item in items]
    grand = value(proceeds.grand_total, currency) if proceeds else None
    told = [item for item in money if item.amounts or item.discounts or item.total is not None]
    if grand and not items:
        raise DoNotFit(f"no unit is left of any item, yet the order total is {grand}")
    if not told and not (grand == 0 and items):
        raise NoAmounts
    extras = _order_charges(proceeds, told, currency)
    readings: dict[int, Reading] = {}
    for index, item in enumerate(money):
        if item.total is not None:
            readings[index] = choose([item], [item.total], currency)[0]
    base = sum((money[index].sum(reading) for index, reading in readings.items()), ZERO)
    open_ = [index for index, item in enumerate(money) if index not in readings and item in told]
    if grand is None:
        chosen = extras
        if any(money[index].tax for index in open_):
            raise DoNotFit(f"there is tax but no total to compare with: {money[open_[0]].figures()}")
        readings |= dict.fromkeys(open_, Reading(net=False, details_are_discount=False))
    elif open_:
        sums = {grand - base - sum_of(some): some for some in reversed(_choices(extras))}
        reading, total = choose([money[index] for index in open_], sums, currency)
        readings |= dict.fromkeys(open_, reading)
        chosen = sums[total]
    else:
        chosen = _explain(grand - base, extras, quantum(currency) * max(1, len(items)), grand)
    priced = tuple(
        tuple(charges(item, readings[index], currency)) if index in readings else () for index, item in enumerate(money)
    )
    total = grand if grand is not None else sum_of(chosen) + sum((sum_of(item) for item in priced), ZERO)
    return Priced(priced, chosen, total, grand is not None, any(item.taxed for item in money))


def sum_of(some: Sequence[Charge]) -> Decimal:
    """What charges come to, VAT included."""
    return sum((charge.gross for charge in some), ZERO)


def _order_charges(proceeds: OrderProceeds | None, items: Sequence[ItemMoney], currency: str) -> tuple[Charge, ...]:
    """Charges of the order that no item has: a tip always, others as far as they exceed the items' own."""
    found: dict[str, Decimal] = {}
    for breakdown in (proceeds.breakdowns if proceeds else None) or ():
        type_ = (breakdown.type or "OTHER").upper()
        subtotal = value(breakdown.subtotal, currency)
        if subtotal is not None and type_ not in {"ITEM", "TAX", "DISCOUNT"}:
            found[type_] = found.get(type_, ZERO) + subtotal
    own: Mapping[str, Decimal] = {
        type_: sum((item.amounts.get(type_, ZERO) for item in items), ZERO) for type_ in found
    }
    return tuple(Charge(type_, amount - own[type_]) for type_, amount in found.items() if amount > own[type_])


def _choices(extras: tuple[Charge, ...]) -> list[tuple[Charge, ...]]:
    """Which extras the grand total may hold: none, only the tip, all but the tip (it is charged later), all."""
    tips = tuple(extra for extra in extras if extra.type == "DELIVERY_TIP")
    others = tuple(extra for extra in extras if extra.type != "DELIVERY_TIP")
    return list(dict.fromkeys(((), tips, others, extras)))


def _explain(rest: Decimal, extras: tuple[Charge, ...], tolerance: Decimal, grand: Decimal) -> tuple[Charge, ...]:
    """The extras that make up the rest of the grand total beyond the items."""
    chosen = min(_choices(extras), key=lambda some: abs(rest - sum_of(some)))
    if abs(rest - sum_of(chosen)) > tolerance:
        listed = ", ".join(f"{extra.type} {extra.gross}" for extra in extras) or "nothing else"
        raise DoNotFit(f"the items come to {grand - rest}, Amazon's order total is {grand}; charged besides: {listed}")
    return chosen
