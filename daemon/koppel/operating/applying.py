"""Connections from and to files."""

from dataclasses import dataclass

from koppel.config.connection import ConnectionSettings, parse_connection
from koppel.engine.daemon import Workshop
from koppel.engine.embedded import plan_flows
from koppel.errors import Misconfigured
from koppel.store import ConnectionRecord


@dataclass(frozen=True)
class Applied:
    """What became of one file."""

    name: str
    changed: bool
    missing_secrets: tuple[str, ...]
    notes: tuple[str, ...] = ()


async def apply_connection(workshop: Workshop, text: str, origin: str) -> Applied:
    """Check a connection file and keep it; idempotent. Misconfigured names file and place; nothing is kept then."""
    settings = await check_connection(workshop, text, origin)
    heading = settings.heading
    record = ConnectionRecord(name=heading.name, source=heading.source, target=heading.target, config=text)
    changed = await workshop.store.connections.put(record)
    await plan_flows(workshop.store, workshop.clock, settings)
    if changed:
        await workshop.store.flows.make_due(heading.name, "orders", workshop.clock.now())
    notes = ("[stock] enabled: this version does not write stock yet.",) if settings.stock.enabled else ()
    return Applied(heading.name, changed, await _missing_secrets(workshop, settings), notes)


async def check_connection(workshop: Workshop, text: str, origin: str) -> ConnectionSettings:
    """The settings of a file that may be applied. Raises Misconfigured otherwise; nothing is written."""
    settings = parse_connection(text, origin, workshop.plugins)
    heading = settings.heading
    existing = await workshop.store.connections.get(heading.name)
    if existing is not None and (existing.source, existing.target) != (heading.source, heading.target):
        raise Misconfigured(
            "connection.other-plugins",
            f"{origin}: connection {heading.name} is {existing.source} -> {existing.target} already and has documents.",
            "Choose another name for a connection between other systems.",
        )
    return settings


async def export_connection(workshop: Workshop, name: str) -> str:
    """The file as it was applied."""
    return (await known_connection(workshop, name)).config


async def known_connection(workshop: Workshop, name: str) -> ConnectionRecord:
    """The connection of this name. Raises Misconfigured that lists the known ones."""
    record = await workshop.store.connections.get(name)
    if record is None:
        known = ", ".join(each.name for each in await workshop.store.connections.all()) or "none yet"
        raise Misconfigured("connection.unknown", f"There is no connection called {name!r}.", f"Known: {known}.")
    return record


async def _missing_secrets(workshop: Workshop, settings: ConnectionSettings) -> tuple[str, ...]:
    import msgspec

    from koppel.config.secrets import secret_fields

    kept = await workshop.store.secrets.names(settings.name)
    missing: list[str] = []
    for section, values in (("source", settings.source), ("target", settings.target)):
        required = {field.encode_name for field in msgspec.structs.fields(type(values)) if field.required}
        missing += [
            f"{section}.{key}"
            for key in secret_fields(type(values))
            if key in required and not getattr(values, key) and f"{section}.{key}" not in kept
        ]
    return tuple(missing)
