"""The plugin against its sandbox, over real sockets."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import anyio
import pytest

from koppel.booking.draft import DraftKind
from koppel.model import Address, LineKind
from koppel.plugin import (
    AlreadyExists,
    CustomerGone,
    Misconfigured,
    OutcomeUnknown,
    Refused,
    RetryLater,
    SignInNeeded,
)
from koppel.vat.treatment import Treatment

pytestmark = pytest.mark.anyio


async def test_a_sale_is_booked_and_found_back(world: Any, drafts: Any) -> None:
    draft = drafts.sale(drafts.line("121.00"), drafts.line("10.90", "9"))
    async with world() as w:
        assert await w.target.find_bookings([draft.reference, "other"]) == {}
        booked = await w.book(draft)
        assert (booked.reference, booked.number, booked.total) == (draft.reference, draft.reference, Decimal("131.90"))
        found = await w.target.find_bookings([draft.reference, "other"])
        assert found[draft.reference].id == booked.id
        assert found[draft.reference].total == draft.total
        assert found[draft.reference].date == draft.document_date
        made = w.sandbox.books.records["bookings"][0]
        assert made["betalingstermijn"] == 14
        assert made["factuurdatum"] == "2026-11-20T00:00:00"
        assert {row["btwSoort"]: row["btwBedrag"] for row in made["btw"]} == {
            "VerkopenHoog": Decimal("21.00"),
            "VerkopenLaag": Decimal("0.90"),
        }


async def test_a_second_booking_is_refused_as_existing(world: Any, drafts: Any) -> None:
    async with world() as w:
        await w.book(drafts.sale())
        with pytest.raises(AlreadyExists) as caught:
            await w.book(drafts.sale())
        assert caught.value.code == "BOE-0021"
        assert w.sandbox.journal.duplicates("booking") == {}


async def test_a_credit_is_negative_and_due_at_once(world: Any, drafts: Any) -> None:
    line = drafts.line("-60.50", quantity="-1")
    async with world() as w:
        await w.book(drafts.sale(line, reference="R-112-1", kind=DraftKind.CREDIT, original="112-1"))
        made = w.sandbox.books.records["bookings"][0]
        assert made["factuurbedrag"] == Decimal("-60.50")
        assert made["betalingstermijn"] == 0


async def test_the_prefix_stands_before_the_number_only_at_snelstart(world: Any, drafts: Any) -> None:
    async with world(reference_prefix="AMZ-") as w:
        booked = await w.book(drafts.sale(reference="7"))
        assert (booked.reference, booked.number) == ("7", "AMZ-7")
        assert (await w.target.find_bookings(["7"]))["7"].id == booked.id


async def test_many_references_take_one_call(world: Any, drafts: Any) -> None:
    async with world() as w:
        for number in range(3):
            await w.book(drafts.sale(reference=f"112-000000{number}-O'Neil"))
        before = w.calls("listInvoices")
        references = [f"112-000000{number}-O'Neil" for number in range(w.target.traits.batch)]
        assert len(await w.target.find_bookings(references)) == 3
        assert w.calls("listInvoices") == before + 1


async def test_oss_goes_to_ledgers_without_btw(world: Any, drafts: Any) -> None:
    customer = drafts.customer(address=Address(lines=("Weg 1",), postcode="10115", city="Berlin", country="DE"))
    lines = (drafts.oss("29.90"), drafts.oss("-3.00", quantity="-1", kind=LineKind.DISCOUNT), drafts.oss("4.95"))
    async with world() as w:
        await w.book(drafts.sale(*lines, customer=customer))
        made = w.sandbox.books.records["bookings"][0]
        assert made["btw"] == []
        by_ledger: dict[str, Decimal] = {}
        for row in made["boekingsregels"]:
            by_ledger[row["grootboek"]["id"]] = by_ledger.get(row["grootboek"]["id"], Decimal(0)) + row["bedrag"]
        books = w.sandbox.books
        assert by_ledger[books.ledger(1690)["id"]] == sum(line.vat for line in lines)
        assert by_ledger[books.ledger(8031)["id"]] == sum(line.net for line in lines)


@pytest.mark.parametrize("country", ["NL", "FR"])
async def test_a_relation_of_another_country_than_the_vat_is_explained(world: Any, drafts: Any, country: str) -> None:
    address = Address(lines=("Weg 1",), postcode="1", city="Stad", country=country)
    draft = drafts.sale(drafts.oss(country="DE"), customer=drafts.customer(address=address))
    async with world(switches={"oss_country": "strict"}) as w:
        with pytest.raises(Refused) as caught:
            await w.book(draft)
        assert "consumer in DE" in caught.value.suggestion
        assert "collective-per-country" in caught.value.suggestion


async def test_a_foreign_buyer_without_street_is_still_foreign(world: Any, drafts: Any) -> None:
    customer = drafts.customer(address=Address(city="Berlin", country="DE"))
    async with world() as w:
        await w.book(drafts.sale(drafts.oss(), customer=customer))
        relation = w.sandbox.books.records["relations"][-1]
        assert relation["vestigingsAdres"]["straat"] == "-"
        assert w.sandbox.books.country_of(relation["vestigingsAdres"]) == "DE"


async def test_a_dutch_buyer_without_street_gets_no_address(world: Any, drafts: Any) -> None:
    async with world() as w:
        booked = await w.book(drafts.sale(customer=drafts.customer(address=Address(city="Utrecht", country="NL"))))
        assert w.sandbox.books.records["relations"][-1]["vestigingsAdres"] is None
        assert "complete or not at all" in booked.note


async def test_foreign_vat_without_oss_is_explained(world: Any, drafts: Any) -> None:
    async with world(switches={"oss": "0"}) as w:
        with pytest.raises(Refused) as caught:
            await w.book(drafts.sale(drafts.oss(ledger="8031")))
        assert caught.value.code == "snelstart.oss-off"
        assert not w.calls("createBooking")
        own = drafts.oss(ledger="8040", vat_code="Grootboek:1690")
        assert (await w.book(drafts.sale(own))).total == Decimal("119.00")


async def test_icp_needs_the_vat_number_on_the_relation(world: Any, drafts: Any) -> None:
    line = drafts.line("100.00", "0", treatment=Treatment.ICS, country="BE", ledger="")
    belgian = Address(lines=("Straat 1",), postcode="2000", city="Antwerpen", country="BE")
    async with world() as w:
        consumer = drafts.customer("a@example.invalid", address=belgian)
        with pytest.raises(Refused) as caught:
            await w.book(drafts.sale(line, customer=consumer))
        assert caught.value.code == "BOE-0080"
        assert "VAT number" in caught.value.suggestion
        business = drafts.customer("b@example.invalid", address=belgian, vat_id="BE 0403.019.261")
        await w.book(drafts.sale(line, customer=business))
        assert w.sandbox.books.records["relations"][-1]["btwNummer"] == "BE0403019261"


async def test_export_finds_its_ledger_by_function(world: Any, drafts: Any) -> None:
    line = drafts.line("50.00", "0", treatment=Treatment.EXPORT, country="US", ledger="")
    async with world() as w:
        await w.book(drafts.sale(line))
        row = w.sandbox.books.records["bookings"][0]["boekingsregels"][0]
        assert row["grootboek"]["id"] == w.sandbox.books.ledger(8060)["id"]


@pytest.mark.parametrize(
    ("ledger", "code", "says"),
    [
        ("8010", "snelstart.ledger-kind", "8010"),
        ("8999", "snelstart.ledger-inactive", "8999"),
        ("8090", "snelstart.cost-centre", "8090"),
        ("7777", "snelstart.ledger-unknown", "7777"),
    ],
)
async def test_a_ledger_that_does_not_fit_is_named_before_anything_is_sent(
    world: Any, drafts: Any, ledger: str, code: str, says: str
) -> None:
    async with world() as w:
        draft = drafts.sale(drafts.line(ledger=ledger))
        with pytest.raises(Refused) as caught:
            await w.book(draft)
        assert caught.value.code == code
        assert says in caught.value.message
        assert not w.calls("createBooking")
        with pytest.raises(Misconfigured):  # now that the ledgers are known, without any call
            w.target.refuses(draft)


async def test_a_cost_centre_is_sent_where_it_is_demanded(world: Any, drafts: Any) -> None:
    async with world(cost_centre=1) as w:
        await w.book(drafts.sale(drafts.line(ledger="8090"), drafts.line()))
        rows = w.sandbox.books.records["bookings"][0]["boekingsregels"]
        assert [bool(row["kostenplaats"]) for row in rows] == [True, False]


async def test_a_ledger_that_was_made_meanwhile_is_seen(world: Any, drafts: Any) -> None:
    async with world() as w:
        await w.book(drafts.sale(reference="1"))
        ledger = {**w.sandbox.books.ledger(8000), "nummer": 8001}
        w.sandbox.books.add("ledgers", 8001, ledger)
        await w.clock.sleep(600)
        await w.book(drafts.sale(drafts.line(ledger="8001"), reference="2"))
        assert w.calls("listLedgers") == 2


async def test_reference_data_is_read_once_for_hours(world: Any, drafts: Any) -> None:
    async with world() as w:
        for number in range(5):
            await w.book(drafts.sale(reference=f"{number}"))
        for operation in ("listLedgers", "listCountries", "getCompanyInfo", "listVatRates"):
            assert w.calls(operation) == 1
        await w.clock.sleep(5 * 3600)
        await w.book(drafts.sale(reference="late"))
        assert w.calls("listLedgers") == 2


async def test_a_blocked_period_names_the_year(world: Any, drafts: Any) -> None:
    async with world(switches={"blocked_until": "2026-11-30"}) as w:
        with pytest.raises(Refused) as caught:
            await w.book(drafts.sale())
        assert caught.value.code == "BOE-0042"
        assert "2026" in caught.value.suggestion
        w.sandbox.books.blocked_until = ""
        await w.book(drafts.sale())


async def test_an_old_date_is_not_even_sent(world: Any, drafts: Any) -> None:
    async with world() as w:
        with pytest.raises(Refused) as caught:
            await w.book(drafts.sale(document_date=date(2020, 12, 31)))
        assert caught.value.code == "BOE-0033"
        assert "2020" in caught.value.suggestion
        assert not w.calls("createBooking")


async def test_a_deleted_relation_is_told_apart(world: Any, drafts: Any) -> None:
    async with world() as w:
        customer = await w.target.create_customer(drafts.customer())
        relation = w.sandbox.books.by_id("relations", customer)
        relation["nonactief"] = True
        with pytest.raises(CustomerGone) as caught:
            await w.target.book(drafts.sale(), customer, {})
        assert caught.value.code == "BOE-0054"
        w.sandbox.books.records["relations"].remove(relation)
        with pytest.raises(CustomerGone):
            await w.target.book(drafts.sale(), customer, {})
        assert await w.target.find_customers([drafts.customer()]) == {}


async def test_the_wrong_administration_is_never_written_to(world: Any, drafts: Any) -> None:
    async with world() as w:
        other = w.reopened(administration_id=w.sandbox.administrations[1].company["administratieIdentifier"])
        with pytest.raises(Misconfigured) as caught:
            await w.book(drafts.sale(), other)
        assert caught.value.code == "snelstart.other-administration"
        right = w.reopened(administration_id=w.sandbox.books.company["administratieIdentifier"].upper())
        await w.book(drafts.sale(), right)


async def test_two_administrations_have_their_own_ids(world: Any, drafts: Any) -> None:
    async with world() as w:
        second = w.reopened(client_key=w.sandbox.administrations[1].client_key)
        one = await w.book(drafts.sale())
        two = await w.book(drafts.sale(), second)
        assert one.id != two.id
        assert len(w.sandbox.administrations[1].records["bookings"]) == 1


@pytest.mark.parametrize("fault", ["lost_reply", "502", "truncated"])
async def test_an_unanswered_write_is_unknown_and_found_by_look_up(world: Any, drafts: Any, fault: str) -> None:
    async with world() as w:
        customer = await w.target.create_customer(drafts.customer())
        w.sandbox.faults.add(fault, "createBooking", times=1)
        with pytest.raises(OutcomeUnknown):
            await w.target.book(drafts.sale(), customer, {})
        assert w.calls("createBooking") == 1
        assert len(await w.target.find_bookings([drafts.sale().reference])) == 1


async def test_each_key_is_told_apart(world: Any, drafts: Any) -> None:
    async with world() as w:
        with pytest.raises(SignInNeeded) as caught:
            await w.reopened(client_key="wrong").find_bookings(["1"])
        assert caught.value.code == "snelstart.client-key"
        with pytest.raises(SignInNeeded) as caught:
            await w.reopened(subscription_key="wrong").find_bookings(["1"])
        assert caught.value.code == "snelstart.subscription-key"
        assert w.calls("token") == 2


async def test_a_revoked_token_is_replaced_once_even_for_a_write(world: Any, drafts: Any) -> None:
    async with world() as w:
        customer = await w.target.create_customer(drafts.customer())
        w.sandbox.sign_in.revoke_tokens()
        await w.target.book(drafts.sale(), customer, {})
        assert len(w.sandbox.books.records["bookings"]) == 1
        assert w.calls("token") == 2
        w.sandbox.sign_in.regenerate(w.sandbox.books, "another")
        with pytest.raises(SignInNeeded):
            await w.target.find_bookings(["1"])


async def test_a_missing_right_is_named(world: Any, drafts: Any) -> None:
    rights = "settings:read,relaties:read,relaties:write,boekhouden:read,orders:read"
    async with world(switches={"scopes": rights}) as w:
        with pytest.raises(Misconfigured) as caught:
            await w.book(drafts.sale())
        assert "boekhouden:write" in caught.value.message
        errors = [finding for finding in await w.target.check() if finding.level == "error"]
        assert any("boekhouden:write" in finding.message for finding in errors)


@pytest.mark.parametrize("variant", ["", "bare", "quota"])
async def test_limits_are_never_broken_and_used_up(world: Any, drafts: Any, variant: str) -> None:
    product = "ontwikkeling-en-test"
    async with world(switches={"product": product, "throttle": variant}, limits=True, product=product) as w:
        start = w.clock.monotonic()
        for number in range(250):
            await w.target.find_bookings([f"{number}"])
        assert not w.sandbox.journal.over_limit()
        assert w.clock.monotonic() - start < 2.2 * 60
        w.sandbox.faults.add("429", "listInvoices", times=1)
        await w.target.find_bookings(["again"])


async def test_no_more_calls_at_once_than_are_allowed(world: Any) -> None:
    product = "ontwikkeling-en-test"
    async with world(switches={"product": product, "slow": "1"}, limits=True, product=product) as w:
        await w.target.find_bookings(["x"])
        async with anyio.create_task_group() as tasks:
            for number in range(20):
                tasks.start_soon(w.target.find_bookings, [f"{number}"])
        assert w.sandbox.peak == 5
        assert {call.status for call in w.sandbox.journal.calls} == {200}


async def test_garbage_for_a_read_is_temporary(world: Any) -> None:
    async with world() as w:
        w.sandbox.faults.add("garbage", "listInvoices")
        with pytest.raises(RetryLater):
            await w.target.find_bookings(["1"])


async def test_unknown_fields_and_values_are_tolerated(world: Any, drafts: Any) -> None:
    async with world(switches={"extra": "1"}) as w:
        w.sandbox.books.ledger(8000)["grootboekfunctie"] = "IetsNieuws"
        await w.book(drafts.sale())


async def test_only_euros(world: Any, drafts: Any) -> None:
    async with world() as w:
        assert w.target.traits.currencies == frozenset({"EUR"})
        with pytest.raises(Refused):
            w.target.refuses(drafts.sale(currency="SEK"))


async def test_booking_needs_no_waiting_and_orders_do(world: Any) -> None:
    async with world() as w:
        assert w.target.traits.recheck_after == timedelta(0)
        assert w.reopened(mode="order").traits.recheck_after == timedelta(seconds=60)
        assert w.reopened(mode="order").traits.needs_articles
