"""``check()``: what is wrong with a connection, said before its first poll."""

import pytest

from .lightspeed_rig import Open, Rig

pytestmark = pytest.mark.anyio


async def findings(shop: Rig) -> dict[tuple[str, str], str]:
    return {(finding.level, finding.subject): finding.message for finding in await shop.source.check()}


async def test_all_is_well_in_few_calls(open_shop: Open) -> None:
    async with open_shop() as shop:
        found = await findings(shop)
        assert {level for level, _ in found} == {"ok"}
        assert "EUR" in found["ok", "shop"]
        assert shop.calls() == 4


async def test_a_wrong_secret(open_shop: Open) -> None:
    async with open_shop(api_secret="wrong") as shop:
        found = await findings(shop)
        assert ("warning", "sign-in") in found
        assert ("error", "lightspeed.sign-in") in found
        assert "wrong" not in str(found)


async def test_rights_that_are_missing(open_shop: Open) -> None:
    async with open_shop(switches={"rights": ""}) as shop:
        found = await findings(shop)
        assert ("error", "rights") in found
        assert ("error", "lightspeed.permission") in found


async def test_a_language_that_the_shop_lacks(open_shop: Open) -> None:
    async with open_shop(language="fr") as shop:
        assert ("error", "lightspeed.language") in await findings(shop)


async def test_goods_that_leave_from_elsewhere(open_shop: Open) -> None:
    async with open_shop(ships_from="DE") as shop:
        assert ("warning", "VAT") in await findings(shop)


async def test_limits_that_differ_from_the_settings(open_shop: Open) -> None:
    async with open_shop(switches={"windows": "1000/12000/288000"}) as shop:
        assert "1000/12000/288000" in (await findings(shop))["warning", "limits"]
