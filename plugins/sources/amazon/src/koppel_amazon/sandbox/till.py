"""Amounts as Amazon may write them: the same sale with and without VAT in its subtotals, discounts with either sign."""

from dataclasses import dataclass
from decimal import Decimal

from koppel.model import ZERO, round_money
from koppel_amazon.sandbox.record import Json

GROSS = "gross"
INFORMATIONAL = "informational"
NET = "net"


@dataclass(frozen=True)
class Sale:
    """One item: amounts in the buyer's money, VAT included, by Amazon's type; discounts (positive) by what they cut."""

    amounts: dict[str, Decimal]
    discounts: dict[str, Decimal]
    rate: Decimal

    @property
    def total(self) -> Decimal:
        """What the buyer pays for it."""
        return sum(self.amounts.values(), ZERO) - sum(self.discounts.values(), ZERO)


@dataclass(frozen=True)
class Style:
    """How amounts are written down: one of the three ways, the sign of discounts, a TAX of 0.00 or none."""

    way: str
    sign: int
    zero_tax: bool


def money(amount: Decimal, currency: str) -> Json:
    """Amazon's amount: text, with the currency's decimals."""
    return {"amount": str(round_money(amount, currency)), "currencyCode": currency}


def item_proceeds(sale: Sale, style: Style, currency: str) -> Json:
    """The ``proceeds`` of an item."""
    taxes = {type_: _vat(amount, sale.rate, currency) for type_, amount in sale.amounts.items()}
    off = sum((_vat(amount, sale.rate, currency) for amount in sale.discounts.values()), ZERO)
    told = style.way != GROSS
    net = style.way == NET
    breakdowns: list[Json] = [
        {"type": type_, "subtotal": money(amount - taxes[type_] if net else amount, currency)}
        for type_, amount in sale.amounts.items()
    ]
    if sale.discounts:
        parts = {
            type_: amount - _vat(amount, sale.rate, currency) if net else amount
            for type_, amount in sale.discounts.items()
        }
        breakdowns.append(
            {
                "type": "DISCOUNT",
                "subtotal": money(style.sign * sum(parts.values(), ZERO), currency),
                "detailedBreakdowns": [
                    {"subtype": type_, "value": money(style.sign * amount, currency)} for type_, amount in parts.items()
                ],
            }
        )
    if told:
        details = [{"subtype": type_, "value": money(tax, currency)} for type_, tax in taxes.items()]
        if off:
            details.append({"subtype": "DISCOUNT", "value": money(-off, currency)})
        tax = sum(taxes.values(), ZERO) - off
        breakdowns.append({"type": "TAX", "subtotal": money(tax, currency), "detailedBreakdowns": details})
    elif style.zero_tax:
        breakdowns.append({"type": "TAX", "subtotal": money(ZERO, currency)})
    return {"proceedsTotal": money(sale.total, currency), "breakdowns": breakdowns}


def order_proceeds(items: list[Json], currency: str, extra: dict[str, Decimal]) -> Json:
    """The ``proceeds`` of an order: its items' summed by type, and what only the order has."""
    sums: dict[str, Decimal] = {}
    total = sum(extra.values(), ZERO)
    for item in items:
        total += Decimal(item["proceedsTotal"]["amount"])
        for breakdown in item["breakdowns"]:
            sums[breakdown["type"]] = sums.get(breakdown["type"], ZERO) + Decimal(breakdown["subtotal"]["amount"])
    breakdowns: list[Json] = [{"type": type_, "subtotal": money(amount, currency)} for type_, amount in sums.items()]
    for type_, amount in extra.items():
        breakdowns.append({"type": type_, "status": "FINALIZED", "subtotal": money(amount, currency)})
    return {"grandTotal": money(total, currency), "breakdowns": breakdowns}


def _vat(gross: Decimal, rate: Decimal, currency: str) -> Decimal:
    return round_money(gross * rate / (100 + rate), currency)
