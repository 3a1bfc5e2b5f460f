"""A shop that tells its rate (Lightspeed) needs no table of categories: what it charges is a fact."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from koppel.booking import BookingSettings, Draft, Evidence, make_draft
from koppel.errors import Refused
from koppel.model import ChannelVat, LineKind, OrderLine
from koppel.testing.samples import line, sample

CELLS = {rate: {"code": rate, "ledger": "8000"} for rate in ("21", "9", "19", "7")}


def sold(number: int, gross: str, rate: str, vat: str, **changes: Any) -> OrderLine:
    return line(number, gross, channel_vat=ChannelVat(rate=Decimal(rate), amount=Decimal(vat)), **changes)


def draft(*lines: OrderLine, country: str = "NL", categories: dict[str, list[str]] | None = None) -> Draft:
    settings = msgspec.convert(
        {"seller": {"oss": True}, "vat": {"NL": CELLS, "DE": CELLS}, "categories": categories or {}}, BookingSettings
    )
    return make_draft(sample("A", lines, country), settings, Evidence())


@pytest.mark.parametrize(("country", "rate", "vat"), [("NL", "9", "9.00"), ("NL", "21", "18.92"), ("DE", "7", "7.13")])
def test_the_shops_own_rate_is_booked(country: str, rate: str, vat: str) -> None:
    made = draft(sold(1, "109.00", rate, vat), country=country)
    assert [(each.rate, each.vat) for each in made.vat] == [(Decimal(rate), Decimal(vat))]
    assert bool(made.warnings) == (rate in ("9", "7"))


def test_shipping_at_the_high_rate_beside_goods_at_the_low_one() -> None:
    made = draft(sold(1, "109.00", "9", "9.00"), sold(2, "4.84", "21", "0.84", kind=LineKind.SHIPPING))
    assert {each.rate: each.vat for each in made.vat} == {Decimal(9): Decimal("9.00"), Decimal(21): Decimal("0.84")}
    assert made.total == Decimal("113.84")


def test_shipping_without_a_rate_of_its_own_follows_the_goods() -> None:
    made = draft(sold(1, "109.00", "9", "9.00"), line(2, "5.45", kind=LineKind.SHIPPING))
    assert {each.rate for each in made.vat} == {Decimal(9)}


def test_the_users_table_beats_the_shop() -> None:
    with pytest.raises(Refused, match="9 %"):
        draft(sold(1, "109.00", "21", "18.92"), categories={"books_printed": ["100001"]})


def test_a_rate_that_the_country_does_not_have_is_not_taken() -> None:
    with pytest.raises(Refused, match="19 %"):
        draft(sold(1, "109.00", "21", "18.92"), country="DE")
