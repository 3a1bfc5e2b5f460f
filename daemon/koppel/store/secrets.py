"""What is sealed: secrets, tokens; and the limiters' states."""

import msgspec
from sqlalchemy import Insert, Table, delete, select

from koppel.store.database import Database, insert
from koppel.store.schema import limit_states, secrets, tokens
from koppel.store.vault import Vault
from koppel.vendor.contract import Token


class Secrets:
    """Secret settings of connections, sealed by the vault."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    async def put(self, connection: str, key: str, value: str) -> None:
        """Keep a secret; replaces an older one."""
        row = {"connection": connection, "key": key, "value": self._vault.seal(value.encode())}
        await self._database.write(keep_statement(self._database.dialect, secrets), row)

    async def get(self, connection: str, key: str) -> str | None:
        """The secret, or None."""
        query = select(secrets.c.value).where(secrets.c.connection == connection, secrets.c.key == key)
        rows = await self._database.rows(query)
        return self._vault.open(rows[0]["value"]).decode() if rows else None

    async def names(self, connection: str) -> set[str]:
        """Which secrets this connection has."""
        rows = await self._database.rows(select(secrets.c.key).where(secrets.c.connection == connection))
        return {row["key"] for row in rows}

    async def delete(self, connection: str, key: str) -> None:
        """Forget a secret; nothing happens if there is none."""
        await self._database.write(delete(secrets).where(secrets.c.connection == connection, secrets.c.key == key))


class Tokens:
    """Vendors' tokens, sealed. A token is on the disk when :meth:`save` returns (G8)."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    async def load(self, key: str) -> Token | None:
        """The token kept under this key."""
        rows = await self._database.rows(select(tokens.c.value).where(tokens.c.key == key))
        return msgspec.json.decode(self._vault.open(rows[0]["value"]), type=Token) if rows else None

    async def save(self, key: str, token: Token) -> None:
        """Keep the token, durably."""
        row = {"key": key, "value": self._vault.seal(msgspec.json.encode(token))}
        await self._database.write(keep_statement(self._database.dialect, tokens), row)


class LimitStates:
    """States of rate limiters, opaque bytes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(self, key: str) -> bytes | None:
        """The state kept under this key."""
        rows = await self._database.rows(select(limit_states.c.value).where(limit_states.c.key == key))
        return rows[0]["value"] if rows else None

    async def save(self, key: str, state: bytes) -> None:
        """Keep the state."""
        row = {"key": key, "value": state}
        await self._database.write(keep_statement(self._database.dialect, limit_states), row)


def keep_statement(dialect: str, table: Table) -> Insert:
    """Insert a value or replace the one of the same key."""
    statement = insert(dialect, table)
    return statement.on_conflict_do_update(
        index_elements=list(table.primary_key.columns), set_={"value": statement.excluded["value"]}
    )
