"""A changed order: lines added, changed and removed, twice the same is once (O10)."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from koppel.errors import Refused, RetryLater
from koppel.model import Address
from koppel.plugin import Booked
from koppel_afas.mapper import Fields, order_line
from koppel_afas.update import changes

from .conftest import Opener, World
from .drafts import customer, draft, line, random_lines

pytestmark = pytest.mark.anyio


def record(guid: str, fields: Fields, **changed: Any) -> dict[str, object]:
    return {
        "guid": guid, "kind": "2", "item": fields["ItCd"], "title": fields["Ds"], "quantity": fields["QuUn"],
        "price": fields["Upri"], "vat_group": fields["VaRc"], **changed,
    }  # fmt: skip


def fields(code: str = "A", gross: str = "12.10", **rest: Any) -> Fields:
    return order_line(line(gross, code=code, **rest), code, "STK")


def test_nothing_differs() -> None:
    lines = [fields("A"), fields("B"), fields("A")]
    assert not changes(lines, [record("3", lines[2]), record("1", lines[0]), record("2", lines[1])])


def test_added_changed_removed() -> None:
    todo = changes(
        [fields("A", "24.20", quantity="2"), fields("C")], [record("1", fields("A")), record("2", fields("B"))]
    )
    assert [each["ItCd"] for each in todo.add] == ["C"]
    assert todo.change == (("1", {"QuUn": Decimal(2)}),)
    assert todo.remove == ("2",)


def test_two_lines_of_one_article_are_told_apart_by_guid() -> None:
    todo = changes(
        [fields("A", "1.00"), fields("A", "3.00")], [record("1", fields("A", "2.00")), record("2", fields("A", "1.00"))]
    )
    assert todo.change == (("1", {"Upri": Decimal("3.00")}),)
    assert not todo.add
    assert not todo.remove


def test_lines_of_text_stay_and_hidden_fields_count_as_equal() -> None:
    shown = record("1", fields("A"))
    del shown["vat_group"], shown["title"]
    assert not changes([fields("A")], [shown, {"guid": "9", "kind": "3", "item": "TXT", "quantity": 1, "price": 0}])


def test_vat_group_goes_with_a_change_where_it_is_hidden() -> None:
    shown = record("1", fields("A"))
    del shown["vat_group"]
    assert changes([fields("A", "24.20")], [shown]).change[0][1] == {"Upri": Decimal("24.20"), "VaRc": "NL21"}


def test_delivered_lines_are_told() -> None:
    assert changes([], [record("1", fields("A"), delivered=Decimal(1))]).delivered
    assert not changes([fields("A")], [record("1", fields("A"), delivered=Decimal(1))]).delivered


async def start(w: World, *lines: Any) -> tuple[Booked, str, dict[str, str]]:
    debtor = await w.target.create_customer(customer())
    articles = {code: await w.target.create_article(line(code=code)) for code in ("A", "B", "C")}
    articles |= {f"SKU-{n}": await w.target.create_article(line(code=f"SKU-{n}")) for n in range(1, 6)}
    await w.target.book(draft(*lines), debtor, articles)
    booked = (await w.target.find_bookings([draft().reference]))[draft().reference]
    return booked, debtor, articles


def writes(w: World) -> list[str]:
    return [call.operation for call in w.sandbox.journal.calls if call.operation.startswith("FbSales")][1:]


@pytest.mark.parametrize("deny", ["", "Koppeling_Orderregels,Koppeling_Orders"])
@pytest.mark.parametrize("at", [False, True])
async def test_order_becomes_the_draft(world: Opener, deny: str, at: bool) -> None:
    async with world(deny=deny, settings={"delete_with_at": at, "vat_duty": ""}) as w:
        booked, debtor, articles = await start(w, line("12.10", code="A"), line("5.00", code="B"))
        changed = draft(line("24.20", code="A", quantity="2"), line("7.00", code="C"))
        result = await w.target.update(changed, booked, debtor, articles)
        assert (result.id, result.total) == (booked.id, Decimal("31.20"))
        assert writes(w) == ["FbSales.lines", "FbSales.put", "FbSales.delete"]
        entry = next(w.sandbox.journal.of("booking"))
        assert (entry.amount, w.sandbox.journal.duplicates("booking")) == (Decimal("31.20"), {})
        await w.target.update(changed, result, debtor, articles)
        assert len(writes(w)) == 3


async def test_only_the_header_changes(world: Opener) -> None:
    async with world() as w:
        booked, _, articles = await start(w)
        other = await w.target.create_customer(customer(identity="email:x", email="x@example.com"))
        elsewhere = Address(name="Piet", lines=("Kade 5",), postcode="3011 AA", city="Rotterdam", country="NL")
        await w.target.update(draft(delivery=elsewhere), booked, other, articles)
        stored = w.sandbox.books.orders[booked.id]
        assert stored.fields["DbId"] == other
        assert stored.fields["DlAd"]
        assert writes(w) == ["FbSales.put"]
        assert all(party.changes == 0 for party in w.sandbox.books.parties.values())


async def test_delivered_or_invoiced_orders_are_left_alone(world: Opener) -> None:
    async with world() as w:
        booked, debtor, articles = await start(w, line("12.10", code="A"))
        order = w.sandbox.books.orders[booked.id]
        order.lines[0].delivered = Decimal(1)
        with pytest.raises(Refused, match="delivered"):
            await w.target.update(draft(line("24.20", code="A")), booked, debtor, articles)
        order.lines[0].delivered, order.invoiced = Decimal(0), True
        with pytest.raises(Refused, match="gefactureerd"):
            await w.target.update(draft(line("24.20", code="A")), booked, debtor, articles)
        assert order.lines[0].number("Upri") == Decimal("12.10")


@pytest.mark.parametrize("operation", ["FbSales.lines", "FbSales.put", "FbSales.delete"])
async def test_unanswered_step_is_done_once(world: Opener, operation: str) -> None:
    async with world() as w:
        booked, debtor, articles = await start(w, line("12.10", code="A"), line("5.00", code="B"))
        changed = draft(line("24.20", code="A", quantity="2"), line("7.00", code="C"))
        w.sandbox.faults.add("lost_reply", operation, times=1)
        with pytest.raises(RetryLater) as error:
            await w.target.update(changed, booked, debtor, articles)
        assert error.value.not_before is not None
        result = await w.target.update(changed, booked, debtor, articles)
        assert result.total == changed.total
        assert len(w.sandbox.books.orders[booked.id].lines) == 2


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(versions=st.lists(random_lines(), min_size=2, max_size=3))
async def test_any_order_becomes_any_other(world: Opener, versions: list[list[Any]]) -> None:
    async with world() as w:
        booked, debtor, articles = await start(w, *versions[0])
        assert booked.total == draft(*versions[0]).total
        for version in versions[1:]:
            wanted = draft(*version)
            assert (await w.target.update(wanted, booked, debtor, articles)).total == wanted.total
            stored = w.sandbox.books.orders[booked.id].lines
            assert sorted(
                (str(each.fields["ItCd"]), each.number("QuUn"), each.number("Upri")) for each in stored
            ) == sorted((str(each.code), each.quantity, each.unit_price) for each in version)
            before = len(writes(w))
            await w.target.update(wanted, booked, debtor, articles)
            assert [name for name in writes(w)[before:] if name != "FbSales.put"] == []
        assert w.sandbox.journal.total("booking") == draft(*versions[-1]).total
