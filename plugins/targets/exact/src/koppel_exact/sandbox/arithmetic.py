"""How the vendor adds up a document: per line, by the type of the VAT code, rounded to cents [7.9]."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

_CENT = Decimal("0.01")


@dataclass(frozen=True)
class Amounts:
    """Of one line: excl. VAT, and the VAT."""

    net: Decimal
    vat: Decimal

    @property
    def gross(self) -> Decimal:
        """Incl. VAT."""
        return self.net + self.vat


def line_amounts(amount: Decimal, kind: str, fraction: Decimal, override: Decimal | None = None) -> Amounts:
    """The line's amounts. With type I the amount includes VAT, with E it does not, with N and B there is none.
    ``override`` is the VAT that the writer wants instead of the computed one.
    """
    amount = _cents(amount)
    if kind == "I":
        vat = _cents(amount * fraction / (1 + fraction)) if override is None else _cents(override)
        return Amounts(amount - vat, vat)
    if kind == "E":
        return Amounts(amount, _cents(amount * fraction) if override is None else _cents(override))
    return Amounts(amount, Decimal(0))


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(_CENT, ROUND_HALF_UP)
