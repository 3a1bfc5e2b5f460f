"""Where reading stopped: JSON text that the core keeps, good for any length of time and across restarts."""

from collections.abc import Iterable
from datetime import datetime

import msgspec
from msgspec import Struct

from koppel_lightspeed.reading import Handled
from koppel_lightspeed.tables import GONE_AFTER, OVERLAP, SETTLED
from koppel_lightspeed.wire import Row


class Owed(Struct, frozen=True):
    """An order that the list told of and that could not be read: its number, since when, and which change the list told
    of (Unix times).
    """

    number: str
    since: int
    updated: int


class Watermark(Struct, frozen=True):
    """Reading by change. Every change before ``since`` less the overlap is done, and later ones as far as ``seen`` has
    them (order id → ``updatedAt`` as Unix time), so that the overlap costs list rows but no single reads.

    It follows the vendor's own timestamps, and never passes our clock: a wrong time on either side loses nothing. What
    is ``owed`` (by order id) is tried again at each poll until it is read, or has been gone for a day.
    """

    since: datetime
    seen: dict[int, int] = {}
    owed: dict[int, Owed] = {}

    def wants(self, row: Row) -> bool:
        """Whether the row tells of a change that is neither done nor owed. Checked here whatever the server filters."""
        if row.updated is None:
            return True
        updated, owed = int(row.updated.timestamp()), self.owed.get(row.id)
        if owed is not None and owed.updated == updated:
            return False
        return row.updated >= self.since - OVERLAP and self.seen.get(row.id) != updated

    def owed_rows(self) -> list[Row]:
        """The orders that are owed."""
        return [Row(order, owed.number, None, None) for order, owed in self.owed.items()]

    def after(self, done: Iterable[Handled], reached: datetime | None) -> "Watermark":
        """The mark when these were handled and nothing up to ``reached`` is left."""
        since = max(self.since, reached or self.since)
        seen, owed = dict(self.seen), dict(self.owed)
        for each in done:
            before = owed.pop(each.row.id, None)
            if each.owed:
                debt = _owed(each, before)
                if each.gone and debt.since + GONE_AFTER.total_seconds() < each.at.timestamp():
                    seen[each.row.id] = debt.updated
                else:
                    owed[each.row.id] = debt
            elif abs(each.at - each.order.changed_at) >= SETTLED:
                seen[each.row.id] = int(each.order.changed_at.timestamp())
        oldest = int((since - OVERLAP).timestamp())
        return Watermark(since, {order: updated for order, updated in seen.items() if updated >= oldest}, owed)


def _owed(each: Handled, before: Owed | None) -> Owed:
    since = before.since if before else int(each.at.timestamp())
    updated = int(each.row.updated.timestamp()) if each.row.updated else before.updated if before else 0
    return Owed(each.row.number, since, updated)


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
