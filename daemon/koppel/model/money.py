"""Exact money: rounding and spreading in a currency's own smallest unit (ISO 4217). Never a float."""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

from msgspec import Struct

ZERO = Decimal(0)

_MINOR_UNITS = {
    **dict.fromkeys(
        (
            "BIF",
            "CLP",
            "DJF",
            "GNF",
            "ISK",
            "JPY",
            "KMF",
            "KRW",
            "PYG",
            "RWF",
            "UGX",
            "VND",
            "VUV",
            "XAF",
            "XOF",
            "XPF",
        ),
        0,
    ),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}


def minor_units(currency: str) -> int:
    """How many decimals the currency has (ISO 4217): EUR 2, JPY 0, KWD 3."""
    return _MINOR_UNITS.get(currency, 2)


def quantum(currency: str) -> Decimal:
    """The smallest amount of the currency: 0.01 for EUR."""
    return Decimal(1).scaleb(-minor_units(currency))


def round_money(amount: Decimal, currency: str) -> Decimal:
    """Round half up on the magnitude, so that a refund mirrors its sale."""
    return amount.quantize(quantum(currency), rounding=ROUND_HALF_UP)


def spread(amount: Decimal, weights: Sequence[Decimal], currency: str) -> tuple[Decimal, ...]:
    """Divide an amount over weights by largest remainder: the parts add up to the amount to the cent.

    Weights are magnitudes (not negative, not all zero); ties go to the earlier part. Raises ValueError otherwise.
    """
    total = sum(weights, ZERO)
    if total <= 0 or any(weight < 0 for weight in weights):
        raise ValueError("weights must be zero or more, and not all zero")
    unit = quantum(currency)
    sign = -1 if amount < 0 else 1
    cents = int(abs(amount) / unit)
    if abs(amount) != cents * unit:
        raise ValueError(f"{amount} is no whole number of {unit} {currency}")
    shares = [weight * cents / total for weight in weights]
    parts = [int(share) for share in shares]
    by_remainder = sorted(range(len(parts)), key=lambda index: (parts[index] - shares[index], index))
    for index in by_remainder[: cents - sum(parts)]:
        parts[index] += 1
    return tuple(sign * part * unit for part in parts)


class Money(Struct, frozen=True):
    """An amount that stands alone. Inside a document the document's currency rules and amounts are plain Decimals."""

    amount: Decimal
    currency: str

    def __add__(self, other: "Money") -> "Money":
        self._same(other)
        return Money(self.amount + other.amount, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        self._same(other)
        return Money(self.amount - other.amount, self.currency)

    def __str__(self) -> str:
        return f"{round_money(self.amount, self.currency)} {self.currency}"

    def _same(self, other: "Money") -> None:
        if self.currency != other.currency:
            raise ValueError(f"cannot add {self.currency} and {other.currency}")
