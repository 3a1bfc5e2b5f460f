"""The rows of one division: kept, numbered, stamped."""

import uuid
from collections.abc import Iterator
from datetime import datetime
from itertools import count
from random import Random

from koppel.clock import AMSTERDAM, Clock
from koppel_exact.sandbox.schema import RESOURCES

Row = dict[str, object]


class Books:
    """One division. Every change gives a row a timestamp higher than any other: a row version, not a time [5.4]."""

    def __init__(self, number: int, clock: Clock, seed: int) -> None:
        self.number = number
        self._clock = clock
        self._random = Random(f"{seed}:{number}")  # noqa: S311 - repeatable keys, no secret
        self._versions = count(1000)
        self.rows: dict[str, list[Row]] = {path: [] for path in RESOURCES}

    def now(self) -> datetime:
        """The wall clock of Amsterdam, without zone: what Exact calls a date [5.6]."""
        return self._clock.now().astimezone(AMSTERDAM).replace(tzinfo=None)

    def new_id(self) -> str:
        """A new GUID."""
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def add(self, path: str, row: Row) -> Row:
        """Keep a new row; gives it its key, moments and version."""
        key = RESOURCES[path].key
        now = self.now()
        row = {"Created": now, "Modified": now, "Division": self.number, **row}
        row.setdefault(key, self.new_id())
        row["Timestamp"] = next(self._versions)
        self.rows[path].append(row)
        return row

    def touch(self, row: Row) -> None:
        """Note that a row was changed."""
        row["Modified"] = self.now()
        row["Timestamp"] = next(self._versions)

    def find(self, path: str, field: str, value: object) -> Row | None:
        """The first row with this value, compared as SQL Server does."""
        return next(self.where(path, field, value), None)

    def where(self, path: str, field: str, value: object) -> Iterator[Row]:
        """All rows with this value."""
        wanted = value.strip().casefold() if isinstance(value, str) else value
        for row in self.rows[path]:
            kept = row.get(field)
            if (kept.strip().casefold() if isinstance(kept, str) else kept) == wanted:
                yield row

    def highest(self, path: str, field: str) -> int:
        """The highest number in a field; 0 if there is none."""
        return max((int(str(row[field])) for row in self.rows[path] if str(row.get(field) or "").strip()), default=0)
