"""Connections as configured, and whether they run."""

from datetime import datetime

from koppel.store.records import ConnectionRecord, ConnectionState


class Connections:
    """The connections. Each change is one transaction and one event."""

    async def put(self, record: ConnectionRecord) -> bool:
        """Make or change a connection; True if something changed.

        Of an existing one, source, target and config are replaced; its state and detail switch stay as they are.
        """
        raise NotImplementedError

    async def get(self, name: str) -> ConnectionRecord | None:
        """The connection of this name."""
        raise NotImplementedError

    async def all(self) -> list[ConnectionRecord]:
        """Every connection by name, deactivated ones too."""
        raise NotImplementedError

    async def set_state(self, name: str, state: ConnectionState) -> None:
        """Pause, resume or deactivate. Misconfigured ``connection.unknown`` if there is none."""
        raise NotImplementedError

    async def set_detail(self, name: str, until: datetime | None) -> None:
        """Switch the detail log on until then, or off. Misconfigured ``connection.unknown`` if there is none."""
        raise NotImplementedError
