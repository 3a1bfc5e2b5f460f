"""The demonstration: both sandboxes and the real daemon on a temporary database; then the journals compared."""

import tempfile
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import anyio
import anyio.abc
import msgspec

from koppel.booking import SellerSettings, default_vat_table
from koppel.clock import AMSTERDAM
from koppel.config.daemon import DaemonConfig, Database, Security
from koppel.config.secrets import secret_fields
from koppel.config.writing import toml_text
from koppel.engine.control import call_daemon
from koppel.engine.daemon import Workshop, open_workshop, run_daemon
from koppel.errors import Misconfigured
from koppel.operating.applying import apply_connection
from koppel.plugin import SourceSpec, TargetSpec
from koppel.plugin.loading import Plugins, load_plugins
from koppel.sandbox import Options, Sandbox, SourceSandbox, serve
from koppel.store import DocumentState
from koppel.vat.rates import find_rate
from koppel.vat.treatment import Treatment

NAME = "demo"
BUSY = (DocumentState.DUE, DocumentState.BOOKING, DocumentState.RETRY)
BOOKINGS = ("booking", "order")
LOOK = 0.05


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """What the demonstration did, from the sandboxes' journals. Amounts in euro, VAT included."""

    source: str
    target: str
    orders: int
    booked: int
    open: int
    errors: int
    cancelled: int
    skipped: int
    duplicates: int
    total_source: Decimal
    total_booked: Decimal


@dataclass(frozen=True)
class Progress:
    """How far the daemon is: documents seen so far, and how many of them are booked."""

    seen: int
    booked: int


@dataclass(frozen=True, kw_only=True)
class Scene:
    """Both sandboxes served, a store, and one connection between them. Nobody works yet."""

    workshop: Workshop
    source_spec: SourceSpec
    target_spec: TargetSpec
    source: SourceSandbox
    target: Sandbox

    async def progress(self) -> Progress:
        """From the store: for the eye only; the summary never comes from here."""
        counts = await self.workshop.store.documents.counts(NAME)
        return Progress(sum(counts.values()), counts.get((NAME, DocumentState.BOOKED), 0))

    async def settled(self, since: datetime) -> bool:
        """Whether the daemon has polled since then, and nothing waits any more."""
        flows = {state.flow: state for state in await self.workshop.store.flows.states(NAME)}
        state = flows["orders"]
        if state.failures:
            raise Misconfigured(state.code or "demo.failed", state.message)
        if not (state.started_at and state.finished_at and since <= state.started_at <= state.finished_at):
            return False
        counts = await self.workshop.store.documents.counts(NAME)
        return not any(counts.get((NAME, state)) for state in BUSY)

    async def another_day(self) -> datetime:
        """Let the pending orders move on, and the daemon look again. Gives the moment from which to wait."""
        self.source.change_pending()
        now = self.workshop.clock.now()
        await self.workshop.store.flows.make_due(NAME, "orders", now)
        await call_daemon(self.workshop.config, "wake")
        return now

    def summary(self) -> Summary:
        """Compare the two journals."""
        entries = [entry for kind in BOOKINGS for entry in self.target.journal.of(kind)]
        references = {entry.reference for entry in entries}
        orders = self.source.orders
        released = [order for order in orders if order.released and not order.skipped and not order.cancelled]
        waiting = [order for order in orders if order.number not in references]
        late = {order.number for order in released}
        return Summary(
            source=self.source_spec.name,
            target=self.target_spec.name,
            orders=len(orders),
            booked=len(orders) - len(waiting),
            open=sum(1 for order in waiting if not (order.released or order.cancelled or order.skipped)),
            errors=sum(1 for order in waiting if order.number in late),
            cancelled=sum(1 for order in waiting if order.cancelled),
            skipped=sum(1 for order in waiting if order.skipped and not order.cancelled),
            duplicates=len(entries) - len(references),
            total_source=sum((order.expected_total for order in released), Decimal(0)),
            total_booked=sum((entry.amount or Decimal(0) for entry in entries), Decimal(0)),
        )


@asynccontextmanager
async def set_scene(
    source: str,
    target: str,
    *,
    options: Options,
    folder: Path,
    plugins: Plugins | None = None,
    extra: Mapping[str, Mapping[str, Any]] | None = None,
) -> AsyncGenerator[Scene]:
    """Serve both sandboxes and make a store in ``folder`` with one connection. ``extra`` adds to its sections."""
    plugins = plugins or load_plugins((source, target))
    source_spec, target_spec = _known(plugins.sources, source, "source"), _known(plugins.targets, target, "target")
    source_box, target_box = source_spec.sandbox(options), target_spec.sandbox(options)
    if not isinstance(source_box, SourceSandbox):
        raise Misconfigured("demo.sandbox", f"The sandbox of {source} does not tell its orders.")
    config = DaemonConfig(
        database=Database(url=f"sqlite:///{folder / 'koppel.db'}"), security=Security(allow_insecure_endpoints=True)
    )
    async with (
        serve(source_box) as source_url,
        serve(target_box) as target_url,
        open_workshop(config, clock=options.clock, plugins=plugins) as workshop,
    ):
        scene = Scene(
            workshop=workshop, source_spec=source_spec, target_spec=target_spec, source=source_box, target=target_box
        )
        await _connect(
            scene,
            source_spec.sandbox_settings(source_url),
            target_spec.sandbox_settings(target_url),
            limits=options.limits,
            extra=extra or {},
        )
        yield scene


@asynccontextmanager
async def stage(
    source: str, target: str, *, orders: int, seed: int, limits: bool
) -> AsyncGenerator[tuple[Scene, datetime]]:
    """The scene with the daemon at work, and the moment at which it started."""
    options = Options(seed=seed, size=orders, limits=limits)
    with tempfile.TemporaryDirectory(prefix="koppel-demo-") as folder:
        async with set_scene(source, target, options=options, folder=Path(folder)) as scene:
            started_at = scene.workshop.clock.now()
            async with anyio.create_task_group() as tasks:
                await tasks.start(_daemon, scene.workshop)
                yield scene, started_at
                tasks.cancel_scope.cancel()


async def _daemon(workshop: Workshop, *, task_status: anyio.abc.TaskStatus[object]) -> None:
    await run_daemon(workshop, signals=False, task_status=task_status)


async def until_settled(scene: Scene, report: Callable[[Progress], None], since: datetime) -> None:
    """Wait until the daemon has nothing left to do, telling how far it is."""
    while not await scene.settled(since):
        report(await scene.progress())
        await scene.workshop.clock.sleep(LOOK)
    report(await scene.progress())


async def _connect(
    scene: Scene,
    on_source: Mapping[str, Any],
    on_target: Mapping[str, Any],
    *,
    limits: bool,
    extra: Mapping[str, Mapping[str, Any]],
) -> None:
    workshop = scene.workshop
    sides = (("source", scene.source_spec, on_source), ("target", scene.target_spec, on_target))
    for section, spec, values in sides:
        for key in secret_fields(spec.settings):
            if values.get(key):
                await workshop.store.secrets.put(NAME, f"{section}.{key}", str(values[key]))
    seller = SellerSettings(country="NL", oss=True)
    today = workshop.clock.now().astimezone(AMSTERDAM).date()
    data: dict[str, dict[str, Any]] = {
        "connection": {
            "name": NAME,
            "source": scene.source_spec.name,
            "target": scene.target_spec.name,
            "limits": "vendor" if limits else "off",
        },
        "source": _without_secrets(scene.source_spec.settings, on_source),
        "target": _without_secrets(scene.target_spec.settings, on_target),
        "orders": {"interval": "1m", "customers": scene.source_spec.recommended_customers},
        "seller": {"country": "NL", "oss": True},
        "vat": _vat_table(seller, today, scene.target_spec),
        "categories": {"books_printed": ["BOOK-*"]},
    }
    for section, values in extra.items():
        data[section] = {**data.get(section, {}), **values}
    await apply_connection(workshop, toml_text(data), "the demonstration's connection")


def _vat_table(seller: SellerSettings, today: date, target: TargetSpec) -> dict[str, Any]:
    """What ``koppel vat reset`` would fill, and what a user would add for the shop's books and its British buyers."""
    table = {name: dict(cells) for name, cells in default_vat_table(seller, today, target.propose).items()}
    for country in [name for name in table if len(name) == len("NL") and name != seller.country]:
        rate = find_rate(country, "books_printed", today)
        row = target.propose(Treatment.OSS, country, str(rate.percentage)) if rate else None
        if rate and row:
            table[country].setdefault(str(rate.percentage), row)
    if "marketplace" not in table and "export" in table:
        table["marketplace"] = table["export"]
    return msgspec.convert(msgspec.to_builtins(table), dict[str, Any])


def _known(specs: Mapping[str, Any], name: str, kind: str) -> Any:
    if name not in specs:
        raise Misconfigured("plugin.unknown", f"There is no {kind} called {name!r}.", f"Installed: {', '.join(specs)}.")
    return specs[name]


def _without_secrets(settings: type[msgspec.Struct], values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if key not in secret_fields(settings)}
