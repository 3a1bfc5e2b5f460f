"""A whole house for a test: sandboxes over real sockets, a store on disk, the flows."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from koppel.clock import Clock, SystemClock
from koppel.engine.daemon import make_runner
from koppel.operating.demo import NAME, Scene, set_scene
from koppel.sandbox import Options
from koppel.store import DocumentState

House = Callable[..., AbstractAsyncContextManager[Scene]]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def house(tmp_path: Path) -> House:
    @asynccontextmanager
    async def make(
        source: str = "amazon",
        target: str = "snelstart",
        *,
        orders: int = 40,
        clock: Clock | None = None,
        limits: bool = False,
        seed: int = 1,
        folder: str = "house",
        switches: dict[str, str] | None = None,
        **extra: Any,
    ) -> AsyncGenerator[Scene]:
        options = Options(clock=clock or SystemClock(), seed=seed, size=orders, limits=limits, switches=switches or {})
        place = tmp_path / folder
        place.mkdir(exist_ok=True)
        async with set_scene(source, target, options=options, folder=place, extra=extra) as scene:
            yield scene

    return make


async def poll(scene: Scene, *flows: str) -> None:
    """One cycle of the connection, in this process."""
    record = await scene.workshop.store.connections.get(NAME)
    assert record is not None
    assert await make_runner(scene.workshop).cycle(record, frozenset(flows or ("orders",)))


async def states(scene: Scene) -> dict[DocumentState, int]:
    """How many documents are in which state."""
    counts = await scene.workshop.store.documents.counts(NAME)
    return {state: count for (_, state), count in counts.items()}


async def flow_trouble(scene: Scene) -> str:
    """What the orders flow failed with, or nothing."""
    state = next(each for each in await scene.workshop.store.flows.states(NAME) if each.flow == "orders")
    return f"{state.code} {state.message}" if state.failures else ""
