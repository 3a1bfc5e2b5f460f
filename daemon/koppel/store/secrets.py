"""What is sealed: secrets, tokens; and the limiters' states."""

from koppel.vendor.contract import Token


class Secrets:
    """Secret settings of connections, sealed by the vault."""

    async def put(self, connection: str, key: str, value: str) -> None:
        """Keep a secret; replaces an older one."""
        raise NotImplementedError

    async def get(self, connection: str, key: str) -> str | None:
        """The secret, or None."""
        raise NotImplementedError

    async def names(self, connection: str) -> set[str]:
        """Which secrets this connection has."""
        raise NotImplementedError

    async def delete(self, connection: str, key: str) -> None:
        """Forget a secret; nothing happens if there is none."""
        raise NotImplementedError


class Tokens:
    """Vendors' tokens, sealed. A token is on the disk when :meth:`save` returns (G8)."""

    async def load(self, key: str) -> Token | None:
        """The token kept under this key."""
        raise NotImplementedError

    async def save(self, key: str, token: Token) -> None:
        """Keep the token, durably."""
        raise NotImplementedError


class LimitStates:
    """States of rate limiters, opaque bytes."""

    async def load(self, key: str) -> bytes | None:
        """The state kept under this key."""
        raise NotImplementedError

    async def save(self, key: str, state: bytes) -> None:
        """Keep the state."""
        raise NotImplementedError
