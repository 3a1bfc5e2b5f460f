"""What ``koppel check`` says, and what can be chosen."""

from typing import Any

import pytest

from koppel.plugin import Misconfigured, OffersChoices, SignInNeeded

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("mode", ["booking", "order"])
async def test_a_healthy_administration_has_no_errors(world: Any, mode: str) -> None:
    async with world(mode=mode) as w:
        findings = await w.target.check()
        assert [finding for finding in findings if finding.level == "error"] == []
        subjects = {finding.subject for finding in findings}
        assert {"administration", "rights", "book year", "ledgers", "OSS"} <= subjects
        assert any("boekhouden:read" in finding.message for finding in findings)


async def test_december_warns_of_the_next_year(world: Any) -> None:
    async with world() as w:
        await w.clock.sleep(20 * 86400)
        assert any("2027" in finding.suggestion for finding in await w.target.check())
        await w.clock.sleep(40 * 86400)
        late = [finding for finding in await w.target.check() if finding.subject == "book year"]
        assert late[0].level == "warning"
        assert "2027" in late[0].suggestion


@pytest.mark.parametrize(
    ("created", "level"), [("2026-11-01", "ok"), ("2026-08-28", "warning"), ("2026-08-01", "error"), (None, "warning")]
)
async def test_a_dying_key_is_announced(world: Any, created: str | None, level: str) -> None:
    async with world(product="ontwikkeling-en-test", key_created=created) as w:
        assert next(each for each in await w.target.check() if each.subject == "subscription key").level == level


async def test_refused_keys_are_findings(world: Any) -> None:
    async with world(client_key="wrong") as w:
        errors = [finding for finding in await w.target.check() if finding.level == "error"]
        assert "koppelsleutel" in errors[0].message
        with pytest.raises(SignInNeeded):
            await w.target.choices("ledgers")


async def test_what_is_wrong_in_the_administration_is_found(world: Any) -> None:
    async with world(mode="order", template="Onbekend", switches={"codes": "numeric"}) as w:
        books = w.sandbox.books
        books.ledger(8000)["btwSoort"] = ["Laag"]
        books.ledger(8031)["vatRateCode"] = None
        books.company["buitenlandseBtwGrootboek"] = None
        found = {(finding.subject, finding.level) for finding in await w.target.check()}
        assert {("ledgers", "error"), ("OSS", "error"), ("OSS", "warning"), ("template", "error")} <= found
        assert ("articles", "warning") in found


async def test_choices(world: Any) -> None:
    async with world() as w:
        assert isinstance(w.target, OffersChoices)
        kinds = ("ledgers", "vat_codes", "templates", "omzetgroepen", "journals", "cost_centres")
        lists = {kind: await w.target.choices(kind) for kind in kinds}
        assert all(lists.values())
        assert "8000" in {choice.code for choice in lists["ledgers"]}
        assert "8999" not in {choice.code for choice in lists["ledgers"]}
        assert {"VerkopenHoog", "Geen", "Grootboek:1690"} <= {choice.code for choice in lists["vat_codes"]}
        assert [choice.code for choice in lists["templates"]] == ["Webwinkel"]
        assert len(lists["journals"]) == 6
        with pytest.raises(Misconfigured):
            await w.target.choices("nothing")
