"""Leases: who works on a connection. The generation fences off whoever comes too late."""

from sqlalchemy import Insert, Update, bindparam, or_, update

from koppel.clock import Clock
from koppel.store.database import Database, Writing, insert
from koppel.store.errors import LeaseLost
from koppel.store.records import Lease
from koppel.store.schema import leases

CLOCK_STEP = 60.0
"""A lease renewed so many seconds in the future was renewed before the wall clock was set back: it has no end that
can be trusted, so it may be taken. The generation keeps that safe."""


class Leases:
    """One lease a connection, free or held until a moment."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def acquire(self, connection: str, owner: str, seconds: float) -> Lease | None:
        """Take the lease if it is free or expired (its generation goes up by one), else None."""
        now = self._clock.now().timestamp()
        row = {"connection": connection, "owner": owner, "generation": 1, "seconds": seconds, "renewed_at": now}
        rows = await self._database.write(acquire_statement(self._database.dialect), row)
        return Lease(connection=connection, owner=owner, generation=rows[0]["generation"]) if rows else None

    async def renew(self, lease: Lease, seconds: float) -> None:
        """Hold it for so many seconds from now. LeaseLost if somebody else has it."""
        async with self._database.begin() as writing:
            values = {**_held(lease), "new_renewed_at": self._clock.now().timestamp(), "new_seconds": seconds}
            if not await writing.count(HOLD.values(seconds=bindparam("new_seconds")), values):
                raise LeaseLost(lease.connection)

    async def release(self, lease: Lease) -> None:
        """Give it back; nothing happens if it is lost already."""
        await self._database.write(RELEASE, _held(lease))

    async def free(self, owner: str) -> None:
        """Give back everything that this owner holds, who is known to be gone."""
        await self._database.write(update(leases).where(leases.c.owner == owner).values(owner=None))


async def fence(writing: Writing, lease: Lease, now: float) -> None:
    """First statement of a fenced transaction: extend the lease by its own time, or LeaseLost."""
    if not await writing.count(HOLD, {**_held(lease), "new_renewed_at": now}):
        raise LeaseLost(lease.connection)


async def lock(writing: Writing, connection: str) -> None:
    """First statement of a transaction beside the lease: keeps other writers of the connection waiting."""
    row = {"connection": connection, "generation": 0, "seconds": 0.0, "renewed_at": 0.0}
    await writing.rows(lock_statement(writing.dialect), row)


def _held(lease: Lease) -> dict[str, object]:
    return {"held_connection": lease.connection, "held_owner": lease.owner, "held_generation": lease.generation}


def _mine(statement: Update) -> Update:
    return statement.where(
        leases.c.connection == bindparam("held_connection"),
        leases.c.generation == bindparam("held_generation"),
        leases.c.owner == bindparam("held_owner"),
    )


HOLD = _mine(update(leases)).values(renewed_at=bindparam("new_renewed_at"))
RELEASE = _mine(update(leases)).values(owner=None)


def acquire_statement(dialect: str) -> Insert:
    """Take the lease where nobody holds it. Returns the generation, or no row."""
    statement = insert(dialect, leases)
    given = statement.excluded
    return statement.on_conflict_do_update(
        index_elements=[leases.c.connection],
        set_={
            "owner": given.owner,
            "generation": leases.c.generation + 1,
            "seconds": given.seconds,
            "renewed_at": given.renewed_at,
        },
        where=or_(
            leases.c.owner.is_(None),
            leases.c.renewed_at + leases.c.seconds <= given.renewed_at,
            leases.c.renewed_at > given.renewed_at + CLOCK_STEP,
        ),
    ).returning(leases.c.generation)


def lock_statement(dialect: str) -> Insert:
    """Touch the lease's row without changing it, making it if there is none."""
    statement = insert(dialect, leases)
    return statement.on_conflict_do_update(
        index_elements=[leases.c.connection], set_={"connection": statement.excluded.connection}
    )
