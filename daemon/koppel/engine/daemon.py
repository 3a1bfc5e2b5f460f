"""The daemon put together: store, plugins, vendors, engine, control socket, signals."""

import os
import signal
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

import anyio
import anyio.abc
import structlog

from koppel import __version__
from koppel.clock import Clock, SystemClock
from koppel.config.connection import parse_connection
from koppel.config.daemon import DaemonConfig
from koppel.config.toml import parse_duration, parse_size
from koppel.engine.control import describe, only_daemon, serve_control, socket_path
from koppel.engine.embedded import EmbeddedEngine, plan_flows
from koppel.engine.facts import Facts
from koppel.engine.opening import Opener
from koppel.engine.runner import Runner
from koppel.errors import KoppelError
from koppel.plugin.loading import Plugins, load_plugins
from koppel.store import Store, open_store
from koppel.vendor import VendorHub

PURGE_EVERY = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class Workshop:
    """Everything that daemon and commands share: what is installed, what is stored, how connections are opened."""

    config: DaemonConfig
    clock: Clock
    store: Store
    plugins: Plugins
    hub: VendorHub
    opener: Opener
    facts: Facts


@asynccontextmanager
async def open_workshop(
    config: DaemonConfig, *, clock: Clock | None = None, plugins: Plugins | None = None
) -> AsyncGenerator[Workshop]:
    """Open store, plugins and vendor hub. Raises Misconfigured, RetryLater as :func:`koppel.store.open_store` does."""
    clock = clock or SystemClock()
    plugins = plugins or load_plugins(config.plugins.allow)
    async with (
        open_store(config.database.url, clock=clock, key_file=config.database.key_file) as store,
        VendorHub(
            clock=clock,
            tokens=store.tokens,
            limits=store.limit_states,
            allow_insecure=config.security.allow_insecure_endpoints,
        ) as hub,
    ):
        yield Workshop(
            config=config,
            clock=clock,
            store=store,
            plugins=plugins,
            hub=hub,
            opener=Opener(config, store, plugins, hub, clock),
            facts=Facts(store, hub, config.services),
        )


def daemon_name() -> str:
    """The daemon as owner of leases: not of one process, so that the next one may free what a killed one held."""
    return f"daemon@{socket.gethostname()}"


def make_runner(workshop: Workshop, stopping: "anyio.Event | None" = None, owner: str = "") -> Runner:
    """A runner of cycles for this process."""
    return Runner(
        store=workshop.store,
        opener=workshop.opener,
        clock=workshop.clock,
        facts=workshop.facts,
        hooks=workshop.plugins.manager.hook,
        owner=owner or f"{socket.gethostname()}:{os.getpid()}",
        stopping=stopping.is_set if stopping else lambda: False,
    )


async def run_daemon(
    workshop: Workshop,
    *,
    signals: bool = True,
    task_status: anyio.abc.TaskStatus[EmbeddedEngine] = anyio.TASK_STATUS_IGNORED,
) -> None:
    """Run until SIGTERM or SIGINT: the page in hand is finished, then everything is closed.

    Raises Misconfigured if a daemon runs already for this database.
    """
    with only_daemon(workshop.config):
        if workshop.config.database.url.startswith("sqlite"):  # on this machine only, and so the lock proves it
            await workshop.store.leases.free(daemon_name())
        await _run(workshop, signals, task_status)


async def _run(workshop: Workshop, signals: bool, task_status: anyio.abc.TaskStatus[EmbeddedEngine]) -> None:
    log = structlog.get_logger("koppel.daemon")
    stopping = anyio.Event()
    runner = make_runner(workshop, stopping, daemon_name())
    engine = EmbeddedEngine(workshop.store, workshop.clock, runner.cycle)
    _report_plugins(workshop, log)
    await _ensure_all(workshop, log)
    async with anyio.create_task_group() as tasks:
        await tasks.start(
            serve_control, socket_path(workshop.config), engine.poke, lambda: describe(__version__, engine.running)
        )
        tasks.start_soon(_purge_detail_log, workshop)
        if signals:
            tasks.start_soon(_stop_on_signal, engine, stopping)
        log.info("ready", version=__version__, connections=len(await workshop.store.connections.all()))
        task_status.started(engine)
        await engine.run()
        tasks.cancel_scope.cancel()
    log.info("stopped")


async def _ensure_all(workshop: Workshop, log: structlog.stdlib.BoundLogger) -> None:
    for record in await workshop.store.connections.all():
        try:
            settings = parse_connection(record.config, f"connection {record.name}", workshop.plugins)
        except KoppelError as error:
            log.error(  # noqa: TRY400 - a person reads the sentence, not a traceback
                "connection_unusable", connection=record.name, code=error.code, message=str(error)
            )
        else:
            await plan_flows(workshop.store, workshop.clock, settings)


def _report_plugins(workshop: Workshop, log: structlog.stdlib.BoundLogger) -> None:
    for info in workshop.plugins.infos:
        if info.problem:
            log.warning("plugin_not_loaded", plugin=info.name, reason=info.problem)
        else:
            log.info("plugin", plugin=info.name, distribution=info.distribution, version=info.version)
    if workshop.config.web.listen:
        log.warning("no_dashboard", message="[web] listen is set, but this version has no dashboard yet.")


async def _stop_on_signal(engine: EmbeddedEngine, stopping: anyio.Event) -> None:
    with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as received:
        async for _ in received:
            stopping.set()
            engine.stop()
            return


async def _purge_detail_log(workshop: Workshop) -> None:
    settings = workshop.config.detail_log
    keep, size = parse_duration(settings.keep), parse_size(settings.max_size)
    log = structlog.get_logger("koppel.daemon")
    while True:
        try:
            await workshop.store.detail.purge(workshop.clock.now(), keep=keep, max_size=size)
        except KoppelError as error:  # a full disk, a locked database: the next hour comes
            log.warning("detail_log_not_purged", code=error.code, message=error.message)
        await workshop.clock.sleep(PURGE_EVERY.total_seconds())
