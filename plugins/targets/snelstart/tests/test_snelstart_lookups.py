"""Look-ups find what is there, whatever the server makes of filters and pages."""

from typing import Any

import pytest

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("how", ["", "refuse", "ignore"])
async def test_bookings_are_found_whatever_becomes_of_the_filter(world: Any, drafts: Any, how: str) -> None:
    async with world(switches={"invoice_filter": how}) as w:
        made = [await w.book(drafts.sale(reference=f"A-{number}")) for number in range(3)]
        found = await w.target.find_bookings([f"A-{number}" for number in range(2, 5)])
        assert {reference: each.id for reference, each in found.items()} == {"A-2": made[2].id}
        last = await w.book(drafts.sale(reference="A-4"))
        assert (await w.target.find_bookings(["A-4"]))["A-4"].id == last.id
        assert all(each.level != "error" for each in await w.target.check())


@pytest.mark.parametrize("mode", ["booking", "order"])
async def test_a_server_that_takes_one_condition_at_a_time_is_asked_so(world: Any, drafts: Any, mode: str) -> None:
    async with world(mode=mode, switches={"no_or": "1"}) as w:
        people = [drafts.customer(f"buyer{number}@example.invalid") for number in range(3)]
        for number, customer in enumerate(people):
            await w.book(drafts.sale(drafts.line(code=f"S-{number}"), reference=f"A-{number}", customer=customer))
        again = w.reopened(mode=mode)
        assert len(await again.find_bookings(["A-0", "A-1", "A-2", "A-3"])) == 3
        assert len(await again.find_customers(people)) == 3
        assert w.calls("createRelation") == 3
        asked = w.calls("listRelations")
        await again.find_customers(people)
        assert w.calls("listRelations") == asked + 3


async def test_every_ledger_is_read_though_pages_are_capped_silently(world: Any) -> None:
    async with world(switches={"page_cap": "25"}) as w:
        assert len(await w.target.choices("ledgers")) > 200
