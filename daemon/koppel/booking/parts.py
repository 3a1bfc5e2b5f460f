"""An order's lines as parts, each in one place of the books (O11).

Goods stand where their decision puts them. Shipping, gift wrap, payment costs and discounts follow the goods they
belong to, or all goods in proportion to their value; their amounts are spread by largest remainder, to the cent.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal

from msgspec import Struct

from koppel.booking.cells import Cell, outside_cell
from koppel.booking.settings import BookingSettings
from koppel.errors import Refused
from koppel.model import ZERO, LineKind, Order, OrderLine, spread
from koppel.vat.sentence import Sentence
from koppel.vat.treatment import Treatment

_SURCHARGES = frozenset({LineKind.SHIPPING, LineKind.GIFT_WRAP, LineKind.PAYMENT_COSTS})
_OUTSIDE = {
    LineKind.DEPOSIT: Sentence("Statiegeld is geen omzet.", "A deposit is no turnover."),
    LineKind.TIP: Sentence("Een fooi is geen omzet.", "A tip is no turnover."),
}
_GIFT_CARD = Sentence(
    "De verkoop van een cadeaubon is geen omzet maar een schuld.", "Selling a gift card is no turnover but a debt."
)


class Part(Struct, frozen=True, kw_only=True):
    """One amount in one place. ``gross`` is without what a marketplace withholds.

    ``shared``: several parts come from the same line.
    """

    line: OrderLine
    cell: Cell
    gross: Decimal
    shared: bool = False
    gift_card: bool = False
    rounding: bool = False


def parts_of(order: Order, settings: BookingSettings, decide: Callable[[OrderLine], Cell | None]) -> tuple[Part, ...]:
    """Every amount of an order that its document books, in the order's own sequence. Vouchers used are payment.

    ``decide`` gives the cell of a goods line, None for a gift card. Raises Refused.
    """
    made: dict[str, tuple[Part, ...]] = {}
    cells = {line.id: decide(line) for line in order.lines if line.kind is LineKind.GOODS}
    first = next((cell for cell in cells.values() if cell), None)
    for line in _goods_first(order.lines):
        if line.kind is LineKind.VOUCHER:
            continue
        if line.kind is LineKind.GOODS:
            cell = cells[line.id]
            place = cell or outside_cell(order, settings, first, _GIFT_CARD)
            made[line.id] = (Part(line=line, cell=place, gross=_own(line), gift_card=cell is None),)
        elif line.kind in _OUTSIDE:
            made[line.id] = (
                Part(line=line, cell=outside_cell(order, settings, first, _OUTSIDE[line.kind]), gross=line.gross),
            )
        else:
            made[line.id] = _following(order, line, made, decide)
        for part in made[line.id]:
            _check_withheld(order, part)
    return tuple(part for line in order.lines for part in made.get(line.id, ()))


def _goods_first(lines: Sequence[OrderLine]) -> list[OrderLine]:
    """Each line after those that it follows: goods, what lowers goods, what follows goods, what lowers that."""
    goods = {line.id for line in lines if line.kind is LineKind.GOODS}

    def rank(line: OrderLine) -> tuple[int, bool]:
        if line.kind is LineKind.GOODS:
            return 0, False
        if line.kind is not LineKind.DISCOUNT:
            return 2, False
        lowers_goods = _lowers_goods(line) and (line.applies_to is None or line.applies_to in goods)
        return 1 if lowers_goods else 3, line.applies_to is None

    return sorted(lines, key=rank)


def _following(
    order: Order,
    line: OrderLine,
    made: Mapping[str, tuple[Part, ...]],
    decide: Callable[[OrderLine], Cell | None],
) -> tuple[Part, ...]:
    groups = _groups(_leaders(order, line, made))
    if not groups:
        raise Refused(
            "vat.review",
            f"Order {order.number}: {line.kind} {line.gross} {order.currency} has no goods whose VAT it can follow.",
            "Book this order by hand.",
        )
    amount = _own(line)
    chosen = _by_channel(line, groups, amount) or _as_charged(line, groups, decide)
    if chosen is not None:
        return (Part(line=line, cell=chosen, gross=amount),)
    weights = [max(weight, ZERO) for _, weight in groups]
    if len(groups) == 1 or not amount:
        return (Part(line=line, cell=groups[0][0], gross=amount),)
    if not any(weights):
        raise Refused(
            "vat.review",
            f"Order {order.number}: {line.kind} {line.gross} {order.currency} cannot be divided over goods of "
            "different VAT that cost nothing.",
            "Book this order by hand.",
        )
    shares = spread(amount, weights, order.currency)
    return tuple(
        Part(line=line, cell=cell, gross=share, shared=True)
        for (cell, _), share in zip(groups, shares, strict=True)
        if share
    )


def _leaders(order: Order, line: OrderLine, made: Mapping[str, tuple[Part, ...]]) -> list[Part]:
    """The parts whose VAT this line follows."""
    parts = [part for parts in made.values() for part in parts]
    goods = [part for part in parts if part.line.kind is LineKind.GOODS and not part.gift_card]
    own = [part for part in parts if part.line.id == line.applies_to]
    lowered = line.discounts
    if lowered not in (None, LineKind.GOODS, LineKind.DISCOUNT):
        same = [part for part in parts if part.line.kind is lowered]
        own = [part for part in same if line.applies_to in (None, part.line.applies_to, part.line.id)] or own or same
        return own or goods
    if line.applies_to is not None and not own:
        raise Refused(
            "vat.review",
            f"Order {order.number}: {line.kind} {line.gross} {order.currency} belongs to a line that the order lacks.",
            "Report this: the channel's data do not fit together.",
        )
    if own:
        return own
    return goods + [part for part in parts if part.line.kind is LineKind.DISCOUNT and _lowers_goods(part.line)]


def _lowers_goods(line: OrderLine) -> bool:
    return line.discounts in (None, LineKind.GOODS)


def _groups(parts: Iterable[Part]) -> list[tuple[Cell, Decimal]]:
    """The cells of parts with the sum of their amounts, in order of appearance."""
    sums: dict[object, tuple[Cell, Decimal]] = {}
    for part in parts:
        cell, amount = sums.get(part.cell.key, (part.cell, ZERO))
        sums[part.cell.key] = (cell, amount + part.gross)
    return list(sums.values())


def _by_channel(line: OrderLine, groups: Sequence[tuple[Cell, Decimal]], amount: Decimal) -> Cell | None:
    """With goods of several rates: the one whose rate the channel itself reports for this amount."""
    told = line.channel_vat.rate if line.channel_vat else None
    if told is None or len(groups) < 2 or not amount:
        return None
    return next((cell for cell, _ in groups if cell.rate == told), None)


def _as_charged(
    line: OrderLine, groups: Sequence[tuple[Cell, Decimal]], decide: Callable[[OrderLine], Cell | None]
) -> Cell | None:
    """A surcharge that the shop sells at another rate of the country than its goods: shipping at the high rate."""
    told = line.channel_vat.rate if line.channel_vat else None
    first = groups[0][0]
    if line.kind not in _SURCHARGES or not told or not first.rate or any(cell.rate == told for cell, _ in groups):
        return None
    cell = decide(line)
    same = cell is not None and (cell.treatment, cell.country, cell.rate) == (first.treatment, first.country, told)
    return cell if same else None


def _own(line: OrderLine) -> Decimal:
    return line.gross - line.vat_withheld


def _check_withheld(order: Order, part: Part) -> None:
    deemed = part.cell.treatment is Treatment.MARKETPLACE_DEEMED
    if (part.line.vat_withheld or part.line.marketplace_vat) and not deemed:
        raise Refused(
            "vat.review",
            f"Order {order.number}: the marketplace keeps VAT on {part.line.kind} {part.line.gross} {order.currency}, "
            "but not on the goods it belongs to.",
            "Look the order up at the channel, and book it by hand.",
        )
