"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
TIME = sa.DateTime(timezone=True).with_variant(sa.Text, "sqlite")
UNSETTLED = sa.text("state IN ('open', 'unknown')")

KEEP_EVENTS_SQLITE = (
    """CREATE TRIGGER events_no_update BEFORE UPDATE ON events
    BEGIN SELECT RAISE(ABORT, 'events are kept for ever'); END""",
    """CREATE TRIGGER events_no_delete BEFORE DELETE ON events
    BEGIN SELECT RAISE(ABORT, 'events are kept for ever'); END""",
    # REPLACE deletes silently where recursive triggers are off, as in any SQL shell.
    """CREATE TRIGGER events_no_replace BEFORE INSERT ON events
    WHEN EXISTS (SELECT 1 FROM events WHERE id = NEW.id)
    BEGIN SELECT RAISE(ABORT, 'events are kept for ever'); END""",
)
KEEP_EVENTS_POSTGRESQL = (
    """CREATE FUNCTION koppel_keep_events() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'events are kept for ever'; END $$""",
    """CREATE TRIGGER events_no_change BEFORE UPDATE OR DELETE ON events
    FOR EACH ROW EXECUTE FUNCTION koppel_keep_events()""",
    """CREATE TRIGGER events_no_truncate BEFORE TRUNCATE ON events
    FOR EACH STATEMENT EXECUTE FUNCTION koppel_keep_events()""",
)


def upgrade() -> None:
    _settings()
    _documents()
    _events()
    _intents()
    _sealed()


def _settings() -> None:
    op.create_table(
        "meta",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("value", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_meta"),
    )
    op.create_table(
        "connections",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("config", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("detail_until", TIME),
        sa.PrimaryKeyConstraint("name", name="pk_connections"),
    )
    op.create_table(
        "leases",
        sa.Column("connection", sa.Text, nullable=False),
        sa.Column("owner", sa.Text),
        sa.Column("generation", ID, nullable=False),
        sa.Column("seconds", sa.Float, nullable=False),
        sa.Column("renewed_at", sa.Float, nullable=False),
        sa.PrimaryKeyConstraint("connection", name="pk_leases"),
        sa.ForeignKeyConstraint(["connection"], ["connections.name"], name="fk_leases_connection"),
    )
    op.create_table(
        "flows",
        sa.Column("connection", sa.Text, nullable=False),
        sa.Column("flow", sa.Text, nullable=False),
        sa.Column("cursor", sa.Text),
        sa.Column("interval", sa.Float, nullable=False),
        sa.Column("due_at", TIME),
        sa.Column("asked", sa.Boolean, nullable=False),
        sa.Column("started_at", TIME),
        sa.Column("finished_at", TIME),
        sa.Column("ok_at", TIME),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("failing_since", TIME),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("progress", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("connection", "flow", name="pk_flows"),
        sa.ForeignKeyConstraint(["connection"], ["connections.name"], name="fk_flows_connection"),
    )
    op.create_index("ix_flows_due_at", "flows", ["due_at"])


def _documents() -> None:
    op.create_table(
        "documents",
        sa.Column("id", ID, nullable=False),
        sa.Column("connection", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("reference", sa.Text, nullable=False),
        sa.Column("source_id", sa.Text, nullable=False),
        sa.Column("source_changed_at", TIME),
        sa.Column("source_status", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("suggestion", sa.Text, nullable=False),
        sa.Column("retry_at", TIME),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("target_id", sa.Text),
        sa.Column("target_number", sa.Text),
        sa.Column("amount", sa.Text),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("placed_at", TIME),
        sa.Column("booked_at", TIME),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("original", sa.Text),
        sa.Column("updated_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_documents"),
        sa.ForeignKeyConstraint(["connection"], ["connections.name"], name="fk_documents_connection"),
        sa.UniqueConstraint("connection", "kind", "reference", name="uq_documents_connection_kind_reference"),
    )
    op.create_index("ix_documents_connection_state", "documents", ["connection", "state", "id"])
    op.create_index("ix_documents_state", "documents", ["state", "id"])
    op.create_index("ix_documents_connection", "documents", ["connection", "id"])
    op.create_table(
        "totals",
        sa.Column("connection", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("documents", ID, nullable=False),
        sa.Column("amount", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("connection", "state", "currency", name="pk_totals"),
        sa.ForeignKeyConstraint(["connection"], ["connections.name"], name="fk_totals_connection"),
    )


def _events() -> None:
    op.create_table(
        "events",
        sa.Column("id", ID, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("connection", sa.Text, nullable=False),
        sa.Column("document_id", ID),
        sa.Column("reference", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("before", sa.Text, nullable=False),
        sa.Column("after", sa.Text, nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("source_id", sa.Text, nullable=False),
        sa.Column("target_id", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_events"),
        sa.ForeignKeyConstraint(["document_id"], ["documents.id"], name="fk_events_document_id"),
    )
    op.create_index("ix_events_connection", "events", ["connection", "id"])
    op.create_index("ix_events_reference", "events", ["connection", "reference", "id"])
    postgresql = op.get_context().dialect.name == "postgresql"
    for statement in KEEP_EVENTS_POSTGRESQL if postgresql else KEEP_EVENTS_SQLITE:
        op.execute(statement)


def _intents() -> None:
    op.create_table(
        "intents",
        sa.Column("id", ID, nullable=False),
        sa.Column("connection", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("document_id", ID),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("attempted_at", TIME, nullable=False),
        sa.Column("settled_at", TIME),
        sa.Column("target_id", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_intents"),
        sa.ForeignKeyConstraint(["connection"], ["connections.name"], name="fk_intents_connection"),
        sa.ForeignKeyConstraint(["document_id"], ["documents.id"], name="fk_intents_document_id"),
    )
    op.create_index(
        "uq_intents_unsettled",
        "intents",
        ["connection", "kind", "key"],
        unique=True,
        sqlite_where=UNSETTLED,
        postgresql_where=UNSETTLED,
    )
    op.create_table(
        "links",
        sa.Column("connection", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("target_id", sa.Text, nullable=False),
        sa.Column("created", sa.Boolean, nullable=False),
        sa.Column("linked_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("connection", "kind", "key", name="pk_links"),
        sa.ForeignKeyConstraint(["connection"], ["connections.name"], name="fk_links_connection"),
    )


def _sealed() -> None:
    op.create_table(
        "secrets",
        sa.Column("connection", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("value", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("connection", "key", name="pk_secrets"),
    )
    for table in ("tokens", "limit_states"):
        op.create_table(
            table,
            sa.Column("key", sa.Text, nullable=False),
            sa.Column("value", sa.LargeBinary, nullable=False),
            sa.PrimaryKeyConstraint("key", name=f"pk_{table}"),
        )
    op.create_table(
        "exchanges",
        sa.Column("id", ID, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("connection", sa.Text, nullable=False),
        sa.Column("operation", sa.Text, nullable=False),
        sa.Column("status", sa.Integer),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("value", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_exchanges"),
    )
    op.create_index("ix_exchanges_at", "exchanges", ["at", "size"])
    op.create_index("ix_exchanges_connection", "exchanges", ["connection", "id"])
