"""A connection file: which source, which target, and how orders become documents."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from koppel.booking import BookingSettings
from koppel.config.secrets import complete_secrets, refuse_literal_secrets
from koppel.config.toml import convert_toml, parse_duration, parse_toml
from koppel.errors import Misconfigured
from koppel.plugin.loading import Plugins
from koppel.plugin.source import Status
from koppel.plugin.spec import PluginSpec, SourceSpec, TargetSpec

HERE = frozenset({"connection", "source", "target", "orders", "stock"})
"""Sections that are read here; the others are the booking's."""
NAME = r"^[a-z0-9][a-z0-9._-]{0,62}$"
DURATION = r"^\d+[smhd]$"
SHORTEST, LONGEST = timedelta(minutes=1), timedelta(days=1)


class Heading(Struct, frozen=True, forbid_unknown_fields=True):
    """``[connection]``: ``limits = "off"`` switches our own keeping of vendor limits off, for sandboxes only."""

    name: Annotated[str, Meta(pattern=NAME)]
    source: str
    target: str
    limits: Literal["vendor", "off"] = "vendor"


class OrdersSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """``[orders]``, the part that is about fetching. The rest of the section is the booking's.

    ``statuses``: which statuses release an order (default: the source's own choice). ``interval``: 1 minute to 1 day.
    ``check_days``: how far back the nightly comparison looks. ``customer_gone``: what to do when a relation that
    koppel made was deleted in the target (C7).
    """

    statuses: tuple[str, ...] | None = None
    interval: Annotated[str, Meta(pattern=DURATION)] = "15m"
    check_days: Annotated[int, Meta(ge=1, le=90)] = 7
    customer_gone: Literal["error", "recreate"] = "error"


class StockSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """``[stock]``: accepted, so that a file written for a later version works here; this version moves no stock."""

    enabled: bool = False


@dataclass(frozen=True, kw_only=True)
class ConnectionSettings:
    """A connection file, checked. Secrets in ``source`` and ``target`` are still references (``env:``, ``file:``)."""

    heading: Heading
    source_spec: SourceSpec
    target_spec: TargetSpec
    source: Struct
    target: Struct
    orders: OrdersSettings
    booking: BookingSettings
    stock: StockSettings

    @property
    def name(self) -> str:
        """The connection's name."""
        return self.heading.name

    @property
    def interval(self) -> timedelta:
        """Time between two polls for orders."""
        return parse_duration(self.orders.interval)

    @property
    def releasing(self) -> frozenset[str]:
        """Names of the statuses that release an order for booking."""
        if self.orders.statuses is None:
            return frozenset(status.name for status in self.source_spec.statuses if status.releases)
        return frozenset(_status(self.source_spec, name).name for name in self.orders.statuses)


def parse_connection(text: str, origin: str, plugins: Plugins) -> ConnectionSettings:
    """Check a connection file as a whole. ``origin`` (a file name) is named in errors. Raises Misconfigured."""
    data = parse_toml(text, origin)
    heading = convert_toml(_section(data, "connection", origin), Heading, origin, "connection")
    source_spec = _spec(plugins.sources, heading.source, "source", plugins, origin)
    target_spec = _spec(plugins.targets, heading.target, "target", plugins, origin)
    orders = dict(_section(data, "orders", origin, optional=True))
    fetching = {name: orders.pop(name) for name in OrdersSettings.__struct_fields__ if name in orders}
    orders.setdefault("date", source_spec.default_date)
    rest = {name: value for name, value in data.items() if name not in HERE}
    settings = ConnectionSettings(
        heading=heading,
        source_spec=source_spec,
        target_spec=target_spec,
        source=_plugin_settings(source_spec, _section(data, "source", origin, optional=True), origin, "source"),
        target=_plugin_settings(target_spec, _section(data, "target", origin, optional=True), origin, "target"),
        orders=convert_toml(fetching, OrdersSettings, origin, "orders"),
        booking=convert_toml({**rest, "orders": orders}, BookingSettings, origin),
        stock=convert_toml(_section(data, "stock", origin, optional=True), StockSettings, origin, "stock"),
    )
    try:
        fits = SHORTEST <= settings.interval <= LONGEST
    except ValueError:
        fits = False
    if not fits:
        raise Misconfigured("config.value", f"{origin}, [orders]: interval must be between 1m and 1d.")
    _ = settings.releasing  # an unknown status is an error here, not at the first poll
    return settings


def _section(data: Mapping[str, Any], name: str, origin: str, *, optional: bool = False) -> Mapping[str, Any]:
    section = data.get(name)
    if section is None and optional:
        return {}
    if not isinstance(section, dict):
        raise Misconfigured("config.value", f"{origin}: the section [{name}] is missing.")
    return msgspec.convert(section, dict[str, Any])


def _spec(known: Mapping[str, Any], name: str, kind: str, plugins: Plugins, origin: str) -> Any:
    if name in known:
        return known[name]
    broken = next((info for info in plugins.infos if info.name == name and info.problem), None)
    if broken:
        raise Misconfigured(
            "plugin.unusable", f"{origin}, [connection]: the plugin {name!r} cannot be used: {broken.problem}."
        )
    raise Misconfigured(
        "plugin.unknown",
        f"{origin}, [connection]: there is no {kind} called {name!r}.",
        f"Installed: {', '.join(sorted(known)) or 'none'}. Install its package and name it in [plugins] allow.",
    )


def _plugin_settings(spec: PluginSpec, section: Mapping[str, Any], origin: str, name: str) -> Struct:
    refuse_literal_secrets(spec.settings, section, origin, name)
    return convert_toml(complete_secrets(spec.settings, section), spec.settings, origin, name)


def _status(spec: SourceSpec, name: str) -> Status:
    wanted = _plain(name)
    for status in spec.statuses:
        if wanted in {_plain(status.name), *map(_plain, status.aliases)}:
            return status
    known = ", ".join(status.name for status in spec.statuses)
    raise Misconfigured("config.value", f"[orders]: {spec.title} knows no status {name!r}.", f"Known: {known}.")


def _plain(name: str) -> str:
    return name.casefold().replace(" ", "").replace("-", "").replace("_", "")
