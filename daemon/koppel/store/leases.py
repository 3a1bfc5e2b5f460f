"""Leases: who works on a connection. The generation fences off whoever comes too late."""

from koppel.store.records import Lease


class Leases:
    """One lease a connection, free or held until a moment."""

    async def acquire(self, connection: str, owner: str, seconds: float) -> Lease | None:
        """Take the lease if it is free or expired (its generation goes up by one), else None."""
        raise NotImplementedError

    async def renew(self, lease: Lease, seconds: float) -> None:
        """Hold it for so many seconds from now. LeaseLost if somebody else has it."""
        raise NotImplementedError

    async def release(self, lease: Lease) -> None:
        """Give it back; nothing happens if it is lost already."""
        raise NotImplementedError
