"""The store as a whole."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio.to_thread

from koppel.clock import Clock
from koppel.store import leases as lease_verbs
from koppel.store.connections import Connections
from koppel.store.database import Database, Place
from koppel.store.detail import DetailLog
from koppel.store.documents import Documents
from koppel.store.facts import EcbRates, ViesAnswers
from koppel.store.flows import Flows
from koppel.store.leases import Leases
from koppel.store.migrate import prepare_postgres, prepare_sqlite
from koppel.store.records import Lease
from koppel.store.reseal import reseal
from koppel.store.secrets import LimitStates, Secrets, Tokens
from koppel.store.transaction import Tx
from koppel.store.vault import Vault, open_vault


class Store:
    """An opened database. Safe to share between the tasks of one event loop."""

    def __init__(self, database: Database, vault: Vault, clock: Clock) -> None:
        self.vault = vault
        self.connections = Connections(database, clock)
        self.secrets = Secrets(database, vault)
        self.tokens = Tokens(database, vault)
        self.limit_states = LimitStates(database)
        self.vies_answers = ViesAnswers(database, vault)
        self.ecb_rates = EcbRates(database)
        self.leases = Leases(database, clock)
        self.flows = Flows(database, clock)
        self.documents = Documents(database, vault)
        self.detail = DetailLog(database, vault, self.connections, clock)
        self._database = database
        self._clock = clock

    @asynccontextmanager
    async def write(self, lease: Lease) -> AsyncGenerator[Tx]:
        """One transaction, fenced by the lease and extending it: LeaseLost at the start if somebody else has it.

        One commit at the end; whatever the body raises undoes everything. Keep the body short and free of vendor
        calls: others wait.
        """
        async with self._database.begin() as writing:
            now = self._clock.now()
            await lease_verbs.fence(writing, lease, now.timestamp())
            tx = Tx(writing, lease.connection, self.vault, now)
            yield tx
            await tx.finish()

    @asynccontextmanager
    async def operate(self, connection: str) -> AsyncGenerator[Tx]:
        """One transaction for what a person asks (retry, skip), beside whoever holds the lease.

        Use ``only_from`` with changes: a running cycle may have moved the document meanwhile.
        """
        async with self._database.begin() as writing:
            await lease_verbs.lock(writing, connection)
            tx = Tx(writing, connection, self.vault, self._clock.now())
            yield tx
            await tx.finish()

    async def reseal(self) -> int:
        """Seal everything anew with the first key of the key file, so that older keys can be removed. Returns how
        many values.
        """
        return await reseal(self._database, self.vault)


@asynccontextmanager
async def open_store(
    url: str, *, clock: Clock, key_file: Path | None = None, migrate: bool = True
) -> AsyncGenerator[Store]:
    """Open the database (``sqlite:///path`` or ``postgresql://…``), upgrading its schema first if ``migrate``.

    ``key_file``: one or more Fernet keys, one a line, the first seals; None = ``koppel.key`` beside the database, made
    at the first start. Misconfigured: wrong or missing key, newer or (without ``migrate``) older schema, corrupt or
    unwritable file. RetryLater: locked, full disk.
    """
    place = Place(url)
    use = await anyio.to_thread.run_sync(prepare_sqlite, place, migrate) if place.path else None
    database = None
    try:
        database = Database(place)
        if use is None:
            await prepare_postgres(place, migrate)
        yield Store(database, await open_vault(database, key_file), clock)
    finally:
        if database is not None:
            await database.close()
        if use is not None:
            use.release()
