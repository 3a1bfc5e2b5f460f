"""The target against its sandbox by REST: what is sent, read back, adopted, refused, and completed by halves."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from koppel.booking.draft import CustomerKind
from koppel.plugin import AlreadyExists, CustomerGone, Misconfigured, OutcomeUnknown, Refused, SignInNeeded
from koppel_eboekhouden.sandbox import EBoekhoudenSandbox

pytestmark = pytest.mark.anyio
REFERENCE = "112-0000001-0000001"


def booked(sandbox: EBoekhoudenSandbox) -> list[tuple[str, Decimal | None]]:
    return [(entry.reference, entry.amount) for entry in sandbox.journal.of("booking")]


async def test_a_mutation_has_all_that_is_needed(world: Callable[..., Any], drafts: Any) -> None:
    async with world(cost_centre="Webwinkel") as here:
        made = await here.book(drafts.sale(drafts.line("121.00"), drafts.line("10.90", "9")))
        row = here.sandbox.books.mutations[-1]
        assert (made.total, made.number, made.reference) == (Decimal("131.90"), REFERENCE, REFERENCE)
        assert (row["inExVat"], row["entryNumber"], row["termOfPayment"]) == ("IN", REFERENCE, 14)
        assert len(row["description"]) <= 50
        assert row["description"].startswith(REFERENCE)
        assert [one["costCenterId"] for one in row["rows"]] == [31, 31]
        assert here.calls("POST mutation") == 1


async def test_the_vendor_s_vat_is_compared(world: Callable[..., Any], drafts: Any) -> None:
    """Lines of 0.05 have 0.01 VAT each; together 0.09 of 0.50: the total stays, the difference is told."""
    async with world() as here:
        made = await here.book(drafts.sale(*[drafts.line("0.05")] * 10))
        assert made.total == Decimal("0.50")
        assert "0.09" in made.note
        assert "0.10" in made.note


async def test_an_invoice_is_booked_at_once(world: Callable[..., Any], drafts: Any) -> None:
    async with world(document="both") as here:
        made = await here.book(drafts.sale(drafts.oss(), drafts.line("36.30", quantity="3")))
        invoice = here.sandbox.books.invoices[-1]
        assert (made.total, invoice["totalAmount"]) == (Decimal("155.30"), Decimal("155.30"))
        assert (invoice["reference"], invoice["inExVat"], invoice["templateId"]) == (REFERENCE, "IN", 2100)
        assert made.id == f"mutation:{here.sandbox.books.mutations[-1]['id']}"
        assert booked(here.sandbox) == [(REFERENCE, Decimal("155.30"))]
        assert (await here.target.find_bookings([REFERENCE]))[REFERENCE].total == made.total


async def test_an_invoice_alone_is_not_booked(world: Callable[..., Any], drafts: Any) -> None:
    async with world(document="invoice", template="2101") as here:
        made = await here.book(drafts.sale())
        assert made.id.startswith("invoice:")
        assert made.total == Decimal("121.00")
        assert all(row["type"] == 0 for row in here.sandbox.books.mutations)
        assert REFERENCE in await here.target.find_bookings([REFERENCE])
        with pytest.raises(AlreadyExists):
            await here.book(drafts.sale())


async def test_half_of_both_is_completed_by_its_other_half(world: Callable[..., Any], drafts: Any) -> None:
    async with world(switches={"half": "1"}, document="both") as here:
        with pytest.raises(OutcomeUnknown, match="not booked yet"):
            await here.book(drafts.sale())
        assert not await here.target.find_bookings([REFERENCE])
        made = await here.book(drafts.sale())
        assert (made.total, made.id[:9]) == (Decimal("121.00"), "mutation:")
        assert len(here.sandbox.books.invoices) == 1
        assert booked(here.sandbox) == [(REFERENCE, Decimal("121.00"))]
        with pytest.raises(AlreadyExists):
            await here.book(drafts.sale())


async def test_somebody_else_s_unbooked_invoice_is_not_completed(world: Callable[..., Any], drafts: Any) -> None:
    async with world(document="both") as here:
        await here.open(document="invoice").book(drafts.sale(), await here.customer(drafts.customer()), {})
        with pytest.raises(Refused, match=r"121\.00 instead of 12\.10") as caught:
            await here.book(drafts.sale(drafts.line("12.10")))
        assert caught.value.suggestion


async def test_a_second_copy_is_refused_by_the_vendor(world: Callable[..., Any], drafts: Any) -> None:
    async with world() as here:
        await here.book(drafts.sale())
        with pytest.raises(AlreadyExists):
            await here.book(drafts.sale())
        row = here.sandbox.books.mutations[-1]
        row["invoiceNumber"] = "renamed-1"  # then the payment reference still is the same
        with pytest.raises(Refused, match="MUTA_008") as caught:
            await here.book(drafts.sale())
        assert "renamed" in caught.value.suggestion


@pytest.mark.parametrize("switches", [{}, {"order": "shuffle"}, {"id_filter": "ignored"}, {"empty": "null"}])
async def test_what_is_booked_is_found_in_bulk(world: Callable[..., Any], drafts: Any, switches: Any) -> None:
    references = [f"M-{number}" for number in range(12)]
    async with world(switches=switches) as here:
        for reference in references[:3]:
            await here.book(drafts.sale(reference=reference))
        other = here.open()
        for known in (3, 4):
            found = await other.find_bookings(references)
            assert sorted(found) == references[:known]
            assert all(one.total == Decimal("121.00") for one in found.values())
            await here.book(drafts.sale(reference=references[known]))


async def test_asking_in_bulk_costs_one_call(world: Callable[..., Any], drafts: Any) -> None:
    async with world() as here:
        await here.book(drafts.sale(reference="M-0"))
        other = here.open()
        before = here.calls(None)
        await other.find_bookings([f"N-{number}" for number in range(20)])
        assert here.calls(None) - before == 1


async def test_a_filter_is_no_proof(world: Callable[..., Any], drafts: Any) -> None:
    async with world() as here:
        await here.book(drafts.sale(reference="ABC-1"))
        assert not await here.target.find_bookings(["abc-1", "has space", "ABC-11"])
        assert "ABC-1" in await here.target.find_bookings(["ABC-1"])


async def test_a_closed_year_is_named(world: Callable[..., Any], drafts: Any) -> None:
    for document in ("mutation", "both"):
        async with world(document=document) as here:
            with pytest.raises(Refused, match="2013") as caught:
                await here.book(drafts.sale(document_date=date(2013, 5, 5)))
            assert "2013" in caught.value.suggestion
            assert not booked(here.sandbox)


async def test_customers_are_found_and_never_changed(world: Callable[..., Any], drafts: Any) -> None:
    async with world() as here:
        old = here.sandbox.books.add_relation({"name": "Al daar", "emailAddress": "jan@example.test"})
        here.sandbox.books.add_relation({"name": "Ook", "emailAddress": "JAN@example.test"})
        buyer = drafts.customer("Jan@Example.test")
        assert await here.target.find_customers([buyer]) == {buyer.identity: f"{old['id']}:{old['code']}"}
        old["inactive"] = True
        found = await here.target.find_customers([buyer])
        assert found[buyer.identity].startswith(str(old["id"] + 1))
        assert old["name"] == "Al daar"


async def test_a_second_relation_for_one_buyer_is_never_made(world: Callable[..., Any], drafts: Any) -> None:
    async with world() as here:
        buyer = drafts.customer()
        key = await here.target.create_customer(buyer)
        assert await here.target.create_customer(buyer) == key
        here.sandbox.books.relations[0]["inactive"] = True
        assert not await here.target.find_customers([buyer])
        with pytest.raises(Refused, match="inactive"):
            await here.target.create_customer(buyer)


async def test_collective_and_numbered_debtors(world: Callable[..., Any], drafts: Any) -> None:
    async with world() as here:
        for changes in (
            {"identity": "collective:amazon", "kind": CustomerKind.COLLECTIVE, "name": "Amazon klanten", "email": None},
            {"identity": "vat:NL1", "vat_id": "NL004495445B01", "email": None, "name": "Voorbeeld B.V."},
            {"identity": "collective:X1", "kind": CustomerKind.COLLECTIVE, "name": "X", "code": "X1", "email": None},
        ):
            buyer = drafts.customer(**changes)
            assert not await here.target.find_customers([buyer])
            key = await here.target.create_customer(buyer)
            assert await here.open().find_customers([buyer]) == {buyer.identity: key}
        by_hand = here.sandbox.books.add_relation({"name": "Lightspeed klanten"})
        own = drafts.customer(
            identity="collective:l", kind=CustomerKind.COLLECTIVE, name="Lightspeed klanten", email=None
        )
        assert (await here.target.find_customers([own]))["collective:l"].startswith(str(by_hand["id"]))


async def test_a_relation_that_is_gone_is_told(world: Callable[..., Any], drafts: Any) -> None:
    for document, spoil in (("mutation", "gone"), ("both", "gone"), ("both", "inactive")):
        async with world(document=document) as here:
            key = await here.customer(drafts.customer())
            if spoil == "gone":
                here.sandbox.books.relations.clear()
            else:
                here.sandbox.books.relations[0]["inactive"] = True
            with pytest.raises(CustomerGone):
                await here.target.book(drafts.sale(), key, {})


@pytest.mark.parametrize("shape", ["list", "object", "null", "missing"])
async def test_errors_of_all_shapes_are_understood(world: Callable[..., Any], drafts: Any, shape: str) -> None:
    async with world(switches={"errors": shape}) as here:
        await here.book(drafts.sale())
        with pytest.raises(AlreadyExists):
            await here.book(drafts.sale())


async def test_errors_without_a_code_are_understood_by_their_text(world: Callable[..., Any], drafts: Any) -> None:
    async with world(switches={"codes": "missing"}) as here:
        await here.book(drafts.sale())
        with pytest.raises(AlreadyExists):
            await here.book(drafts.sale())
        with pytest.raises(Refused, match="book year 2013"):
            await here.book(drafts.sale(reference="A-2", document_date=date(2013, 5, 5)))
        key = await here.customer(drafts.customer())
        assert await here.target.create_customer(drafts.customer()) == key
        here.sandbox.books.relations.clear()
        with pytest.raises(CustomerGone):
            await here.target.book(drafts.sale(reference="A-3"), key, {})


@pytest.mark.parametrize("status", ["400", "401", "403"])
async def test_a_wrong_token_stops_the_connection(world: Callable[..., Any], status: str) -> None:
    async with world(switches={"wrong_token": status}, token="wrong") as here:
        with pytest.raises(SignInNeeded) as caught:
            await here.target.find_bookings([REFERENCE])
        assert "API" in caught.value.suggestion
        findings = await here.target.check()
        assert [finding.level for finding in findings] == ["error"]


@pytest.mark.parametrize(
    ("switches", "error"),
    [
        ({"account": "SECURITY_005"}, Misconfigured),
        ({"account": "SECURITY_011"}, Misconfigured),
        ({"token": "expired"}, SignInNeeded),
    ],
)
async def test_accounts_that_cannot_be_used(world: Callable[..., Any], switches: Any, error: type[Exception]) -> None:
    async with world(switches=switches) as here:
        with pytest.raises(error):
            await here.target.find_bookings([REFERENCE])


async def test_a_trial_that_is_full_stops_the_connection(world: Callable[..., Any], drafts: Any) -> None:
    async with world(switches={"trial": "2"}) as here:
        with pytest.raises(Misconfigured, match="MODULE_001"):
            await here.book(drafts.sale())


async def test_a_ledger_that_is_made_is_seen_soon(world: Callable[..., Any], drafts: Any) -> None:
    async with world() as here:
        draft = drafts.sale(drafts.line(ledger="8999"))
        for _ in range(3):
            with pytest.raises(Refused, match="8999"):
                await here.book(draft)
        assert here.calls("GET ledger") == 1
        here.sandbox.books.ledgers.append({"id": 9, "code": "8999", "description": "Nieuw", "category": "VW"})
        await here.clock.sleep(61)
        assert (await here.book(draft)).total == draft.total


async def test_sessions_of_two_seconds(world: Callable[..., Any], drafts: Any) -> None:
    async with world(switches={"expires_in": "2"}) as here:
        for number in range(4):
            await here.book(drafts.sale(reference=f"S-{number}"))
            await here.clock.sleep(5)
        assert len(booked(here.sandbox)) == 4
        assert not here.sandbox.journal.duplicates("booking")


async def test_choices_and_check(world: Callable[..., Any]) -> None:
    async with world(document="both", cost_centre="31") as here:
        assert "8000" in [choice.code for choice in await here.target.choices("ledgers")]
        assert "AFST_VERK" in [choice.code for choice in await here.target.choices("vat_codes")]
        assert [choice.code for choice in await here.target.choices("templates")] == ["2100", "2101"]
        assert [choice.title for choice in await here.target.choices("cost_centres")] == ["Webwinkel"]
        with pytest.raises(Misconfigured):
            await here.target.choices("journals")
        assert not [finding for finding in await here.target.check() if finding.level != "ok"]
        findings = await here.open(template="Oud", revenue_ledger="1", cost_centre="Markt").check()
        assert [finding.subject for finding in findings if finding.level == "error"] == [
            "revenue ledger",
            "invoice template",
            "cost centre",
        ]


async def test_long_lists_are_read_to_their_end(world: Callable[..., Any]) -> None:

    async with world() as here:
        here.sandbox.books.ledgers += [
            {"id": 500000 + number, "code": f"9{number:05}", "description": "x", "category": "VW"}
            for number in range(4100)
        ]
        assert len(await here.target.choices("ledgers")) > 4100
        assert here.calls("GET ledger") == 3
