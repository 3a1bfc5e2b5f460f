"""What of an order reaches the VAT decision of its goods."""

from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from booking.orders import EUROS, D, channel, extra, goods, order, settings, vies
from koppel.booking import Evidence, ViesAnswer, ViesState, make_draft
from koppel.booking.address import tidy_address, tidy_phone, tidy_postcode
from koppel.booking.debtor_country import in_vat_country
from koppel.booking.templates import DESCRIPTION, check_template
from koppel.errors import Misconfigured, Refused
from koppel.model import Address, Buyer, LineKind, Order

BELGIAN = Buyer(email="inkoop@example.org", company="Voorbeeld BV", vat_id="BE 0428.759.497")


def laptops(*lines: Any, **more: Any) -> Order:
    return order(*lines, business=True, **more)


def test_reverse_charge_goods_count_together() -> None:
    conf = settings(categories={"reverse_charge": ["LAP-*"]})
    one, other = goods("6050.00", name="a", sku="LAP-1"), goods("6050.00", name="b", sku="LAP-2")
    with pytest.raises(Refused, match="reverse charge"):
        make_draft(laptops(one, other), conf, EUROS)
    below = make_draft(laptops(one, goods("6050.00", name="b"), extra(LineKind.SHIPPING, "6050.00")), conf, EUROS)
    assert {line.vat_code for line in below.lines} == {"HOOG"}


def test_vat_that_the_channel_charges_on_shipping_is_charged_on_the_order() -> None:
    what = order(goods("121.00"), extra(LineKind.SHIPPING, "4.95", channel_vat=channel("0.86")), to="BE", buyer=BELGIAN)
    conf = settings(vat={"BE": {"21": {"code": "OSSBE"}}})
    draft = make_draft(what, conf, vies(ViesState.INVALID))
    assert {line.vat_code for line in draft.lines} == {"OSSBE"}
    assert "booked as a consumer sale" in draft.warnings[0].en


def test_proof_without_a_consultation_number() -> None:
    asked_at = datetime(2026, 10, 2, 10, 15, tzinfo=UTC)
    answer = ViesAnswer(number="BE0428759497", state=ViesState.VALID, asked_at=asked_at)
    what = order(goods("100.00"), to="BE", buyer=BELGIAN)
    draft = make_draft(what, settings(), Evidence(vies=answer, currencies=frozenset({"EUR"})))
    assert draft.lines[0].trail[-1].en == "VIES: valid on 2026-10-02 10:15 UTC."
    assert draft.lines[0].trail[-1].nl == "VIES: geldig op 2026-10-02 10:15 UTC."
    export = make_draft(order(goods("100.00"), to="CH", buyer=BELGIAN), settings(), vies(ViesState.VALID))
    assert "VIES" not in export.lines[0].trail[-1].en


def test_every_part_of_an_address_is_kept() -> None:
    tidied = tidy_address(Address(region=" Noord   Holland ", city=" Haarlem ", country="nl"))
    assert tidied == Address(region="Noord Holland", city="Haarlem", country="NL")
    assert tidy_phone("+31 (0)20 123 45 60", "NL") == "+31201234560"


def test_a_free_gift_is_no_order_without_vat() -> None:
    charged = goods("121.00", name="a", channel_vat=channel("21.00"))
    gift = goods("0.00", name="b", channel_vat=channel("0.00"))
    conf = settings(vat={"BE": {"21": {"code": "OSSBE"}}})
    draft = make_draft(order(charged, gift, to="BE", buyer=BELGIAN), conf, vies(ViesState.INVALID))
    assert {line.vat_code for line in draft.lines} == {"OSSBE"}


def test_goods_without_a_product_are_standard() -> None:
    line = make_draft(order(replace(goods("121.00"), product=None)), settings(), EUROS).lines[0]
    assert (line.vat_code, line.code, line.ean) == ("HOOG", None, None)


def test_an_article_for_rounding_may_name_its_rate() -> None:
    conf = settings(articles={"rounding": "R{rate}"})
    assert make_draft(order(goods("10.00"), total=D("10.01")), conf, EUROS).lines[1].code == "R0"


def test_a_channel_is_called_in_words() -> None:
    conf = settings(orders={"description": "{channel}"})
    assert make_draft(order(goods("10.00"), channel="my_own_shop"), conf, EUROS).description == "My own shop"


def test_a_debtor_that_the_user_coded_stays_that_debtor() -> None:
    conf = settings(orders={"customers": "collective", "collective_code": "10001"})
    draft = make_draft(order(goods("119.00"), to="DE"), conf, EUROS)
    assert draft.customer.code == "10001"
    assert in_vat_country(draft) == draft


def test_city_and_region_stand_in_for_a_missing_postcode() -> None:
    for city, region in (("Las Palmas", None), ("Playa", "Gran Canaria")):
        what = order(goods("100.00"), delivery=Address(country="ES", city=city, region=region))
        with pytest.raises(Refused, match="Canary Islands"):
            make_draft(what, settings(), EUROS)


def test_a_debtor_of_whom_only_the_email_is_known() -> None:
    what = order(goods("25.00", sku="CARD"), delivery=None, buyer=Buyer(email="koper@example.org"))
    customer = make_draft(what, settings(orders={"customers": "individual"}), EUROS).customer
    assert (customer.email, customer.address, customer.contact) == ("koper@example.org", None, None)


def test_a_collective_debtor_abroad_is_known_by_its_country() -> None:
    conf = settings(orders={"customers": "collective"})
    draft = make_draft(order(goods("119.00"), to="DE"), conf, EUROS)
    assert in_vat_country(draft).customer.identity == f"{draft.customer.identity}|DE"


@pytest.mark.parametrize("given", ["1012ab", "NL 1012 AB", "nl-1012AB"])
def test_a_dutch_postcode_is_written_one_way(given: str) -> None:
    assert tidy_postcode(given, "NL") == "1012 AB"


@pytest.mark.parametrize("text", ["{nonsense}", "{order_number"])
def test_a_wrong_placeholder_has_its_code(text: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        check_template("description", text, DESCRIPTION)
    assert caught.value.code == "config.placeholder"


def test_a_yen_of_vat_that_the_channel_does_not_report_is_rounding() -> None:
    what = order(goods("5", channel_vat=channel("0")), currency="JPY")
    assert make_draft(what, settings(), Evidence(currencies=None)).lines[0].vat == 0
