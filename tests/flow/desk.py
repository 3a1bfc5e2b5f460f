"""Flows between a scripted source and a scripted target, on a virtual clock that only the test moves."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from koppel.config.daemon import DaemonConfig, Database
from koppel.config.writing import toml_text
from koppel.engine.daemon import Workshop, make_runner, open_workshop
from koppel.model import Address, Buyer, LineKind, Order, OrderLine, ProductRef
from koppel.operating.applying import apply_connection
from koppel.plugin.loading import Plugins, load_plugins
from koppel.store import Document, DocumentState
from koppel.testing.clock import VirtualClock
from koppel.testing.scripted import ScriptedSource, ScriptedTarget

NAME = "test"
PLACED = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def order(number: str, gross: str = "121.00", *, status: str = "Shipped", **changes: Any) -> Order:
    line = OrderLine(
        id="1",
        kind=LineKind.GOODS,
        title="Teapot",
        quantity=Decimal(1),
        gross=Decimal(gross),
        product=ProductRef(sku="POT-1"),
    )
    values: dict[str, Any] = {
        "number": number,
        "id": f"id-{number}",
        "placed_at": PLACED,
        "changed_at": PLACED,
        "status": status,
        "currency": "EUR",
        "lines": (line,),
        "total": Decimal(gross),
        "channel": "lightspeed",
        "market": "NL",
        "ships_from": "NL",
        "buyer": Buyer(first_name="Jan", last_name="Jansen", email=f"{number}@example.invalid"),
        "billing": Address(lines=("Dam 1",), postcode="1012 AB", city="Amsterdam", country="NL"),
        "delivery": Address(lines=("Dam 1",), postcode="1012 AB", city="Amsterdam", country="NL"),
        "cancelled": status == "Cancelled",
    }
    return Order(**{**values, **changes})


@dataclass
class Desk:
    """A connection between the scripted two, worked by hand."""

    workshop: Workshop
    source: ScriptedSource
    target: ScriptedTarget
    clock: VirtualClock

    async def poll(self, *flows: str) -> None:
        record = await self.workshop.store.connections.get(NAME)
        assert record is not None
        assert await make_runner(self.workshop).cycle(record, frozenset(flows or ("orders",)))
        self.clock.advance(1)

    async def document(self, number: str) -> Document:
        document = await self.workshop.store.documents.get(NAME, number)
        assert document is not None
        return document

    async def state(self, number: str) -> DocumentState:
        return (await self.document(number)).state

    async def pass_time(self, delta: timedelta) -> None:
        self.clock.advance(delta.total_seconds())

    async def flow(self, name: str = "orders") -> Any:
        return next(state for state in await self.workshop.store.flows.states(NAME) if state.flow == name)


DeskMaker = Callable[..., AbstractAsyncContextManager[Desk]]


@pytest.fixture
def desk(tmp_path: Path) -> DeskMaker:
    @asynccontextmanager
    async def make(
        *,
        source: ScriptedSource | None = None,
        target: ScriptedTarget | None = None,
        database: str = "koppel.db",
        plugins: Plugins | None = None,
        **extra: dict[str, Any],
    ) -> AsyncGenerator[Desk]:
        source, target = source or ScriptedSource(), target or ScriptedTarget()
        clock = VirtualClock()
        loaded = plugins or load_plugins([], [])
        loaded.sources["scripted-source"] = source.spec()
        loaded.targets["scripted-target"] = target.spec()
        config = DaemonConfig(database=Database(url=f"sqlite:///{tmp_path / database}"))
        data: dict[str, dict[str, Any]] = {
            "connection": {"name": NAME, "source": "scripted-source", "target": "scripted-target"},
            "orders": {"interval": "15m"},
            "vat": {"NL": {"21": {"code": "high", "ledger": "8000"}}},
        }
        for section, values in extra.items():
            data[section] = {**data.get(section, {}), **values}
        async with open_workshop(config, clock=clock, plugins=loaded) as workshop:
            await apply_connection(workshop, toml_text(data), "test.toml")
            yield Desk(workshop, source, target, clock)

    return make
