"""Exact money: spreading never loses a cent."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koppel.model import Money, minor_units, quantum, round_money, spread

CURRENCIES = st.sampled_from(["EUR", "JPY", "KWD", "SEK"])


def test_half_up_on_the_magnitude() -> None:
    assert round_money(Decimal("1.665"), "EUR") == Decimal("1.67")
    assert round_money(Decimal("-1.665"), "EUR") == Decimal("-1.67")
    assert round_money(Decimal("20.124"), "EUR") == Decimal("20.12")
    assert minor_units("JPY") == 0


@given(cents=st.integers(-(10**9), 10**9), weights=st.lists(st.integers(0, 10**6), min_size=1), currency=CURRENCIES)
def test_spread_adds_up(cents: int, weights: list[int], currency: str) -> None:
    if not any(weights):
        weights = [1, *weights]
    amount = cents * quantum(currency)
    parts = spread(amount, [Decimal(weight) for weight in weights], currency)
    assert sum(parts) == amount
    exact = [amount * weight / sum(weights) for weight in weights]
    assert all(abs(part - share) < quantum(currency) for part, share in zip(parts, exact, strict=True))


def test_spread_refuses_what_cannot_be_spread() -> None:
    with pytest.raises(ValueError, match="not all zero"):
        spread(Decimal(1), [Decimal(0)], "EUR")
    with pytest.raises(ValueError, match="whole number"):
        spread(Decimal("0.001"), [Decimal(1)], "EUR")


def test_money_does_not_mix_currencies() -> None:
    assert str(Money(Decimal(2), "EUR") + Money(Decimal("0.5"), "EUR")) == "2.50 EUR"
    with pytest.raises(ValueError, match="EUR and SEK"):
        _ = Money(Decimal(1), "EUR") + Money(Decimal(1), "SEK")
    assert str(Money(Decimal(200), "JPY") - Money(Decimal(50), "JPY")) == "150 JPY"
    with pytest.raises(ValueError, match="EUR and SEK"):
        _ = Money(Decimal(1), "EUR") - Money(Decimal(1), "SEK")
