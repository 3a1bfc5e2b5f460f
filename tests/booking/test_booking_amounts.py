"""The figures of a draft, to the cent: rounding, the channel's VAT, conversion, and what the messages say of them."""

from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from booking.orders import EUROS, D, address, channel, extra, goods, order, settings
from koppel.booking import Evidence, make_draft
from koppel.booking.convert import add_up
from koppel.booking.draft import Draft
from koppel.errors import KoppelError, Refused, RetryLater
from koppel.model import Buyer, LineKind, Money, Order, Payment, ProductRef
from koppel.vat import Treatment

YEN = Evidence(currencies=None)
CONVERTED = Evidence(to_eur=D("11.2345"), currencies=frozenset({"EUR"}))
MIXED = (goods("60.00", name="a"), goods("30.00", name="b", sku="BOOK-1"))


def drafted(*lines: Any, evidence: Evidence = EUROS, orders: dict[str, Any] | None = None, **more: Any) -> Draft:
    return make_draft(order(*lines, **more), settings(orders=orders or {}), evidence)


def refusal(what: Order, evidence: Evidence = EUROS) -> KoppelError:
    with pytest.raises(KoppelError) as caught:
        make_draft(what, settings(), evidence)
    return caught.value


def test_the_largest_remainder_gets_the_cent() -> None:
    assert add_up([D("1.006"), D("0.004")], "EUR") == (D("1.01"), D("0.00"))
    assert add_up([D("0.004"), D("1.006")], "EUR") == (D("0.00"), D("1.01"))
    assert add_up([D("0.005"), D("0.005")], "EUR") == (D("0.01"), D("0.00"))


def test_amounts_that_cancel_out_mirror_too() -> None:
    there = add_up([D("0.005"), D("-0.005")], "EUR")
    back = add_up([D("-0.005"), D("0.005")], "EUR")
    assert sum(there) == 0
    assert there == tuple(-part for part in back)


def test_a_total_that_is_told_is_reached() -> None:
    assert add_up([D("0.501"), D("0.502")], "EUR", D("1.01")) == (D("0.50"), D("0.51"))
    assert add_up([D("-0.501"), D("-0.502")], "EUR", D("-1.01")) == (D("-0.50"), D("-0.51"))


@pytest.mark.parametrize("total", ["1.02", "0.99"])
def test_a_total_out_of_reach_is_refused(total: str) -> None:
    with pytest.raises(Refused) as caught:
        add_up([D("1.004")], "EUR", D(total))
    assert caught.value.code == "booking.rounding"
    assert f"{total} EUR" in caught.value.message


def test_a_cent_of_discount_has_no_negative_zero() -> None:
    line = drafted(goods("10.00"), extra(LineKind.DISCOUNT, "-0.01")).lines[1]
    assert (str(line.vat), str(line.net)) == ("0.00", "-0.01")


def test_yen_are_rounded_on_the_total_in_whole_yen() -> None:
    many = tuple(goods("100", name=str(index)) for index in range(10))
    draft = drafted(*many, currency="JPY", evidence=YEN, orders={"rounding": "total"})
    assert sorted({line.vat for line in draft.lines}) == [D(17), D(18)]
    assert draft.vat[0].vat == 174


def test_the_channels_vat_in_yen_may_be_a_yen_off() -> None:
    def what(told: str) -> Order:
        return order(goods("1210", channel_vat=channel(told)), currency="JPY")

    assert make_draft(what("211"), settings(), YEN).lines[0].vat == 211
    assert refusal(what("212"), YEN).code == "vat.channel-differs"


def test_the_channels_vat_on_a_shared_line_stays_in_whole_yen() -> None:
    draft = drafted(
        goods("60000", name="a"),
        goods("30000", name="b", sku="BOOK-1"),
        extra(LineKind.SHIPPING, "500", channel_vat=channel("73")),
        currency="JPY",
        evidence=YEN,
    )
    assert [line.vat for line in draft.lines[2:]] == [D(59), D(14)]


def test_the_channels_vat_may_be_a_cent_off_for_each_part_of_a_line() -> None:
    near = extra(LineKind.SHIPPING, "5.00", channel_vat=channel("0.74"))
    assert sum(line.vat for line in drafted(*MIXED, near).lines[2:]) == D("0.74")
    far = extra(LineKind.SHIPPING, "5.00", channel_vat=channel("0.75"))
    error = refusal(order(*MIXED, far))
    assert error.message == (
        "Order 171-0000001-0000001, shipping 5.00 EUR: the channel reports 0.75 EUR VAT, "
        "but 21 % + 9 % of it is 0.72 EUR."
    )


def test_what_differs_is_told_with_its_figures() -> None:
    by_amount = refusal(order(goods("121.00", channel_vat=channel("30.00"))))
    assert by_amount.message == (
        "Order 171-0000001-0000001, goods 121.00 EUR: the channel reports 30.00 EUR VAT, but 21 % of it is 21.00 EUR."
    )
    shipping = extra(LineKind.SHIPPING, "4.95", channel_vat=channel(rate="0"))
    by_rate = refusal(order(goods("121.00"), shipping))
    assert by_rate.message == (
        "Order 171-0000001-0000001, shipping 4.95 EUR: the channel reports 0 % VAT, but 21 % of it is 0.86 EUR."
    )


@pytest.mark.parametrize("told", ["17.36", "17.53", "17.25"])
def test_converted_vat_is_compared_and_ours_is_booked(told: str) -> None:
    draft = drafted(goods("100.00", channel_vat=channel(told)), currency="SEK", evidence=CONVERTED)
    assert [(line.gross, line.vat) for line in draft.lines] == [(D("8.90"), D("1.54"))]
    assert draft.warnings == ()


@pytest.mark.parametrize("told", ["17.64", "5.00"])
def test_converted_vat_that_differs_is_refused(told: str) -> None:
    what = order(goods("100.00", channel_vat=channel(told)), currency="SEK")
    assert refusal(what, CONVERTED).code == "vat.channel-differs"


def test_another_rate_is_told_after_conversion_too() -> None:
    draft = drafted(goods("100.00", channel_vat=channel("17.36", "25")), currency="SEK", evidence=CONVERTED)
    assert "channel charges 25 %" in draft.warnings[0].en


def test_withheld_vat_is_converted() -> None:
    line = goods("120.00", marketplace_vat=True, vat_withheld=D("20.00"))
    where = address("GB", postcode="SW1A 1AA")
    pounds = Evidence(to_eur=D("0.8"), currencies=frozenset({"EUR"}))
    draft = drafted(line, currency="GBP", delivery=where, evidence=pounds)
    assert (draft.total, draft.withheld, draft.buyer_total) == (D("125.00"), D("25.00"), D("150.00"))


def test_converted_without_a_total_the_sum_is_booked() -> None:
    draft = drafted(goods("100.00"), currency="SEK", total=None, evidence=CONVERTED)
    assert draft.total == D("8.90")
    assert draft.original_total == Money(D("100.00"), "SEK")
    assert "no total" in draft.warnings[0].en
    assert "geen totaal" in draft.warnings[0].nl


def test_a_rate_of_zero_is_no_rate() -> None:
    error = refusal(order(goods("100.00"), currency="SEK"), replace(CONVERTED, to_eur=D(0)))
    assert isinstance(error, RetryLater)
    assert error.code == "ecb.no-rate"


def test_an_order_in_euros_keeps_no_rate() -> None:
    assert drafted(goods("10.00"), evidence=CONVERTED).rate_to_eur is None


@pytest.mark.parametrize(("quantity", "title"), [("0", "Artikel SKU-1"), ("0.5", "0.5 x Artikel SKU-1")])
def test_no_whole_piece_is_one_line_of_one(quantity: str, title: str) -> None:
    line = drafted(goods("9.99", quantity=quantity)).lines[0]
    assert (line.quantity, line.unit_price, line.title) == (D(1), D("9.99"), title)


def test_only_goods_are_counted_in_pieces() -> None:
    shipping = replace(extra(LineKind.SHIPPING, "5.00"), quantity=D(3))
    assert [line.quantity for line in drafted(goods("10.00"), shipping).lines] == [D(1), D(1)]


def test_a_rounding_difference_is_told_with_its_figures() -> None:
    draft = drafted(goods("10.00"), total=D("10.05"))
    assert draft.warnings[0].nl == "Regels 10.00, totaal van de koper 10.05: 0.05 afrondingsverschil."
    assert draft.warnings[0].en == "Lines 10.00, the buyer's total 10.05: rounding difference 0.05."
    assert draft.lines[1].kind is LineKind.OTHER


def test_a_rounding_difference_keeps_the_treatment_of_the_order() -> None:
    draft = drafted(goods("100.00"), to="CH", total=D("100.01"))
    assert [line.treatment for line in draft.lines] == [Treatment.EXPORT, Treatment.EXPORT]


def test_a_cent_over_where_nothing_else_is_booked() -> None:
    draft = drafted(extra(LineKind.VOUCHER, "-5.00"), total=D("-4.99"))
    assert [(line.gross, line.treatment) for line in draft.lines] == [(D("0.01"), Treatment.DOMESTIC)]


def test_the_barcode_goes_with_the_goods() -> None:
    line = replace(goods("10.00"), product=ProductRef(sku="SKU-1", ean="8712345678906"))
    assert [each.ean for each in drafted(line, extra(LineKind.SHIPPING, "5.00")).lines] == ["8712345678906", None]


def test_a_gift_card_alone_goes_nowhere() -> None:
    draft = drafted(goods("25.00", sku="CARD"), delivery=None, orders={"description": "{order_number} {buyer_country}"})
    assert (draft.delivery_country, draft.description, draft.remarks) == (None, "171-0000001-0000001", "")


def test_a_description_may_name_all_that_is_known() -> None:
    draft = drafted(
        goods("119.00"),
        to="DE",
        invoice_number="INV 38",
        payment=Payment(method="iDEAL"),
        buyer=Buyer(email="koper@example.org", purchase_order="PO 7"),
        orders={
            "description": "{order_number}|{invoice_number}|{payment_method}|{marketplace}|{channel}|{date}|"
            "{order_date}|{buyer_country}|{currency}|{total}|{purchase_order}"
        },
    )
    assert draft.description == ("171-0000001-0000001|INV 38|iDEAL|NL|Amazon|2026-10-02|2026-10-02|DE|EUR|119.00|PO 7")


def test_the_sum_stays_decimal() -> None:
    assert isinstance(drafted(extra(LineKind.VOUCHER, "-5.00"), total=D("-5.00")).total, Decimal)
