"""What a sandbox saw and did: the truth that demo and tests compare with, never koppel's own store."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from msgspec import Struct


class Call(Struct, frozen=True, kw_only=True):
    """One request. ``refused_by_limit`` marks a request over a limit; ``fault`` what was done to it on demand."""

    at: datetime
    operation: str
    status: int
    refused_by_limit: bool = False
    fault: str = ""


class Entry(Struct, frozen=True, kw_only=True):
    """One thing that was written here and stands: ``kind`` is ``booking``, ``customer``, ``article``, ``stock`` …

    ``reference`` is the writer's own key (order number, e-mail, article code); ``amount`` incl. VAT, in ``currency``.
    """

    at: datetime
    kind: str
    reference: str
    id: str
    amount: Decimal | None = None
    currency: str = "EUR"


class Journal:
    """All calls and all entries, in order."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.entries: list[Entry] = []

    def of(self, kind: str) -> Iterator[Entry]:
        """The entries of one kind."""
        return (entry for entry in self.entries if entry.kind == kind)

    def total(self, kind: str) -> Decimal:
        """The sum of the amounts of one kind."""
        return sum((entry.amount for entry in self.of(kind) if entry.amount is not None), Decimal(0))

    def duplicates(self, kind: str) -> dict[str, int]:
        """References that were written more than once, with how often."""
        counts = Counter(entry.reference for entry in self.of(kind))
        return {reference: count for reference, count in counts.items() if count > 1}

    def count(self, operation: str | None = None) -> int:
        """How many calls (of an operation) arrived."""
        return sum(1 for call in self.calls if operation is None or call.operation == operation)

    def over_limit(self) -> list[Call]:
        """The calls that broke a limit: there must be none."""
        return [call for call in self.calls if call.refused_by_limit]
