"""Changing the key: everything sealed is sealed anew."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Table, Update, and_, bindparam, select, update

from koppel.store.database import Database
from koppel.store.schema import exchanges, meta, secrets, tokens, vies_answers
from koppel.store.vault import Vault

SEALED = (meta, secrets, tokens, exchanges, vies_answers)
_BATCH = 20


async def reseal(database: Database, vault: Vault) -> int:
    """Seal with the first key whatever any of the keys had sealed; returns how many values.

    Small batches keep the write lock free for others. A value that changes meanwhile was sealed with the new key.
    """
    done = 0
    for table in SEALED:
        keys = list(table.primary_key.columns)
        names = [
            dict(zip((key.name for key in keys), row.values(), strict=True))
            for row in await database.rows(select(*keys))
        ]
        for start in range(0, len(names), _BATCH):
            await _batch(database, vault, table, names[start : start + _BATCH])
        done += len(names)
    return done


async def _batch(database: Database, vault: Vault, table: Table, names: list[dict[str, Any]]) -> None:
    changes: list[Mapping[str, object]] = []
    for name in names:
        query = select(table.c.value).where(*(table.c[key] == value for key, value in name.items()))
        for row in await database.rows(query):
            old = row["value"]
            changes.append(
                {**{f"in_{key}": value for key, value in name.items()}, "old": old, "new": vault.reseal(old)}
            )
    if changes:
        await database.write(reseal_statement(table), changes)


def reseal_statement(table: Table) -> Update:
    """Replace a value unless somebody replaced it meanwhile."""
    same = and_(*(key == bindparam(f"in_{key.name}") for key in table.primary_key.columns))
    return update(table).where(same, table.c.value == bindparam("old")).values(value=bindparam("new"))
