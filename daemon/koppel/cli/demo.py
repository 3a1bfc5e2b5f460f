"""koppel demo: see it work, without an account anywhere."""

import sys
import time
from datetime import datetime

import click

from koppel.cli.frame import FAILED, App, with_app
from koppel.errors import Misconfigured
from koppel.log.setup import configure
from koppel.operating.demo import Progress, Scene, Summary, stage, until_settled
from koppel.plugin.loading import load_plugins

DEFAULT_PAIR = "amazon:snelstart"


@click.command()
@click.option("--once", is_flag=True, help="One round only: without the orders that change later.")
@click.option("--orders", default=200, show_default=True, type=click.IntRange(1, 20_000))
@click.option("--pair", default=DEFAULT_PAIR, show_default=True, metavar="SOURCE:TARGET")
@click.option("--all", "every", is_flag=True, help="Every source with every target.")
@click.option("--limits", is_flag=True, help="Let the sandboxes keep the vendors' rate limits.")
@click.option("--seed", default=1, show_default=True)
@with_app
async def demo(app: App, once: bool, orders: int, pair: str, every: bool, limits: bool, seed: int) -> None:
    """Book a sandbox shop's orders into a sandbox administration, and compare the two to the cent."""
    configure(json=False, level="ERROR")
    summaries: list[Summary] = []
    for source, target in _pairs(app, pair, every):
        async with stage(source, target, orders=orders, seed=seed, limits=limits) as (scene, started_at):
            summary = await _play(app, scene, started_at, once=once)
        summaries.append(summary)
        if not app.json:
            click.echo(_told(summary))
    if app.json:
        app.emit(summaries if every else summaries[0])
    if any(_wrong(summary) for summary in summaries):
        raise SystemExit(FAILED)


def _pairs(app: App, pair: str, every: bool) -> list[tuple[str, str]]:
    if every:
        plugins = load_plugins(app.config().plugins.allow)
        return [(source, target) for source in sorted(plugins.sources) for target in sorted(plugins.targets)]
    source, colon, target = pair.partition(":")
    if not colon:
        raise Misconfigured("demo.pair", f"--pair is SOURCE:TARGET, such as {DEFAULT_PAIR}, not {pair!r}.")
    return [(source, target)]


async def _play(app: App, scene: Scene, started_at: datetime, *, once: bool) -> Summary:
    title = f"{scene.source_spec.title} -> {scene.target_spec.title}"
    total = len(scene.source.orders)
    show = Bar(f"{title}: ", total, silent=app.json)
    await until_settled(scene, show, started_at)
    show.done()
    if not once:
        if not app.json:
            click.echo("A day later: payments came in, some buyers cancelled.")
        show = Bar(f"{title}: ", total, silent=app.json)
        await until_settled(scene, show, await scene.another_day())
        show.done()
    return scene.summary()


class Bar:
    """A progress bar on a terminal; a line at the end elsewhere."""

    def __init__(self, label: str, total: int, *, silent: bool) -> None:
        self._label = label
        self._total = total
        self._silent = silent
        self._live = sys.stderr.isatty() and not silent
        self._started = time.monotonic()
        self._last = Progress(0, 0)

    def __call__(self, progress: Progress) -> None:
        """Draw."""
        self._last = progress
        if self._live:
            filled = 30 * progress.booked // max(1, self._total)
            bar = "#" * filled + "." * (30 - filled)
            click.echo(f"\r{self._label}[{bar}] {progress.booked} booked, {progress.seen} seen", nl=False, err=True)

    def done(self) -> None:
        """Close the line."""
        if self._live:
            click.echo(err=True)
        elif not self._silent:
            seconds = time.monotonic() - self._started
            click.echo(f"{self._label}{self._last.booked} booked of {self._last.seen} seen in {seconds:.1f} s")


def _told(summary: Summary) -> str:
    agree = summary.total_source == summary.total_booked and not summary.duplicates and not summary.errors
    verdict = "Nothing lost, nothing doubled, right to the cent." if agree else "THE TWO DO NOT AGREE."
    lines = [
        f"{summary.orders} orders in the shop:",
        f"  {summary.booked:6} booked",
        f"  {summary.open:6} open (not paid or not shipped yet)",
        f"  {summary.cancelled:6} cancelled before booking",
        f"  {summary.skipped:6} skipped (replacements and the like)",
        f"  {summary.errors:6} in error",
        f"  {summary.duplicates:6} booked twice",
        f"  sold {summary.total_source} EUR, booked {summary.total_booked} EUR, VAT included",
        verdict,
    ]
    return "\n".join(lines)


def _wrong(summary: Summary) -> bool:
    return bool(summary.errors or summary.duplicates or summary.total_source != summary.total_booked)
