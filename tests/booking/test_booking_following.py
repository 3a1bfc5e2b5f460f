"""Which VAT the lines around the goods follow, where more than one answer would add up."""

from decimal import Decimal
from typing import Any

import pytest

from booking.orders import EUROS, channel, extra, goods, order, settings
from koppel.booking import Evidence, make_draft
from koppel.booking.draft import Draft
from koppel.model import LineKind
from koppel.vat import Treatment

TWO = (goods("10.00", name="a"), goods("20.00", name="b", sku="BOOK-1"))


def drafted(*lines: Any, evidence: Evidence = EUROS, **more: Any) -> Draft:
    return make_draft(order(*lines, **more), settings(), evidence)


def rows(draft: Draft) -> list[tuple[str, str, str]]:
    return [(str(line.kind), str(line.gross), line.vat_code) for line in draft.lines]


def test_a_discount_on_shipping_follows_the_shipping_of_its_article() -> None:
    draft = drafted(
        *TWO,
        extra(LineKind.SHIPPING, "3.00", name="s", applies_to="a"),
        extra(LineKind.SHIPPING, "2.00", name="t", applies_to="b"),
        extra(LineKind.DISCOUNT, "-1.00", name="d", applies_to="b", discounts=LineKind.SHIPPING),
    )
    assert rows(draft)[2:] == [
        ("shipping", "3.00", "HOOG"), ("shipping", "2.00", "LAAG"), ("discount", "-1.00", "LAAG"),
    ]  # fmt: skip


def test_a_discount_on_an_articles_share_of_the_shipping_follows_the_article() -> None:
    draft = drafted(
        *TWO,
        extra(LineKind.SHIPPING, "3.00", name="s"),
        extra(LineKind.DISCOUNT, "-1.00", name="d", applies_to="b", discounts=LineKind.SHIPPING),
    )
    assert rows(draft)[-1] == ("discount", "-1.00", "LAAG")


def test_a_rate_of_the_channel_that_no_goods_have_is_no_warning_on_a_divided_line() -> None:
    draft = drafted(*TWO, extra(LineKind.SHIPPING, "3.00", channel_vat=channel(rate="12.5")))
    assert rows(draft)[2:] == [("shipping", "1.00", "HOOG"), ("shipping", "2.00", "LAAG")]
    assert draft.warnings == ()


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (goods("25.00", name="c", sku="CARD"), "Selling a gift card is no turnover but a debt."),
        (extra(LineKind.DEPOSIT, "0.25"), "A deposit is no turnover."),
        (extra(LineKind.TIP, "2.00"), "A tip is no turnover."),
    ],
)
def test_what_is_no_turnover_keeps_the_treatment_of_the_order_and_says_why(line: Any, why: str) -> None:
    outside = drafted(goods("100.00"), line, to="CH").lines[1]
    assert (outside.treatment, outside.country, outside.rate, outside.vat) == (Treatment.EXPORT, None, None, Decimal(0))
    assert [sentence.en for sentence in outside.trail] == [why]


def test_yen_are_divided_in_whole_yen() -> None:
    draft = drafted(
        goods("1000", name="a"),
        goods("2000", name="b", sku="BOOK-1"),
        extra(LineKind.SHIPPING, "500"),
        currency="JPY",
        evidence=Evidence(currencies=None),
    )
    assert [line.gross for line in draft.lines[2:]] == [Decimal(167), Decimal(333)]
