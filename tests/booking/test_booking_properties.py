"""Whatever the mix: lines add up to the buyer's total, VAT fits its rate, a refund of everything is the mirror image.

``KOPPEL_DRAFTS=100000`` makes the long run; by default it is short.
"""

import os
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given
from hypothesis import settings as runs
from hypothesis import strategies as st
from msgspec.structs import replace

from booking.orders import EUROS, VAT_TABLE, address, channel, goods, order, settings
from koppel.booking import Evidence, make_draft
from koppel.booking.amounts import vat_of
from koppel.booking.cells import goods_cell
from koppel.booking.convert import add_up
from koppel.booking.draft import Draft
from koppel.booking.parts import parts_of
from koppel.booking.pieces import pieces_of
from koppel.errors import Refused
from koppel.model import LineKind, Order, OrderLine, quantum, round_money
from koppel.vat.facts import vat_inside

D = Decimal
LONG = runs(
    max_examples=int(os.environ.get("KOPPEL_DRAFTS", "300")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
EXTRAS = (LineKind.SHIPPING, LineKind.GIFT_WRAP, LineKind.PAYMENT_COSTS, LineKind.OTHER, LineKind.DEPOSIT, LineKind.TIP)
COUNTRIES = st.sampled_from(["NL", "DE", "FR", "CH", "GB"])
SKUS = st.sampled_from(["SKU-1", "BOOK-1", "CARD"])


def amount(low: int, high: int, currency: str) -> st.SearchStrategy[Decimal]:
    return st.integers(low, high).map(lambda units: units * quantum(currency))


@st.composite
def orders(draw: st.DrawFn) -> Order:
    """Goods of one to three rates with everything that shops put around them."""
    currency = draw(st.sampled_from(["EUR", "EUR", "EUR", "SEK", "JPY", "KWD"]))
    goods_lines = [
        replace(
            goods("0", name=f"g{index}", sku=draw(SKUS), quantity=str(draw(st.integers(1, 12)))),
            gross=draw(amount(0, 50_000, currency)),
        )
        for index in range(draw(st.integers(1, 5)))
    ]
    names = [None, *(line.id for line in goods_lines if line.product and line.product.sku != "CARD")]
    around: list[OrderLine] = []
    for index in range(draw(st.integers(0, 5))):
        kind = draw(st.sampled_from([*EXTRAS, LineKind.DISCOUNT, LineKind.DISCOUNT, LineKind.VOUCHER]))
        lowers = kind in (LineKind.DISCOUNT, LineKind.VOUCHER)
        around.append(
            OrderLine(
                id=f"x{index}",
                kind=kind,
                title=str(kind),
                quantity=D(1),
                gross=draw(amount(0, 9_999, currency)) * (-1 if lowers else 1),
                applies_to=draw(st.sampled_from(names)),
                discounts=draw(st.sampled_from([None, LineKind.GOODS, LineKind.SHIPPING])) if lowers else None,
            )
        )
    lines = (*goods_lines, *draw(st.permutations(around)))
    apart = draw(st.integers(-5, 5)) * quantum(currency)
    country = draw(COUNTRIES)
    return order(
        *lines,
        currency=currency,
        total=sum((line.gross for line in lines), D(0)) + apart,
        delivery=address(country, postcode={"GB": "SW1A 1AA"}.get(country, "10115")),
    )


def drafted(what: Order, rounding: str, currencies: frozenset[str] | None = None) -> Draft | None:
    """The draft, or None for mixes that nobody could divide (refused with a reason)."""
    try:
        evidence = Evidence(to_eur=D("11.2345"), currencies=currencies)
        return make_draft(what, settings(orders={"rounding": rounding}), evidence)
    except Refused as refusal:
        if refusal.code != "vat.review":
            raise
        return None


@LONG
@given(orders(), st.sampled_from(["line", "total"]))
def test_a_draft_adds_up(what: Order, rounding: str) -> None:
    draft = drafted(what, rounding)
    if draft is None:
        return
    unit = quantum(what.currency)
    assert draft.buyer_total == what.total
    assert draft.total == draft.buyer_total - draft.withheld + draft.paid_by_voucher
    assert draft.total == sum(line.gross for line in draft.lines)
    for line in draft.lines:
        assert line.gross == line.net + line.vat == line.quantity * line.unit_price
        assert line.unit_price >= 0
        assert line.quantity == line.quantity.to_integral_value() != 0
        assert (line.quantity < 0) is (line.gross < 0)
        for figure in (line.gross, line.net, line.vat, line.unit_price):
            assert figure == round_money(figure, what.currency)
        assert abs(line.vat - vat_inside(line.gross, line.rate or D(0))) < 2 * unit  # of the rate, and of the pieces
        assert line.vat_code
        assert line.trail
    check_rates(what, draft, rounding)


def check_rates(what: Order, draft: Draft, rounding: str) -> None:
    """Per rate the VAT is what the rate makes of the amounts: to the rounding of one sum, or of each part."""
    unit = quantum(what.currency)
    for total in draft.vat:
        exact = vat_inside(total.net + total.vat, total.rate or D(0))
        if rounding == "total":
            assert abs(total.vat - exact) <= unit / 2
        else:
            own = [line for line in draft.lines if (line.country, line.rate) == (total.country, total.rate)]
            assert abs(total.vat - exact) <= unit / 2 * len(own)
    assert sum(total.net + total.vat for total in draft.vat) == draft.total


@LONG
@given(orders(), st.sampled_from(["line", "total"]))
def test_a_refund_of_everything_is_the_mirror_image(what: Order, rounding: str) -> None:
    """The amounts of a refund go through the same code: parts, VAT and pieces are the sale's with the sign turned."""
    conf = settings(orders={"rounding": rounding})

    def booked(sign: int, taken: Order) -> list[tuple[Any, ...]]:
        parts = parts_of(taken, conf, lambda line: goods_cell(taken, line, conf, taken.placed_at.date(), None))
        turned = [replace(part, gross=sign * part.gross) for part in parts]
        vats = vat_of(taken, turned, rounding, converted=False)
        return [
            (piece.quantity * sign, piece.unit_price, piece.gross * sign, piece.vat * sign)
            for part, vat in zip(turned, vats, strict=True)
            for piece in pieces_of(part.line.quantity, part.gross, vat, taken.currency)
            if piece.gross
        ]

    try:
        assert booked(1, what) == booked(-1, what)
    except Refused as refusal:
        if refusal.code != "vat.review":
            raise


@LONG
@given(orders())
def test_converted_drafts_add_up_too(what: Order) -> None:
    draft = drafted(what, "line", frozenset({"EUR"}))
    if draft is None or what.currency == "EUR":
        return
    assert draft.currency == "EUR"
    assert draft.total == sum(line.gross for line in draft.lines)
    lines = sum((line.gross for line in what.lines if line.kind is not LineKind.VOUCHER), D(0))
    apart = (what.total or D(0)) - sum((line.gross for line in what.lines), D(0))
    assert abs(draft.total - (lines + apart) / D("11.2345")) <= D("0.04")
    assert draft.original_total is not None
    assert draft.original_total.amount == what.total


@given(
    st.lists(st.decimals(-1000, 1000, places=5), min_size=1, max_size=30),
    st.sampled_from(["EUR", "JPY", "KWD"]),
)
def test_adding_up_moves_nothing_by_a_whole_unit(exact: list[Decimal], currency: str) -> None:
    parts = add_up(exact, currency)
    assert sum(parts) == round_money(sum(exact, D(0)), currency)
    assert all(abs(part - share) < quantum(currency) for part, share in zip(parts, exact, strict=True))
    assert add_up([-share for share in exact], currency) == tuple(-part for part in parts)


@given(st.integers(1, 999), st.integers(-100_000, 100_000), st.sampled_from(["EUR", "JPY", "KWD"]))
def test_pieces_multiply_exactly(quantity: int, units: int, currency: str) -> None:
    gross = units * quantum(currency)
    vat = round_money(vat_inside(gross, D(21)), currency)
    pieces = pieces_of(D(quantity), gross, vat, currency)
    assert len(pieces) <= 2
    assert sum(piece.quantity for piece in pieces) == (-quantity if gross < 0 else quantity)
    assert sum(piece.gross for piece in pieces) == gross
    assert sum(piece.vat for piece in pieces) == vat
    for piece in pieces:
        assert piece.quantity * piece.unit_price == piece.gross
        assert piece.unit_price == round_money(piece.unit_price, currency) >= 0


@given(amount(1, 10**7, "EUR"), st.integers(1, 20), st.integers(-20, 20))
def test_reported_vat_is_taken_or_refused(gross: Decimal, quantity: int, cents: int) -> None:
    ours = round_money(vat_inside(gross, D(21)), "EUR")
    told = ours + cents * D("0.01")
    line = replace(goods("0", quantity=str(quantity), channel_vat=channel(str(told))), gross=gross)
    allowed = abs(cents) <= (quantity if told and ours else 1)
    try:
        draft = make_draft(order(line), settings(), EUROS)
    except Refused as refusal:
        if allowed or refusal.code != "vat.channel-differs":
            raise
    else:
        assert allowed
        assert sum(line.vat for line in draft.lines) == told


def test_table_of_the_tests_has_the_rows_that_the_mixes_need() -> None:
    assert {"NL", "DE", "FR", "export", "outside"} <= set(VAT_TABLE)
