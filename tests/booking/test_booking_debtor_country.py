"""A debtor in the country whose VAT is booked, where the target asks for that."""

from typing import Any

import msgspec
import pytest

from koppel.booking import BookingSettings, Draft, Evidence, make_draft
from koppel.booking.debtor_country import in_vat_country
from koppel.model import Address, Buyer
from koppel.testing.samples import line, sample

CELL = {"code": "x", "ledger": "8000"}
NL = Address(name="Jan", lines=("Dam 1",), postcode="1012 AB", city="Amsterdam", country="NL")
DE = Address(name="Jan", lines=("Ring 1",), postcode="50667", city="Köln", country="DE")


def draft(customers: str = "individual", country: str = "NL", **order: Any) -> Draft:
    settings = msgspec.convert(
        {
            "orders": {"customers": customers},
            "seller": {"oss": True},
            "vat": {"NL": {"21": CELL}, "DE": {"19": CELL}, "ICP": {"0": CELL}},
        },
        BookingSettings,
    )
    return in_vat_country(make_draft(sample("A", [line(1, "119.00")], country, **order), settings, Evidence()))


def test_a_gift_abroad_has_a_debtor_there() -> None:
    gift = draft(country="DE", billing=NL, delivery=DE).customer
    home = draft(billing=NL, delivery=NL).customer
    assert (gift.vat_country, home.vat_country) == ("DE", "NL")
    assert gift.identity != home.identity
    assert gift.email == home.email
    assert (gift.address, home.address) == (DE, NL)


def test_a_gift_to_the_netherlands_has_a_debtor_here() -> None:
    customer = draft(billing=DE, delivery=NL).customer
    assert (customer.vat_country, customer.address) == ("NL", NL)


@pytest.mark.parametrize("customers", ["individual", "collective"])
def test_collective_debtors_are_told_apart_by_country(customers: str) -> None:
    abroad, home = (
        draft(customers, land, buyer=Buyer(), billing=None, delivery=Address(city="X", country=land)).customer
        for land in ("DE", "NL")
    )
    assert abroad.name == f"{home.name} DE"
    assert abroad.address == Address(country="DE")
    assert abroad.identity != home.identity


def test_businesses_stay_as_they_are() -> None:
    buyer = Buyer(company="Voorbeeld B.V.", email="a@example.org", vat_id="NL004495445B01")
    assert draft(buyer=buyer).customer.vat_country is None
