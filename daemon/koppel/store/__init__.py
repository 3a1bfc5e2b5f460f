"""The store: SQLAlchemy tables and the few transaction-sized verbs on them; the vault for secrets.

Open it with :func:`open_store`. Writes of a flow go through :meth:`Store.write`: one transaction, fenced by the lease.
"""

from koppel.store.connections import Connections
from koppel.store.detail import DetailLog
from koppel.store.documents import Documents
from koppel.store.errors import CursorMoved, LeaseLost
from koppel.store.facts import EcbRates, ViesAnswers
from koppel.store.flows import Flows
from koppel.store.leases import Leases
from koppel.store.records import (
    ConnectionRecord,
    ConnectionState,
    DetailEntry,
    Document,
    DocumentFields,
    DocumentState,
    Event,
    FlowState,
    Intent,
    IntentKind,
    IntentState,
    Lease,
    NewDocument,
    NewEvent,
    NewIntent,
)
from koppel.store.secrets import LimitStates, Secrets, Tokens
from koppel.store.store import Store, open_store
from koppel.store.transaction import Tx
from koppel.store.vault import Vault

__all__ = [
    "ConnectionRecord",
    "ConnectionState",
    "Connections",
    "CursorMoved",
    "DetailEntry",
    "DetailLog",
    "Document",
    "DocumentFields",
    "DocumentState",
    "Documents",
    "EcbRates",
    "Event",
    "FlowState",
    "Flows",
    "Intent",
    "IntentKind",
    "IntentState",
    "Lease",
    "LeaseLost",
    "Leases",
    "LimitStates",
    "NewDocument",
    "NewEvent",
    "NewIntent",
    "Secrets",
    "Store",
    "Tokens",
    "Tx",
    "Vault",
    "ViesAnswers",
    "open_store",
]
