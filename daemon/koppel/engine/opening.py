"""Opening a connection: settings, secrets, vendor sessions, plugins' objects."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from koppel.clock import Clock
from koppel.config.connection import ConnectionSettings, parse_connection
from koppel.config.daemon import DaemonConfig
from koppel.config.secrets import resolve_secrets, secret_fields
from koppel.errors import Misconfigured
from koppel.log.redaction import register_secret
from koppel.plugin.loading import Plugins
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

    async def refresh(self) -> None:
        """Read the switch anew."""
        record = await self._store.connections.get(self._connection)
        self._until = record.detail_until if record else None


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

    async def open(self, record: ConnectionRecord) -> Opened:
        """Open one connection. Raises Misconfigured for anything that is wrong with its settings."""
        settings = parse_connection(record.config, f"connection {record.name}", self._plugins)
        if settings.heading.limits == "off" and not self._config.security.allow_insecure_endpoints:
            raise Misconfigured(
                "config.limits",
                f'Connection {record.name}: limits = "off" is for sandboxes only.',
                "Take the line out, or set [security] allow_insecure_endpoints in koppel.toml for a test machine.",
            )
        tracer = DetailTracer(self._store, self._clock, record.name, record.detail_until)
        vendor = self._hub.session(
            record.name,
            tracer=tracer,
            enforce_limits=settings.heading.limits == "vendor",
        )
        return Opened(
            settings=settings,
            tracer=tracer,
            source=await self._side(settings.source_spec.open, settings.source, "source", record.name, vendor),
            target=await self._side(settings.target_spec.open, settings.target, "target", record.name, vendor),
        )

    async def _side(self, open_: Any, settings: msgspec.Struct, section: str, connection: str, vendor: Vendor) -> Any:
        kept: dict[str, str | None] = {}
        for key in secret_fields(type(settings)):
            kept[f"{section}.{key}"] = await self._store.secrets.get(connection, f"{section}.{key}")
        resolved = resolve_secrets(settings, section, kept.get, connection)
        for key in secret_fields(type(resolved)):
            register_secret(str(getattr(resolved, key)))
        return open_(resolved, vendor)
