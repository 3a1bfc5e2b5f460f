"""Documents: sync, dry-run, documents, show, retry; the logs."""

from datetime import timedelta

import click

from koppel.booking.reading import render
from koppel.cli.frame import FAILED, App, table, with_workshop
from koppel.config.toml import parse_duration
from koppel.engine.daemon import Workshop
from koppel.errors import Misconfigured
from koppel.operating import inspecting, steering
from koppel.operating.applying import known_connection
from koppel.operating.dry_run import dry_run as run_dry
from koppel.store import DocumentState, Event

LONGEST_DETAIL = timedelta(days=14)


@click.command()
@click.argument("name")
@click.option("--flow", help="Only this flow.")
@click.option("--wait", is_flag=True, help="Wait until it has run.")
@with_workshop
async def sync(app: App, workshop: Workshop, name: str, flow: str | None, wait: bool) -> None:
    """Run a connection now, ahead of the clock: by the daemon if it runs, else here."""
    states = await steering.sync(workshop, name, flow, wait=wait)
    bad = [state for state in states if state.failures]
    lines = [f"{state.flow}: {state.message if state.failures else 'ok'}" for state in states]
    app.emit(states, "\n".join(lines))
    if bad:
        raise SystemExit(FAILED)


@click.command("dry-run")
@click.argument("name")
@click.option("--limit", default=20, show_default=True, help="At most so many orders.")
@click.option("--language", type=click.Choice(["nl", "en"]), default="nl", show_default=True)
@with_workshop
async def dry_run(app: App, workshop: Workshop, name: str, limit: int, language: str) -> None:
    """Show what would be booked, in full, without booking anything."""
    rows: list[dict[str, object]] = []
    async for each in run_dry(workshop, name, limit):
        problem = dict(zip(("code", "message", "suggestion"), each.problem, strict=True)) if each.problem else None
        rows.append({"reference": each.reference, "draft": each.draft, "problem": problem})
        if not app.json:
            text = render(each.draft, language) if each.draft else "\n".join(filter(None, each.problem or ()))
            click.echo(f"{each.reference}\n{text}\n")
    app.emit(rows, f"{len(rows)} orders; nothing was booked.")


@click.command()
@click.argument("name")
@click.option("--state", "states", multiple=True, type=click.Choice([str(state) for state in DocumentState]))
@click.option("--limit", default=50, show_default=True)
@click.option("--offset", default=0)
@with_workshop
async def documents(app: App, workshop: Workshop, name: str, states: tuple[str, ...], limit: int, offset: int) -> None:
    """List a connection's documents, newest first."""
    wanted = {DocumentState(state) for state in states} or None
    found = await inspecting.documents(workshop, name, wanted, limit, offset)
    rows = [
        (
            each.reference,
            str(each.state),
            f"{each.amount if each.amount is not None else ''} {each.currency}".strip(),
            each.target_number or "",
            f"{each.message} {each.suggestion}".strip(),
        )
        for each in found
    ]
    app.emit(found, table(rows))


@click.command()
@click.argument("name")
@click.argument("reference")
@with_workshop
async def show(app: App, workshop: Workshop, name: str, reference: str) -> None:
    """One document: how it stands and all that happened to it."""
    document, events = await inspecting.show(workshop, name, reference)
    lines = [f"{document.reference}: {document.state}"]
    if document.amount is not None:
        lines.append(f"  amount: {document.amount} {document.currency} incl. VAT")
    if document.target_id:
        lines.append(f"  in the target: {document.target_number or ''} ({document.target_id})")
    if document.message:
        lines.append(f"  {document.code}: {document.message} {document.suggestion}".rstrip())
    lines += [
        f"  {event.at:%Y-%m-%d %H:%M:%S} UTC  {event.kind}  {_step(event)}  {event.message}".rstrip()
        for event in events
    ]
    app.emit({"document": document, "events": events}, "\n".join(lines))


@click.command()
@click.argument("name")
@click.argument("references", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="All documents in error or waiting.")
@with_workshop
async def retry(app: App, workshop: Workshop, name: str, references: tuple[str, ...], everything: bool) -> None:
    """Process documents again, now."""
    if not references and not everything:
        raise click.UsageError("Name documents, or use --all.")
    done = await steering.retry(workshop, name, references, everything=everything)
    app.emit(done, f"{len(done)} documents are processed again.")


@click.group()
def log() -> None:
    """The basic log (kept for ever) and the detail log (switched on for a while)."""


@log.command("show")
@click.argument("name")
@click.argument("reference", required=False)
@click.option("--limit", default=100, show_default=True)
@click.option("--detail", is_flag=True, help="The exchanges with the vendors instead.")
@with_workshop
async def log_show(app: App, workshop: Workshop, name: str, reference: str | None, limit: int, detail: bool) -> None:
    """What happened, newest first."""
    await known_connection(workshop, name)
    if detail:
        entries = await workshop.store.detail.show(name, limit)
        text = "\n\n".join(
            f"{each.at:%Y-%m-%d %H:%M:%S} UTC  {each.operation}  {each.status}\n"
            + "\n".join(f"  {key}: {value}" for key, value in each.exchange.items())
            for each in entries
        )
        app.emit(entries, text)
        return
    events = await workshop.store.documents.events(name, reference, limit)
    rows = [(f"{each.at:%Y-%m-%d %H:%M:%S}", each.reference, each.kind, _step(each), each.message) for each in events]
    app.emit(events, table(rows))


@log.command("detail")
@click.argument("name")
@click.argument("switch", type=click.Choice(["on", "off"]))
@click.option("--for", "duration", default="1d", show_default=True, help="How long: 90s, 15m, 1h, 3d; at most 14d.")
@with_workshop
async def log_detail(app: App, workshop: Workshop, name: str, switch: str, duration: str) -> None:
    """Switch the detail log of a connection on or off; it works while the daemon runs."""
    await known_connection(workshop, name)
    until = None
    if switch == "on":
        try:
            length = parse_duration(duration)
        except ValueError as error:
            raise Misconfigured("config.value", f"--for: {error}.") from error
        if length > LONGEST_DETAIL:
            raise Misconfigured("config.value", "--for: the detail log is kept at most 14 days.")
        until = workshop.clock.now() + length
    await workshop.store.connections.set_detail(name, until)
    app.emit(
        {"name": name, "until": until},
        f"{name}: detail log {'on until ' + f'{until:%Y-%m-%d %H:%M} UTC' if until else 'off'}",
    )


def _step(event: Event) -> str:
    """From which state to which; nothing where none changed."""
    return f"{event.before}->{event.after}" if event.before or event.after else ""
