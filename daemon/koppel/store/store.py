"""The store as a whole."""

from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

from koppel.clock import Clock
from koppel.store.connections import Connections
from koppel.store.detail import DetailLog
from koppel.store.documents import Documents
from koppel.store.flows import Flows
from koppel.store.leases import Leases
from koppel.store.records import Lease
from koppel.store.secrets import LimitStates, Secrets, Tokens
from koppel.store.transaction import Tx
from koppel.store.vault import Vault


class Store:
    """An opened database. Safe to share between the tasks of one event loop."""

    vault: Vault
    connections: Connections
    secrets: Secrets
    tokens: Tokens
    limit_states: LimitStates
    leases: Leases
    flows: Flows
    documents: Documents
    detail: DetailLog

    def write(self, lease: Lease) -> AbstractAsyncContextManager[Tx]:
        """One transaction, fenced by the lease and extending it: LeaseLost at the start if somebody else has it.

        One commit at the end; whatever the body raises undoes everything.
        """
        raise NotImplementedError

    def operate(self, connection: str) -> AbstractAsyncContextManager[Tx]:
        """One transaction for what a person asks (retry, skip), beside whoever holds the lease.

        Use ``only_from`` with changes: a running cycle may have moved the document meanwhile.
        """
        raise NotImplementedError

    async def reseal(self) -> int:
        """Seal everything anew with the first key of the key file, so that older keys can be removed. Returns how
        many values.
        """
        raise NotImplementedError


@asynccontextmanager
async def open_store(
    url: str, *, clock: Clock, key_file: Path | None = None, migrate: bool = True
) -> AsyncGenerator[Store]:
    """Open the database (``sqlite:///path`` or ``postgresql://…``), upgrading its schema first if ``migrate``.

    ``key_file``: one or more Fernet keys, one a line, the first seals; None = ``koppel.key`` beside the database, made
    at the first start. Misconfigured: wrong or missing key, newer or (without ``migrate``) older schema, corrupt or
    unwritable file. RetryLater: locked, full disk.
    """
    raise NotImplementedError
    yield Store()
