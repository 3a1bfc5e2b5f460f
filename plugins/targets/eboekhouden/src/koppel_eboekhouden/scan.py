"""Which numbers are booked, asked in bulk: no filter takes many numbers, but mutations can be read on from an id.

A number that is told here is always asked again by itself; one that is not is booked, and refused by the vendor if it
is there after all. So the scan only saves calls, and may be given up whenever the vendor does not do what is expected.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import date, timedelta

from koppel.clock import AMSTERDAM, Clock
from koppel.plugin import Refused
from koppel_eboekhouden import tables
from koppel_eboekhouden.wire import MutationItem, number_of

Read = Callable[[Sequence[tuple[str, str]]], Awaitable[list[MutationItem]]]


class Scan:
    """The numbers of sales mutations, read once and then from the highest id on."""

    def __init__(self, read: Read, clock: Clock) -> None:
        self._read = read
        self._clock = clock
        self._numbers: set[str] = set()
        self._highest = 0
        self._usable = True

    async def numbers(self) -> frozenset[str] | None:
        """All that are known now; None if the vendor cannot be scanned."""
        if not self._usable:
            return None
        params = [("type", "2"), ("date[gte]", self._since().isoformat())]
        if self._highest:
            params.append(("id[gt]", str(self._highest)))
        try:
            found = await self._read(params)
        except Refused:
            self._usable = False
            return None
        sales = [item for item in found if str(item.type) == "2"]
        if len(sales) != len(found) or any(number_of(item.id) <= self._highest for item in sales):
            self._usable = False  # a filter was not heeded: each scan would read everything
            return None
        self._numbers |= {item.invoice_number.strip() for item in sales if item.invoice_number}
        self._highest = max((number_of(item.id) for item in sales), default=self._highest)
        return frozenset(self._numbers)

    def _since(self) -> date:
        return (self._clock.now().astimezone(AMSTERDAM) - timedelta(days=tables.SCAN_BACK.days)).date()
