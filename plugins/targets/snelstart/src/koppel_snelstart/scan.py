"""A whole list, kept in memory and brought up to date by what changed: for look-ups that the server cannot filter."""

from collections.abc import Sequence
from datetime import datetime
from typing import Generic, TypeVar

import anyio

from koppel.plugin import Refused
from koppel_snelstart import odata
from koppel_snelstart.api import Api, Listing
from koppel_snelstart.tables import OVERLAP
from koppel_snelstart.wire import Relatie, Verkoopfactuur, Verkooporder

D = TypeVar("D", Relatie, Verkoopfactuur, Verkooporder)


class Scan(Generic[D]):
    """All rows of a list. The first use reads everything, later ones what changed since the newest change seen.

    The cursor is the server's own time, two hours back: its time zone is not documented [fact sheet 5.3].
    """

    def __init__(self, api: Api, listing: Listing[D]) -> None:
        self._api = api
        self._listing: Listing[D] = listing
        self._rows: dict[str, D] = {}
        self._newest: datetime | None = None
        self._lock = anyio.Lock()

    async def rows(self) -> Sequence[D]:
        """Every row as it is now."""
        async with self._lock:
            for row in await self._changed():
                self._rows[row.id] = row
                changed = odata.naive_moment(row.modified_on)
                if changed is not None and (self._newest is None or changed > self._newest):
                    self._newest = changed
            return list(self._rows.values())

    async def _changed(self) -> Sequence[D]:
        if self._newest is not None:
            try:
                return await self._api.rows(self._listing, odata.changed_since(self._newest - OVERLAP))
            except Refused:
                self._newest = None
        return await self._api.rows(self._listing)
