"""An order in another currency than the target can book, turned into euros (O15)."""

from decimal import ROUND_FLOOR, Decimal

from msgspec.structs import replace

from koppel.errors import Refused, RetryLater
from koppel.model import ZERO, ChannelVat, Order, OrderLine, quantum, round_money

EUR = "EUR"


def must_convert(order: Order, currencies: frozenset[str] | None) -> bool:
    """Whether the target cannot book the order's own currency. ``currencies`` None = it takes any."""
    return order.currency != EUR and currencies is not None and order.currency not in currencies


def to_euros(order: Order, rate: Decimal | None) -> Order:
    """The order with every amount in euros; ``rate`` is units of its currency for one euro.

    The total is converted and rounded once; the lines add up to theirs by largest remainder, so that nothing is lost
    between them. Raises RetryLater ``ecb.no-rate`` without a rate.
    """
    if rate is None or rate <= 0:
        raise RetryLater(
            "ecb.no-rate",
            f"Order {order.number} is in {order.currency}, and there is no ECB rate for its day yet.",
            "It is tried again; or import a file with the ECB's rates.",
        )
    exact = [line.gross / rate for line in order.lines]
    lines = tuple(_line(line, gross, rate) for line, gross in zip(order.lines, add_up(exact, EUR), strict=True))
    total = None
    if order.total is not None:
        # what the lines and the total differ by in the order's own currency is all that they may differ by in euros
        apart = order.total - sum((line.gross for line in order.lines), ZERO)
        total = sum((line.gross for line in lines), ZERO) + round_money(apart / rate, EUR)
    return replace(order, currency=EUR, lines=lines, total=total)


def add_up(exact: list[Decimal], currency: str, total: Decimal | None = None) -> tuple[Decimal, ...]:
    """Round amounts of either sign so that they add up to their rounded sum (or ``total``), each by less than one unit.

    The mirror image of the amounts gives the mirror image of the result.
    """
    leading = sum(exact, ZERO) or next((amount for amount in exact if amount), ZERO)
    if leading < 0:
        mirrored = add_up([-amount for amount in exact], currency, None if total is None else -total)
        return tuple(-amount for amount in mirrored)
    unit = quantum(currency)
    wanted = round_money(sum(exact, ZERO), currency) if total is None else total
    parts = [(amount / unit).to_integral_value(ROUND_FLOOR) for amount in exact]
    short = int(wanted / unit - sum(parts))
    if not 0 <= short <= len(parts):
        raise Refused("booking.rounding", f"Amounts cannot be made to add up to {wanted} {currency}.")
    order = sorted(range(len(parts)), key=lambda index: (parts[index] - exact[index] / unit, index))
    for index in order[:short]:
        parts[index] += 1
    return tuple(part * unit for part in parts)


def _line(line: OrderLine, gross: Decimal, rate: Decimal) -> OrderLine:
    reported = line.channel_vat
    if reported is not None and reported.amount is not None:
        reported = ChannelVat(amount=round_money(reported.amount / rate, EUR), rate=reported.rate)
    return replace(line, gross=gross, channel_vat=reported, vat_withheld=round_money(line.vat_withheld / rate, EUR))
