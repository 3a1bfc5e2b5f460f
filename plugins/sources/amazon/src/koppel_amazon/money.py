"""What Amazon's amounts mean: which are with VAT, which without, and what VAT is in them.

Amazon does not document whether a subtotal holds VAT, nor the sign of a discount, and both were seen. So nothing is
assumed: the reading that adds up to Amazon's own total of the item is the right one; if none does, a person must look.
[fact sheet 7.2, "VAT inside these amounts"]
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from itertools import product

from koppel.model import ZERO, quantum, round_money
from koppel_amazon.wire import Amount, Breakdown, ItemProceeds


class DoNotFit(Exception):
    """The amounts contradict each other or are no money. The text holds figures only."""


@dataclass(frozen=True)
class Charge:
    """One amount of an item, VAT included; negative for a discount.

    ``type`` is Amazon's word (ITEM, SHIPPING …), ``discount`` says that it lowers amounts of that type. ``tax`` is the
    VAT inside, as Amazon reports it; None = not reported.
    """

    type: str
    gross: Decimal
    tax: Decimal | None = None
    discount: bool = False


@dataclass(frozen=True)
class Reading:
    """One way to read amounts: subtotals without VAT or with it, and which figure is the discount."""

    net: bool
    details_are_discount: bool


@dataclass(frozen=True)
class ItemMoney:
    """The proceeds of one item, sorted. Discounts are positive here, by the type that they lower.

    ``discounts_by_detail`` is the other figure where the details of a discount do not add up to its subtotal: in the
    older API the two were different amounts. ``tells_tax`` is whether there is a TAX at all, ``taxes`` its details.
    """

    total: Decimal | None
    amounts: Mapping[str, Decimal] = field(default_factory=dict[str, Decimal])
    discounts: Mapping[str, Decimal] = field(default_factory=dict[str, Decimal])
    discounts_by_detail: Mapping[str, Decimal] = field(default_factory=dict[str, Decimal])
    tells_tax: bool = False
    tax: Decimal = ZERO
    taxes: Mapping[str, Decimal] = field(default_factory=dict[str, Decimal])

    @property
    def taxed(self) -> bool:
        """Whether Amazon reports any VAT here that is not zero."""
        return self.tax != 0 or any(self.taxes.values())

    def reduction(self, reading: Reading) -> Mapping[str, Decimal]:
        """The discounts under a reading."""
        return self.discounts_by_detail if reading.details_are_discount else self.discounts

    def sum(self, reading: Reading) -> Decimal:
        """What the item comes to under a reading."""
        amounts = sum(self.amounts.values(), ZERO) - sum(self.reduction(reading).values(), ZERO)
        return amounts + self.tax if reading.net else amounts

    def figures(self) -> str:
        """All figures, for a message."""
        parts = [f"{type_} {amount}" for type_, amount in self.amounts.items()]
        parts += [f"DISCOUNT/{type_} {amount}" for type_, amount in self.discounts.items()]
        return ", ".join([*parts, f"TAX {self.tax}", f"total {'?' if self.total is None else self.total}"])


def value(amount: Amount | None, currency: str) -> Decimal | None:
    """An amount as exact money of the order's currency, None where there is none. Raises DoNotFit."""
    if amount is None or amount.amount is None:
        return None
    if (amount.currency_code or currency) != currency:
        raise DoNotFit(f"amounts are in {currency} and in {amount.currency_code}")
    try:
        exact = round_money(amount.amount, currency)
    except InvalidOperation:
        raise DoNotFit("an amount is no number of normal size") from None
    if exact != amount.amount:
        raise DoNotFit(f"{amount.amount} {currency} is no whole number of {quantum(currency)}")
    return exact


def read(proceeds: ItemProceeds, currency: str) -> ItemMoney:
    """Sort one item's proceeds. Raises DoNotFit."""
    amounts: dict[str, Decimal] = {}
    discounts: dict[str, Decimal] = {}
    by_detail: dict[str, Decimal] = {}
    taxes: dict[str, Decimal] = {}
    tells_tax, tax = False, ZERO
    for breakdown in proceeds.breakdowns or ():
        subtotal = value(breakdown.subtotal, currency)
        type_ = (breakdown.type or "OTHER").upper()
        details = _details(breakdown, currency)
        if subtotal is None:
            continue
        if type_ == "TAX":
            tells_tax = True
            tax += subtotal
            _add(taxes, details)
        elif type_ == "DISCOUNT":
            parts, others = _discount(abs(subtotal), details, currency)
            _add(discounts, parts)
            _add(by_detail, others)
        else:
            _add(amounts, {type_: subtotal})
    total = value(proceeds.proceeds_total, currency)
    if not amounts and not discounts and total is not None:
        amounts["ITEM"] = total - tax
    return ItemMoney(total, amounts, discounts, by_detail, tells_tax, tax, taxes)


def _details(breakdown: Breakdown, currency: str) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for detail in breakdown.detailed_breakdowns or ():
        amount = value(detail.value, currency)
        if amount is not None:
            _add(found, {(detail.subtype or "OTHER").upper(): amount})
    return found


def _discount(
    subtotal: Decimal, details: Mapping[str, Decimal], currency: str
) -> tuple[dict[str, Decimal], dict[str, Decimal]]:
    """The discount by the type that it lowers: as the subtotal tells it, and as the details do."""
    by_detail = {type_: abs(amount) for type_, amount in details.items() if amount}
    rest = subtotal - sum(by_detail.values(), ZERO)
    if abs(rest) <= quantum(currency) and by_detail:
        largest = max(by_detail, key=lambda type_: by_detail[type_])
        by_subtotal = {**by_detail, largest: by_detail[largest] + rest}
        return by_subtotal, by_subtotal
    if rest > 0:
        by_subtotal = dict(by_detail)
        _add(by_subtotal, {"ITEM": rest})
        return by_subtotal, by_detail or by_subtotal
    return ({"ITEM": subtotal} if subtotal else {}), by_detail


def _add(into: dict[str, Decimal], amounts: Mapping[str, Decimal]) -> None:
    for type_, amount in amounts.items():
        into[type_] = into.get(type_, ZERO) + amount


def choose(items: Sequence[ItemMoney], totals: Iterable[Decimal], currency: str) -> tuple[Reading, Decimal]:
    """The reading under which these items together come to one of these totals, and that total.

    Within the currency's smallest unit an item; the nearest wins, and among equals the earlier total, then amounts that
    hold their VAT. Without any tax both readings are the same and count as with VAT. Raises DoNotFit.
    """
    nets = (False, True) if any(item.tax for item in items) else (False,)
    tolerance = quantum(currency) * len(items)
    best: tuple[Decimal, Reading, Decimal] | None = None
    for details, total, net in product((False, True), tuple(totals), nets):
        reading = Reading(net, details)
        away = abs(sum((item.sum(reading) for item in items), ZERO) - total)
        if away <= tolerance and (best is None or away < best[0]):
            best = away, reading, total
    if best is None:
        figures = "; ".join(item.figures() for item in items)
        raise DoNotFit(f"the amounts add up to the total neither with nor without the tax: {figures}")
    return best[1], best[2]


def charges(item: ItemMoney, reading: Reading, currency: str) -> list[Charge]:
    """An item's amounts, VAT included, each with the VAT that Amazon reports in it. Raises DoNotFit."""
    reduction = item.reduction(reading)
    taxes, discount_taxes = _taxes(item, reduction, reading, currency)
    found: list[Charge] = []
    for type_ in dict.fromkeys((*item.amounts, *taxes)):
        tax = taxes.get(type_)
        amount = item.amounts.get(type_, ZERO)
        found.append(Charge(type_, amount + (tax or ZERO) if reading.net else amount, tax))
    for type_, amount in reduction.items():
        tax = discount_taxes.get(type_)
        gross = -amount + (tax or ZERO) if reading.net else -amount
        found.append(Charge(type_, gross, tax, discount=True))
    return found


def _taxes(
    item: ItemMoney, reduction: Mapping[str, Decimal], reading: Reading, currency: str
) -> tuple[dict[str, Decimal], dict[str, Decimal]]:
    """The reported VAT of the amounts and of the discounts (negative), by type."""
    if not item.taxed:
        told = item.tells_tax
        return dict.fromkeys(item.amounts, ZERO) if told else {}, dict.fromkeys(reduction, ZERO) if told else {}
    if not item.taxes:
        after = _spread_tax(item, reduction, currency)
        return _split_by_discount(item.amounts, reduction, after, currency)
    taxes = {type_: tax for type_, tax in item.taxes.items() if type_ != "DISCOUNT"}
    off = abs(item.taxes.get("DISCOUNT", ZERO))
    tolerance = quantum(currency) * max(1, len(item.taxes))
    listed = sum(taxes.values(), ZERO)
    if off and reduction and abs(listed - off - item.tax) <= tolerance:
        weights = sum(reduction.values(), ZERO)
        shares = {type_: round_money(-off * amount / weights, currency) for type_, amount in reduction.items()}
        _settle(shares, -off)
        return taxes, shares
    if abs(listed - item.tax) <= tolerance:
        return _split_by_discount(item.amounts, reduction, taxes, currency)
    if reading.net:
        raise DoNotFit(f"the parts of the tax do not add up to it: {item.figures()}")
    return {}, {}


def _spread_tax(item: ItemMoney, reduction: Mapping[str, Decimal], currency: str) -> dict[str, Decimal]:
    """A tax without details, over what is left of each amount after its discount."""
    bases = {type_: amount - reduction.get(type_, ZERO) for type_, amount in item.amounts.items()}
    weight = sum(bases.values(), ZERO)
    if not weight:
        raise DoNotFit(f"there is tax on nothing: {item.figures()}")
    shares = {type_: round_money(item.tax * base / weight, currency) for type_, base in bases.items() if base}
    _settle(shares, item.tax)
    return shares


def _split_by_discount(
    amounts: Mapping[str, Decimal], reduction: Mapping[str, Decimal], taxes: Mapping[str, Decimal], currency: str
) -> tuple[dict[str, Decimal], dict[str, Decimal]]:
    """Taxes on discounted amounts, told apart into the tax of the full amount and the (negative) one of the discount.

    An amount that is discounted to nothing has no tax to tell apart: then none is reported for either.
    """
    full: dict[str, Decimal] = {}
    off: dict[str, Decimal] = {}
    for type_, tax in taxes.items():
        amount, less = amounts.get(type_, ZERO), reduction.get(type_, ZERO)
        base = amount - less
        if not less:
            full[type_] = tax
        elif base:
            full[type_] = round_money(tax * amount / base, currency)
            off[type_] = tax - full[type_]
        elif tax:
            full[type_] = tax
    return full, off


def _settle(shares: dict[str, Decimal], total: Decimal) -> None:
    """Put what rounding left over into the largest share."""
    largest = max(shares, key=lambda type_: abs(shares[type_]))
    shares[largest] += total - sum(shares.values(), ZERO)
