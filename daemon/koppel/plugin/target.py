"""What a target offers. A target implements the Protocols of the capabilities that it declares, no more."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Protocol, runtime_checkable

from msgspec import Struct

from koppel.booking.draft import Draft, DraftCustomer, DraftLine
from koppel.plugin.source import Finding


class Booked(Struct, frozen=True, kw_only=True):
    """A document as it stands in the target. ``number`` is what its user sees; ``total`` incl. VAT where it is told."""

    reference: str
    id: str
    number: str | None = None
    total: Decimal | None = None
    date: "date | None" = None
    note: str = ""


class TargetTraits(Struct, frozen=True, kw_only=True):
    """How the core must treat this target, given its settings.

    ``parallel``: writes at the same time (Exact: 1). ``recheck_after``: how long after an unanswered write a look-up
    may
    still miss what was written; only after that long without finding it may the write be repeated. Zero where the
    vendor
    itself refuses doubles. ``needs_articles``: lines refer to articles that must exist. ``currencies``: what it can
    book
    in; None = any. ``batch``: how many references one look-up call takes (the core asks in such batches).
    """

    parallel: int = 1
    recheck_after: timedelta = timedelta(0)
    needs_articles: bool = False
    currencies: frozenset[str] | None = frozenset({"EUR"})
    batch: int = 20
    vat_country_from_debtor: bool = False
    """The target takes the VAT country of a consumer's document from the debtor: one debtor for each such country."""


class Choice(Struct, frozen=True, kw_only=True):
    """One thing the user can choose in the target: a ledger, a VAT code, a journal. ``code`` goes into the settings."""

    code: str
    title: str
    hint: str = ""


@runtime_checkable
class Target(Protocol):
    """An opened target: one administration in one bookkeeping system."""

    @property
    def traits(self) -> TargetTraits:
        """How to treat it."""
        ...

    async def check(self) -> Sequence[Finding]:
        """Try sign-in, rights, ledgers, VAT codes, book year against the vendor; what is wrong, or worth knowing."""
        ...


@runtime_checkable
class BooksOrders(Protocol):
    """Capability ``orders``."""

    async def find_bookings(self, references: Sequence[str]) -> Mapping[str, Booked]:
        """Which of these references (at most ``traits.batch``) are booked already. Filters are re-checked locally."""
        ...

    async def book(self, draft: Draft, customer: str, articles: Mapping[str, str]) -> Booked:
        """Write one document: exactly one create, never repeated by the plugin.

        ``customer`` is the id that find_customers or create_customer gave; ``articles`` maps article codes to ids.
        Raises Refused (lasting), CustomerGone, AlreadyExists, RetryLater (surely not done), OutcomeUnknown.
        """
        ...

    def refuses(self, draft: Draft) -> None:
        """Raise Refused or Misconfigured for a draft that this target can never book (length, code, currency). No
        I/O.
        """
        ...


@runtime_checkable
class NamesAdministration(Protocol):
    """A target that tells which administration it books into, so that a change of it is noticed (O14)."""

    async def administration(self) -> str:
        """What names the administration for good: the vendor's own id where it tells one, else made of the settings.

        No secret, and equal whenever it is the same administration; "" = not known. It is asked before the first write
        of a cycle, so it must not cost a call each time.
        """
        ...


@runtime_checkable
class UpdatesBookings(Protocol):
    """Capability ``updates`` (O10)."""

    async def update(self, draft: Draft, booked: Booked, customer: str, articles: Mapping[str, str]) -> Booked:
        """Make an existing document equal to the draft: lines added, changed, removed. Idempotent."""
        ...


@runtime_checkable
class HasCustomers(Protocol):
    """Capability ``customers`` (C1-C8)."""

    async def find_customers(self, customers: Sequence[DraftCustomer]) -> Mapping[str, str]:
        """``identity`` -> id of those that exist (at most ``traits.batch`` asked): individual ones by e-mail,
        collective ones by code, else name.

        Compared again locally (case-insensitively); inactive and non-customer relations do not count.
        """
        ...

    async def create_customer(self, customer: DraftCustomer) -> str:
        """Make the relation: exactly one create. Returns its id. An existing relation is never changed."""
        ...


@runtime_checkable
class HasArticles(Protocol):
    """Capability ``articles`` (A2, A4, A5)."""

    async def find_articles(self, codes: Sequence[str]) -> Mapping[str, str]:
        """code -> id of those that exist (at most ``traits.batch`` asked)."""
        ...

    async def create_article(self, line: DraftLine) -> str:
        """Make the article that a line needs, with ``line.code`` as code: exactly one create. Returns its id."""
        ...

    def article_code(self, line: DraftLine) -> str:
        """The code under which this line's article exists here. Refused, naming the vendor's setting, if it does not
        fit.
        """
        ...


@runtime_checkable
class OffersChoices(Protocol):
    """Capability ``choices`` (V4, L4)."""

    async def choices(self, kind: str) -> Sequence[Choice]:
        """What can be chosen: ``kind`` is ``ledgers``, ``vat_codes``, ``journals``, ``templates`` … (see
        TargetSpec).
        """
        ...
