"""A whole connection for a test of one plugin: its sandbox over real sockets, the other side scripted, virtual time."""

import tempfile
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import anyio

from koppel.engine.daemon import make_runner
from koppel.log.setup import configure
from koppel.operating.demo import NAME, Scene, set_scene
from koppel.plugin.loading import Plugins, load_plugins
from koppel.sandbox import Options
from koppel.store import Document, DocumentState
from koppel.testing.clock import VirtualClock

UNSETTLED = frozenset({DocumentState.DUE, DocumentState.BOOKING, DocumentState.RETRY})


@dataclass(frozen=True, kw_only=True)
class Bench:
    """A running connection on a virtual clock."""

    scene: Scene
    clock: VirtualClock
    folder: Path

    async def poll(self, *flows: str) -> None:
        """One cycle."""
        record = await self.scene.workshop.store.connections.get(NAME)
        if record is None or not await make_runner(self.scene.workshop).cycle(record, frozenset(flows or ("orders",))):
            raise AssertionError("the cycle did not run")

    async def trouble(self) -> str:
        """What the orders flow failed with in its last run; empty if it went well."""
        flow = next(each for each in await self.scene.workshop.store.flows.states(NAME) if each.flow == "orders")
        return f"{flow.code}: {flow.message}" if flow.failures else ""

    async def until_quiet(self, rounds: int = 40) -> None:
        """Poll at the moments that the schedule says until nothing waits any more."""
        for _ in range(rounds):
            await self.poll()
            if not await self.trouble() and not await self.in_states(*UNSETTLED):
                return
            flow = next(each for each in await self.scene.workshop.store.flows.states(NAME) if each.flow == "orders")
            await self.clock.sleep(max(1.0, (flow.due_at - self.clock.now()).total_seconds()))
        waiting = [f"{each.reference} {each.state} {each.code}" for each in await self.in_states(*UNSETTLED)]
        raise AssertionError(f"not quiet after {rounds} rounds: {await self.trouble()} {waiting[:5]}")

    async def in_states(self, *states: DocumentState) -> list[Document]:
        """The documents in these states."""
        return await self.scene.workshop.store.documents.in_states(NAME, states, limit=100_000)

    async def document(self, reference: str) -> Document:
        """One document."""
        document = await self.scene.workshop.store.documents.get(NAME, reference)
        if document is None:
            raise AssertionError(f"no document {reference}")
        return document

    async def pass_time(self, delta: timedelta) -> None:
        """Let so much time pass."""
        await self.clock.sleep(delta.total_seconds())


@asynccontextmanager
async def open_bench(
    source: str,
    target: str,
    *,
    plugins: Plugins | None = None,
    size: int = 40,
    seed: int = 1,
    limits: bool = False,
    switches: Mapping[str, str] | None = None,
    folder: Path | None = None,
    clock: VirtualClock | None = None,
    sections: Mapping[str, Mapping[str, Any]] | None = None,
) -> AsyncGenerator[Bench]:
    """A bench for a pair; ``plugins`` may bring scripted ones. ``sections`` adds to the connection's file."""
    configure(json=False, level="INFO")  # as the daemon does: tracebacks without local variables, secrets masked
    driven = clock is not None  # somebody else's clock is driven by him
    clock = clock or VirtualClock()
    options = Options(clock=clock, seed=seed, size=size, limits=limits, switches=switches or {})
    with tempfile.TemporaryDirectory() as temporary:
        place = folder or Path(temporary)
        async with anyio.create_task_group() as tasks:
            if not driven:
                tasks.start_soon(clock.drive)
            async with set_scene(
                source, target, options=options, folder=place, plugins=plugins, extra=sections
            ) as scene:
                yield Bench(scene=scene, clock=clock, folder=place)
            tasks.cancel_scope.cancel()


def with_scripted(name: str, **specs: Any) -> Plugins:
    """The plugin of this name, and scripted ones: ``source=ScriptedSource()`` or ``target=ScriptedTarget()``."""
    plugins = load_plugins([name])
    if source := specs.get("source"):
        plugins.sources["scripted-source"] = source.spec()
    if target := specs.get("target"):
        plugins.targets["scripted-target"] = target.spec()
    return plugins
