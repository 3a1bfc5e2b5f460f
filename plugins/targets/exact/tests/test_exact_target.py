"""The target over a real socket against the sandbox: what a bookkeeper sees in the end."""

import itertools
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import anyio
import msgspec
import pytest

from koppel.booking.draft import CustomerKind, Draft, DraftCustomer, DraftKind, DraftLine
from koppel.model import Address, LineKind
from koppel.plugin import (
    AlreadyExists,
    BooksOrders,
    CustomerGone,
    HasArticles,
    HasCustomers,
    Misconfigured,
    OffersChoices,
    OutcomeUnknown,
    Refused,
    RetryLater,
    SignInNeeded,
    Target,
    UpdatesBookings,
)
from koppel_exact import koppel_target
from koppel_exact.sandbox import seed

pytestmark = pytest.mark.anyio
Opened = Callable[..., AbstractAsyncContextManager[Any]]
Drafts = Callable[..., Draft]
Line = Callable[..., DraftLine]


async def book(at: Any, draft: Draft) -> Any:
    customer = await at.customer(draft.customer)
    articles: dict[str, str] = await at.articles(draft) if at.target.traits.needs_articles else {}
    return await at.target.book(draft, customer, articles)


def rows(at: Any, path: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = at.sandbox.books.rows[path]
    return found


async def test_the_target_offers_what_it_declares(world: Opened) -> None:
    spec = koppel_target()
    assert (spec.name, spec.title) == ("exact", "Exact Online")
    async with world() as at:
        assert at.target.traits.parallel == 1
        offered = (Target, BooksOrders, HasCustomers, HasArticles, OffersChoices)
        assert all(isinstance(at.target, capability) for capability in offered)
        assert not isinstance(at.target, UpdatesBookings)


async def test_an_order_with_all_that_belongs_to_it(world: Opened, draft: Drafts) -> None:
    kade = Address(name="Piet Jansen", lines=("Kade 2",), postcode="1011 AA", city="Amsterdam", country="NL")
    async with world(warehouse="1") as at:
        own = draft(delivery=kade, remarks="Bel aan")
        booked = await book(at, own)
        assert (booked.total, booked.number, booked.date) == (own.total, "1", date(2026, 11, 20))
        order = rows(at, "salesorder/SalesOrders")[0]
        assert (order["YourRef"], order["Remarks"], order["PaymentCondition"]) == (own.reference, "Bel aan", "30")
        address = at.sandbox.books.find("crm/Addresses", "ID", order["DeliveryAddress"])
        assert (address["AddressLine1"], address["AddressLine2"], address["Type"]) == ("Piet Jansen", "Kade 2", 4)
        account = at.sandbox.books.find("crm/Accounts", "ID", order["OrderedBy"])
        assert (account["Email"], account["Status"], account["Code"]) == ("jan@example.test", "C", " " * 17 + "1")
        contact = rows(at, "crm/Contacts")[0]
        assert (contact["FirstName"], contact["LastName"], contact["Account"]) == ("Jan", "de Vries", account["ID"])
        shipping = at.sandbox.books.find("logistics/Items", "Code", "Shipment")
        assert shipping["IsStockItem"] is False
        assert at.sandbox.journal.total("booking") == own.total
        assert await at.target.find_bookings([own.reference, "other"]) == {own.reference: booked}


@pytest.mark.parametrize(("document", "code", "ledger"), [("sales_invoice", "1", "8000"), ("sales_entry", "2", "8000")])
async def test_invoices_and_entries(
    world: Opened, draft: Drafts, line: Line, document: str, code: str, ledger: str
) -> None:
    async with world(document=document, journal="70") as at:
        own = draft(line("19.99", quantity="1", vat_code=code, ledger=ledger), line(vat_code=code, ledger=ledger))
        booked = await book(at, own)
        assert booked.total == own.total == Decimal("69.89")
        assert await at.target.find_bookings([own.reference]) == {own.reference: booked}
        assert at.sandbox.journal.duplicates("booking") == {}


async def test_a_credit_is_negative(world: Opened, draft: Drafts, line: Line) -> None:
    async with world(document="sales_invoice", journal="70") as at:
        back = draft(line("-49.90", quantity="-2"), kind=DraftKind.CREDIT, reference="C-1")
        assert (await book(at, back)).total == Decimal("-49.90")


async def test_an_excluding_code_that_misses_a_cent_is_refused_before_anything_is_written(
    world: Opened, draft: Drafts, line: Line
) -> None:
    kade = Address(lines=("Kade 2",), city="Amsterdam", country="NL")
    async with world() as at:
        exact = draft(line("121.00", quantity="1", vat_code="2"))
        assert (await book(at, exact)).total == Decimal("121.00")
        bad = draft(line("0.02", quantity="1", vat_code="2"), line("0.03", quantity="1", vat_code="2"), delivery=kade)
        with pytest.raises(Refused) as error:
            await book(at, bad)
        assert error.value.code == "exact.vat-cent"
        assert not rows(at, "crm/Addresses")
        assert len(rows(at, "salesorder/SalesOrders")) == 1


async def test_forty_look_ups_cost_one_call(world: Opened, draft: Drafts, buyer: DraftCustomer) -> None:
    async with world() as at:
        customer = await at.customer()
        own = draft(reference="R-0'x")
        articles = await at.articles(own)
        await at.target.book(own, customer, articles)
        await at.target.book(draft(reference="R-1"), customer, articles)
        before = len(at.sandbox.journal.calls)
        references = ["R-0'x", *(f"R-{number}" for number in range(1, 40))]
        assert set(await at.target.find_bookings(references)) == {"R-0'x", "R-1"}
        buyers = [msgspec.structs.replace(buyer, identity=str(n), email=f"j+{n}@example.test") for n in range(39)]
        assert await at.target.find_customers([*buyers, buyer]) == {buyer.identity: customer}
        assert set(await at.target.find_articles([f"A{n}" for n in range(39)] + ["Shipment"])) == {"Shipment"}
        assert len(at.sandbox.journal.calls) == before + 3


async def test_one_call_an_order(world: Opened, draft: Drafts) -> None:
    async with world() as at:
        customer, articles = await at.customer(), await at.articles(draft())
        await at.target.book(draft(reference="first"), customer, articles)
        before = len(at.sandbox.journal.calls)
        for number in range(20):
            await at.target.book(draft(reference=f"R-{number}"), customer, articles)
        assert len(at.sandbox.journal.calls) == before + 20


@pytest.mark.parametrize("fault", ["lost_reply", "502", "500", "garbage", "truncated", "reset"])
async def test_after_a_fault_only_a_look_up_tells(world: Opened, draft: Drafts, fault: str) -> None:
    async with world() as at:
        own = draft()
        customer, articles = await at.customer(), await at.articles(own)
        at.sandbox.faults.add(fault, "POST salesorder/SalesOrders", times=1)
        with pytest.raises(OutcomeUnknown):
            await at.target.book(own, customer, articles)
        done = fault in ("lost_reply", "502", "truncated")
        assert set(await at.target.find_bookings([own.reference])) == ({own.reference} if done else set())
        assert len(rows(at, "salesorder/SalesOrders")) == done


async def test_a_look_up_that_tells_no_id_is_not_an_empty_one(world: Opened, draft: Drafts) -> None:
    async with world() as at:
        own = draft()
        await book(at, own)
        rows(at, "salesorder/SalesOrders")[0]["OrderID"] = None
        with pytest.raises(RetryLater):
            await at.target.find_bookings([own.reference])


@pytest.mark.parametrize("fault", ["lost_reply", "502", "500", "garbage", "reset"])
async def test_a_fault_at_the_delivery_address_books_nothing(world: Opened, draft: Drafts, fault: str) -> None:
    async with world() as at:
        own = draft(delivery=Address(lines=("Kade 2",), city="Amsterdam", country="NL"))
        customer, articles = await at.customer(), await at.articles(own)
        at.sandbox.faults.add(fault, "POST crm/Addresses", times=1)
        with pytest.raises(RetryLater):
            await at.target.book(own, customer, articles)
        await at.target.book(own, customer, articles)
        assert len(rows(at, "crm/Addresses")) == 1
        assert len(rows(at, "salesorder/SalesOrders")) == 1


async def test_a_total_that_differs_is_reported(world: Opened, draft: Drafts, line: Line) -> None:
    """The vendor may drop a line silently: the total that is told is the one that stands there."""
    async with world(switches={"silent_drop": "yes"}, document="sales_entry", journal="70") as at:
        own = draft(line(vat_code="2", ledger="8000"), line("10.00", quantity="1", vat_code="2", ledger="8010"))
        customer = await at.customer()
        ledgers = at.sandbox.books.rows["financial/GLAccounts"]
        await at.target.book(draft(*own.lines, reference="first"), customer, {})
        ledgers[:] = [ledger for ledger in ledgers if ledger["Code"] != "8010"]
        booked = await at.target.book(own, customer, {})
        assert booked.total == Decimal("49.90") != own.total


@pytest.mark.parametrize("language", ["nl", "en"])
async def test_a_missing_book_year_is_named_and_retry_succeeds(
    world: Opened, draft: Drafts, line: Line, language: str
) -> None:
    switches = {"language": language, "closed": "2026-01"}
    async with world(switches=switches, document="sales_entry", journal="70") as at:
        own = draft(line(vat_code="2", ledger="8000"), day=date(2027, 1, 2))
        with pytest.raises(Refused) as error:
            await book(at, own)
        assert error.value.code == "exact.year-missing"
        assert "2027" in error.value.suggestion
        seed.add_year(at.sandbox.books, 2027)
        assert (await book(at, own)).total == own.total
        closed = draft(line(vat_code="2", ledger="8000"), day=date(2026, 1, 31), reference="closed")
        with pytest.raises(Refused) as shut:
            await book(at, closed)
        assert shut.value.code == "exact.period-closed"
        assert "2026" in shut.value.suggestion
        at.sandbox.ledger.closed.clear()
        assert (await book(at, closed)).total == closed.total


@pytest.mark.parametrize("language", ["nl", "en"])
async def test_a_relation_that_is_gone_is_told(world: Opened, draft: Drafts, language: str) -> None:
    async with world(switches={"language": language}) as at:
        own = draft()
        customer, articles = await at.customer(), await at.articles(own)
        account = at.sandbox.books.find("crm/Accounts", "ID", customer)
        account["Status"] = "P"
        with pytest.raises(CustomerGone):
            await at.target.book(own, customer, articles)
        assert await at.target.find_customers([own.customer]) == {}
        rows(at, "crm/Accounts").clear()
        with pytest.raises(CustomerGone):
            await at.target.book(own, customer, articles)


async def test_a_403_may_mean_that_the_relation_is_no_customer(world: Opened, draft: Drafts) -> None:
    async with world(switches={"no_right": "salesorder/SalesOrders"}) as at:
        own = draft()
        customer, articles = await at.customer(), await at.articles(own)
        with pytest.raises(Misconfigured):
            await at.target.book(own, customer, articles)
        rows(at, "crm/Accounts")[0]["Blocked"] = True
        with pytest.raises(CustomerGone):
            await at.target.book(own, customer, articles)


async def test_an_article_that_is_gone_is_no_missing_relation(world: Opened, draft: Drafts) -> None:
    async with world() as at:
        own = draft()
        customer, articles = await at.customer(), await at.articles(own)
        rows(at, "logistics/Items").clear()
        with pytest.raises(Refused) as error:
            await at.target.book(own, customer, articles)
        assert not isinstance(error.value, CustomerGone)


async def test_existing_relations_and_articles_are_used_and_never_changed(
    world: Opened, draft: Drafts, buyer: DraftCustomer
) -> None:
    async with world() as at:
        own = draft()
        first, articles = await at.customer(), await at.articles(own)
        before = [dict(row) for path in ("crm/Accounts", "logistics/Items") for row in rows(at, path)]
        moved = msgspec.structs.replace(buyer, name="J. de Vries", email="JAN@EXAMPLE.test", phone="1")
        again = await at.target.find_customers([moved])
        assert again == {buyer.identity: first}
        assert await at.articles(own) == articles
        with pytest.raises(AlreadyExists):
            await at.target.create_article(own.lines[0])
        assert before == [dict(row) for path in ("crm/Accounts", "logistics/Items") for row in rows(at, path)]


async def test_collective_debtors(world: Opened) -> None:
    coded = DraftCustomer(identity="c:1", kind=CustomerKind.COLLECTIVE, name="Amazon klanten", code="5000")
    named = DraftCustomer(identity="c:2", kind=CustomerKind.COLLECTIVE, name="Amazon's klanten DE")
    async with world() as at:
        assert await at.target.find_customers([coded, named]) == {}
        ids = [await at.target.create_customer(coded), await at.target.create_customer(named)]
        assert rows(at, "crm/Accounts")[0]["Code"] == "5000".rjust(18)
        assert not rows(at, "crm/Contacts")
        assert await at.target.find_customers([coded, named]) == {"c:1": ids[0], "c:2": ids[1]}


async def test_a_lost_contact_does_not_lose_the_relation(world: Opened, buyer: DraftCustomer) -> None:
    async with world() as at:
        at.sandbox.faults.add("reset", "POST crm/Contacts", times=1)
        made = await at.target.create_customer(buyer)
        assert await at.target.find_customers([buyer]) == {buyer.identity: made}


async def test_two_shop_codes_never_share_an_item(world: Opened, line: Line) -> None:
    async with world() as at:
        made = await at.target.create_article(line(code="AB-1"))
        assert rows(at, "logistics/Items")[0]["SearchCode"] == "AB-1"
        other = at.open("later")
        assert other.article_code(line(code="A-B1")) == "AB1"
        assert await other.find_articles(["AB1"]) == {}
        with pytest.raises(Refused, match="AB-1"):
            await other.create_article(line(code="A-B1"))
        third = at.open("third")
        assert third.article_code(line(code="AB-1")) == "AB1"
        assert await third.find_articles(["AB1"]) == {"AB1": made}


async def test_choices(world: Opened) -> None:
    async with world() as at:
        for kind in koppel_target().choices:
            assert await at.target.choices(kind), kind
        vat_codes = {choice.code: choice for choice in await at.target.choices("vat_codes")}
        assert vat_codes["1"].hint == "21 %, including"
        assert vat_codes["DEJ"].hint == "19 %, including, OSS DE"
        assert len(vat_codes) > 60
        assert [choice.code for choice in await at.target.choices("journals")] == ["70"]


async def test_a_check_without_findings(world: Opened) -> None:
    async with world(switches={"years": "2026,2027"}) as at:
        found = await at.target.check()
        assert {finding.level for finding in found} == {"ok"}
        assert {finding.subject for finding in found} >= {"sign-in", "administration", "limits", "rights", "book year"}


async def test_a_check_warns_of_the_next_year(world: Opened) -> None:
    for start, level in ((datetime(2026, 12, 20, 12, tzinfo=UTC), "warning"), (datetime(2026, 9, 1, tzinfo=UTC), "ok")):
        async with world(start=start) as at:
            found = [finding for finding in await at.target.check() if finding.subject == "book year"]
            assert [finding.level for finding in found] == [level]
    async with world(switches={"years": "2024"}) as at:
        assert ("book year", "error") in [(one.subject, one.level) for one in await at.target.check()]


@pytest.mark.parametrize(
    ("changes", "switches", "subject"),
    [
        ({"payment_condition": "99"}, {}, "payment condition"),
        ({"item_group": "X"}, {}, "item group"),
        ({"document": "sales_entry", "journal": "20"}, {}, "journal"),
        ({"currencies": ["EUR", "JPY"]}, {}, "currency"),
        ({}, {"no_right": "salesorder/SalesOrders"}, "rights"),
        ({}, {"no_scope": "financial.accounting"}, "vat codes"),
        ({"division": 999}, {}, "administration"),
        ({"client_secret": "wrong"}, {}, "sign-in"),
    ],
)
async def test_a_check_finds_what_is_wrong(
    world: Opened, changes: dict[str, Any], switches: dict[str, str], subject: str
) -> None:
    async with world(switches=switches, **changes) as at:
        found = await at.target.check()
        assert subject in [finding.subject for finding in found if finding.level == "error"]
        assert all(finding.suggestion for finding in found if finding.level == "error")


async def test_the_570_second_rule_over_a_day(world: Opened) -> None:
    async with world() as at:
        for _ in range(60):
            await at.target.find_bookings(["x"])
            at.clock.advance(137)
        tokens = [call for call in at.sandbox.journal.calls if call.operation == "token"]
        assert {call.status for call in at.sandbox.journal.calls} == {200}
        gaps = [later.at - earlier.at for earlier, later in itertools.pairwise(tokens)]
        assert len(gaps) >= 10
        assert min(gaps) >= timedelta(seconds=570)
        assert at.stores.saved[-1].refresh == at.sandbox.oauth.refresh_token


async def test_connections_of_an_app_share_one_token_and_one_order(world: Opened) -> None:
    async with world() as at:
        other = at.open("winkel-2", document="sales_entry", journal="70")
        at.sandbox.faults.add("slow", "GET *", times=6, seconds=3.0)
        async with anyio.create_task_group() as tasks:
            for target in (at.target, other, at.target, other):
                tasks.start_soon(target.find_bookings, ["x"])
                tasks.start_soon(target.find_articles, ["x"])
        assert at.sandbox.journal.count("token") == 1
        assert at.sandbox.overlaps == 0


async def test_a_lost_token_answer_needs_consent_again(world: Opened) -> None:
    async with world() as at:
        at.sandbox.faults.add("lost_reply", "token", times=1)
        with pytest.raises(RetryLater) as lost:
            await at.target.find_bookings(["x"])
        assert lost.value.not_before is not None
        at.clock.advance(600)
        with pytest.raises(SignInNeeded):
            await at.target.find_bookings(["x"])
        assert at.sandbox.journal.count("token") == 2


async def test_limits_are_kept_and_used(world: Opened) -> None:
    async with world() as at:
        start = at.clock.monotonic()
        for _ in range(200):
            await at.target.find_bookings(["x"])
        assert not at.sandbox.journal.over_limit()
        assert at.clock.monotonic() - start <= 240


async def test_the_daily_limit_waits_for_midnight_utc(world: Opened) -> None:
    async with world(switches={"per_day": "5"}) as at:
        for _ in range(5):
            await at.target.find_bookings(["x"])
        with pytest.raises(RetryLater) as error:
            await at.target.find_bookings(["x"])
        assert error.value.not_before is not None
        assert error.value.not_before >= datetime(2026, 11, 22, tzinfo=UTC)
        assert not at.sandbox.journal.over_limit()


async def test_the_brake_stops_before_the_vendor_blocks(world: Opened, draft: Drafts) -> None:
    async with world(switches={"no_right": "salesorder/SalesOrders"}) as at:
        own = draft()
        customer, articles = await at.customer(), await at.articles(own)
        other = at.open("winkel-2")
        kinds: list[type] = []
        for number in range(12):
            try:
                await (other if number % 2 else at.target).book(own, customer, articles)
            except (Misconfigured, RetryLater) as error:
                kinds.append(type(error))
        assert kinds == [Misconfigured] * 6 + [RetryLater] * 6
        assert at.sandbox.errors.blocks == 0
        at.clock.advance(3601)
        with pytest.raises(Misconfigured):
            await at.target.book(own, customer, articles)


async def test_everything_in_another_currency(world: Opened, draft: Drafts) -> None:
    async with world(currencies=["EUR", "SEK"]) as at:
        assert at.target.traits.currencies == {"EUR", "SEK"}
        booked = await book(at, draft(currency="SEK"))
        assert booked.total == Decimal("54.85")
        assert next(at.sandbox.journal.of("booking")).currency == "SEK"


async def test_a_journal_is_needed_before_anything_is_opened(world: Opened) -> None:
    async with world() as at:
        with pytest.raises(Misconfigured):
            at.open(document="sales_invoice")


async def test_lists_are_read_to_the_last_page(world: Opened) -> None:
    async with world() as at:
        vat_codes = await at.target.choices("vat_codes")
        assert len(vat_codes) == len(rows(at, "vat/VATCodes")) > 60
        assert at.sandbox.journal.count("GET vat/VATCodes") == -(-len(vat_codes) // 60)


async def test_a_discount_line(world: Opened, draft: Drafts, line: Line) -> None:
    async with world() as at:
        off = line("-5.00", quantity="-1", kind=LineKind.DISCOUNT, code="Discount", title="Korting")
        own = draft(line(), off)
        assert (await book(at, own)).total == Decimal("44.90")
