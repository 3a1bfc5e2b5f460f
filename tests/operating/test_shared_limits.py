"""Two connections on one app key share one counter: together they stay within what the vendor allows (G5)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import anyio
import pytest

from koppel.config.secrets import secret_fields
from koppel.engine.daemon import make_runner
from koppel.model import Order, UnreadableOrder
from koppel.operating.applying import apply_connection, export_connection
from koppel.operating.demo import NAME
from koppel.store import DocumentState
from koppel.testing.bench import UNSETTLED, Bench, open_bench, with_scripted
from koppel.testing.samples import line, sample
from koppel.testing.scripted import ScriptedSource
from koppel.testing.targets import booked, doubles

pytestmark = pytest.mark.anyio

OTHER = "other"
ORDERS = 90
DEVELOPMENT = "ontwikkeling-en-test"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def orders(prefix: str) -> list[Order | UnreadableOrder]:
    return [sample(f"{prefix}-{number:04}", [line(1, "12.10")]) for number in range(ORDERS)]


async def second_connection(bench: Bench) -> None:
    """Another shop, into the same administration, with the same keys."""
    store = bench.scene.workshop.store
    for key in secret_fields(bench.scene.target_spec.settings):
        if value := await store.secrets.get(NAME, f"target.{key}"):
            await store.secrets.put(OTHER, f"target.{key}", value)
    text = await export_connection(bench.scene.workshop, NAME)
    text = text.replace(f'"{NAME}"', f'"{OTHER}"', 1).replace('"scripted-source"', '"second-source"', 1)
    await apply_connection(bench.scene.workshop, text, "other.toml")


async def poll(bench: Bench, name: str) -> None:
    record = await bench.scene.workshop.store.connections.get(name)
    assert record
    assert await make_runner(bench.scene.workshop).cycle(record, frozenset({"orders"}))


async def quiet(bench: Bench) -> bool:
    documents = bench.scene.workshop.store.documents
    return not [each for name in (NAME, OTHER) for each in await documents.in_states(name, UNSETTLED, limit=1)]


@pytest.mark.parametrize(
    ("plugin", "switches", "target"),
    [
        ("snelstart", {"product": DEVELOPMENT}, {"product": DEVELOPMENT}),
        ("exact", {}, {}),
        ("afas", {}, {}),
        ("eboekhouden", {}, {}),
    ],
)
async def test_two_connections_share_the_limits(plugin: str, switches: dict[str, str], target: dict[str, Any]) -> None:
    plugins = with_scripted(plugin, source=ScriptedSource(orders("A")))
    other = ScriptedSource(orders("B"))
    plugins.sources["second-source"] = replace(other.spec(), name="second-source")
    async with open_bench(
        "scripted-source", plugin, plugins=plugins, limits=True, switches=switches, sections={"target": target}
    ) as bench:
        await second_connection(bench)
        for _ in range(30):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(poll, bench, NAME)
                tasks.start_soon(poll, bench, OTHER)
            if await quiet(bench):
                break
            await bench.pass_time(timedelta(minutes=2))
        documents = bench.scene.workshop.store.documents
        counts = await documents.counts()
        assert counts[NAME, DocumentState.BOOKED] == counts[OTHER, DocumentState.BOOKED] == ORDERS
        assert len(booked(bench.scene.target)) == 2 * ORDERS
        assert not doubles(bench.scene.target)
        assert not bench.scene.target.journal.over_limit()
