"""The schedule: when which flow of which connection is due, and how it went."""

from collections.abc import Mapping
from datetime import datetime

from koppel.store.records import FlowState


class Flows:
    """Reads of the schedule and the operator's pokes. A run writes through :class:`koppel.store.Tx`."""

    async def ensure(self, connection: str, intervals: Mapping[str, float]) -> None:
        """Schedule exactly these flows (seconds between runs). New ones are due now; removed ones run no more.

        A removed flow keeps its cursor, so that one that is switched on again leaves no gap.
        """
        raise NotImplementedError

    async def states(self, connection: str | None = None) -> list[FlowState]:
        """The scheduled flows of one connection or of all."""
        raise NotImplementedError

    async def due(self, now: datetime) -> list[tuple[str, str]]:
        """(connection, flow) of what is due in active connections, longest waiting first."""
        raise NotImplementedError

    async def next_due(self) -> datetime | None:
        """The earliest due moment in active connections."""
        raise NotImplementedError

    async def make_due(self, connection: str, flow: str | None, at: datetime) -> None:
        """Run one flow (None: all) at this moment; a run that is under way does not swallow it."""
        raise NotImplementedError
