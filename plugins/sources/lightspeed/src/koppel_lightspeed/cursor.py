"""Where reading stopped: JSON text that the core keeps, good for any length of time and across restarts."""

from collections.abc import Iterable
from datetime import datetime

import msgspec
from msgspec import Struct

from koppel_lightspeed.tables import OVERLAP, SETTLED
from koppel_lightspeed.wire import Row


class Handled(Struct, frozen=True):
    """An order that was read: ``updated`` is the change that was seen, ``at`` when it was read (both UTC)."""

    id: int
    updated: datetime
    at: datetime


class Watermark(Struct, frozen=True):
    """Reading by change. Every change before ``since`` less the overlap is done, and later ones as far as ``seen`` has
    them (order id → ``updatedAt`` as Unix time), so that the overlap costs list rows but no single reads.

    It follows the vendor's own timestamps, and never passes our clock: a wrong time on either side loses nothing.
    """

    since: datetime
    seen: dict[int, int] = {}

    def wants(self, row: Row) -> bool:
        """Whether the row tells of a change that is not done yet. Checked here whatever the server filters."""
        if row.updated is None:
            return True
        return row.updated >= self.since - OVERLAP and self.seen.get(row.id) != int(row.updated.timestamp())

    def after(self, handled: Iterable[Handled], reached: datetime | None) -> "Watermark":
        """The mark when these were handled and nothing up to ``reached`` is left."""
        since = max(self.since, reached or self.since)
        seen = dict(self.seen)
        for each in handled:
            if abs(each.at - each.updated) >= SETTLED:
                seen[each.id] = int(each.updated.timestamp())
        oldest = int((since - OVERLAP).timestamp())
        return Watermark(since, {order: updated for order, updated in seen.items() if updated >= oldest})


class Placed(Struct, frozen=True):
    """Back-fill by moment of ordering: everything up to this order is done. An order's ``createdAt`` never changes."""

    created: datetime
    id: int = 0

    def wants(self, row: Row) -> bool:
        """Whether the row comes after."""
        return row.created is not None and (row.created, row.id) > (self.created, self.id)


def text(mark: Watermark | Placed) -> str:
    """As the core keeps it."""
    return msgspec.json.encode(mark).decode()


def watermark(cursor: str) -> Watermark:
    """Read back. Raises msgspec.DecodeError for a text that is none of ours."""
    return msgspec.json.decode(cursor, type=Watermark)


def placed(cursor: str) -> Placed:
    """Read back. Raises msgspec.DecodeError for a text that is none of ours."""
    return msgspec.json.decode(cursor, type=Placed)
