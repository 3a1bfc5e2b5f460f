"""Who is a buyer in SnelStart, and who is made."""

from typing import Any

import pytest

from koppel.model import Address
from koppel.plugin import Misconfigured, OutcomeUnknown, Refused
from koppel_snelstart import relatie
from koppel_snelstart.wire import Relatie

pytestmark = pytest.mark.anyio

CASES = [{}, {"case_sensitive": "1"}, {"no_function": "substringof"}, {"case_sensitive": "1", "unstable": "1"}]


def code_of(world: Any, id_: str) -> int:
    record = world.sandbox.books.by_id("relations", id_)
    return int(record["relatiecode"])


@pytest.mark.parametrize("switches", CASES)
@pytest.mark.parametrize(
    ("email", "code"),
    [
        ("eerste@voorbeeld.invalid", 2),
        ("TWEEDE@voorbeeld.invalid", 2),
        ("gemengd@voorbeeld.invalid", 7),
        ("O'Brien@voorbeeld.invalid", 8),
        ("dubbel@voorbeeld.invalid", 3),
    ],
)
async def test_found_by_email_whatever_the_server_can(
    world: Any, drafts: Any, switches: dict[str, str], email: str, code: int
) -> None:
    async with world(switches=switches) as w:
        found = await w.target.find_customers([drafts.customer(email), drafts.customer("nobody@example.invalid")])
        assert {identity: code_of(w, id_) for identity, id_ in found.items()} == {f"email:{email}": code}


@pytest.mark.parametrize("switches", CASES)
@pytest.mark.parametrize(
    "email", ["oud@voorbeeld.invalid", "groothandel@voorbeeld.invalid", "info@zandbak.invalid", "oordbeeld.invalid"]
)
async def test_inactive_suppliers_and_own_relations_are_nobody(
    world: Any, drafts: Any, switches: dict[str, str], email: str
) -> None:
    async with world(switches=switches) as w:
        assert await w.target.find_customers([drafts.customer(email)]) == {}


async def test_several_with_one_address_are_told(world: Any, drafts: Any) -> None:
    async with world() as w:
        booked = await w.book(drafts.sale(customer=drafts.customer("dubbel@voorbeeld.invalid")))
        assert "2 relations" in booked.note
        assert "voorbeeld" not in booked.note


async def test_twenty_known_buyers_take_one_call(world: Any, drafts: Any) -> None:
    async with world() as w:
        customers = [drafts.customer(f"buyer{number}@marketplace.example.invalid") for number in range(20)]
        for customer in customers:
            await w.target.create_customer(customer)
        before = w.calls("listRelations")
        assert len(await w.target.find_customers(customers)) == 20
        assert w.calls("listRelations") == before + 1


async def test_a_new_relation_is_seen_by_the_scan(world: Any, drafts: Any) -> None:
    async with world(switches={"case_sensitive": "1"}) as w:
        assert await w.target.find_customers([drafts.customer("later@example.invalid")]) == {}
        await w.target.create_customer(drafts.customer("Later@Example.invalid"))
        assert len(await w.target.find_customers([drafts.customer("later@example.invalid")])) == 1


async def test_a_relation_is_made_whole(world: Any, drafts: Any) -> None:
    customer = drafts.customer(
        name="Voorbeeld B.V.",
        company="Voorbeeld B.V.",
        contact="Jan de Vries",
        vat_id="NL 0044.95.445.B01",
        phone="+31 71 000 00 00 00 00 00 00 00 00",
        address=Address(lines=("Dorpsstraat 1", "achterom", "x" * 60), postcode="1234 AB", city="Leiden", country="NL"),
    )
    async with world() as w:
        made = w.sandbox.books.by_id("relations", await w.target.create_customer(customer))
        assert made["naam"] == "Voorbeeld B.V."
        assert made["btwNummer"] == "004495445B01"
        assert len(made["telefoon"]) == 25
        assert made["vestigingsAdres"]["contactpersoon"] == "Jan de Vries"
        assert made["vestigingsAdres"]["straat"].startswith("Dorpsstraat 1 achterom x")
        assert made["relatiesoort"] == ["Klant"]
        assert not made["factuurEmailVersturen"]["shouldSend"]
        assert w.sandbox.journal.count("createRelation") == 1


@pytest.mark.parametrize("number", ["NL123456789B99", "DE123456789", "x"])
async def test_a_refused_vat_number_is_left_out_and_told(world: Any, drafts: Any, number: str) -> None:
    async with world() as w:
        booked = await w.book(drafts.sale(customer=drafts.customer(vat_id=number)))
        assert w.sandbox.books.records["relations"][-1]["btwNummer"] is None
        assert ("VAT number" in booked.note) == (len(number) > 1)
        assert number not in booked.note or number == "x"


async def test_other_refusals_are_not_repeated(world: Any, drafts: Any) -> None:
    async with world() as w:
        with pytest.raises(Refused) as caught:
            await w.target.create_customer(drafts.customer("no address", vat_id="DE123456789"))
        assert caught.value.code == "REL-0061"
        assert w.calls("createRelation") == 1


async def test_a_long_name_is_cut_and_found_by_email(world: Any, drafts: Any) -> None:
    customer = drafts.customer(name="X" * 300)
    async with world() as w:
        booked = await w.book(drafts.sale(customer=customer))
        assert "50" in booked.note
        assert len(await w.target.find_customers([customer])) == 1


async def test_a_collective_debtor_is_found_by_name_and_made_once(world: Any, drafts: Any) -> None:
    long = "Amazon-klanten van onze webwinkel in het hele land "
    async with world() as w:
        one, two = drafts.collective(long + "Nederland"), drafts.collective(long + "Duitsland")
        ids = [await w.target.create_customer(each) for each in (one, two)]
        found = await w.target.find_customers([one, two])
        assert list(found.values()) == ids
        names = [w.sandbox.books.by_id("relations", id_)["naam"] for id_ in ids]
        assert len(set(names)) == 2
        assert all(len(name) <= 50 for name in names)


async def test_a_collective_debtor_by_its_code(world: Any, drafts: Any) -> None:
    async with world() as w:
        assert len(await w.target.find_customers([drafts.collective(code="3")])) == 1
        for code in ("5", "6", "99"):
            missing = drafts.collective(code=code)
            assert await w.target.find_customers([missing]) == {}
            with pytest.raises(Refused):
                await w.target.create_customer(missing)
        with pytest.raises(Misconfigured):
            await w.target.find_customers([drafts.collective(code="AMZ")])


async def test_a_business_without_email_is_found_by_vat_number(world: Any, drafts: Any) -> None:
    business = drafts.customer(None, identity="vat:NL004495445B01", vat_id="NL004495445B01", name="Voorbeeld B.V.")
    async with world() as w:
        id_ = await w.target.create_customer(business)
        assert await w.target.find_customers([business]) == {business.identity: id_}


async def test_an_unanswered_create_is_unknown(world: Any, drafts: Any) -> None:
    async with world() as w:
        w.sandbox.faults.add("lost_reply", "createRelation", times=1)
        with pytest.raises(OutcomeUnknown):
            await w.target.create_customer(drafts.customer())
        assert len(await w.target.find_customers([drafts.customer()])) == 1


def test_who_counts_as_customer() -> None:
    assert relatie.is_customer(Relatie(id="1", relatiesoort=["Klant"]))
    assert relatie.is_customer(Relatie(id="1", relatiesoort=["Klant", "Leverancier"], relatiecode=4))
    assert not relatie.is_customer(Relatie(id="1", relatiesoort=["Klant"], relatiecode=-2))
    assert not relatie.is_customer(Relatie(id="1", relatiesoort=["Klant", "Eigen"], relatiecode=4))
    assert not relatie.is_customer(Relatie(id="1", relatiesoort=None, relatiecode=4))


def test_the_lowest_code_is_first_and_one_without_a_code_last() -> None:
    rows = [Relatie(id=f"{code}", relatiecode=code) for code in (None, 12, 3)]
    chosen = relatie.first(rows)
    assert chosen is not None
    assert chosen.relatiecode == 3
    assert relatie.first([]) is None
