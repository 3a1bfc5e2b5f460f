"""Connections: apply, export, check, status, pause, resume, deactivate, secret."""

import sys
from pathlib import Path

import click

from koppel.cli.backfill import told
from koppel.cli.frame import FAILED, App, table, with_workshop
from koppel.config.connection import parse_connection
from koppel.config.secrets import secret_fields
from koppel.engine.control import call_daemon
from koppel.engine.daemon import Workshop
from koppel.errors import Misconfigured
from koppel.operating import applying, inspecting, steering
from koppel.store import ConnectionState


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@with_workshop
async def apply(app: App, workshop: Workshop, files: tuple[Path, ...]) -> None:
    """Make or change connections from TOML files. Files are checked first; a wrong one changes nothing."""
    texts = [(file, _read(file)) for file in files]
    settings = [await applying.check_connection(workshop, text, str(file)) for file, text in texts]
    names = [each.name for each in settings]
    if twice := {name for name in names if names.count(name) > 1}:
        raise Misconfigured("connection.twice", f"Connection {', '.join(twice)} is given twice; nothing was applied.")
    results = [await applying.apply_connection(workshop, text, str(file)) for file, text in texts]
    await call_daemon(workshop.config, "wake")
    lines: list[str] = []
    for result in results:
        lines.append(f"{result.name}: {'applied' if result.changed else 'unchanged'}")
        lines += [f"  {note}" for note in result.notes]
        lines += [f"  secret missing, run: koppel secret set {result.name} {key}" for key in result.missing_secrets]
    app.emit(
        [
            {"name": r.name, "changed": r.changed, "missing_secrets": r.missing_secrets, "notes": r.notes}
            for r in results
        ],
        "\n".join(lines),
    )


def _read(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured("config.unreadable", f"{file} cannot be read: {error}.") from error


@click.command()
@click.argument("name", required=False)
@with_workshop
async def export(app: App, workshop: Workshop, name: str | None) -> None:
    """Print a connection's TOML file (all of them with --json when no name is given)."""
    if name:
        text = await applying.export_connection(workshop, name)
        app.emit({name: text}, text.rstrip("\n"))
        return
    records = await workshop.store.connections.all()
    app.emit(
        {record.name: record.config for record in records}, "\n\n".join(record.config.strip() for record in records)
    )


@click.command()
@click.argument("name")
@with_workshop
async def check(app: App, workshop: Workshop, name: str) -> None:
    """Try sign-in, rights, VAT table, ledgers, book year; exit code 1 if something must be mended."""
    findings = await inspecting.check(workshop, name)
    rows = [
        (finding.level.upper(), finding.subject, f"{finding.message} {finding.suggestion}".strip())
        for finding in findings
    ]
    app.emit(findings, table(rows))
    if any(finding.level == "error" for finding in findings):
        raise SystemExit(FAILED)


@click.command()
@click.argument("name", required=False)
@with_workshop
async def status(app: App, workshop: Workshop, name: str | None) -> None:
    """How the daemon and the connections stand."""
    now = await inspecting.status(workshop, name)
    lines = [f"daemon: {'runs, process ' + str(now.daemon_pid) if now.daemon_pid else 'does not run'}"]
    for each in now.connections:
        counts = ", ".join(f"{count} {state}" for state, count in sorted(each.counts.items())) or "no documents yet"
        booked = ", ".join(f"{total} {currency}" for currency, total in each.booked.items())
        lines += ["", f"{each.name}: {each.source} -> {each.target}, {each.state}", f"  documents: {counts}"]
        if booked:
            lines.append(f"  booked: {booked}")
        for flow in each.flows:
            good = f"last good run {flow.ok_at:%Y-%m-%d %H:%M:%S} UTC" if flow.ok_at else "no good run yet"
            lines.append(f"  {flow.flow}: {good}, next {flow.due_at:%Y-%m-%d %H:%M:%S} UTC")
            if flow.failures:
                lines.append(f"    failing {flow.failures} times: {flow.message}")
        if each.backfill and each.backfill.end is None:
            lines.append(f"  {told(each.backfill)}")
    app.emit(now, "\n".join(lines))


def _state_command(name: str, state: ConnectionState, text: str) -> click.Command:
    @click.command(name, help=text)
    @click.argument("connection")
    @with_workshop
    async def command(app: App, workshop: Workshop, connection: str) -> None:
        await steering.set_state(workshop, connection, state)
        app.emit({"name": connection, "state": state}, f"{connection}: {state}")

    return command


pause = _state_command("pause", ConnectionState.PAUSED, "Stop a connection for a while; nothing is lost.")
resume = _state_command("resume", ConnectionState.ACTIVE, "Let a paused or deactivated connection go on.")
deactivate = _state_command("deactivate", ConnectionState.DEACTIVATED, "End a connection; its log stays.")


@click.group()
def secret() -> None:
    """Secrets of connections, kept sealed in the store."""


@secret.command("set")
@click.argument("name")
@click.argument("key")
@with_workshop
async def secret_set(app: App, workshop: Workshop, name: str, key: str) -> None:
    """Keep a secret, read from standard input or asked for (it never stands on the command line)."""
    record = await applying.known_connection(workshop, name)
    settings = parse_connection(record.config, f"connection {name}", workshop.plugins)
    known = [f"source.{each}" for each in secret_fields(type(settings.source))]
    known += [f"target.{each}" for each in secret_fields(type(settings.target))]
    matches = [each for each in known if key in (each, each.partition(".")[2])]
    if len(matches) != 1:
        raise Misconfigured(
            "secret.unknown", f"Connection {name} has no secret {key!r}.", f"It has: {', '.join(known)}."
        )
    asked = sys.stdin.isatty()
    value = str(click.prompt(matches[0], hide_input=True, err=True)) if asked else sys.stdin.read()
    if not value.strip():
        raise Misconfigured("secret.empty", "An empty secret is not kept.")
    await workshop.store.secrets.put(name, matches[0], value.strip())
    for state in await workshop.store.flows.states(name):
        if state.failures:
            await workshop.store.flows.make_due(name, state.flow, workshop.clock.now())
    await call_daemon(workshop.config, "wake")
    app.emit({"name": name, "key": matches[0]}, f"{name}: {matches[0]} kept")


@secret.command("list")
@click.argument("name")
@with_workshop
async def secret_list(app: App, workshop: Workshop, name: str) -> None:
    """Which secrets are kept for a connection; never their values."""
    await applying.known_connection(workshop, name)
    names = sorted(await workshop.store.secrets.names(name))
    app.emit(names, "\n".join(names))
