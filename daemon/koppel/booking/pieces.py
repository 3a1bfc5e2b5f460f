"""Quantities and unit prices that multiply to the amount exactly, never negative (O7)."""

from decimal import Decimal

from msgspec import Struct

from koppel.booking.convert import add_up
from koppel.model import quantum


class Piece(Struct, frozen=True, kw_only=True):
    """``quantity * unit_price == gross`` exactly; ``quantity`` carries the sign. ``vat`` is inside ``gross``.

    ``note`` goes before the title where the true quantity could not be kept.
    """

    quantity: Decimal
    unit_price: Decimal
    gross: Decimal
    vat: Decimal
    note: str = ""


def pieces_of(quantity: Decimal, gross: Decimal, vat: Decimal, currency: str) -> tuple[Piece, ...]:
    """3 for 10.00 becomes 2 x 3.33 and 1 x 3.34; 2.5 for 9.99 becomes 1 x 9.99 with "2.5 x" in its note."""
    sign = -1 if gross < 0 else 1
    unit, amount = quantum(currency), abs(gross)
    if quantity <= 0 or quantity != quantity.to_integral_value():
        note = f"{quantity.normalize():f} x" if quantity > 0 else ""
        return (Piece(quantity=Decimal(sign), unit_price=amount, gross=gross, vat=vat, note=note),)
    count = int(quantity)
    price, left = divmod(int(amount / unit), count)
    if not left:
        return (Piece(quantity=Decimal(sign * count), unit_price=price * unit, gross=gross, vat=vat),)
    split = ((count - left, price * unit), (left, (price + 1) * unit))
    amounts = [sign * number * each for number, each in split]
    vats = add_up([vat * part / gross for part in amounts], currency, vat)
    return tuple(
        Piece(quantity=Decimal(sign * number), unit_price=each, gross=part, vat=share)
        for (number, each), part, share in zip(split, amounts, vats, strict=True)
    )
