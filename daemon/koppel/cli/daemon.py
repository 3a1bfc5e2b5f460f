"""run, plugins, sandbox: what starts something."""

import sys
from collections.abc import Mapping

import anyio
import click

from koppel.cli.frame import App, table, with_app
from koppel.engine.control import call_daemon
from koppel.engine.daemon import open_workshop, run_daemon
from koppel.errors import Misconfigured
from koppel.log.setup import configure
from koppel.plugin.loading import load_plugins
from koppel.sandbox import Options, serve


@click.command()
@with_app
async def run(app: App) -> None:
    """The daemon: works until SIGTERM."""
    config = app.config()
    configure(json=config.log.json, level=config.log.level.upper())
    if (other := await call_daemon(config, "ping")) is not None:
        raise Misconfigured("daemon.running", f"A daemon runs already for this database: process {other.pid}.")
    async with open_workshop(config) as workshop:
        await run_daemon(workshop)


@click.command()
@with_app
async def plugins(app: App) -> None:
    """The installed plugins, and why one does not load."""
    infos = load_plugins(app.config().plugins.allow).infos
    rows = [
        (
            info.name,
            info.kind,
            f"{info.distribution} {info.version}".strip(),
            info.problem or ", ".join(info.capabilities),
        )
        for info in infos
    ]
    app.emit([_plain(info) for info in infos], table(rows))


def _plain(info: object) -> dict[str, object]:
    from dataclasses import asdict

    return asdict(info)  # type: ignore[call-overload,no-any-return]


@click.command()
@click.argument("name")
@click.option("--port", default=0, help="0 takes a free one.")
@click.option("--size", default=200, show_default=True, help="How much data it makes.")
@click.option("--seed", default=1, show_default=True)
@click.option("--limits/--no-limits", default=True, show_default=True, help="Keep the vendor's rate limits.")
@click.option("--switch", "switches", multiple=True, metavar="KEY=VALUE", help="A switch of the vendor's sandbox.")
@with_app
async def sandbox(
    app: App, name: str, port: int, size: int, seed: int, limits: bool, switches: tuple[str, ...]
) -> None:
    """Serve a vendor's sandbox on this machine until interrupted."""
    loaded = load_plugins(app.config().plugins.allow)
    spec = loaded.spec(name)
    if spec is None:
        known = ", ".join(sorted({*loaded.sources, *loaded.targets}))
        raise Misconfigured("plugin.unknown", f"There is no plugin called {name!r}.", f"Installed: {known}.")
    chosen = dict(switch.split("=", 1) for switch in switches if "=" in switch)
    application = spec.sandbox(Options(seed=seed, size=size, limits=limits, switches=chosen))
    async with serve(application, port=port) as url:
        settings = spec.sandbox_settings(url)
        app.emit({"url": url, "settings": settings}, f"{spec.title} sandbox on {url}\n" + _as_text(settings))
        sys.stdout.flush()
        await anyio.sleep_forever()


def _as_text(settings: Mapping[str, object]) -> str:
    return "\n".join(f"  {key} = {value!r}" for key, value in settings.items())
