"""From Amazon's JSON to orders: the cases that the documentation leaves open, one by one."""

from copy import deepcopy
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from koppel.errors import RetryLater
from koppel.model import Address, ChannelVat, Fulfilment, LineKind, Order, UnreadableOrder
from koppel_amazon.mapper import Departure, read_order
from koppel_amazon.sandbox.till import GROSS, INFORMATIONAL, NET, Sale, Style, item_proceeds, order_proceeds

Json = dict[str, Any]
HOME = Departure(own="NL", fba=None)


def eur(amount: str) -> Json:
    return {"amount": amount, "currencyCode": "EUR"}


def part(type_: str, amount: str, **details: str) -> Json:
    found: Json = {"type": type_, "subtotal": eur(amount)}
    if details:
        found["detailedBreakdowns"] = [{"subtype": key, "value": eur(value)} for key, value in details.items()]
    return found


def item(total: str | None, *parts: Json, number: str = "10", quantity: int = 1, **more: Any) -> Json:
    proceeds: Json = {"breakdowns": list(parts)}
    if total is not None:
        proceeds["proceedsTotal"] = eur(total)
    product = {"asin": "B0", "title": "Theepot", "sellerSku": "SKU-A"}
    return {"orderItemId": number, "quantityOrdered": quantity, "product": product, "proceeds": proceeds, **more}


def order(*items: Json, total: str | None = None, extra: list[Json] | None = None, **more: Any) -> Json:
    found: Json = {
        "orderId": "171-0000010-0000010",
        "createdTime": "2026-11-20T19:31:07.412Z",
        "lastUpdatedTime": "2026-11-21T07:02:11Z",
        "salesChannel": {"channelName": "AMAZON", "marketplaceId": "A1805IZSGTT6HS"},
        "fulfillment": {"fulfillmentStatus": "UNSHIPPED", "fulfilledBy": "MERCHANT"},
        "orderItems": list(items),
        **more,
    }
    if total is not None:
        found["proceeds"] = {"grandTotal": eur(total), "breakdowns": extra or []}
    return found


def mapped(data: Json) -> Order:
    found = read_order(msgspec.json.encode(data), HOME)
    assert isinstance(found, Order), found
    return found


def refused(data: Json) -> UnreadableOrder:
    found = read_order(msgspec.json.encode(data), HOME)
    assert isinstance(found, UnreadableOrder), found
    return found


def grosses(data: Json) -> dict[str, str]:
    return {line.id: str(line.gross) for line in mapped(data).lines}


def vats(data: Json) -> dict[str, str | None]:
    return {line.id: str(line.channel_vat.amount) if line.channel_vat else None for line in mapped(data).lines}


def test_amounts_without_tax_hold_their_vat() -> None:
    data = order(item("54.85", part("ITEM", "49.90"), part("SHIPPING", "4.95"), quantity=2), total="54.85")
    assert grosses(data) == {"10": "49.90", "10:SHIPPING": "4.95"}
    assert set(vats(data).values()) == {None}
    assert mapped(data).lines[0].quantity == 2


def test_a_tax_that_is_not_in_the_total_is_informational() -> None:
    tax = part("TAX", "9.54", ITEM="8.68", SHIPPING="0.86")
    data = order(item("54.94", part("ITEM", "49.99"), part("SHIPPING", "4.95"), tax), total="54.94")
    assert grosses(data) == {"10": "49.99", "10:SHIPPING": "4.95"}
    assert vats(data) == {"10": "8.68", "10:SHIPPING": "0.86"}


def test_a_tax_that_the_total_needs_is_added() -> None:
    tax = part("TAX", "9.54", ITEM="8.68", SHIPPING="0.86")
    data = order(item("54.94", part("ITEM", "41.31"), part("SHIPPING", "4.09"), tax), total="54.94")
    assert grosses(data) == {"10": "49.99", "10:SHIPPING": "4.95"}
    assert vats(data) == {"10": "8.68", "10:SHIPPING": "0.86"}


@pytest.mark.parametrize("sign", ["", "-"])
@pytest.mark.parametrize("tax_sign", ["", "-"])
def test_discounts_come_with_either_sign(sign: str, tax_sign: str) -> None:
    tax = part("TAX", "7.81", ITEM="8.68", DISCOUNT=f"{tax_sign}0.87")
    net = order(
        item("44.99", part("ITEM", "41.31"), part("DISCOUNT", f"{sign}4.13", ITEM=f"{sign}4.13"), tax), total="44.99"
    )
    assert grosses(net) == {"10": "49.99", "10:DISCOUNT:ITEM": "-5.00"}
    assert vats(net) == {"10": "8.68", "10:DISCOUNT:ITEM": "-0.87"}
    gross = order(item("44.99", part("ITEM", "49.99"), part("DISCOUNT", f"{sign}5.00"), tax), total="44.99")
    assert grosses(gross) == grosses(net)
    assert vats(gross) == vats(net)


def test_a_discount_of_shipping_lowers_shipping() -> None:
    parts = (part("ITEM", "20.00"), part("SHIPPING", "4.95"), part("DISCOUNT", "6.95", SHIPPING="4.95", ITEM="2.00"))
    lines = {line.id: line for line in mapped(order(item("18.00", *parts), total="18.00")).lines}
    assert lines["10:DISCOUNT:SHIPPING"].discounts is LineKind.SHIPPING
    assert lines["10:DISCOUNT:ITEM"].discounts is LineKind.GOODS
    assert all(line.applies_to == "10" for id_, line in lines.items() if id_ != "10")


def test_a_discount_whose_subtotal_leaves_the_shipping_part_out() -> None:
    parts = (part("ITEM", "20.00"), part("SHIPPING", "4.95"), part("DISCOUNT", "2.00", ITEM="2.00", SHIPPING="4.95"))
    assert sum(Decimal(gross) for gross in grosses(order(item("18.00", *parts), total="18.00")).values()) == 18


def test_a_tax_after_discount_is_told_apart() -> None:
    tax = part("TAX", "18.90", ITEM="18.90")
    data = order(item("108.90", part("ITEM", "100.00"), part("DISCOUNT", "10.00"), tax), total="108.90")
    assert grosses(data) == {"10": "121.00", "10:DISCOUNT:ITEM": "-12.10"}
    assert vats(data) == {"10": "21.00", "10:DISCOUNT:ITEM": "-2.10"}


def test_a_tax_without_parts_follows_the_amounts() -> None:
    data = order(item("54.94", part("ITEM", "41.31"), part("SHIPPING", "4.09"), part("TAX", "9.54")), total="54.94")
    assert grosses(data) == {"10": "49.99", "10:SHIPPING": "4.95"}


def test_a_free_shipping_without_tax_reports_none() -> None:
    parts = (
        part("ITEM", "41.31"),
        part("SHIPPING", "4.09"),
        part("DISCOUNT", "4.09", SHIPPING="4.09"),
        part("TAX", "8.68", ITEM="8.68", SHIPPING="0.00"),
    )
    assert vats(order(item("49.99", *parts), total="49.99")) == {
        "10": "8.68",
        "10:SHIPPING": None,
        "10:DISCOUNT:SHIPPING": None,
    }


def test_zero_tax_everywhere_says_nothing_and_zero_tax_here_says_zero() -> None:
    zero = item("19.95", part("ITEM", "19.95"), part("TAX", "0.00", ITEM="0.00"), number="11")
    assert vats(order(zero, total="19.95")) == {"11": None}
    taxed = item("49.99", part("ITEM", "49.99"), part("TAX", "8.68", ITEM="8.68"))
    absent = item("5.00", part("ITEM", "5.00"), number="12")
    assert vats(order(taxed, zero, absent, total="74.94")) == {"10": "8.68", "11": "0", "12": None}


def test_amounts_that_do_not_fit_are_refused_with_figures() -> None:
    found = refused(order(item("60.00", part("ITEM", "49.99"), part("TAX", "8.68")), total="60.00"))
    assert found.code == "amazon.amounts"
    assert "49.99" in found.message
    assert "8.68" in found.message
    assert "60.00" in found.message
    assert found.placed_at is not None
    assert found.status == "Unshipped"


def test_a_cent_off_is_let_through_for_the_core_to_show() -> None:
    found = mapped(order(item("50.00", part("ITEM", "49.99")), total="50.00"))
    assert found.total == Decimal("50.00")
    assert found.lines[0].gross == Decimal("49.99")
    assert refused(order(item("50.01", part("ITEM", "49.99")), total="50.01")).code == "amazon.amounts"
    assert refused(order(item("49.99", part("ITEM", "49.99")), total="50.01")).code == "amazon.amounts"


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "1E400", "10.005", "1" * 40])
def test_amounts_that_are_no_money_are_refused(amount: str) -> None:
    assert refused(order(item(amount, part("ITEM", amount)), total=amount)).code == "amazon.amounts"


def test_amounts_of_two_currencies_are_refused() -> None:
    data = order(item("10.00", part("ITEM", "10.00")), total="10.00")
    data["orderItems"][0]["proceeds"]["proceedsTotal"]["currencyCode"] = "GBP"
    assert "EUR and in GBP" in refused(data).message


def test_numbers_instead_of_text_stay_exact() -> None:
    data = order(item("0.30", part("ITEM", "0.30")), total="0.30")
    text = msgspec.json.encode(data).replace(b'"0.30"', b"0.30")
    found = read_order(text, HOME)
    assert isinstance(found, Order)
    assert found.total == Decimal("0.30")


def test_items_without_a_total_are_read_against_the_order() -> None:
    tax = part("TAX", "8.68", ITEM="8.68")
    net = order(item(None, part("ITEM", "41.31"), tax), item("5.00", part("ITEM", "5.00"), number="11"), total="54.99")
    assert grosses(net) == {"10": "49.99", "11": "5.00"}
    gross = order(item(None, part("ITEM", "49.99"), tax), total="49.99")
    assert grosses(gross) == {"10": "49.99"}
    tip = order(item(None, part("ITEM", "41.31"), tax), total="52.99", extra=[part("DELIVERY_TIP", "3.00")])
    assert grosses(tip) == {"10": "49.99", "order:DELIVERY_TIP": "3.00"}
    assert refused(order(item(None, part("ITEM", "41.31"), tax), total="60.00")).code == "amazon.amounts"
    assert refused(order(item(None, part("ITEM", "41.31"), tax))).code == "amazon.amounts"


def test_a_missing_grand_total_is_the_sum_and_is_told() -> None:
    found = mapped(order(item("49.99", part("ITEM", "49.99")), item("5.00", part("ITEM", "5.00"), number="11")))
    assert found.total == Decimal("54.99")
    assert "amazon.no-grand-total" in found.warnings


def test_an_item_with_only_a_total_is_that_much() -> None:
    assert grosses(order(item("49.99"), total="49.99")) == {"10": "49.99"}


def test_a_gift_keeps_its_line_and_other_zeros_do_not() -> None:
    gift = item("0.00", part("ITEM", "0.00"), part("SHIPPING", "0.00"), number="11", quantity=2)
    found = mapped(order(item("49.99", part("ITEM", "49.99")), gift, total="49.99"))
    assert [(line.id, line.quantity, line.gross) for line in found.lines] == [
        ("10", Decimal(1), Decimal("49.99")),
        ("11", Decimal(2), Decimal(0)),
    ]
    bare = item("0.00", number="12") | {"proceeds": None}
    assert grosses(order(item("49.99", part("ITEM", "49.99")), bare, total="49.99")) == {"10": "49.99", "12": "0"}


def test_charges_of_the_whole_order() -> None:
    goods = item("49.99", part("ITEM", "49.99"))
    extra = [part("ITEM", "49.99"), part("DELIVERY_TIP", "5.00"), part("COD_FEE", "3.50"), part("OTHER", "0.25")]
    lines = {line.id: line for line in mapped(order(goods, total="58.74", extra=extra)).lines}
    assert lines["order:DELIVERY_TIP"].kind is LineKind.TIP
    assert lines["order:COD_FEE"].kind is LineKind.PAYMENT_COSTS
    assert lines["order:OTHER"].kind is LineKind.OTHER
    assert lines["order:OTHER"].applies_to is None
    without_tip = order(goods, total="53.74", extra=extra)
    assert "order:DELIVERY_TIP" not in grosses(without_tip)
    assert grosses(order(goods, total="49.99", extra=extra)) == {"10": "49.99"}
    assert refused(order(goods, total="57.00", extra=extra)).code == "amazon.amounts"


def test_aggregated_charges_are_not_counted_twice() -> None:
    goods = item("53.49", part("ITEM", "49.99"), part("COD_FEE", "3.50"))
    extra = [part("ITEM", "49.99"), part("COD_FEE", "3.50")]
    assert grosses(order(goods, total="53.49", extra=extra)) == {"10": "49.99", "10:COD_FEE": "3.50"}


def test_kinds_of_money_that_are_new_count_as_other() -> None:
    found = mapped(order(item("51.00", part("ITEM", "49.99"), part("EXPORT_CHARGE", "1.01")), total="51.00"))
    assert [line.kind for line in found.lines] == [LineKind.GOODS, LineKind.OTHER]


def facilitated(*parts: Json) -> Json:
    tax = {"taxCollections": [{"model": "MARKETPLACE_FACILITATOR", "responsibleParty": "Amazon"}]}
    return item("54.94", *parts, tax=tax)


def test_vat_that_amazon_remits_is_withheld() -> None:
    tax = part("TAX", "9.54", ITEM="8.68", SHIPPING="0.86")
    for parts in (
        (part("ITEM", "41.31"), part("SHIPPING", "4.09"), tax),
        (part("ITEM", "49.99"), part("SHIPPING", "4.95"), tax),
    ):
        found = mapped(order(facilitated(*parts), total="54.94"))
        assert [(str(line.gross), str(line.vat_withheld)) for line in found.lines] == [
            ("49.99", "8.68"),
            ("4.95", "0.86"),
        ]
        assert all(line.marketplace_vat for line in found.lines)
        assert found.total == Decimal("54.94")


def test_only_the_facilitated_item_is_withheld() -> None:
    own = item("10.00", part("ITEM", "10.00"), part("TAX", "1.74", ITEM="1.74"), number="11")
    data = order(facilitated(part("ITEM", "54.94"), part("TAX", "9.54", ITEM="9.54")), own, total="64.94")
    assert [(line.marketplace_vat, str(line.vat_withheld)) for line in mapped(data).lines] == [
        (True, "9.54"),
        (False, "0"),
    ]


def units(done: int | None, left: int | None) -> Json:
    told = {"quantityFulfilled": done, "quantityUnfulfilled": left}
    return {"fulfillment": {key: value for key, value in told.items() if value is not None}}


def test_cancelled_units_are_not_counted() -> None:
    data = order(item("20.00", part("ITEM", "20.00"), quantity=3, **units(1, 1)), total="20.00")
    assert mapped(data).lines[0].quantity == 2
    more = order(item("20.00", part("ITEM", "20.00"), quantity=3, **units(3, 1)), total="20.00")
    assert mapped(more).lines[0].quantity == 3
    unknown = order(item("20.00", part("ITEM", "20.00"), quantity=3, **units(1, None)), total="20.00")
    assert mapped(unknown).lines[0].quantity == 3


def test_a_cancelled_item_is_left_out() -> None:
    gone = item("0.00", number="11", quantity=1, **units(0, 0))
    assert grosses(order(item("20.00", part("ITEM", "20.00")), gone, total="20.00")) == {"10": "20.00"}
    executed = item("0.00", number="11", cancellation={"cancellationExecution": {"cancelledBy": "MERCHANT"}})
    assert grosses(order(item("20.00", part("ITEM", "20.00")), executed, total="20.00")) == {"10": "20.00"}


def test_all_units_cancelled_is_skipped_unless_something_is_paid() -> None:
    assert "cancelled" in mapped(order(item("0.00", **units(0, 0)), total="0.00")).skip
    assert "cancelled" in mapped(order(item(None, **units(0, 0)))).skip
    assert refused(order(item("20.00", part("ITEM", "20.00"), **units(0, 0)), total="20.00")).code == "amazon.amounts"
    pending = order(item(None, **units(0, 0)), fulfillment={"fulfillmentStatus": "PENDING"})
    assert mapped(pending).skip == ""


@pytest.mark.parametrize(
    ("spelling", "name"),
    [
        ("PENDING", "Pending"),
        ("PendingAvailability", "PendingAvailability"),
        ("PENDING_AVAILABILITY", "PendingAvailability"),
        ("Unshipped", "Unshipped"),
        ("PARTIALLY_SHIPPED", "PartiallyShipped"),
        ("PartiallyShipped", "PartiallyShipped"),
        ("SHIPPED", "Shipped"),
        ("Canceled", "Canceled"),
        ("CANCELLED", "Canceled"),
        ("UNFULFILLABLE", "Unfulfillable"),
        ("InvoiceUnconfirmed", "InvoiceUnconfirmed"),
        ("ON_HOLD", "ON_HOLD"),
    ],
)
def test_statuses_old_new_and_unknown(spelling: str, name: str) -> None:
    data = order(item("20.00", part("ITEM", "20.00")), total="20.00", fulfillment={"fulfillmentStatus": spelling})
    found = mapped(data)
    assert found.status == name
    assert found.cancelled == (name == "Canceled")


def test_amounts_may_be_missing_only_before_they_are_due() -> None:
    bare = {"orderItemId": "10", "quantityOrdered": 1, "product": {"title": "Theepot"}}
    for status in ("PENDING", "PENDING_AVAILABILITY", "CANCELLED", "UNFULFILLABLE", "ON_HOLD"):
        found = mapped(order(bare, fulfillment={"fulfillmentStatus": status}))
        assert (found.total, found.lines, found.currency) == (None, (), "EUR")
    for status in ("UNSHIPPED", "PARTIALLY_SHIPPED", "SHIPPED"):
        assert refused(order(bare, fulfillment={"fulfillmentStatus": status})).code == "amazon.no-amounts"


def test_amounts_that_do_not_fit_yet_are_no_matter_while_pending() -> None:
    data = order(item("60.00", part("ITEM", "1.00")), total="60.00", fulfillment={"fulfillmentStatus": "PENDING"})
    assert mapped(data).total is None


def test_what_is_not_sold_on_amazon_is_skipped() -> None:
    data = order(item(None), salesChannel={"channelName": "NON_AMAZON", "marketplaceId": "A1SHADOW"})
    found = mapped(data)
    assert "Not sold on Amazon" in found.skip
    assert found.market is None
    assert "amazon.unknown-marketplace" in found.warnings
    assert found.currency == "XXX"


def test_a_replacement_for_nothing_is_skipped_and_one_that_is_paid_is_not() -> None:
    link = [{"orderId": "171-0000001-0000001", "associationType": "REPLACEMENT_ORIGINAL_ID"}]
    free = order(item("0.00", part("ITEM", "0.00")), total="0.00", associatedOrders=link)
    assert "171-0000001-0000001" in mapped(free).skip
    bare = order({"orderItemId": "10", "quantityOrdered": 1, "product": {}}, associatedOrders=link)
    assert mapped(bare).skip
    paid = order(item("5.00", part("ITEM", "5.00")), total="5.00", associatedOrders=link)
    assert mapped(paid).skip == ""


def test_a_wish_to_cancel_is_a_warning_only() -> None:
    wish = item("5.00", part("ITEM", "5.00"), cancellation={"cancellationRequest": {"requester": "BUYER"}})
    found = mapped(order(wish, total="5.00"))
    assert found.warnings == ("amazon.cancellation-requested",)
    assert not found.cancelled


def test_a_business_buyer() -> None:
    registrations = [
        {"entityType": "MERCHANT", "taxRegistrationType": "VAT", "taxRegistrationNumber": "NL111111111B11"},
        {"entityType": "BUYER", "taxRegistrationType": "BUSINESS", "taxRegistrationNumber": "12345678"},
        {
            "entityType": "BUYER",
            "legalName": "Beispiel GmbH",
            "taxRegistrationType": "VAT",
            "taxRegistrationNumber": " DE136695976 ",
            "taxRegistrationAddress": {"addressLine1": "Musterweg 1", "city": "Köln", "countryCode": "DE"},
        },
    ]
    data = order(
        item("5.00", part("ITEM", "5.00")),
        total="5.00",
        programs=["AMAZON_BUSINESS"],
        tax={"taxRegistrations": registrations},
        buyer={"buyerPurchaseOrderNumber": "PO-77"},
    )
    found = mapped(data)
    assert found.business
    assert found.buyer.vat_id == "DE136695976"
    assert found.buyer.company == "Beispiel GmbH"
    assert found.buyer.purchase_order == "PO-77"
    assert found.billing == Address(lines=("Musterweg 1",), city="Köln", country="DE")


def delivered(**address: str) -> Json:
    return order(
        item("5.00", part("ITEM", "5.00")),
        total="5.00",
        recipient={"deliveryAddress": {"countryCode": "NL", **address}},
    )


def test_empty_strings_are_nothing() -> None:
    found = mapped(delivered(name="", addressLine1=" ", addressLine2="Dam 1 hs", city="", postalCode=""))
    assert found.delivery == Address(lines=("Dam 1 hs",), country="NL")
    assert found.billing is None
    assert found.buyer.full_name is None
    assert mapped(delivered(countryCode="")).delivery is None
    assert mapped(delivered(countryCode="uk")).delivery == Address(country="GB")


def test_a_parcel_locker_is_not_the_customer() -> None:
    locker = {"name": "Pakketautomaat 7", "companyName": "Locker B.V.", "phone": "1", "city": "Utrecht"}
    for data in (
        delivered(addressType="PICKUP_POINT", **locker),
        delivered(**locker) | {"programs": ["IN_STORE_PICK_UP"]},
    ):
        found = mapped(data)
        assert found.buyer.full_name is None
        assert found.buyer.company is None
        assert found.buyer.phone is None
        assert found.delivery is not None
        assert found.delivery.city == "Utrecht"
    assert mapped(delivered(**locker)).buyer.full_name == "Pakketautomaat 7"


def test_fba_leaves_from_where_the_settings_say() -> None:
    data = order(
        item("5.00", part("ITEM", "5.00")),
        total="5.00",
        fulfillment={"fulfillmentStatus": "SHIPPED", "fulfilledBy": "AMAZON"},
    )
    found = mapped(data)
    assert (found.channel, found.fulfilment, found.ships_from) == ("amazon_fba", Fulfilment.CHANNEL, None)
    polish = read_order(msgspec.json.encode(data), Departure(own="NL", fba="PL"))
    assert isinstance(polish, Order)
    assert polish.ships_from == "PL"
    own = mapped(delivered())
    assert (own.channel, own.fulfilment, own.ships_from) == ("amazon", Fulfilment.MERCHANT, "NL")


def test_the_first_parcel_tells_when_it_was_sent() -> None:
    packages = [
        {"packageReferenceId": "2", "shipTime": "2026-11-21T14:00:00Z"},
        {"packageReferenceId": "1", "shipTime": "2026-11-20T14:00:00.5Z", "shipFromAddress": {"countryCode": "DE"}},
        {"packageReferenceId": "3"},
    ]
    found = mapped(delivered() | {"packages": packages})
    assert found.shipped_at == datetime(2026, 11, 20, 14, 0, 0, 500000, tzinfo=UTC)
    assert "amazon.ships-from-differs" in found.warnings


@pytest.mark.parametrize("time", ["2026-11-20T19:31:07Z", "2026-11-20T19:31:07.000Z", "2026-11-20T20:31:07+01:00"])
def test_times_come_in_several_forms(time: str) -> None:
    assert mapped(delivered() | {"createdTime": time}).placed_at == datetime(2026, 11, 20, 19, 31, 7, tzinfo=UTC)


def test_missing_times_and_statuses() -> None:
    data = delivered()
    assert refused({**data, "createdTime": "soon"}).code == "amazon.no-time"
    assert mapped({**data, "lastUpdatedTime": None}).changed_at == mapped(data).placed_at
    assert refused({**data, "fulfillment": {}}).code == "amazon.no-status"
    assert refused({**data, "fulfillment": None}).code == "amazon.no-status"


def test_an_order_without_a_number_is_garbage() -> None:
    for data in ({**delivered(), "orderId": ""}, {"orderItems": "x"}, {"orderId": 5}):
        with pytest.raises(RetryLater):
            read_order(msgspec.json.encode(data), HOME)


def test_strange_shapes_are_told_without_the_data() -> None:
    found = refused({**delivered(), "buyer": {"buyerName": {"first": "Geheim"}}})
    assert found.code == "amazon.shape"
    assert "Geheim" not in found.message
    assert found.placed_at is not None


def test_text_where_numbers_and_lists_should_be() -> None:
    data = delivered()
    data["orderItems"][0] |= {"quantityOrdered": "2", "programs": None, "promotion": {}, "cancellation": {}}
    data |= {"programs": None, "associatedOrders": None, "payment": {}, "tax": {}, "buyer": None, "unknown": [1]}
    assert mapped(data).lines[0].quantity == 2


def test_titles_are_kept_as_they_are() -> None:
    data = delivered()
    title = 'Mok\t"rood" | 50 % <b>&amp; 王 🔌' + "x" * 480
    data["orderItems"][0]["product"] = {"title": title, "sellerSku": "", "asin": "B0"}
    line = mapped(data).lines[0]
    assert line.title == title
    assert line.product is not None
    assert line.product.code == "B0"


def test_the_payment_is_amazons_word_or_amazon() -> None:
    assert mapped(delivered()).payment.method == "Amazon"
    paid = delivered() | {"payment": {"paymentExecutions": [{"paymentMethod": ""}, {"paymentMethod": "Invoice"}]}}
    assert mapped(paid).payment.method == "Invoice"


def test_yen_have_no_decimals() -> None:
    data = order(item("1200", part("ITEM", "1091"), part("TAX", "109", ITEM="109")), total="1200")
    found = read_order(msgspec.json.encode(data).replace(b"EUR", b"JPY"), HOME)
    assert isinstance(found, Order)
    assert found.lines[0].gross == 1200
    assert found.lines[0].channel_vat == ChannelVat(amount=Decimal(109))


cents = st.integers(1, 200_000).map(lambda number: Decimal(number) / 100)
others = st.dictionaries(st.sampled_from(["SHIPPING", "GIFT_WRAP", "COD_FEE", "OTHER"]), cents, max_size=3)


@st.composite
def sales(draw: st.DrawFn) -> Sale:
    chosen: dict[str, Decimal] = {"ITEM": draw(cents), **draw(others)}
    discounts: dict[str, Decimal] = {}
    for type_ in draw(st.sets(st.sampled_from(sorted(chosen)))):
        discounts[type_] = Decimal(draw(st.integers(1, int(chosen[type_] * 100)))) / 100
    rate = draw(st.sampled_from(["0", "5.5", "6", "9", "19", "20", "21", "25.5"]))
    return Sale(chosen, discounts, Decimal(rate))


styles = st.builds(Style, st.sampled_from([GROSS, INFORMATIONAL, NET]), st.sampled_from([1, -1]), st.booleans())


@given(st.lists(st.tuples(sales(), styles), min_size=1, max_size=4))
def test_every_way_of_writing_a_sale_gives_the_same_lines(sold: list[tuple[Sale, Style]]) -> None:
    items: list[Json] = [
        {
            "orderItemId": str(number),
            "quantityOrdered": 1,
            "product": {},
            "proceeds": item_proceeds(sale, style, "EUR"),
        }
        for number, (sale, style) in enumerate(sold)
    ]
    data = order(*items)
    data["proceeds"] = order_proceeds([one["proceeds"] for one in items], "EUR", {})
    found = mapped(data)
    total = sum((sale.total for sale, _ in sold), Decimal(0))
    assert found.total == total
    expected: dict[str, Decimal] = {}
    for number, (sale, _) in enumerate(sold):
        for type_, amount in sale.amounts.items():
            left = amount - sale.discounts.get(type_, Decimal(0))
            expected[str(number) if type_ == "ITEM" else f"{number}:{type_}"] = left
    seen: dict[str, Decimal] = {}
    for line in found.lines:
        key = line.id.replace(":DISCOUNT", "").removesuffix(":ITEM")
        seen[key] = seen.get(key, Decimal(0)) + line.gross
    assert seen.keys() == expected.keys()
    cent = Decimal("0.01")
    assert all(
        abs(seen[key] - amount) <= (cent if any(sale.discounts for sale, _ in sold) else 0)
        for key, amount in expected.items()
    )
    assert abs(sum((line.gross for line in found.lines), Decimal(0)) - total) <= cent * len(sold)


def brief(found: Order) -> list[tuple[str, Decimal]]:
    return sorted((line.id, line.gross) for line in found.lines)


@given(st.lists(st.tuples(sales(), styles), min_size=1, max_size=3), st.randoms())
def test_the_order_of_the_breakdowns_does_not_matter(sold: list[tuple[Sale, Style]], shuffle: Any) -> None:
    items: list[Json] = [
        {"orderItemId": str(number), "quantityOrdered": 1, "proceeds": item_proceeds(sale, style, "EUR")}
        for number, (sale, style) in enumerate(sold)
    ]
    data = order(*items)
    data["proceeds"] = order_proceeds([one["proceeds"] for one in items], "EUR", {})
    other = deepcopy(data)
    for one in other["orderItems"]:
        shuffle.shuffle(one["proceeds"]["breakdowns"])
    assert brief(mapped(data)) == brief(mapped(other))
