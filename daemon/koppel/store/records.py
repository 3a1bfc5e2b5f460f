"""What goes into the store and comes out of it: frozen values, never rows of a database library.

All moments are aware and UTC. Amounts are Decimals in ``currency``, VAT included. None of these holds personal data
or a secret, except where a docstring says that it is sealed.
"""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import TypedDict

from msgspec import Struct


class ConnectionState(StrEnum):
    """Whether a connection works. Deactivation keeps the log (L5)."""

    ACTIVE = "active"
    PAUSED = "paused"
    DEACTIVATED = "deactivated"


class ConnectionRecord(Struct, frozen=True, kw_only=True):
    """One connection as configured. ``config`` is its text (TOML or JSON) without any secret.

    ``detail_until``: the detail log is on until then; None = off. ``administration``: where its documents stand, as the
    target names it; None before the first of them.
    """

    name: str
    source: str
    target: str
    config: str
    state: ConnectionState = ConnectionState.ACTIVE
    detail_until: datetime | None = None
    administration: str | None = None


class Lease(Struct, frozen=True, kw_only=True):
    """The right to write for one connection, until somebody else takes it. Its ``generation`` fences every write."""

    connection: str
    owner: str
    generation: int


class FlowState(Struct, frozen=True, kw_only=True):
    """When a flow of a connection runs and how it went. ``interval`` in seconds.

    ``started_at`` and ``finished_at`` are of the last run, ``ok_at`` of the last good one. ``failures`` counts the bad
    runs since; ``failing_since`` is when the first of them ended. ``code`` and ``message`` explain the last bad run.
    """

    connection: str
    flow: str
    cursor: str | None
    interval: float
    due_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    ok_at: datetime | None
    failures: int
    failing_since: datetime | None
    code: str
    message: str
    progress: str


class DocumentState(StrEnum):
    """Where a document stands (design.md section 2)."""

    OPEN = "open"
    """Waits for a releasing status."""
    DUE = "due"
    BOOKING = "booking"
    """Intent written, outcome unknown."""
    BOOKED = "booked"
    RETRY = "retry"
    """Temporary fault; ``retry_at`` says when it is tried again."""
    ERROR = "error"
    """Needs a person."""
    REVIEW = "review"
    """Changed after booking, or found different."""
    ELSEWHERE = "elsewhere"
    """Booked in another administration, before the connection was switched to the one that it has now."""
    CANCELLED = "cancelled"
    SKIPPED = "skipped"


class Document(Struct, frozen=True, kw_only=True):
    """One order, credit or settlement on its way. Unique by connection, kind and reference.

    ``reference`` is what people call it; ``source_id`` what the source's API wants. ``fingerprint`` is a keyed hash of
    what was read, to notice changes. ``original`` is the reference that a credit belongs to.
    """

    id: int
    connection: str
    kind: str
    reference: str
    source_id: str
    source_changed_at: datetime | None
    source_status: str
    state: DocumentState
    code: str
    message: str
    suggestion: str
    retry_at: datetime | None
    attempts: int
    target_id: str | None
    target_number: str | None
    amount: Decimal | None
    currency: str
    placed_at: datetime | None
    booked_at: datetime | None
    fingerprint: str
    original: str | None
    updated_at: datetime


class NewDocument(Struct, frozen=True, kw_only=True):
    """A document to insert. ``event`` is the kind of the first event, written with it."""

    reference: str
    source_id: str
    state: DocumentState
    kind: str = "order"
    source_changed_at: datetime | None = None
    source_status: str = ""
    code: str = ""
    message: str = ""
    suggestion: str = ""
    retry_at: datetime | None = None
    attempts: int = 0
    target_id: str | None = None
    target_number: str | None = None
    amount: Decimal | None = None
    currency: str = ""
    placed_at: datetime | None = None
    booked_at: datetime | None = None
    fingerprint: str = ""
    original: str | None = None
    event: str = "fetched"


class DocumentFields(TypedDict, total=False):
    """What :meth:`koppel.store.Tx.change` may set besides the state. See :class:`Document`."""

    source_id: str
    source_changed_at: datetime | None
    source_status: str
    code: str
    message: str
    suggestion: str
    retry_at: datetime | None
    attempts: int
    target_id: str | None
    target_number: str | None
    amount: Decimal | None
    currency: str
    placed_at: datetime | None
    booked_at: datetime | None
    fingerprint: str
    original: str | None


class Event(Struct, frozen=True, kw_only=True):
    """One row of the basic log, kept for ever (L1). ``before`` and ``after`` are states, empty where none changed."""

    id: int
    at: datetime
    connection: str
    document_id: int | None
    reference: str
    kind: str
    before: str
    after: str
    code: str
    message: str
    source_id: str
    target_id: str


class NewEvent(Struct, frozen=True, kw_only=True):
    """An event to write. For one that goes with a document, what is left empty is filled in from the document."""

    kind: str
    code: str = ""
    message: str = ""
    reference: str = ""
    document_id: int | None = None
    before: str = ""
    after: str = ""
    source_id: str = ""
    target_id: str = ""


class IntentKind(StrEnum):
    """What is about to be written at the target."""

    BOOKING = "booking"
    CUSTOMER = "customer"
    ARTICLE = "article"
    UPDATE = "update"


class IntentState(StrEnum):
    """``open`` and ``unknown`` wait for a look-up at the target; ``done`` and ``failed`` are settled."""

    OPEN = "open"
    UNKNOWN = "unknown"
    DONE = "done"
    FAILED = "failed"


class Intent(Struct, frozen=True, kw_only=True):
    """A write that was announced before it was sent (G2).

    ``key`` names what is made: a reference, an article code; for a customer ``vault.fingerprint(identity)``.
    ``attempted_at`` is the last moment at which the request may have been under way.
    """

    id: int
    connection: str
    kind: IntentKind
    key: str
    document_id: int | None
    state: IntentState
    created_at: datetime
    attempted_at: datetime
    settled_at: datetime | None
    target_id: str | None


class NewIntent(Struct, frozen=True, kw_only=True):
    """A write to announce. ``key`` of a customer may be given as it is: the store keeps only its fingerprint."""

    kind: IntentKind
    key: str
    document_id: int | None = None


class DetailEntry(Struct, frozen=True, kw_only=True):
    """One exchange with a vendor out of the detail log, opened. ``exchange`` is what was recorded, as JSON values."""

    id: int
    at: datetime
    connection: str
    operation: str
    status: int | None
    exchange: dict[str, object]
