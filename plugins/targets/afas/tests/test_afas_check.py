"""``koppel check`` and the lists to choose from."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from koppel.errors import Misconfigured
from koppel.plugin import Finding
from koppel_afas.choices import KINDS
from koppel_afas.connectors import USES, refuse_unknown_names
from koppel_afas.sandbox import APP_TOKEN
from koppel_afas.settings import Settings

from .conftest import Opener
from .drafts import customer, draft, line

pytestmark = pytest.mark.anyio


async def problems(world: Opener, **options: Any) -> list[Finding]:
    async with world(**options) as w:
        return [finding for finding in await w.target.check() if finding.level != "ok"]


async def test_a_healthy_environment(world: Opener) -> None:
    assert await problems(world) == []


async def test_missing_connectors_are_named(world: Opener) -> None:
    found = await problems(world, deny="FbSales,Profit_Article,Koppeling_Artikelen,KnPerson")
    assert {(finding.level, finding.subject) for finding in found} == {
        ("error", "FbSales"),
        ("error", "Profit_Article"),
        ("warning", "KnPerson"),
    }
    assert all(finding.suggestion for finding in found)


@pytest.mark.parametrize("status", ["500", "401"])
async def test_denied_lists_do_not_stop_the_check(world: Opener, status: str) -> None:
    found = await problems(world, deny="Profit_Currency", deny_status=status)
    assert [finding.subject for finding in found] == ["Profit_Currency"]


async def test_missing_field_is_named_with_what_it_is_for(world: Opener) -> None:
    (finding,) = await problems(world, no_field="Koppeling_Orders.CustomerReference")
    assert finding.level == "error"
    assert "Koppeling_Orders has no field CustomerReference (used as orders.reference)" in finding.message
    assert "[target.fields.orders]" in finding.suggestion


async def test_missing_field_is_named_when_it_is_read(world: Opener) -> None:
    async with world(no_field="Koppeling_Orders.AmountInclVat", settings={"delivery": "none"}) as w:
        debtor = await w.target.create_customer(customer())
        await w.target.book(draft(), debtor, {"SKU-1": await w.target.create_article(line())})
        with pytest.raises(Misconfigured, match="AmountInclVat"):
            await w.target.find_bookings([draft().reference])


async def test_own_connector_with_mapping(world: Opener) -> None:
    settings = {"connectors": {"relations": "Profit_OrgPer"}}
    (finding,) = await problems(world, settings=settings)
    assert "Profit_OrgPer" in finding.message


async def test_wrong_settings_are_named(world: Opener) -> None:
    found = await problems(world, settings={"warehouse": "99", "summary_account": "", "administration": None})
    assert {(finding.level, finding.subject) for finding in found} == {
        ("error", "warehouse"),
        ("error", "summary_account"),
        ("warning", "administration"),
    }
    assert "01" in next(finding for finding in found if finding.subject == "warehouse").suggestion


@pytest.mark.parametrize("fields", [{"ordres": {}}, {"orders": {"total_amount": "X"}}])
def test_unknown_mapping_is_refused(fields: dict[str, dict[str, str]]) -> None:
    with pytest.raises(Misconfigured, match="none of the"):
        refuse_unknown_names(Settings(fields=fields))


async def test_new_year_is_warned_of(world: Opener) -> None:
    (finding,) = await problems(world, years="2025-2026")
    assert "2027" in finding.message
    async with world(years="2025-2026") as w:
        w.clock.step(timedelta(days=-60))
        assert not [finding for finding in await w.target.check() if finding.subject == "book year"]


async def test_classic_token_is_warned_of(world: Opener) -> None:
    settings = {"client_id": "", "client_secret": "", "app_token": APP_TOKEN}
    (finding,) = await problems(world, settings=settings)
    assert (finding.level, finding.subject) == ("warning", "app_token")


async def test_choices(world: Opener) -> None:
    async with world() as w:
        await w.target.create_article(line())
        for kind in KINDS:
            assert await w.target.choices(kind), kind
        assert [each.code for each in await w.target.choices("journals")] == ["70", "71"]
        assert [each.code for each in await w.target.choices("vat_codes")] == ["NL21"]
        assert await w.target.choices("onbekend") == []
    async with world(deny="Profit_Journals") as w:
        assert await w.target.choices("journals") == []


def test_readme_lists_the_connectors_that_are_read() -> None:
    rows = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
    for use in USES.values():
        for each in use.known:
            assert f"`{each.id}`" in rows
        if use.known[0].id.startswith("Koppeling_"):
            (row,) = [row for row in rows.splitlines() if row.strip().startswith(f"| `{use.known[0].id}`")]
            assert set(use.known[0].fields.values()) == set(row.split("|")[2].strip().split(", "))
