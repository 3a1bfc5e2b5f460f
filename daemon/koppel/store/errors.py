"""What the store itself can raise besides RetryLater (locked, full disk) and Misconfigured (wrong key, corrupt file)."""

from koppel.errors import KoppelError


class LeaseLost(KoppelError):
    """Another worker holds the connection now: stop at once; nothing of this transaction was written."""

    def __init__(self, connection: str) -> None:
        super().__init__(
            "store.lease-lost",
            f"Another worker has taken over connection {connection}; nothing was written.",
        )
