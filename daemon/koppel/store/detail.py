"""The detail log: full exchanges with vendors, sealed, and gone after at most 14 days (L2)."""

from datetime import datetime, timedelta

from msgspec import Struct

from koppel.store.records import DetailEntry

MAX_KEEP = timedelta(days=14)
MAX_SIZE = 2 * 1024**3


class DetailLog:
    """Switched on per connection by ``Connections.set_detail``."""

    async def record(self, connection: str, exchange: Struct) -> bool:
        """Keep an exchange (secrets masked by its maker) if the connection's switch is on; True if it was kept.

        ``operation`` and ``status`` of the struct, where it has them, are kept readable; all the rest is sealed.
        """
        raise NotImplementedError

    async def show(self, connection: str, limit: int, before_id: int | None = None) -> list[DetailEntry]:
        """The last exchanges, newest first."""
        raise NotImplementedError

    async def purge(self, now: datetime, *, keep: timedelta = MAX_KEEP, max_size: int = MAX_SIZE) -> int:
        """Delete what is older than ``keep`` (capped at 14 days) and the oldest above ``max_size`` bytes.

        In batches, so that nobody waits over 100 ms for the write lock. Returns how many rows went.
        """
        raise NotImplementedError
