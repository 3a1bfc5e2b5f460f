"""Several connections in one engine, each with its own scripted source and target, on a virtual clock."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import anyio
import msgspec
import pytest

from flow.desk import order
from koppel.config.daemon import DaemonConfig, Database
from koppel.config.writing import toml_text
from koppel.engine.daemon import Workshop, open_workshop, run_daemon
from koppel.engine.embedded import EmbeddedEngine
from koppel.operating.applying import apply_connection
from koppel.plugin.loading import Plugins, load_plugins
from koppel.store import DocumentState
from koppel.testing.clock import VirtualClock
from koppel.testing.scripted import ScriptedSource, ScriptedTarget


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@dataclass
class Hall:
    """The workshop with its connections; :meth:`at_work` runs the daemon on it."""

    workshop: Workshop
    clock: VirtualClock
    sources: dict[str, ScriptedSource] = field(default_factory=dict[str, ScriptedSource])
    targets: dict[str, ScriptedTarget] = field(default_factory=dict[str, ScriptedTarget])

    async def connect(
        self, name: str, source: ScriptedSource | None = None, target: ScriptedTarget | None = None, **spec: Any
    ) -> None:
        """A connection of its own plugins; ``spec`` replaces parts of what the source announces."""
        self.sources[name] = source or ScriptedSource([order(f"{name}-1")])
        self.targets[name] = target or ScriptedTarget()
        plugins = self.workshop.plugins
        plugins.sources[f"{name}-source"] = replaced(self.sources[name].spec(), name=f"{name}-source", **spec)
        plugins.targets[f"{name}-target"] = replaced(self.targets[name].spec(), name=f"{name}-target")
        data: dict[str, dict[str, Any]] = {
            "connection": {"name": name, "source": f"{name}-source", "target": f"{name}-target"},
            "orders": {"interval": "15m"},
            "vat": {"NL": {"21": {"code": "high", "ledger": "8000"}}},
        }
        await apply_connection(self.workshop, toml_text(data), f"{name}.toml")

    @asynccontextmanager
    async def at_work(self) -> AsyncGenerator[EmbeddedEngine]:
        """The daemon, until the block ends."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self.clock.drive)
            engine: EmbeddedEngine = await tasks.start(_daemon, self.workshop)
            yield engine
            tasks.cancel_scope.cancel()

    async def until(self, done: Callable[[], bool], within: timedelta = timedelta(hours=2)) -> None:
        """Let time pass until this is so."""
        deadline = self.clock.monotonic() + within.total_seconds()
        while not done():
            assert self.clock.monotonic() < deadline, "it did not happen in time"
            await self.clock.sleep(3)

    async def pass_time(self, delta: timedelta) -> None:
        """In small steps: while the disk is busy, time must not jump far."""
        deadline = self.clock.monotonic() + delta.total_seconds()
        while self.clock.monotonic() < deadline:
            await self.clock.sleep(20)

    async def flow(self, name: str, flow: str = "orders") -> Any:
        return next(state for state in await self.workshop.store.flows.states(name) if state.flow == flow)

    async def state(self, name: str, number: str) -> DocumentState:
        document = await self.workshop.store.documents.get(name, number)
        assert document is not None
        return document.state


def replaced(spec: Any, **changes: Any) -> Any:
    import dataclasses

    return dataclasses.replace(spec, **changes)


async def _daemon(workshop: Workshop, *, task_status: Any) -> None:
    await run_daemon(workshop, signals=False, task_status=task_status)


HallMaker = Callable[..., AbstractAsyncContextManager[Hall]]


@pytest.fixture
def hall(tmp_path: Path) -> HallMaker:
    @asynccontextmanager
    async def make(plugins: Plugins | None = None) -> AsyncGenerator[Hall]:
        clock = VirtualClock(idle=0.01)
        config = msgspec.structs.replace(DaemonConfig(), database=Database(url=f"sqlite:///{tmp_path / 'koppel.db'}"))
        async with open_workshop(config, clock=clock, plugins=plugins or load_plugins([], [])) as workshop:
            yield Hall(workshop, clock)

    return make
