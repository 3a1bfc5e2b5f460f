"""Opening a connection: settings, secrets, vendor sessions, plugins' objects."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import msgspec
import structlog

from koppel.clock import Clock
from koppel.config.connection import ConnectionSettings, parse_connection
from koppel.config.daemon import DaemonConfig
from koppel.config.secrets import resolve_secrets, secret_fields
from koppel.errors import KoppelError, Misconfigured, RetryLater
from koppel.log.places import places
from koppel.log.redaction import register_secret
from koppel.plugin.loading import Plugins
from koppel.plugin.spec import SourceSpec, TargetSpec
from koppel.store import ConnectionRecord, Store
from koppel.vendor import Exchange, Vendor, VendorHub


class DetailTracer:
    """Hands exchanges to the detail log while it is on; :meth:`refresh` reads the switch, while running."""

    def __init__(self, store: Store, clock: Clock, connection: str, until: datetime | None) -> None:
        self._store = store
        self._clock = clock
        self._connection = connection
        self._until = until

    def wanted(self) -> bool:
        """Whether the detail log of this connection is on at this moment."""
        return self._until is not None and self._until > self._clock.now()

    async def record(self, exchange: Exchange) -> None:
        """Keep one exchange, sealed."""
        await self._store.detail.record(self._connection, exchange)

    async def refresh(self) -> ConnectionRecord | None:
        """Read the switch anew; gives the connection as it stands."""
        record = await self._store.connections.get(self._connection)
        self._until = record.detail_until if record else None
        return record


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A connection ready to work: its settings with real secrets, its source and target."""

    settings: ConnectionSettings
    source: Any
    target: Any
    tracer: DetailTracer


class Opener:
    """Opens connections of one daemon: they share the vendor hub, and so limits and token refreshers."""

    def __init__(self, config: DaemonConfig, store: Store, plugins: Plugins, hub: VendorHub, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self._store = store
        self._plugins = plugins
        self._hub = hub
        self._kept: dict[str, tuple[object, Opened]] = {}

    async def open(self, record: ConnectionRecord) -> Opened:
        """Open one connection, or give what was opened before if settings and secrets are still the same: plugins keep
        tables of their vendor (ledgers, countries) for hours. Raises Misconfigured for anything that is wrong.
        """
        settings = parse_connection(record.config, f"connection {record.name}", self._plugins)
        if settings.heading.limits == "off" and not self._config.security.allow_insecure_endpoints:
            raise Misconfigured(
                "config.limits",
                f'Connection {record.name}: limits = "off" is for sandboxes only.',
                "Take the line out, or set [security] allow_insecure_endpoints in koppel.toml for a test machine.",
            )
        source = await self._with_secrets(settings.source, "source", record.name)
        target = await self._with_secrets(settings.target, "target", record.name)
        key = (record.config, source, target)
        if (kept := self._kept.get(record.name)) is not None and kept[0] == key:
            await kept[1].tracer.refresh()
            return kept[1]
        tracer = DetailTracer(self._store, self._clock, record.name, record.detail_until)
        vendor = self._hub.session(
            record.name,
            tracer=tracer,
            enforce_limits=settings.heading.limits == "vendor",
        )
        opened = Opened(
            settings=settings,
            tracer=tracer,
            source=_opened(settings.source_spec, source, vendor),
            target=_opened(settings.target_spec, target, vendor),
        )
        self._kept[record.name] = (key, opened)
        return opened

    async def resolved(self, settings: ConnectionSettings, section: Literal["source", "target"]) -> msgspec.Struct:
        """The settings of one side with real secrets. Raises Misconfigured that names a missing one."""
        return await self._with_secrets(getattr(settings, section), section, settings.name)

    def forget(self, connection: str) -> None:
        """Open anew next time: after a fault that only a person can mend, what plugins remember may be wrong."""
        self._kept.pop(connection, None)

    async def _with_secrets(self, settings: msgspec.Struct, section: str, connection: str) -> msgspec.Struct:
        kept: dict[str, str | None] = {}
        for key in secret_fields(type(settings)):
            kept[f"{section}.{key}"] = await self._store.secrets.get(connection, f"{section}.{key}")
        resolved = resolve_secrets(settings, section, kept.get, connection)
        for key in secret_fields(type(resolved)):
            register_secret(str(getattr(resolved, key)))
        return resolved


def _opened(spec: SourceSpec | TargetSpec, settings: msgspec.Struct, vendor: Vendor) -> Any:
    """The plugin's object. Whatever a plugin raises here becomes a fault of its connection."""
    try:
        return spec.open(settings, vendor)
    except KoppelError:
        raise
    except Exception as error:
        structlog.get_logger("koppel.engine").error("plugin_failed", plugin=spec.name, exception=places(error))
        message = f"The plugin {spec.name} failed when it was opened: {type(error).__name__}."
        raise RetryLater("plugin.failed", message, "The journal says where; tell its makers.") from error
