"""From order to draft: what is booked where, and what is refused before anything is written."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from booking.orders import EUROS, D, address, channel, extra, goods, order, settings, vies
from koppel.booking import Evidence, ViesAnswer, ViesState, make_draft, needs
from koppel.booking.draft import CustomerKind, DraftKind
from koppel.errors import KoppelError, Refused, RetryLater
from koppel.model import Buyer, Fulfilment, LineKind, Money, Order, Payment
from koppel.vat import Treatment

BELGIAN = Buyer(email="inkoop@example.org", company="Voorbeeld BV", vat_id="BE 0428.759.497")


def cells(draft: Any) -> list[tuple[str, str, str, str]]:
    return [(str(line.kind), str(line.gross), line.vat_code, line.ledger) for line in draft.lines]


def refused(what: Order, code: str, evidence: Evidence = EUROS, **sections: Any) -> KoppelError:
    with pytest.raises(KoppelError) as caught:
        make_draft(what, settings(**sections), evidence)
    assert caught.value.code == code
    assert what.number in caught.value.message
    assert caught.value.suggestion
    for secret in what.personal_data():
        assert secret not in str(caught.value)
    return caught.value


def test_a_whole_draft() -> None:
    draft = make_draft(
        order(
            goods("10.00", quantity="3"),
            extra(LineKind.SHIPPING, "4.95"),
            payment=Payment(method="iDEAL"),
            buyer=Buyer(email="koper@example.org", name="J. Jansen", purchase_order="PO 7"),
        ),
        settings(orders={"payment_term_days": 14, "description": "{order_number} {payment_method} {marketplace}"}),
        EUROS,
    )
    assert draft.kind is DraftKind.SALE
    assert draft.reference == draft.number == "171-0000001-0000001"
    assert draft.description == "171-0000001-0000001 iDEAL NL"
    assert draft.document_date == draft.tax_date == date(2026, 10, 2)
    assert (draft.currency, draft.total, draft.buyer_total) == ("EUR", D("14.95"), D("14.95"))
    assert (draft.withheld, draft.paid_by_voucher, draft.rate_to_eur, draft.original_total) == (D(0), D(0), None, None)
    assert (draft.market, draft.channel, draft.payment_method, draft.payment_term_days) == ("NL", "amazon", "iDEAL", 14)
    assert (draft.billing_country, draft.delivery_country, draft.departure_country) == (None, "NL", "NL")
    assert draft.remarks == "PO 7"
    assert draft.delivery is None
    assert draft.warnings == ()
    first, second, shipping = draft.lines
    assert (first.quantity, first.unit_price, first.gross) == (D(2), D("3.33"), D("6.66"))
    assert (second.quantity, second.unit_price, second.gross) == (D(1), D("3.34"), D("3.34"))
    assert first.vat + second.vat == D("1.74")
    assert (first.code, first.title, first.source_line, first.kind) == ("SKU-1", "Artikel SKU-1", "g1", LineKind.GOODS)
    assert (shipping.code, shipping.ledger, shipping.vat_code) == ("Shipment", "8200", "HOOG")
    assert shipping.trail == first.trail
    assert [sentence.en for sentence in first.trail][-1] == "NL, standard on 2026-10-02: 21 %."


def test_shipping_follows_mixed_goods_in_proportion() -> None:
    draft = make_draft(
        order(goods("60.00", name="a"), goods("30.00", name="b", sku="BOOK-1"), extra(LineKind.SHIPPING, "5.00")),
        settings(),
        EUROS,
    )
    assert cells(draft)[2:] == [("shipping", "3.33", "HOOG", "8200"), ("shipping", "1.67", "LAAG", "8200")]
    assert [(total.rate, total.net + total.vat) for total in draft.vat] == [(D(21), D("63.33")), (D(9), D("31.67"))]


def test_shipping_is_weighed_by_what_is_paid_for_the_goods() -> None:
    draft = make_draft(
        order(
            goods("80.00", name="a"),
            goods("30.00", name="b", sku="BOOK-1"),
            extra(LineKind.SHIPPING, "6.00", name="s"),
            extra(LineKind.DISCOUNT, "-50.00", name="d", applies_to="a", discounts=LineKind.GOODS),
        ),
        settings(),
        EUROS,
    )
    assert [row[1:3] for row in cells(draft)[2:]] == [("3.00", "HOOG"), ("3.00", "LAAG"), ("-50.00", "HOOG")]


def test_discount_on_the_order_is_spread_to_the_cent() -> None:
    draft = make_draft(
        order(goods("10.00", name="a"), goods("20.00", name="b", sku="BOOK-1"), extra(LineKind.DISCOUNT, "-10.00")),
        settings(),
        EUROS,
    )
    assert cells(draft)[2:] == [("discount", "-3.33", "HOOG", "8220"), ("discount", "-6.67", "LAAG", "8220")]
    assert [(line.quantity, line.unit_price) for line in draft.lines[2:]] == [(D(-1), D("3.33")), (D(-1), D("6.67"))]
    assert [line.code for line in draft.lines[2:]] == ["Discount", "Discount"]
    assert draft.total == D("20.00")


def test_extras_belong_to_their_own_line() -> None:
    draft = make_draft(
        order(
            goods("10.00", name="a"),
            goods("20.00", name="b", sku="BOOK-1"),
            extra(LineKind.SHIPPING, "3.00", name="s", applies_to="b"),
            extra(LineKind.GIFT_WRAP, "2.00", name="w", applies_to="b"),
            extra(LineKind.DISCOUNT, "-1.00", name="d", applies_to="b", discounts=LineKind.SHIPPING),
            extra(LineKind.DISCOUNT, "-0.50", name="e", applies_to="w"),
        ),
        settings(),
        EUROS,
    )
    assert [row[2] for row in cells(draft)] == ["HOOG", "LAAG", "LAAG", "LAAG", "LAAG", "LAAG"]
    assert [row[3] for row in cells(draft)[2:]] == ["8200", "8230", "8220", "8220"]


def test_the_order_of_the_lines_changes_nothing() -> None:
    lines = (
        goods("10.00", name="a"),
        goods("20.00", name="b", sku="BOOK-1"),
        extra(LineKind.SHIPPING, "3.00", name="s", applies_to="b"),
        extra(LineKind.SHIPPING, "1.50", name="t"),
        extra(LineKind.DISCOUNT, "-1.00", name="d", applies_to="s"),
        extra(LineKind.DISCOUNT, "-5.00", name="e", applies_to="a"),
        extra(LineKind.DISCOUNT, "-2.00", name="f"),
        extra(LineKind.DISCOUNT, "-0.50", name="g", discounts=LineKind.SHIPPING),
    )
    straight = make_draft(order(*lines), settings(), EUROS)
    turned = make_draft(order(*reversed(lines)), settings(), EUROS)
    assert sorted(cells(straight)) == sorted(cells(turned))
    assert cells(straight)[:2] == [("goods", "10.00", "HOOG", "8000"), ("goods", "20.00", "LAAG", "8010")]
    assert [row[1:3] for row in cells(straight)[2:]] == [
        ("3.00", "LAAG"),
        ("0.30", "HOOG"), ("1.20", "LAAG"),  # by what is paid for the goods: 4.60 and 18.40 after all discounts
        ("-1.00", "LAAG"), ("-5.00", "HOOG"), ("-0.40", "HOOG"), ("-1.60", "LAAG"),
        ("-0.47", "LAAG"), ("-0.03", "HOOG"),
    ]  # fmt: skip


def test_discount_on_shipping_follows_all_shipping() -> None:
    draft = make_draft(
        order(
            goods("10.00", name="a"),
            goods("10.00", name="b", sku="BOOK-1"),
            extra(LineKind.SHIPPING, "5.00", name="s"),
            extra(LineKind.DISCOUNT, "-5.00", name="d", discounts=LineKind.SHIPPING),
        ),
        settings(),
        EUROS,
    )
    assert [row[1:3] for row in cells(draft)[2:]] == [
        ("2.50", "HOOG"), ("2.50", "LAAG"), ("-2.50", "HOOG"), ("-2.50", "LAAG"),
    ]  # fmt: skip
    assert draft.total == 20


def test_payment_costs_other_and_their_articles() -> None:
    draft = make_draft(
        order(
            goods("10.00"),
            extra(LineKind.PAYMENT_COSTS, "0.50", name="p"),
            extra(LineKind.OTHER, "1.00", name="o"),
            extra(LineKind.GIFT_WRAP, "2.00", name="w"),
        ),
        settings(articles={"payment_costs": "BK{rate}"}),
        EUROS,
    )
    assert [line.code for line in draft.lines[1:]] == ["BK21", "Other", "Giftwrap"]
    assert [row[3] for row in cells(draft)[1:]] == ["8210", "8000", "8230"]


def test_deposit_tip_and_gift_card_are_outside_vat() -> None:
    draft = make_draft(
        order(
            goods("10.00"),
            goods("25.00", name="c", sku="CARD"),
            extra(LineKind.DEPOSIT, "0.25", name="d"),
            extra(LineKind.TIP, "2.00", name="t"),
        ),
        settings(),
        EUROS,
    )
    assert cells(draft)[1:] == [
        ("goods", "25.00", "GEEN", "1630"), ("deposit", "0.25", "GEEN", "1620"), ("tip", "2.00", "GEEN", "1610"),
    ]  # fmt: skip
    for line in draft.lines[1:]:
        assert (line.rate, line.country, line.vat, line.treatment) == (None, None, D(0), Treatment.DOMESTIC)
    assert [line.code for line in draft.lines[1:]] == ["CARD", "Deposit", "Tip"]


def test_a_voucher_is_payment() -> None:
    draft = make_draft(order(goods("121.00"), extra(LineKind.VOUCHER, "-21.00")), settings(), EUROS)
    assert (draft.total, draft.buyer_total, draft.paid_by_voucher) == (D("121.00"), D("100.00"), D("21.00"))
    assert [(total.net, total.vat) for total in draft.vat] == [(D("100.00"), D("21.00"))]


def test_vat_withheld_by_the_marketplace() -> None:
    draft = make_draft(
        order(
            goods("120.00", marketplace_vat=True, vat_withheld=D("20.00")),
            extra(LineKind.SHIPPING, "6.00", marketplace_vat=True, vat_withheld=D("1.00"), channel_vat=channel("1.00")),
            to="GB",
            delivery=address("GB", postcode="SW1A 1AA"),
        ),
        settings(),
        EUROS,
    )
    assert (draft.total, draft.withheld, draft.buyer_total) == (D("105.00"), D("21.00"), D("126.00"))
    assert cells(draft) == [("goods", "100.00", "MKT", "8070"), ("shipping", "5.00", "MKT", "8200")]
    assert {line.treatment for line in draft.lines} == {Treatment.MARKETPLACE_DEEMED}


def test_withheld_vat_on_goods_that_the_seller_taxes_is_refused() -> None:
    refused(order(goods("121.00"), extra(LineKind.SHIPPING, "5.00", vat_withheld=D("1.00"))), "vat.review")
    refused(order(goods("121.00", vat_withheld=D("21.00"))), "vat.review")
    refused(order(goods("121.00", marketplace_vat=True)), "vat.review")


@pytest.mark.parametrize("apart", ["0.05", "-0.05", "0.01"])
def test_a_small_difference_is_a_line_of_its_own_and_shown(apart: str) -> None:
    draft = make_draft(order(goods("10.00"), total=D("10.00") + D(apart)), settings(), EUROS)
    line = draft.lines[-1]
    assert draft.total == draft.buyer_total == D("10.00") + D(apart)
    assert (line.gross, line.net, line.vat, line.ledger, line.vat_code) == (D(apart), D(apart), D(0), "4990", "GEEN")
    assert (line.quantity, line.unit_price) == (D(-1) if D(apart) < 0 else D(1), abs(D(apart)))
    assert (line.source_line, line.code, line.title) == (None, "Rounding", "Afrondingsverschil")
    assert apart in draft.warnings[0].nl


@pytest.mark.parametrize("apart", ["0.06", "-0.06", "100.00"])
def test_a_larger_difference_is_refused_with_the_figures(apart: str) -> None:
    error = refused(order(goods("10.00"), total=D("10.00") + D(apart)), "booking.total-differs")
    assert apart in error.message
    assert "10.00" in error.message


def test_difference_without_an_outside_row() -> None:
    table = {"NL": {"21": {"code": "H"}}}
    refused(order(goods("10.00"), total=D("10.01")), "vat.missing-row", vat=table)
    table["NL"]["0"] = {"code": "NUL", "ledger": "8001"}
    draft = make_draft(order(goods("10.00"), total=D("10.01")), settings(vat=table, ledgers={}), EUROS)
    assert (draft.lines[-1].vat_code, draft.lines[-1].ledger) == ("NUL", "8001")


def test_no_total_told_is_a_warning() -> None:
    draft = make_draft(order(goods("10.00"), total=None), settings(), EUROS)
    assert draft.total == draft.buyer_total == 10
    assert "no total" in draft.warnings[0].en


@pytest.mark.parametrize(
    ("what", "code", "ledger"),
    [
        (order(goods("119.00"), to="DE"), "OSSDE19", "8030"),
        (order(goods("107.00", sku="BOOK-1"), to="DE"), "OSSDE7", "8031"),
        (order(goods("105.50", sku="BOOK-1"), to="FR"), "OSSFR55", "8033"),
        (order(goods("120.00"), to="MC"), "OSSFR20", "8032"),
        (order(goods("119.00"), to="DE", ships_from="DE"), "DE19", "8060"),
        (order(goods("121.00"), to="NL", ships_from="DE"), "OSSNL21", "8029"),
        (order(goods("100.00"), to="CH"), "EXP", "8050"),
        (order(goods("100.00"), delivery=address("ES", postcode="38001")), "EXP", "8050"),
    ],
)
def test_the_row_of_the_table(what: Order, code: str, ledger: str) -> None:
    line = make_draft(what, settings(), EUROS).lines[0]
    assert (line.vat_code, line.ledger) == (code, ledger)


@pytest.mark.parametrize(
    ("what", "named"),
    [
        (order(goods("121.00"), to="BE"), "[vat.BE] for 21 %"),
        (order(goods("105.50", sku="BOOK-1"), to="FR", ships_from="FR"), "[vat.FR-local] for 5.5 %"),
        (order(goods("100.00"), to="CH", ships_from="DE"), "[vat.export-DE] for 0 %"),
    ],
)
def test_a_missing_row_is_named(what: Order, named: str) -> None:
    assert named in refused(what, "vat.missing-row").message


def test_missing_row_suggests_what_to_write() -> None:
    error = refused(order(goods("105.50", sku="BOOK-1"), to="FR", ships_from="FR"), "vat.missing-row")
    assert error.suggestion == 'Add under [vat.FR-local]: "5.5" = { code = "…", ledger = "…" }'


def test_kor() -> None:
    draft = make_draft(order(goods("100.00")), settings(seller={"kor": True}), EUROS)
    assert [(line.vat_code, line.vat, line.treatment) for line in draft.lines] == [("KOR", D(0), Treatment.KOR_EXEMPT)]


def test_business_abroad_with_proof() -> None:
    what = order(goods("100.00"), extra(LineKind.SHIPPING, "10.00"), to="BE", buyer=BELGIAN)
    draft = make_draft(what, settings(), vies(ViesState.VALID))
    assert {line.vat_code for line in draft.lines} == {"ICP"}
    assert draft.lines[0].trail[-1].en == "VIES: valid on 2026-10-02 10:15 UTC, consultation WAPIAAAA."
    assert draft.lines[0].trail[-1].nl == "VIES: geldig op 2026-10-02 10:15 UTC, raadpleging WAPIAAAA."
    assert draft.customer.vat_id == "BE0428759497"
    abroad = make_draft(replace(what, ships_from="DE"), settings(), vies(ViesState.VALID))
    assert abroad.lines[0].vat_code == "ICPDE"
    assert abroad.departure_country == "DE"


def test_vies_unknown_holds_the_order() -> None:
    what = order(goods("100.00"), to="BE", buyer=BELGIAN)
    for evidence in (EUROS, vies(ViesState.UNKNOWN), vies(ViesState.VALID, "DE136695976")):
        assert isinstance(refused(what, "vies.unknown", evidence), RetryLater)
    assert isinstance(refused(what, "vies.off", EUROS, orders={"vies": False}), Refused)


def test_invalid_number() -> None:
    what = order(goods("121.00"), to="BE", buyer=BELGIAN)
    assert isinstance(refused(what, "vat.review", vies(ViesState.INVALID)), Refused)
    charged = order(goods("121.00", channel_vat=channel("21.00")), to="BE", buyer=BELGIAN)
    table = {"BE": {"21": {"code": "OSSBE"}}}
    draft = make_draft(charged, settings(vat=table), vies(ViesState.INVALID))
    assert draft.lines[0].vat_code == "OSSBE"
    assert "booked as a consumer sale" in draft.warnings[0].en
    assert draft.customer.vat_id is None


def test_business_order_without_a_number() -> None:
    what = order(goods("119.00"), to="DE", business=True)
    refused(what, "vat.review")
    draft = make_draft(what, settings(orders={"business_without_number": "consumer"}), EUROS)
    assert draft.lines[0].vat_code == "OSSDE19"


def test_where_the_goods_leave() -> None:
    fba = order(goods("121.00"), fulfilment=Fulfilment.CHANNEL)
    assert "country the goods leave from" in refused(fba, "vat.review").message
    own = make_draft(order(goods("119.00"), to="DE"), settings(seller={"oss": True, "ships_from": "DE"}), EUROS)
    assert (own.lines[0].vat_code, own.departure_country) == ("DE19", "DE")
    refused(order(goods("121.00"), delivery=None), "vat.review")


def test_billing_address_decides_nothing() -> None:
    draft = make_draft(order(goods("119.00"), to="DE", billing=address("NL")), settings(), EUROS)
    assert draft.lines[0].country == "DE"
    assert (draft.billing_country, draft.delivery_country) == ("NL", "DE")


def test_channels_vat_is_booked_within_a_cent_a_piece() -> None:
    for told, expected in (("21.01", "21.01"), ("20.99", "20.99"), ("21.00", "21.00")):
        draft = make_draft(order(goods("121.00", channel_vat=channel(told))), settings(), EUROS)
        assert (draft.lines[0].vat, draft.lines[0].net) == (D(expected), D("121.00") - D(expected))
    draft = make_draft(order(goods("121.00", quantity="3", channel_vat=channel("21.03"))), settings(), EUROS)
    assert sum(line.vat for line in draft.lines) == D("21.03")
    refused(order(goods("121.00", channel_vat=channel("21.02"))), "vat.channel-differs")
    refused(order(goods("121.00", quantity="3", channel_vat=channel("20.96"))), "vat.channel-differs")


def test_channel_without_vat_where_vat_is_due() -> None:
    refused(order(goods("121.00", channel_vat=channel("0.00"))), "vat.channel-differs")
    refused(order(goods("121.00", channel_vat=channel(rate="0"))), "vat.channel-differs")
    shipping = extra(LineKind.SHIPPING, "4.95", channel_vat=channel("0.00"))
    assert "shipping" in refused(order(goods("121.00"), shipping), "vat.channel-differs").message
    shipping = extra(LineKind.SHIPPING, "4.95", channel_vat=channel(rate="0"))
    refused(order(goods("121.00"), shipping), "vat.channel-differs")


def test_channel_with_vat_where_none_is_due() -> None:
    refused(order(goods("121.00", channel_vat=channel("21.00")), to="CH"), "vat.channel-differs")
    shipping = extra(LineKind.SHIPPING, "4.95", channel_vat=channel("0.86"))
    what = order(goods("100.00", channel_vat=channel("0.00")), shipping, to="CH")
    refused(what, "vat.channel-differs")


def test_nothing_is_no_contradiction() -> None:
    shipping = extra(LineKind.SHIPPING, "0.00", channel_vat=channel("0.00", "0"))
    free = goods("0.00", name="f", channel_vat=channel("0.00"))
    draft = make_draft(order(goods("121.00", channel_vat=channel("21.00")), free, shipping), settings(), EUROS)
    assert [line.gross for line in draft.lines] == [D("121.00"), 0, 0]


def test_another_rate_is_a_warning_and_ours_is_booked() -> None:
    table = settings(categories={"standard": ["SKU-1"]})
    draft = make_draft(order(goods("121.00", channel_vat=channel(rate="9"))), table, EUROS)
    assert draft.lines[0].vat == D("21.00")
    assert "channel charges 9 %" in draft.warnings[0].en
    assert "rekent 9 %" in draft.warnings[0].nl


def test_shipping_at_the_rate_that_the_channel_tells() -> None:
    mixed = (goods("60.00", name="a"), goods("30.00", name="b", sku="BOOK-1"))
    one = extra(LineKind.SHIPPING, "5.00", channel_vat=channel("0.41", "9"))
    assert [row[1:3] for row in cells(make_draft(order(*mixed, one), settings(), EUROS))[2:]] == [("5.00", "LAAG")]
    both = extra(LineKind.SHIPPING, "5.00", channel_vat=channel("0.72"))
    assert [row[2] for row in cells(make_draft(order(*mixed, both), settings(), EUROS))[2:]] == ["HOOG", "LAAG"]
    neither = extra(LineKind.SHIPPING, "5.00", channel_vat=channel("0.55", "12.5"))
    refused(order(*mixed, neither), "vat.channel-differs")


def test_reported_vat_on_a_shared_line_is_kept_to_the_cent() -> None:
    shipping = extra(LineKind.SHIPPING, "5.00", channel_vat=channel("0.73"))
    draft = make_draft(
        order(goods("60.00", name="a"), goods("30.00", name="b", sku="BOOK-1"), shipping), settings(), EUROS
    )
    assert sum(line.vat for line in draft.lines[2:]) == D("0.73")


def test_rounding_on_the_line_or_on_the_total() -> None:
    lines = (goods("45.37", name="a"), goods("15.13", name="b"))
    by_line = make_draft(order(*lines), settings(), EUROS)
    assert [line.vat for line in by_line.lines] == [D("7.87"), D("2.63")]
    many = tuple(goods("0.10", name=str(index)) for index in range(10))
    assert make_draft(order(*many), settings(), EUROS).vat[0].vat == D("0.20")
    assert make_draft(order(*many), settings(orders={"rounding": "total"}), EUROS).vat[0].vat == D("0.17")


def test_free_goods_of_one_rate_are_followed() -> None:
    draft = make_draft(order(goods("0.00"), extra(LineKind.SHIPPING, "5.00")), settings(), EUROS)
    assert cells(draft)[1] == ("shipping", "5.00", "HOOG", "8200")


def test_what_cannot_be_followed_is_refused() -> None:
    refused(order(extra(LineKind.SHIPPING, "5.00")), "vat.review")
    refused(order(goods("10.00"), extra(LineKind.SHIPPING, "5.00", applies_to="zzz")), "vat.review")
    free = (goods("0.00", name="a"), goods("0.00", name="b", sku="BOOK-1"))
    refused(order(*free, extra(LineKind.SHIPPING, "5.00")), "vat.review")
    refused(order(goods("25.00", sku="CARD"), extra(LineKind.SHIPPING, "5.00")), "vat.review")


def test_fractions_of_a_piece() -> None:
    line = make_draft(order(goods("9.99", quantity="2.5")), settings(), EUROS).lines[0]
    assert (line.quantity, line.unit_price, line.title) == (D(1), D("9.99"), "2.5 x Artikel SKU-1")


@pytest.mark.parametrize(
    ("setting", "expected"),
    [("order", date(2027, 1, 1)), ("shipment", date(2027, 1, 3)), ("payment", date(2026, 12, 31))],
)
def test_tax_date_is_a_day_in_amsterdam(setting: str, expected: date) -> None:
    what = order(
        goods("10.00"),
        placed_at=datetime(2026, 12, 31, 23, 30, tzinfo=UTC),
        shipped_at=datetime(2027, 1, 2, 23, 0, tzinfo=UTC),
        payment=Payment(paid_at=datetime(2026, 12, 31, 22, 59, tzinfo=UTC)),
    )
    draft = make_draft(what, settings(orders={"date": setting}), EUROS)
    assert draft.tax_date == draft.document_date == expected


@pytest.mark.parametrize("setting", ["shipment", "payment"])
def test_a_date_that_is_not_told_is_refused(setting: str) -> None:
    error = refused(order(goods("10.00")), "booking.date-missing", orders={"date": setting})
    assert f"no {setting} date" in error.message
    with pytest.raises(Refused):
        needs(order(goods("10.00")), settings(orders={"date": setting}))


def test_the_rate_is_that_of_the_tax_date() -> None:
    table = {"FI": {"24": {"code": "F24"}, "25.5": {"code": "F25"}}}
    what = order(
        goods("100.00"),
        to="FI",
        delivery=address("FI", postcode="00100"),
        placed_at=datetime(2024, 8, 31, 12, 0, tzinfo=UTC),
        shipped_at=datetime(2024, 8, 31, 22, 0, tzinfo=UTC),
    )
    assert make_draft(what, settings(vat=table), EUROS).lines[0].vat_code == "F24"
    assert make_draft(what, settings(vat=table, orders={"date": "shipment"}), EUROS).lines[0].vat_code == "F25"


def test_needs() -> None:
    plain = order(goods("10.00"))
    assert needs(plain, settings()).vat_id is None
    assert needs(plain, settings(), frozenset({"EUR"})).rate is None
    abroad = order(goods("10.00"), to="BE", buyer=BELGIAN, currency="SEK")
    assert needs(abroad, settings()).vat_id == "BE0428759497"
    assert needs(abroad, settings()).rate == ("SEK", date(2026, 10, 2))
    assert needs(abroad, settings(orders={"vies": False})).vat_id is None
    assert needs(order(goods("10.00"), to="NL", buyer=BELGIAN), settings()).vat_id is None
    assert needs(order(goods("10.00"), to="CH", buyer=BELGIAN), settings()).vat_id is None
    malformed = replace(BELGIAN, vat_id="BE1")
    assert needs(order(goods("10.00"), to="BE", buyer=malformed), settings()).vat_id is None


def test_currency_that_the_target_takes() -> None:
    what = order(goods("121.00"), currency="SEK", placed_at=datetime(2026, 10, 2, 9, 0, tzinfo=UTC))
    draft = make_draft(what, settings(), Evidence(to_eur=D("11.25"), currencies=None))
    assert (draft.currency, draft.total, draft.rate_to_eur, draft.original_total) == (
        "SEK",
        D("121.00"),
        D("11.25"),
        None,
    )


def test_currency_that_the_target_does_not_take() -> None:
    what = order(
        goods("100.00", name="a", channel_vat=channel("17.36")),
        goods("100.00", name="b"),
        extra(LineKind.SHIPPING, "49.00"),
        currency="SEK",
    )
    draft = make_draft(what, settings(), Evidence(to_eur=D("11.2345"), currencies=frozenset({"EUR"})))
    assert draft.currency == "EUR"
    assert draft.total == D("22.16")  # 249.00 / 11.2345 = 22.1638
    assert [line.gross for line in draft.lines] == [D("8.90"), D("8.90"), D("4.36")]
    assert draft.original_total == Money(D("249.00"), "SEK")
    assert draft.rate_to_eur == D("11.2345")
    error = refused(what, "ecb.no-rate", Evidence(currencies=frozenset({"EUR"})))
    assert isinstance(error, RetryLater)


def test_conversion_keeps_a_difference_a_difference() -> None:
    what = order(goods("100.00"), currency="SEK", total=D("150.00"))
    refused(what, "booking.total-differs", Evidence(to_eur=D(10), currencies=frozenset({"EUR"})))


def test_a_rounding_difference_is_converted_too() -> None:
    what = order(goods("100.00"), currency="SEK", total=D("100.02"))
    draft = make_draft(what, settings(), Evidence(to_eur=D("0.5"), currencies=frozenset({"EUR"})))
    assert [line.gross for line in draft.lines] == [D("200.00"), D("0.04")]
    assert (draft.total, draft.lines[1].ledger) == (D("200.04"), "4990")


def test_yen_have_no_cents() -> None:
    draft = make_draft(order(goods("1000", quantity="3"), currency="JPY"), settings(), Evidence(currencies=None))
    assert [(line.quantity, line.unit_price) for line in draft.lines] == [(D(2), D(333)), (D(1), D(334))]
    assert sum(line.vat for line in draft.lines) == 174


def test_answer_of_vies_is_compared_by_number() -> None:
    what = order(goods("100.00"), to="BE", buyer=BELGIAN)
    answer = ViesAnswer(number="be 0428 759 497", state=ViesState.VALID)
    assert make_draft(what, settings(), Evidence(vies=answer)).lines[0].vat_code == "ICP"


def test_nobody_to_send_to_is_collective() -> None:
    draft = make_draft(order(goods("10.00"), buyer=Buyer()), settings(), EUROS)
    assert draft.customer.kind is CustomerKind.COLLECTIVE
    assert draft.delivery is None


def test_sum_is_decimal_not_float() -> None:
    draft = make_draft(order(*(goods("0.10", name=str(index)) for index in range(3))), settings(), EUROS)
    assert draft.total == Decimal("0.30")
