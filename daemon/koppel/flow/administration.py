"""Where the books are: a connection's documents stand in one administration, and none is written into another (O14)."""

from koppel.errors import Misconfigured
from koppel.flow.cycle import Cycle
from koppel.plugin import NamesAdministration


async def sure_of_administration(cycle: Cycle) -> None:
    """Ask the target, once a cycle, before anything of it is believed or written. Misconfigured if it is another one.

    What the store knows (what is booked, which relations exist) is true of one administration only.
    """
    if cycle.sure or not isinstance(cycle.target, NamesAdministration):
        return
    now = await cycle.target.administration()
    record = await cycle.store.connections.get(cycle.name)
    before = record.administration if record else None
    if now and before is None:
        async with cycle.store.write(cycle.lease) as tx:
            await tx.administration(now)
    elif now and now != before:
        raise Misconfigured(
            "administration.other",
            f"Connection {cycle.name} has its documents in administration {before}; its settings now lead to {now}.",
            f"Nothing was written. If that is meant, run: koppel switch {cycle.name}. Else correct the settings.",
        )
    cycle.sure = True
