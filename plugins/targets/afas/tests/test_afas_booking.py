"""Orders, relations and articles through the front door, against the sandbox."""

from datetime import date
from decimal import Decimal

import pytest

from koppel.booking.draft import Draft, DraftKind
from koppel.errors import CustomerGone, Misconfigured, OutcomeUnknown, Refused, RetryLater, SignInNeeded
from koppel.model import Address, LineKind
from koppel.vat.treatment import Treatment
from koppel_afas.sandbox import APP_TOKEN

from .conftest import Opener, World
from .drafts import collective, customer, draft, line

pytestmark = pytest.mark.anyio

ELSEWHERE = Address(name="Piet Peters", lines=("Kade 5b",), postcode="3011AA", city="Rotterdam", country="NL")


async def ensured(world: World, order: Draft) -> tuple[str, dict[str, str]]:
    """What the flow does before it books: relation and articles exist."""
    found = dict(await world.target.find_customers([order.customer]))
    debtor = found.get(order.customer.identity) or await world.target.create_customer(order.customer)
    codes = {world.target.article_code(each): each for each in order.lines}
    articles = dict(await world.target.find_articles(list(codes)))
    for code, each in codes.items():
        if code not in articles:
            articles[code] = await world.target.create_article(each)
    return debtor, articles


async def booked(world: World, order: Draft) -> str:
    world.target.refuses(order)
    return (await world.target.book(order, *await ensured(world, order))).id


async def test_order_is_booked_to_the_cent_and_found_again(world: Opener) -> None:
    async with world() as w:
        order = draft(line("10.99", quantity="1"), line("4.95", code="Shipment", kind=LineKind.SHIPPING))
        result = await w.target.book(order, *await ensured(w, order))
        assert result.total == Decimal("15.94")
        assert result.note == ""
        again = await w.target.find_bookings(["ONBEKEND", order.reference])
        assert list(again) == [order.reference]
        assert (again[order.reference].id, again[order.reference].total) == (result.id, Decimal("15.94"))
        assert again[order.reference].date == order.document_date
        entry = next(w.sandbox.journal.of("booking"))
        assert (entry.reference, entry.amount) == (order.reference, Decimal("15.94"))
        stored = w.sandbox.books.orders[result.id].fields
        assert (stored["Unit"], stored["JoCo"], stored["War"], stored["VaDu"], stored["InVa"]) == (
            1,
            "70",
            "01",
            "1",
            True,
        )


async def test_classic_token_signs_in_too(world: Opener) -> None:
    async with world(settings={"client_id": "", "client_secret": "", "app_token": APP_TOKEN}) as w:
        assert await booked(w, draft())


async def test_expired_access_token_is_renewed(world: Opener) -> None:
    async with world() as w:
        await w.target.find_bookings(["A"])
        w.sandbox.door.revoke()
        assert await w.target.find_bookings(["A"]) == {}
        assert w.sandbox.journal.count("token") == 2


async def test_wrong_secret_asks_for_a_person(world: Opener) -> None:
    async with world(settings={"client_secret": "wrong"}) as w:
        with pytest.raises(SignInNeeded, match="client"):
            await w.target.find_bookings(["A"])


async def test_known_customer_is_used_and_never_changed(world: Opener) -> None:
    async with world() as w:
        first = await w.target.create_customer(customer())
        other = customer(first_name="Johannes", phone="+31209999999", address=None)
        assert await w.target.find_customers([other]) == {other.identity: first}
        upper = customer(email="JAN@Example.com")
        assert await w.target.find_customers([upper]) == {upper.identity: first}
        second = await w.target.create_customer(customer(identity="email:b@example.com", email="b@example.com"))
        assert second != first
        assert len(w.sandbox.books.parties) == 2
        assert all(party.changes == 0 for party in w.sandbox.books.parties.values())


async def test_blocked_relations_do_not_count_and_the_lowest_number_wins(world: Opener) -> None:
    async with world() as w:
        numbers = [await w.target.create_customer(customer()) for _ in range(3)]
        w.sandbox.books.relations[numbers[0]].fields["Bl"] = True
        assert await w.target.find_customers([customer()]) == {"email:jan@example.com": numbers[1]}


async def test_private_email_counts_where_the_connector_shows_it(world: Opener) -> None:
    async with world() as w:
        number = await w.target.create_customer(customer())
        fields = w.sandbox.books.relations[number].party.fields
        fields["EmA2"] = fields.pop("EmAd")
        assert await w.target.find_customers([customer()]) == {"email:jan@example.com": number}


async def test_business_without_email_is_found_by_its_vat_number(world: Opener) -> None:
    async with world() as w:
        business = customer(identity="vat:DE123456789", email=None, company="Muster GmbH", vat_id="DE123456789")
        number = await w.target.create_customer(business)
        assert await w.target.find_customers([business, customer()]) == {"vat:DE123456789": number}


async def test_delivery_address_is_text_where_no_address_may_be_added(world: Opener) -> None:
    async with world(deny="KnPerson") as w:
        stored = w.sandbox.books.orders[await booked(w, draft(delivery=ELSEWHERE))]
        assert (stored.fields.get("DlAd"), stored.fields["ExAd"]) == (
            None,
            "Piet Peters, Kade 5b, 3011AA Rotterdam, NL",
        )


async def test_order_that_the_look_up_does_not_show_is_told(world: Opener) -> None:
    async with world(settings={"connectors": {"orders": "Profit_Salesorders"}}) as w:
        order = draft()
        debtor, articles = await ensured(w, order)
        w.sandbox.hidden = {"Profit_Salesorders"}
        assert "rights" in (await w.target.book(order, debtor, articles)).note


async def test_many_customers_take_few_calls(world: Opener) -> None:
    async with world() as w:
        people = [
            customer(identity=f"email:{index}", email=f"{'x' * 40}{index}@marketplace.amazon.nl") for index in range(40)
        ]
        numbers = {each.identity: await w.target.create_customer(each) for each in people}
        before = w.sandbox.journal.count("Koppeling_Verkooprelaties")
        assert await w.target.find_customers(people) == numbers
        assert w.sandbox.journal.count("Koppeling_Verkooprelaties") - before <= 6
        assert all(call.status == 200 for call in w.sandbox.journal.calls if call.operation.startswith("Koppeling"))


async def test_collective_debtor_by_number_and_by_name(world: Opener) -> None:
    async with world() as w:
        number = await w.target.create_customer(collective())
        assert await w.target.find_customers([collective()]) == {"collective:amazon": number}
        assert await w.target.find_customers([collective(code=number)]) == {"collective:amazon": number}
        with pytest.raises(Refused, match="99999"):
            await w.target.create_customer(collective(code="99999"))


async def test_existing_article_keeps_its_unit(world: Opener) -> None:
    async with world() as w:
        await w.target.create_article(line())
        article = w.sandbox.books.articles["sku-1"]
        article.fields["BiUn"] = "DOOS"
        assert await w.target.find_articles(["sku-1", "NIEUW"]) == {"sku-1": "SKU-1"}
        order = w.sandbox.books.orders[await booked(w, draft())]
        assert order.lines[0].fields["BiUn"] == "DOOS"


async def test_article_unit_is_looked_up_when_the_link_was_remembered(world: Opener) -> None:
    async with world() as w:
        debtor, articles = await ensured(w, draft())
        w.sandbox.books.articles["sku-1"].fields["BiUn"] = "DOOS"
        result = await w.reopened().book(draft(), debtor, articles)
        assert w.sandbox.books.orders[result.id].lines[0].fields["BiUn"] == "DOOS"


async def test_delivery_address_is_added_once(world: Opener) -> None:
    async with world() as w:
        first = w.sandbox.books.orders[await booked(w, draft(delivery=ELSEWHERE, reference="A"))]
        second = w.sandbox.books.orders[await booked(w, draft(delivery=ELSEWHERE, reference="B"))]
        assert first.fields["DlAd"] == second.fields["DlAd"]
        assert first.fields["ExAd"] == "Piet Peters"
        assert w.sandbox.journal.count("KnPerson.contact") == 1
        party = next(iter(w.sandbox.books.parties.values()))
        assert (len(party.deliveries), party.changes) == (1, 0)


async def test_delivery_address_of_a_company_without_our_own_connectors(world: Opener) -> None:
    async with world(deny="Koppeling_Verkooprelaties,Koppeling_Afleveradressen") as w:
        order = draft(customer=customer(company="Voorbeeld B.V.", name="Voorbeeld B.V."), delivery=ELSEWHERE)
        stored = w.sandbox.books.orders[await booked(w, order)]
        assert stored.fields["DlAd"]
        person = draft(customer=customer(identity="email:p", email="p@example.com"), delivery=ELSEWHERE, reference="P")
        assert w.sandbox.books.orders[await booked(w, person)].fields["DlAd"]


async def test_collective_debtor_gets_no_addresses(world: Opener) -> None:
    async with world() as w:
        stored = w.sandbox.books.orders[await booked(w, draft(customer=collective(), delivery=ELSEWHERE))]
        assert stored.fields.get("DlAd") is None
        assert stored.fields["ExAd"] == "Piet Peters, Kade 5b, 3011AA Rotterdam, NL"
        assert w.sandbox.journal.count("KnOrganisation.contact") == 0


async def test_lost_reply_is_unknown_and_the_look_up_finds_it(world: Opener) -> None:
    async with world() as w:
        order = draft()
        debtor, articles = await ensured(w, order)
        w.sandbox.faults.add("lost_reply", "FbSales", times=1)
        with pytest.raises(OutcomeUnknown):
            await w.target.book(order, debtor, articles)
        assert list(await w.target.find_bookings([order.reference])) == [order.reference]
        assert not w.sandbox.journal.duplicates("booking")


@pytest.mark.parametrize("fault", ["500", "502"])
async def test_bare_server_error_proves_nothing(world: Opener, fault: str) -> None:
    async with world() as w:
        debtor, articles = await ensured(w, draft())
        w.sandbox.faults.add(fault, "FbSales", times=1)
        with pytest.raises(OutcomeUnknown):
            await w.target.book(draft(), debtor, articles)


async def test_maintenance_is_told_with_its_end(world: Opener) -> None:
    async with world() as w:
        debtor, articles = await ensured(w, draft())
        w.sandbox.faults.add("429", "FbSales", times=1)
        with pytest.raises(RetryLater) as error:
            await w.target.book(draft(), debtor, articles)
        assert error.value.not_before is not None


async def test_two_orders_with_one_reference_are_told(world: Opener) -> None:
    async with world() as w:
        first = await booked(w, draft())
        second = await booked(w, draft())
        found = (await w.target.find_bookings([draft().reference]))[draft().reference]
        assert found.id == first
        assert second in found.note


async def test_removed_debtor_is_told_apart(world: Opener) -> None:
    async with world() as w:
        _, articles = await ensured(w, draft())
        with pytest.raises(CustomerGone):
            await w.target.book(draft(), "4711", articles)


async def test_missing_book_year_is_named_and_retry_works(world: Opener) -> None:
    async with world(years="2025-2026") as w:
        order = draft(document_date=date(2027, 1, 2), tax_date=date(2027, 1, 2))
        debtor, articles = await ensured(w, order)
        with pytest.raises(Refused, match="Open book year 2027"):
            await w.target.book(order, debtor, articles)
        assert w.sandbox.journal.count("FbSales") == 0
        w.sandbox.books.years = range(2025, 2028)
        w.clock.advance(60)
        assert (await w.target.book(order, debtor, articles)).number


async def test_closed_year_is_told_by_afas_where_periods_are_not_granted(world: Opener) -> None:
    async with world(closed="2026", deny="Profit_periods_per_administration") as w:
        with pytest.raises(Refused, match="Open book year 2026"):
            await booked(w, draft())


async def test_wrong_setting_is_named(world: Opener) -> None:
    async with world(settings={"warehouse": "99"}) as w:
        with pytest.raises(Misconfigured, match="warehouse"):
            await booked(w, draft())


async def test_autonumbering_that_is_off_is_named(world: Opener) -> None:
    async with world() as w:
        debtor, articles = await ensured(w, draft())
        w.sandbox.options.switches["autonumber"] = "off"  # type: ignore[index]  # the test's own dict
        with pytest.raises(Misconfigured, match="automatic numbering"):
            await w.target.book(draft(), debtor, articles)


async def test_wrong_vat_is_noted(world: Opener) -> None:
    async with world() as w:
        w.target.refuses(draft(line(vat_code="NL9")))
        order = draft(line(vat_code="NL9"))
        result = await w.target.book(order, *await ensured(w, order))
        assert result.total == order.total
        assert "check VAT groups" in result.note


async def test_supply_without_vat_and_credit_in_another_currency(world: Opener) -> None:
    async with world() as w:
        sale = draft(line("100.00", rate="0", vat_code="", treatment=Treatment.ICS), reference="ICS")
        assert (await w.target.book(sale, *await ensured(w, sale))).note == ""
        credit = draft(
            line("-59.97", quantity="-3", vat_code="NL21"), reference="R-1", kind=DraftKind.CREDIT, currency="SEK"
        )
        result = await w.target.book(credit, *await ensured(w, credit))
        assert result.total == Decimal("-59.97")
        assert w.target.traits.currencies is None


async def test_known_orders_take_hardly_more_than_one_call(world: Opener) -> None:
    async with world() as w:
        orders = [draft(reference=f"302-{index}") for index in range(40)]
        debtor, articles = await ensured(w, orders[0])
        before = len(w.sandbox.journal.calls)
        assert await w.target.find_bookings([order.reference for order in orders]) == {}
        for order in orders:
            await w.target.book(order, debtor, articles)
        assert len(w.sandbox.journal.calls) - before <= 44 + 2
        assert w.sandbox.journal.total("booking") == Decimal(40 * 121)


async def test_without_our_own_connectors_the_standard_ones_do(world: Opener) -> None:
    ours = "Koppeling_Orders,Koppeling_Orderregels,Koppeling_Verkooprelaties,Koppeling_Artikelen"
    async with world(deny=ours) as w:
        await booked(w, draft())
        assert draft().reference in await w.target.find_bookings([draft().reference])
        assert w.sandbox.journal.count("Profit_Salesorders")


async def test_a_connector_of_the_customers_own(world: Opener) -> None:
    changes = {
        "connectors": {"orders": "Profit_SalesorderLines"},
        "fields": {"orders": {"total": "AmtTotal", "number": "OrderNumber"}},
    }
    async with world(settings=changes) as w:
        await booked(w, draft())
        found = await w.target.find_bookings([draft().reference])
        assert found[draft().reference].total == Decimal("121.00")


async def test_references_with_commas_are_found(world: Opener) -> None:
    async with world() as w:
        await booked(w, draft(reference="A,B;C"))
        assert list(await w.target.find_bookings(["A,B;C", "A", "B"])) == ["A,B;C"]


async def test_json_of_before_profit_7_is_read(world: Opener) -> None:
    async with world(format="6") as w:
        order = draft(line("0.50"))
        assert (await w.target.book(order, *await ensured(w, order))).total == Decimal("0.50")


async def test_pages_smaller_than_asked_hide_nothing(world: Opener) -> None:
    """AFAS may give fewer rows at a time than were asked for: what is booked already must be seen all the same."""
    async with world(page="2") as w:
        references = [f"ORD-{number}" for number in range(5)]
        for reference in references:
            await booked(w, draft(reference=reference))
        assert sorted(await w.target.find_bookings(references)) == references


async def test_shared_articles_are_not_named_after_one_order(world: Opener) -> None:
    async with world() as w:
        discount = line("-1.00", code="Discount", kind=LineKind.DISCOUNT, title="Korting Lamp, groot")
        await booked(w, draft(line("10.99"), discount))
        assert w.sandbox.books.articles["discount"].fields["Ds"] == "Korting"
