"""The tables. Their history is in ``koppel_migrations``; a test keeps both alike.

Permanent tables hold nothing of the exchanged data: no names, addresses, e-mail. ``exchanges`` (the detail log) is
the only one that does, sealed, and is emptied by time.
"""

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from koppel.store.columns import ExactDecimal, Id, OneOf, UtcTime
from koppel.store.records import ConnectionState, DocumentState, IntentKind, IntentState

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    }
)

meta = Table(
    "meta",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", LargeBinary, nullable=False),
)
"""What belongs to the database itself: the sealed key of the fingerprints, which also tells a wrong key file."""

connections = Table(
    "connections",
    metadata,
    Column("name", Text, primary_key=True),
    Column("source", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("config", Text, nullable=False),
    Column("state", OneOf(ConnectionState), nullable=False),
    Column("detail_until", UtcTime),
    Column("administration", Text),
)

leases = Table(
    "leases",
    metadata,
    Column("connection", Text, ForeignKey("connections.name"), primary_key=True),
    Column("owner", Text),
    Column("generation", Id, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("renewed_at", Float, nullable=False),  # Unix time: the expiry is computed by the database
)

flows = Table(
    "flows",
    metadata,
    Column("connection", Text, ForeignKey("connections.name"), primary_key=True),
    Column("flow", Text, primary_key=True),
    Column("cursor", Text),
    Column("interval", Float, nullable=False),
    Column("due_at", UtcTime),  # NULL: not scheduled any more; the cursor stays
    Column("asked", Boolean, nullable=False),  # somebody made it due since the last run began
    Column("started_at", UtcTime),
    Column("finished_at", UtcTime),
    Column("ok_at", UtcTime),
    Column("failures", Integer, nullable=False),
    Column("failing_since", UtcTime),
    Column("code", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("progress", Text, nullable=False),
    Index("ix_flows_due_at", "due_at"),
)

documents = Table(
    "documents",
    metadata,
    Column("id", Id, primary_key=True),
    Column("connection", Text, ForeignKey("connections.name"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("reference", Text, nullable=False),
    Column("source_id", Text, nullable=False),
    Column("source_changed_at", UtcTime),
    Column("source_status", Text, nullable=False),
    Column("state", OneOf(DocumentState), nullable=False),
    Column("code", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("suggestion", Text, nullable=False),
    Column("retry_at", UtcTime),
    Column("attempts", Integer, nullable=False),
    Column("target_id", Text),
    Column("target_number", Text),
    Column("amount", ExactDecimal),
    Column("currency", Text, nullable=False),
    Column("placed_at", UtcTime),
    Column("booked_at", UtcTime),
    Column("fingerprint", Text, nullable=False),
    Column("original", Text),
    Column("updated_at", UtcTime, nullable=False),
    UniqueConstraint("connection", "kind", "reference"),
    Index("ix_documents_connection_state", "connection", "state", "id"),
    Index("ix_documents_state", "state", "id"),
    Index("ix_documents_connection", "connection", "id"),
)

totals = Table(
    "totals",
    metadata,
    Column("connection", Text, ForeignKey("connections.name"), primary_key=True),
    Column("state", OneOf(DocumentState), primary_key=True),
    Column("currency", Text, primary_key=True),
    Column("documents", Id, nullable=False),
    Column("amount", ExactDecimal, nullable=False),
)
"""Kept with every change of a document, so that no page ever counts millions of rows."""

events = Table(
    "events",
    metadata,
    Column("id", Id, primary_key=True),
    Column("at", UtcTime, nullable=False),
    Column("connection", Text, nullable=False),
    Column("document_id", Id, ForeignKey("documents.id")),
    Column("reference", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("before", Text, nullable=False),
    Column("after", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("source_id", Text, nullable=False),
    Column("target_id", Text, nullable=False),
    Index("ix_events_connection", "connection", "id"),
    Index("ix_events_reference", "connection", "reference", "id"),
)
"""The basic log. Triggers refuse to change or delete a row."""

intents = Table(
    "intents",
    metadata,
    Column("id", Id, primary_key=True),
    Column("connection", Text, ForeignKey("connections.name"), nullable=False),
    Column("kind", OneOf(IntentKind), nullable=False),
    Column("key", Text, nullable=False),
    Column("document_id", Id, ForeignKey("documents.id")),
    Column("state", OneOf(IntentState), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("attempted_at", UtcTime, nullable=False),
    Column("settled_at", UtcTime),
    Column("target_id", Text),
)
UNSETTLED = text("state IN ('open', 'unknown')")
Index(
    "uq_intents_unsettled",
    intents.c.connection,
    intents.c.kind,
    intents.c.key,
    unique=True,
    sqlite_where=UNSETTLED,
    postgresql_where=UNSETTLED,
)

links = Table(
    "links",
    metadata,
    Column("connection", Text, ForeignKey("connections.name"), primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("target_id", Text, nullable=False),
    Column("created", Boolean, nullable=False),
    Column("linked_at", UtcTime, nullable=False),
)

secrets = Table(
    "secrets",
    metadata,
    Column("connection", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("value", LargeBinary, nullable=False),
)

tokens = Table(
    "tokens",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", LargeBinary, nullable=False),
)

limit_states = Table(
    "limit_states",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", LargeBinary, nullable=False),
)

exchanges = Table(
    "exchanges",
    metadata,
    Column("id", Id, primary_key=True),
    Column("at", UtcTime, nullable=False),
    Column("connection", Text, nullable=False),
    Column("operation", Text, nullable=False),
    Column("status", Integer),
    Column("size", Integer, nullable=False),
    Column("value", LargeBinary, nullable=False),
    Index("ix_exchanges_at", "at", "size"),
    Index("ix_exchanges_connection", "connection", "id"),
)
"""The detail log: at most 14 days."""

vies_answers = Table(
    "vies_answers",
    metadata,
    Column("key", Text, primary_key=True),  # fingerprint of the VAT number
    Column("value", LargeBinary, nullable=False),
)
"""What VIES said, sealed: the proof for 0 %."""

ecb_rates = Table(
    "ecb_rates",
    metadata,
    Column("currency", Text, primary_key=True),
    Column("day", Text, primary_key=True),
    Column("value", ExactDecimal, nullable=False),
)
