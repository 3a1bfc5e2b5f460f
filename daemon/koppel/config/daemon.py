"""The daemon's own file: koppel.toml. Every key has a default that suits one small VPS."""

import os
from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct, field

from koppel.config.toml import convert_toml, parse_duration, read_toml
from koppel.errors import Misconfigured

ENVIRONMENT = "KOPPEL_CONFIG"
DEFAULT_FILE = Path("/etc/koppel/koppel.toml")
DEFAULT_PLUGINS = ("amazon", "lightspeed", "afas", "exact", "snelstart", "eboekhouden")


class Database(Struct, frozen=True, forbid_unknown_fields=True):
    """Where the store is: ``sqlite:///path`` or ``postgresql://…``; ``key_file`` defaults to koppel.key beside it."""

    url: str = "sqlite:////var/lib/koppel/koppel.db"
    key_file: Path | None = None


class Security(Struct, frozen=True, forbid_unknown_fields=True):
    """``allow_insecure_endpoints`` lets vendor addresses be http or private: sandboxes and tests only."""

    allow_insecure_endpoints: bool = False


class PluginSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Plugins run with full rights: only those named here are loaded."""

    allow: tuple[str, ...] = DEFAULT_PLUGINS


class DetailLogSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """How long and how much of the exchanged data is kept where the detail log is on; never more than 14 days."""

    keep: Annotated[str, Meta(pattern=r"^\d+[smhd]$")] = "14d"
    max_size: Annotated[str, Meta(pattern=r"^\d+(KiB|MiB|GiB)$")] = "2GiB"


class WebSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The dashboard's address; absent: no dashboard. It comes in a later version: this one only says so at start."""

    listen: str | None = None


class Services(Struct, frozen=True, forbid_unknown_fields=True):
    """Where facts are asked for; another address may stand in, as for a vendor."""

    vies: str = "https://ec.europa.eu/taxation_customs/vies/rest-api"
    ecb: str = "https://www.ecb.europa.eu/stats/eurofxref"


class LogSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """What goes to the journal (stderr)."""

    level: Annotated[str, Meta(pattern="^(debug|info|warning|error)$")] = "info"
    json: bool = False


class DaemonConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """All of koppel.toml."""

    database: Database = field(default_factory=Database)
    security: Security = field(default_factory=Security)
    plugins: PluginSettings = field(default_factory=PluginSettings)
    detail_log: DetailLogSettings = field(default_factory=DetailLogSettings)
    web: WebSettings = field(default_factory=WebSettings)
    services: Services = field(default_factory=Services)
    log: LogSettings = field(default_factory=LogSettings)


def load_daemon_config(path: Path | None = None) -> DaemonConfig:
    """Read ``path``, else the file that KOPPEL_CONFIG names, else /etc/koppel/koppel.toml if there, else defaults.

    Raises Misconfigured with file and place.
    """
    chosen = path or (Path(os.environ[ENVIRONMENT]) if os.environ.get(ENVIRONMENT) else None)
    if chosen is None:
        if not DEFAULT_FILE.exists():
            return DaemonConfig()
        chosen = DEFAULT_FILE
    config = convert_toml(read_toml(chosen), DaemonConfig, str(chosen))
    try:
        parse_duration(config.detail_log.keep)
    except ValueError as error:
        raise Misconfigured("config.value", f"{chosen}, [detail_log]: keep: {error}.") from error
    return config
