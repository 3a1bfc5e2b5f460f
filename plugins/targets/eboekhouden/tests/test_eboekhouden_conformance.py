"""The conformance suite, for each API and document."""

from collections.abc import Mapping
from typing import Any, ClassVar

import pytest

from koppel.store import DocumentState
from koppel.testing.bench import open_bench, with_scripted
from koppel.testing.samples import bookable, many
from koppel.testing.scripted import ScriptedSource
from koppel.testing.targets import TargetSuite, booked, doubles


class TestEBoekhouden(TargetSuite):
    plugin = "eboekhouden"


class TestInvoices(TargetSuite):
    plugin = "eboekhouden"
    target: ClassVar[Mapping[str, Any]] = {"document": "both"}


class TestSoap(TargetSuite):
    plugin = "eboekhouden"
    target: ClassVar[Mapping[str, Any]] = {"api": "soap"}


@pytest.mark.anyio
@pytest.mark.parametrize("fault", ["", "lost_reply", "502"])
@pytest.mark.parametrize(
    ("target", "switches"),
    [
        ({"document": "invoice"}, {}),
        ({"document": "both"}, {"half": "5"}),
        ({"document": "both"}, {"vat": "line", "order": "shuffle", "empty": "null"}),
        ({"api": "soap", "document": "both"}, {"half": "5"}),
        ({"api": "soap", "document": "invoice"}, {}),
    ],
)
async def test_other_documents_through_the_daemon(
    target: Mapping[str, Any], switches: Mapping[str, str], fault: str
) -> None:
    """Halves included: an order whose invoice lost its mutation gets that, and nothing else."""
    orders = [*bookable(), *many(10)]
    plugins = with_scripted("eboekhouden", source=ScriptedSource([*orders]))
    async with open_bench(
        "scripted-source", "eboekhouden", plugins=plugins, switches=switches, sections={"target": target}
    ) as bench:
        if fault:
            bench.scene.target.faults.add(fault, chance=0.3)
        await bench.poll()
        bench.scene.target.faults.set([])
        await bench.until_quiet()
        troubled = await bench.in_states(DocumentState.ERROR, DocumentState.REVIEW)
        assert not [(each.reference, each.code, each.message) for each in troubled]
        assert booked(bench.scene.target) == {order.number: order.total for order in orders}
        assert not doubles(bench.scene.target)
