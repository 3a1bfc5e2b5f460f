"""What ends a running cycle before its time: a pause, its length, a plugin that does not come back."""

from datetime import timedelta

import anyio

from koppel.clock import Clock
from koppel.engine.opening import DetailTracer
from koppel.errors import KoppelError
from koppel.store import ConnectionState

LOOK = 2.0
"""Seconds within which a running cycle notices that the detail log was switched or the connection paused."""
LONGEST = timedelta(minutes=30)
"""After so long a cycle ends after the page in hand, and the next goes on: with settings as they are by then."""
PATIENCE = timedelta(hours=1)
"""After so much longer it is cut off: longer than any call may wait for its turn at a vendor."""


class Watch:
    """Beside one cycle. ``enough``: end after the page in hand. ``stalled``: it was cut off."""

    def __init__(self, clock: Clock, tracer: DetailTracer) -> None:
        self.enough = False
        self.stalled = False
        self.flow = anyio.CancelScope()
        self._clock = clock
        self._tracer = tracer
        self._started = clock.monotonic()

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await self._clock.sleep(LOOK)
            age = timedelta(seconds=self._clock.monotonic() - self._started)
            self.enough = self.enough or age > LONGEST or not await self._active()
            if age > LONGEST + PATIENCE and not self.stalled:
                self.stalled = True
                self.flow.cancel()

    async def _active(self) -> bool:
        try:
            record = await self._tracer.refresh()
        except KoppelError:  # the store is away for a moment; whoever writes will tell
            return True
        return record is not None and record.state is ConnectionState.ACTIVE
