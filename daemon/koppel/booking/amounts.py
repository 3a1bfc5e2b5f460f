"""The VAT inside each part: rounded once, by line or on the total, and held against what the channel reports."""

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal

from koppel.booking.convert import add_up
from koppel.booking.parts import Part
from koppel.errors import Refused
from koppel.model import ZERO, ChannelVat, Order, OrderLine, quantum, round_money
from koppel.vat.facts import vat_inside
from koppel.vat.sentence import Sentence
from koppel.vat.treatment import Treatment
from koppel.vat.verdict import plain


def vat_of(order: Order, parts: Sequence[Part], rounding: str, *, converted: bool) -> list[Decimal]:
    """The VAT inside each part's gross, in the order's currency.

    ``line``: each part rounded by itself. ``total``: the sum of a rate rounded once and spread over its parts. What the
    channel reports is taken where it is within a cent for each piece of ours (in ``converted`` amounts it is only
    compared); else Refused ``vat.channel-differs``.
    """
    vats = [_rounded(part, order.currency) for part in parts]
    if rounding == "total":
        for indexes in _same_cell(parts):
            exact = [vat_inside(parts[index].gross, parts[index].cell.rate or ZERO) for index in indexes]
            for index, vat in zip(indexes, add_up(exact, order.currency), strict=True):
                vats[index] = vat
    for indexes in _same_line(parts):
        _take_reported(order, parts, vats, indexes, converted=converted)
    return vats


def _rounded(part: Part, currency: str) -> Decimal:
    return round_money(vat_inside(part.gross, part.cell.rate or ZERO), currency) + ZERO


def _same_cell(parts: Sequence[Part]) -> list[list[int]]:
    """Indexes of the parts of each place, without those whose VAT the channel itself reports."""
    found: defaultdict[object, list[int]] = defaultdict(list)
    for index, part in enumerate(parts):
        if _reported(part) is None:
            found[part.cell.key].append(index)
    return list(found.values())


def _same_line(parts: Sequence[Part]) -> list[list[int]]:
    found: defaultdict[str, list[int]] = defaultdict(list)
    for index, part in enumerate(parts):
        found[part.line.id].append(index)
    return list(found.values())


def _told(part: Part) -> ChannelVat:
    """What the channel reports; nothing where the VAT is the marketplace's own."""
    own = part.cell.treatment is not Treatment.MARKETPLACE_DEEMED
    return (part.line.channel_vat if own else None) or ChannelVat()


def _reported(part: Part) -> Decimal | None:
    return _told(part).amount


def _take_reported(
    order: Order, parts: Sequence[Part], vats: list[Decimal], indexes: Sequence[int], *, converted: bool
) -> None:
    first, taxed = parts[indexes[0]], [index for index in indexes if parts[index].cell.rate]
    reported, rates = _reported(first), [parts[index].cell.rate or ZERO for index in indexes]
    ours = sum((vats[index] for index in indexes), ZERO)
    if reported is None:
        told = _told(first).rate
        if told is not None and bool(told) != bool(taxed) and first.line.gross:
            raise _differs(order, first.line, f"{plain(told)} %", rates, ours)
        return
    unit = quantum(order.currency)
    allowed = unit * max(first.line.quantity.to_integral_value(), Decimal(len(indexes)), Decimal(1))
    if not reported or not ours:
        allowed = unit
    if abs(reported - ours) > (allowed + unit if converted else allowed):
        raise _differs(order, first.line, f"{reported} {order.currency}", rates, ours)
    if taxed and not converted:
        each = (reported - ours) / len(taxed)
        shares = add_up([vats[index] + each for index in taxed], order.currency, reported)
        for index, vat in zip(taxed, shares, strict=True):
            vats[index] = vat


def rate_warnings(parts: Sequence[Part]) -> tuple[Sentence, ...]:
    """The channel's own rate is a cross-check: another one than ours is told, and not booked [bookkeeping.md 3]."""
    found: list[Sentence] = []
    for part in parts:
        told, ours = _told(part).rate, part.cell.rate
        if told and ours and told != ours and not part.shared:
            found.append(
                Sentence(
                    f"Het kanaal rekent {plain(told)} % op {part.line.kind} {part.gross}, hier geldt {plain(ours)} %.",
                    f"The channel charges {plain(told)} % on {part.line.kind} {part.gross}; here {plain(ours)} %.",
                )
            )
    return tuple(found)


def _differs(order: Order, line: OrderLine, told: str, rates: Sequence[Decimal], ours: Decimal) -> Refused:
    right = " + ".join(f"{plain(rate)} %" for rate in rates)
    return Refused(
        "vat.channel-differs",
        f"Order {order.number}, {line.kind} {line.gross} {order.currency}: the channel reports {told} VAT, but {right} "
        f"of it is {ours} {order.currency}.",
        "Set the VAT of this product or of shipping right in the channel, or its category in [categories].",
    )
