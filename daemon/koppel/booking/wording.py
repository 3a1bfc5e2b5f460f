"""Which ledger and article code an amount gets that is no goods (V4, A5)."""

from koppel.booking.parts import Part
from koppel.booking.settings import Articles, Ledgers
from koppel.booking.templates import Template
from koppel.model import LineKind
from koppel.vat.verdict import plain


def ledger_of(part: Part, ledgers: Ledgers) -> str:
    """The ledger configured for what the amount is for, else that of the VAT row."""
    if part.rounding:
        return ledgers.rounding_differences or part.cell.row.ledger
    if part.gift_card:
        return ledgers.vouchers or part.cell.row.ledger
    return {
        LineKind.SHIPPING: ledgers.shipping,
        LineKind.PAYMENT_COSTS: ledgers.payment_costs,
        LineKind.DISCOUNT: ledgers.discounts,
        LineKind.GIFT_WRAP: ledgers.gift_wrap,
        LineKind.TIP: ledgers.tips,
        LineKind.DEPOSIT: ledgers.deposits,
        LineKind.OTHER: ledgers.other,
    }.get(part.line.kind, "") or part.cell.row.ledger


def article_code(part: Part, articles: Articles) -> str | None:
    """The product's own code (A2), or the article configured for the kind, ``{rate}`` filled in."""
    if part.line.kind is LineKind.GOODS:
        return part.line.product.code if part.line.product else None
    if part.rounding:
        return Template(articles.rounding).fill({"rate": "0"})
    template = {
        LineKind.SHIPPING: articles.shipping,
        LineKind.DISCOUNT: articles.discount,
        LineKind.GIFT_WRAP: articles.gift_wrap,
        LineKind.PAYMENT_COSTS: articles.payment_costs,
        LineKind.DEPOSIT: articles.deposit,
        LineKind.TIP: articles.tip,
    }.get(part.line.kind, articles.other)
    return Template(template).fill({"rate": plain(part.cell.rate) if part.cell.rate is not None else "0"})
