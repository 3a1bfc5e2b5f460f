"""The conformance suite, for each document that takes articles. The token address is spared: a lost answer there needs
consent again (test_exact_target), and whoever loses the database gives consent again.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

import pytest

from koppel.plugin import VatRow
from koppel.store import DocumentState
from koppel.testing.bench import open_bench, with_scripted
from koppel.testing.samples import bookable, many
from koppel.testing.scripted import ScriptedSource
from koppel.testing.targets import TargetSuite, booked, doubles
from koppel.vat.treatment import Treatment
from koppel_exact.proposals import propose


class TestOrders(TargetSuite):
    plugin = "exact"
    spare = "token"
    switches: ClassVar[Mapping[str, str]] = {"consent": "standing"}


class TestInvoices(TargetSuite):
    plugin = "exact"
    spare = "token"
    switches: ClassVar[Mapping[str, str]] = {"consent": "standing"}
    target: ClassVar[Mapping[str, Any]] = {"document": "sales_invoice", "journal": "70"}


def excluding(treatment: Treatment, country: str, rate: str) -> VatRow | None:
    """The sandbox's VAT codes for sales entries, as its user would choose them."""
    row = propose(treatment, country, rate)
    if row is None:
        return None
    code = {"1": "2", "3": "4"}.get(row.code, row.code)
    return VatRow(code=code if len(code) == 1 else code[2:] + code[:2], ledger="8000")


@pytest.mark.anyio
@pytest.mark.parametrize("fault", ["", "lost_reply", "502"])
async def test_entries_through_the_daemon(fault: str) -> None:
    orders = [*bookable(), *many(20)]
    plugins = with_scripted("exact", source=ScriptedSource([*orders]))
    plugins.targets["exact"] = replace(plugins.targets["exact"], propose=excluding)
    target = {"document": "sales_entry", "journal": "70"}
    async with open_bench("scripted-source", "exact", plugins=plugins, sections={"target": target}) as bench:
        if fault:
            bench.scene.target.faults.add(fault, chance=0.3, spare="token")
        await bench.poll()
        bench.scene.target.faults.set([])
        await bench.until_quiet()
        troubled = await bench.in_states(DocumentState.ERROR, DocumentState.REVIEW)
        assert not [(each.reference, each.code, each.message) for each in troubled]
        assert booked(bench.scene.target) == {order.number: order.total for order in orders}
        assert not doubles(bench.scene.target)
        assert not list(bench.scene.target.journal.of("article"))
