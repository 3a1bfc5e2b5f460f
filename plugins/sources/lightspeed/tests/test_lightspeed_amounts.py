"""The money of an order, on orders built field by field and by hypothesis: always to the cent."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koppel.model import ChannelVat, LineKind, UnreadableOrder
from koppel_lightspeed.amounts import percentage
from koppel_lightspeed.mapper import Shop

from .lightspeed_orders import UNSET, amounts, good, line, order, read


def test_the_price_of_a_line_is_its_total_not_that_of_one() -> None:
    (found,) = good(order()).lines
    assert found.quantity == 2
    assert found.gross == Decimal("22.50")
    assert found.title == "Mok Rood"


def test_a_discount_is_inside_the_line_and_becomes_a_line_of_its_own() -> None:
    body = order(
        line(discountIncl=2.5, discountExcl=2.0661),
        isDiscounted=True,
        discountType="percentage",
        discountAmount=2.5,
        discountPercentage=0.1,
        discountCouponCode="NAJAAR10",
    )
    found = good(body)
    assert amounts(found) == [
        ("11", "goods", Decimal("25.00")),
        ("11-discount", "discount", Decimal("-2.50")),
    ]
    goods, discount = found.lines
    assert goods.channel_vat == ChannelVat(rate=Decimal(21), amount=Decimal("4.33"))
    assert discount.channel_vat == ChannelVat(rate=Decimal(21), amount=Decimal("-0.43"))
    assert discount.applies_to == "11"
    assert discount.discounts is LineKind.GOODS
    inside = good(body, Shop(currency="EUR", ships_from="NL", split_discounts=False))
    assert amounts(inside) == [("11", "goods", Decimal("22.50"))]


def test_the_vat_of_a_line_is_not_rounded_twice() -> None:
    (found,) = good(order()).lines
    assert found.channel_vat == ChannelVat(rate=Decimal(21), amount=Decimal("3.90"))


def test_a_vat_amount_that_is_not_what_the_rate_says_is_told_as_it_is() -> None:
    (found,) = good(order(line(taxRates=[{"rate": 0.21, "amount": 3.2}]))).lines
    assert found.channel_vat == ChannelVat(rate=Decimal(21), amount=Decimal("3.20"))


@pytest.mark.parametrize("unset", UNSET)
def test_no_rate_is_not_a_rate_of_zero(unset: object) -> None:
    (found,) = good(order(line(taxRate=unset, taxRates=unset))).lines
    assert found.channel_vat is None
    (zero,) = good(order(line(taxRate=0, taxRates=[{"rate": 0, "amount": 0}]))).lines
    assert zero.channel_vat == ChannelVat(rate=Decimal(0), amount=Decimal(0))


def test_shipping_and_payment_costs_with_rates_of_their_own() -> None:
    found = good(
        order(
            priceIncl=30.4,
            shipmentPriceIncl=5.95,
            shipmentDiscountIncl=1,
            shipmentTaxRate=0.21,
            shipmentTaxRates=[{"rate": 0.21, "amount": 1.0326}],
            shipmentTitle="PostNL",
            paymentPriceIncl="1.95",
            paymentTaxRate=0.09,
        )
    )
    assert amounts(found) == [
        ("11", "goods", Decimal("22.50")),
        ("shipping", "shipping", Decimal("6.95")),
        ("shipping-discount", "discount", Decimal("-1.00")),
        ("payment", "payment_costs", Decimal("1.95")),
    ]
    assert found.lines[3].channel_vat == ChannelVat(rate=Decimal(9))
    assert found.lines[2].discounts is LineKind.SHIPPING


def test_shipping_taxed_at_two_rates_tells_the_amount_only() -> None:
    rates = [{"rate": 0.21, "amount": 0.5}, {"rate": 0.09, "amount": 0.25}]
    found = good(order(priceIncl=28.45, shipmentPriceIncl=5.95, shipmentTaxRate=0.21, shipmentTaxRates=rates))
    assert found.lines[1].channel_vat == ChannelVat(amount=Decimal("0.75"))


def test_a_discount_for_the_way_of_paying_is_a_discount() -> None:
    found = good(order(priceIncl=22, paymentPriceIncl=-0.5, paymentTaxRate=0.21))
    assert found.lines[1].kind is LineKind.DISCOUNT
    assert found.lines[1].discounts is LineKind.PAYMENT_COSTS


def test_a_custom_line_below_zero_is_a_discount() -> None:
    found = good(order(line(), line(id=12, priceIncl=-2.5, quantityOrdered=1, variant=False), priceIncl=20))
    assert amounts(found)[1] == ("12", "discount", Decimal("-2.50"))


def test_a_line_taken_out_of_the_order_is_gone() -> None:
    assert len(good(order(line(), line(id=12, priceIncl=0, quantityOrdered=0))).lines) == 1


def test_a_free_order_has_its_lines_and_no_amount() -> None:
    found = good(order(line(priceIncl=0, discountIncl=25), priceIncl=0))
    assert found.total == 0
    assert amounts(found) == [("11", "goods", Decimal("25.00")), ("11-discount", "discount", Decimal("-25.00"))]


@pytest.mark.parametrize("noise", ["22.49", "22.51"])
def test_a_rounding_cent_is_left_to_the_books(noise: str) -> None:
    found = good(order(priceIncl=Decimal(noise)) | {"priceIncl": float(noise)})
    assert found.total == Decimal(noise)
    assert found.lines[0].gross == Decimal("22.50")


def test_parts_that_do_not_add_up_are_an_error_with_the_figures() -> None:
    found = read(order(priceIncl=28.45))
    assert isinstance(found, UnreadableOrder)
    assert found.code == "lightspeed.total"
    assert "28.45 EUR" in found.message
    assert "22.50" in found.message
    assert found.number == "ORD00042"
    for personal in ("Zoë", "Voorbeeld", "koper@example.com", "1234"):
        assert personal not in found.message


@pytest.mark.parametrize(
    ("fields", "first", "code"),
    [
        ({}, False, "SKU-1"),
        ({}, True, "ART-1"),
        ({"sku": ""}, False, "ART-1"),
        ({"sku": "", "articleCode": False}, False, "8712345678906"),
        ({"articleCode": ""}, True, "SKU-1"),
        ({"sku": "", "articleCode": "", "ean": None}, False, "322"),
        ({"sku": "", "articleCode": "", "ean": None, "variant": False}, False, None),
    ],
)
def test_which_code_a_product_has(fields: dict[str, Any], first: bool, code: str | None) -> None:
    (found,) = good(order(line(**fields)), Shop(currency="EUR", ships_from="NL", article_code_first=first)).lines
    assert found.product is not None
    assert found.product.code == code


@pytest.mark.parametrize(
    ("product", "variant", "title"),
    [
        ("Mok", "Rood", "Mok Rood"),
        ("Mok", "Default", "Mok"),
        ("Mok", "mok", "Mok"),
        ("Mok", "", "Mok"),
        ("", "", "ART-1"),
        ("Mok «Café» & <b>Zn</b>", False, "Mok «Café» & <b>Zn</b>"),
    ],
)
def test_titles(product: str, variant: object, title: str) -> None:
    assert good(order(line(productTitle=product, variantTitle=variant))).lines[0].title == title


@pytest.mark.parametrize(
    ("fraction", "rate"), [("0.21", "21"), ("0.055", "5.5"), ("0.1", "10"), ("0", "0"), ("0.2100", "21"), ("1", "100")]
)
def test_percentages_look_like_percentages(fraction: str, rate: str) -> None:
    assert str(percentage(Decimal(fraction))) == rate


cents = st.integers(0, 200_000).map(lambda value: Decimal(value) / 100)


@given(
    st.lists(
        st.tuples(cents, st.integers(1, 40), st.integers(0, 100), st.sampled_from(["0", "0.055", "0.09", "0.21"]))
    ),
    cents,
    cents,
    st.booleans(),
)
def test_the_lines_add_up_to_the_total_whatever_is_sold(
    sold: list[tuple[Decimal, int, int, str]],
    shipping: Decimal,
    costs: Decimal,
    split: bool,
) -> None:
    lines: list[dict[str, Any]] = []
    total = shipping + costs
    for number, (price, quantity, percent, rate) in enumerate(sold, start=1):
        discount = (price * quantity * percent / 100).quantize(Decimal("0.01"))
        gross = price * quantity - discount
        total += gross
        vat = gross - gross / (1 + Decimal(rate))
        lines.append(
            line(
                id=number,
                quantityOrdered=quantity,
                priceIncl=float(gross),
                discountIncl=float(discount),
                taxRate=float(rate),
                taxRates=[{"rate": float(rate), "amount": float(vat.quantize(Decimal("0.0001")))}],
            )
        )
    body = order(*lines, priceIncl=float(total), shipmentPriceIncl=float(shipping), paymentPriceIncl=str(costs))
    body["products"]["resource"]["embedded"] = lines
    found = good(body, Shop(currency="EUR", ships_from="NL", split_discounts=split))
    assert sum((each.gross for each in found.lines), Decimal(0)) == found.total == total
    for each in found.lines:
        assert each.gross == each.gross.quantize(Decimal("0.01"))
        assert each.quantity > 0
        if each.channel_vat and each.channel_vat.amount is not None and each.channel_vat.rate is not None:
            percent_vat = each.channel_vat.rate
            assert abs(each.channel_vat.amount - each.gross * percent_vat / (100 + percent_vat)) <= Decimal("0.011")
    for sold_line in lines:
        own = [each for each in found.lines if each.id in (str(sold_line["id"]), f"{sold_line['id']}-discount")]
        told = sum((each.channel_vat.amount or Decimal(0) for each in own if each.channel_vat), Decimal(0))
        fraction = Decimal(str(sold_line["taxRate"]))
        exact = Decimal(str(sold_line["priceIncl"])) * fraction / (1 + fraction)
        assert abs(told - exact) <= Decimal("0.005")
