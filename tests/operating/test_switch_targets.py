"""Each target says which administration it books into, and a connection can be pointed at another one (O14)."""

import pytest

from koppel.operating.demo import NAME
from koppel.operating.switching import switch
from koppel.plugin import NamesAdministration
from koppel.store import DocumentState
from koppel.testing.bench import Bench, open_bench, with_scripted
from koppel.testing.samples import many
from koppel.testing.scripted import ScriptedSource
from koppel.testing.targets import booked
from koppel_snelstart.sandbox.app import SnelStartSandbox
from koppel_snelstart.sandbox.seed import CLIENT_KEYS

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def recorded(bench: Bench) -> str | None:
    record = await bench.scene.workshop.store.connections.get(NAME)
    return record.administration if record else None


@pytest.mark.parametrize("plugin", ["snelstart", "afas", "exact"])
async def test_the_administration_is_recorded_and_stays_the_same(plugin: str) -> None:
    source = ScriptedSource(list(many(2)))
    plugins = with_scripted(plugin, source=source)
    async with open_bench("scripted-source", plugin, plugins=plugins) as bench:
        assert await recorded(bench) is None
        await bench.until_quiet()
        administration = await recorded(bench)
        assert administration
        source.orders_ += many(4)[2:]
        await bench.until_quiet()
        assert await recorded(bench) == administration
        record = await bench.scene.workshop.store.connections.get(NAME)
        assert record
        target = (await bench.scene.workshop.opener.open(record)).target
        assert isinstance(target, NamesAdministration)
        assert len(booked(bench.scene.target)) == 4


async def test_from_one_snelstart_administration_to_another_with_the_same_settings() -> None:
    """Only the coupling key changes: that too is noticed before anything is written."""
    source = ScriptedSource(list(many(3)))
    plugins = with_scripted("snelstart", source=source)
    async with open_bench("scripted-source", "snelstart", plugins=plugins) as bench:
        workshop, sandbox = bench.scene.workshop, bench.scene.target
        assert isinstance(sandbox, SnelStartSandbox)
        await bench.until_quiet()
        test = await recorded(bench)
        await workshop.store.secrets.put(NAME, "target.client_key", list(CLIENT_KEYS.values())[1])
        source.orders_ += many(5)[3:]
        writes = len(sandbox.journal.entries)
        await bench.poll()
        assert "koppel switch" in await bench.trouble()
        assert len(sandbox.journal.entries) == writes
        await switch(workshop, NAME)
        await bench.until_quiet()
        assert await recorded(bench) not in (None, test)
        assert len(booked(sandbox)) == 5
        assert len(await bench.in_states(DocumentState.ELSEWHERE)) == 3
        assert len(await bench.in_states(DocumentState.BOOKED)) == 2
