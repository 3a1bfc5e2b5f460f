"""koppel backfill: orders of the past."""

import sys
from datetime import datetime

import click

from koppel.cli.frame import FAILED, App, with_workshop
from koppel.engine.daemon import Workshop
from koppel.operating.backfilling import BackfillProgress, cancel_backfill, follow_backfill, start_backfill

_DAY = click.DateTime(["%Y-%m-%d"])


@click.command()
@click.argument("name")
@click.option("--from", "since", type=_DAY, help="First day, such as 2026-01-01 (Amsterdam).")
@click.option("--to", "until", type=_DAY, help="Last day, inclusive.")
@click.option("--wait", is_flag=True, help="Wait until it has ended, where the daemon does the work.")
@click.option("--cancel", is_flag=True, help="End the one that is under way.")
@with_workshop
async def backfill(
    app: App,
    workshop: Workshop,
    name: str,
    since: datetime | None,
    until: datetime | None,
    wait: bool,
    cancel: bool,
) -> None:
    """Import the orders placed between two days: by the daemon if it runs, else here.

    Without days: see how far the one under way is, or go on with it. What is booked already is never booked again.
    """
    if (since is None) != (until is None) or (cancel and since):
        raise click.UsageError("Give both --from and --to, or neither.")
    if cancel:
        await cancel_backfill(workshop, name)
        app.emit({"name": name, "end": "cancelled"}, f"{name}: back-fill ended; what was booked stays booked")
        return
    if since and until:
        await start_backfill(workshop, name, since.date(), until.date())
    live = sys.stderr.isatty() and not app.json

    def report(progress: BackfillProgress) -> None:
        if live:
            click.echo(f"\r\x1b[K{told(progress)}", nl=False, err=True)

    progress = await follow_backfill(workshop, name, report, wait=wait)
    if live:
        click.echo(err=True)
    app.emit(progress, f"{name}: {told(progress)}")
    if progress.message:
        raise SystemExit(FAILED)


def told(progress: BackfillProgress) -> str:
    """One line about it."""
    new = ", ".join(f"{count} {state}" for state, count in progress.new.items())
    known = f"{sum(progress.new.values())} of them new" + (f" ({new})" if new else "")
    read = f"{progress.pages} pages, {progress.seen} orders seen, {known}"
    state = f"; {progress.message}" if progress.message else ""
    return f"back-fill {progress.since} to {progress.until}, {progress.end or 'under way'}: {read}{state}"
