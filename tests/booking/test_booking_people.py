"""Debtors and addresses: found as they are, never invented."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.orders import EUROS, address, goods, order, settings, vies
from koppel.booking import ViesState, make_draft, same_address, split_house_number
from koppel.booking.address import tidy_address, tidy_email, tidy_phone, tidy_postcode
from koppel.booking.draft import CustomerKind, DraftCustomer
from koppel.model import Address, Buyer, Order


def customer(what: Order, **orders: Any) -> DraftCustomer:
    return make_draft(what, settings(orders=orders), EUROS).customer


@pytest.mark.parametrize(
    ("line", "street", "number", "addition"),
    [
        ("Voorbeeldstraat 12-A", "Voorbeeldstraat", 12, "A"),
        ("Voorbeeldstraat 12", "Voorbeeldstraat", 12, ""),
        ("Voorbeeldstraat 12a", "Voorbeeldstraat", 12, "a"),
        ("Voorbeeldstraat 12 A", "Voorbeeldstraat", 12, "A"),
        ("Voorbeeldstraat 12 bis", "Voorbeeldstraat", 12, "bis"),
        ("Voorbeeldstraat 12-3", "Voorbeeldstraat", 12, "3"),
        ("Voorbeeldstraat 12/3", "Voorbeeldstraat", 12, "3"),
        ("Voorbeeldstraat 12 hs", "Voorbeeldstraat", 12, "hs"),
        ("Voorbeeldstraat 12-III", "Voorbeeldstraat", 12, "III"),
        ("Voorbeeldstraat, 12", "Voorbeeldstraat", 12, ""),
        ("Voorbeeldstraat nr. 12", "Voorbeeldstraat", 12, ""),
        ("  Voorbeeld   straat  12 ", "Voorbeeld straat", 12, ""),
        ("1e Voorbeeldstraat 3-B", "1e Voorbeeldstraat", 3, "B"),
        ("2e v.d. Voorbeeldstraat 4 hs", "2e v.d. Voorbeeldstraat", 4, "hs"),
        ("Laan van '40-'45 7", "Laan van '40-'45 7", None, ""),
        ("Plein 1944", "Plein 1944", None, ""),
        ("Plein 1944 12", "Plein 1944 12", None, ""),
        ("Dorpsstraat 12 3", "Dorpsstraat 12 3", None, ""),
        ("Voorbeeldstraat", "Voorbeeldstraat", None, ""),
        ("Voorbeeldstraat 12 Ergens", "Voorbeeldstraat 12 Ergens", None, ""),
        ("Voorbeeldstraat 0", "Voorbeeldstraat 0", None, ""),
        ("Voorbeeldstraat12", "Voorbeeldstraat12", None, ""),
        ("12", "12", None, ""),
        ("12 34", "12 34", None, ""),
        ("", "", None, ""),
    ],
)
def test_house_numbers(line: str, street: str, number: int | None, addition: str) -> None:
    assert split_house_number(line) == (street, number, addition)


@pytest.mark.parametrize(
    ("country", "number"), [("NL", 5), ("BE", 5), ("DE", 5), ("AT", 5), ("FR", None), ("GB", None)]
)
def test_number_is_looked_for_where_it_comes_last(country: str, number: int | None) -> None:
    assert split_house_number("Rue de l'Exemple 5", country).number == number


@given(st.text(max_size=60))
def test_no_letter_of_a_line_is_lost(line: str) -> None:
    street, number, addition = split_house_number(line)
    whole = "".join(each for each in f"{street}{number or ''}{addition}" if each.isalnum())
    given_text = "".join(each for each in line if each.isalnum())
    assert whole == given_text or whole == given_text.replace("nr", "", 1) or number is not None


@pytest.mark.parametrize(
    ("given_code", "country", "expected"),
    [
        ("1012ab", "NL", "1012 AB"), ("1012  AB", "NL", "1012 AB"), (" NL-1012AB", "NL", "1012 AB"),
        ("1012 SS", "NL", "1012 SS"), ("0123 AB", "NL", "0123 AB"), ("1012", "NL", "1012"),
        ("bt1 1aa", "GB", "BT1 1AA"), ("1012ab", "BE", "1012AB"), ("", "NL", None), (None, "NL", None),
    ],
)  # fmt: skip
def test_postcodes(given_code: str | None, country: str, expected: str | None) -> None:
    assert tidy_postcode(given_code, country) == expected


@pytest.mark.parametrize(
    ("phone", "country", "expected"),
    [
        ("06-12345678", "NL", "+31612345678"), ("06 1234 5678", "NL", "+31612345678"),
        ("+31 (0)6 12345678", "NL", "+31612345678"), ("0031612345678", "DE", "+31612345678"),
        ("+31 6 1234", "NL", "+31 6 1234"), ("020-1234567", "NL", "+31201234567"), ("0612345678", "DE", "0612345678"),
        ("+49 30 123456", "NL", "+49 30 123456"), ("00 12345678", "NL", "00 12345678"), ("  ", "NL", None),
        (None, "NL", None), ("06123456789", "NL", "06123456789"), ("niet bellen", "NL", "niet bellen"),
    ],
)  # fmt: skip
def test_phones(phone: str | None, country: str, expected: str | None) -> None:
    assert tidy_phone(phone, country) == expected


@pytest.mark.parametrize(
    ("email", "expected"),
    [
        (" a@b.nl ", "a@b.nl"), ("A@B.nl", "A@B.nl"), ("a@b", None), ("a b@c.nl", None), ("a@@b.nl", None), ("", None),
        (None, None), ("x" * 249 + "@b.nl", "x" * 249 + "@b.nl"), ("x" * 250 + "@b.nl", None),
    ],
)  # fmt: skip
def test_emails(email: str | None, expected: str | None) -> None:
    assert tidy_email(email) == expected


def test_addresses_in_order() -> None:
    found = tidy_address(
        Address(
            name=" J.  Jansen ", lines=("", " Straat 1 "), postcode="1012ab", country="nl", phone="0612345678", city=" "
        )
    )
    assert found == Address(
        name="J. Jansen", lines=("Straat 1",), postcode="1012 AB", country="NL", phone="+31612345678"
    )
    assert tidy_address(Address(lines=("",), city=" ")) is None
    assert tidy_address(None) is None


def test_equal_addresses() -> None:
    one = address(name="J. Jansen")
    assert same_address(one, address(name="j jansen", lines=("VOORBEELDSTRAAT 12 A",), postcode="1012 AB"))
    assert same_address(one, address(name=None))
    assert same_address(one, address(company="Voorbeeld BV"))
    assert same_address(one, address(lines=("Voorbeeldstraat", "12-A"), phone="06", region="NH"))
    assert not same_address(one, address(name="P. Pietersen"))
    assert not same_address(address(company="A"), address(company="B"))
    assert not same_address(one, address(postcode="1012 AC"))
    assert not same_address(one, address(city="Elders"))
    assert not same_address(one, address("BE"))
    assert not same_address(one, address(lines=("Voorbeeldstraat 12",)))


def test_individual() -> None:
    buyer = Buyer(first_name=" Jan ", last_name="Jansen", email=" Jan@Example.org ", phone="0612345678")
    found = customer(order(goods("10.00"), buyer=buyer))
    assert found == DraftCustomer(
        identity="email:jan@example.org",
        kind=CustomerKind.INDIVIDUAL,
        name="Jan Jansen",
        first_name="Jan",
        last_name="Jansen",
        email="Jan@Example.org",
        phone="+31612345678",
        address=Address(lines=("Voorbeeldstraat 12-A",), postcode="1012 AB", city="Ergens", country="NL"),
    )


def test_company_comes_first_and_the_person_is_the_contact() -> None:
    buyer = Buyer(company="Voorbeeld BV", name="J. Jansen", email="j@example.org")
    found = customer(order(goods("10.00"), buyer=buyer))
    assert (found.name, found.company, found.contact) == ("Voorbeeld BV", "Voorbeeld BV", "J. Jansen")
    at_address = order(
        goods("10.00"), buyer=Buyer(email="j@example.org"), billing=address(company="Voorbeeld BV", name="P. P.")
    )
    assert (customer(at_address).name, customer(at_address).contact) == ("Voorbeeld BV", "P. P.")


def test_billing_address_is_the_debtors_and_delivery_is_kept() -> None:
    what = order(goods("10.00"), billing=address(city="Rekenstad", phone="0201234567"))
    draft = make_draft(what, settings(), EUROS)
    assert draft.customer.address is not None
    assert draft.customer.address.city == "Rekenstad"
    assert draft.customer.phone == "+31201234567"
    assert draft.delivery is not None
    assert (draft.delivery.city, draft.delivery.postcode) == ("Ergens", "1012 AB")
    equal = make_draft(order(goods("10.00"), billing=address(city="ERGENS.")), settings(), EUROS)
    assert equal.delivery is None


@pytest.mark.parametrize(
    ("where", "setting", "name"),
    [
        (address(), "{channel}-klant {postcode}", "Amazon-klant 1012AB"),
        (address(postcode=None), "{channel}-klant {postcode}", "Amazon-klant"),
        (address(), "{city} {country} {marketplace} {order_number}", "Ergens NL NL 171-0000001-0000001"),
        (address(postcode=None), "{postcode}", "171-0000001-0000001"),
    ],
)
def test_stand_in_name(where: Address, setting: str, name: str) -> None:
    what = order(goods("10.00"), buyer=Buyer(email="relay@example.org"), delivery=where)
    assert customer(what, stand_in_name=setting).name == name


def test_stand_in_name_is_the_channels() -> None:
    what = order(goods("10.00"), buyer=Buyer(email="a@example.org"), channel="lightspeed")
    assert customer(what).name == "Lightspeed-klant 1012AB"
    fba = order(goods("10.00"), buyer=Buyer(email="a@example.org"), channel="amazon_fba")
    assert customer(fba).name == "Amazon-klant 1012AB"


def test_without_an_email_the_debtor_is_the_collective_one() -> None:
    for buyer in (Buyer(), Buyer(name="J. Jansen"), Buyer(email="rubbish")):
        found = customer(order(goods("10.00"), buyer=buyer))
        assert (found.kind, found.name) == (CustomerKind.COLLECTIVE, "Amazon klanten")
        assert found.identity == "collective:amazon klanten"
        assert [found.address, found.email, found.phone, found.first_name] == [None] * 4


def test_collective_debtors() -> None:
    german = order(goods("119.00"), to="DE")
    assert customer(german, customers="collective").name == "Amazon klanten"
    each = customer(german, customers="collective-per-country", collective_code="AMZ{country}")
    assert (each.name, each.code, each.identity) == ("Amazon klanten DE", "AMZDE", "collective:AMZDE")
    assert each.address == Address(country="DE")
    named = customer(german, customers="collective", collective_name="Diverse {marketplace}")
    assert (named.name, named.identity) == ("Diverse NL", "collective:diverse nl")


def test_a_business_has_its_own_debtor() -> None:
    business = Buyer(company="Voorbeeld BV", vat_id="nl 0044.95.445.b01")
    found = customer(order(goods("121.00"), buyer=business), customers="collective")
    assert (found.kind, found.identity, found.vat_id) == (
        CustomerKind.INDIVIDUAL, "vat:NL004495445B01", "NL004495445B01",
    )  # fmt: skip
    bad = customer(order(goods("121.00"), buyer=Buyer(vat_id="NL123456789B01")), customers="collective")
    assert (bad.kind, bad.vat_id) == (CustomerKind.COLLECTIVE, None)


def test_vies_decides_whether_a_number_is_kept() -> None:
    charged = order(goods("100.00"), to="BE", buyer=Buyer(email="a@example.org", vat_id="BE0123456789"))
    draft = make_draft(charged, settings(), vies(ViesState.VALID, "BE0123456789"))
    assert draft.customer.vat_id == "BE0123456789"
    home = order(goods("121.00"), buyer=Buyer(email="a@example.org", vat_id="BE0428759497"))
    assert make_draft(home, settings(), EUROS).customer.vat_id == "BE0428759497"
    assert make_draft(home, settings(), vies(ViesState.INVALID)).customer.vat_id is None
