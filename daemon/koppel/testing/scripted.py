"""A source and a target without a vendor: the other side for whoever tests one plugin alone."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from msgspec import Struct
from starlette.types import Receive, Scope, Send

from koppel.booking.draft import Draft, DraftCustomer, DraftLine
from koppel.model import Order, OrderRef, UnreadableOrder
from koppel.plugin import (
    Booked,
    Finding,
    KoppelError,
    OrderPage,
    SourceSpec,
    Status,
    TargetSpec,
    TargetTraits,
    VatRow,
)
from koppel.sandbox import SandboxOrder
from koppel.vat.treatment import Treatment

STATUSES = (
    Status(name="Pending", title_nl="In afwachting", title_en="Pending"),
    Status(name="Shipped", title_nl="Verzonden", title_en="Shipped", releases=True, final=True),
    Status(name="Cancelled", title_nl="Geannuleerd", title_en="Cancelled", final=True),
)


class NoSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing to set."""


class NoVendor:
    """The sandbox of a plugin that has no vendor: it serves nothing and knows no orders."""

    orders: Sequence[SandboxOrder] = ()

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Answer 404 to everything."""
        await send({"type": "http.response.start", "status": 404, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    def change_pending(self) -> None:
        """Nothing waits."""


def _no_sandbox(_options: Any) -> NoVendor:
    return NoVendor()


@dataclass
class ScriptedSource:
    """Orders as a list that a test changes; the cursor counts how often the list was read."""

    orders_: list[Order | UnreadableOrder] = field(default_factory=list[Order | UnreadableOrder])
    page_size: int = 50
    calls: int = 0

    def spec(self) -> SourceSpec:
        """As a plugin announces it."""
        return SourceSpec(
            name="scripted-source",
            title="Scripted source",
            settings=NoSettings,
            capabilities=frozenset({"orders"}),
            sandbox=_no_sandbox,
            sandbox_settings=lambda _url: {},
            open=lambda _settings, _vendor: self,
            statuses=STATUSES,
        )

    async def check(self) -> Sequence[Finding]:
        """Nothing can be wrong."""
        return [Finding(level="ok", subject="script", message="ready")]

    async def orders_changed(self, cursor: str | None) -> AsyncIterator[OrderPage]:
        """The whole list, every time: overlap is allowed."""
        self.calls += 1
        async for page in self._pages(self.orders_, f"{int(cursor or 0) + 1}"):
            yield page

    async def orders(self, refs: Sequence[OrderRef]) -> AsyncIterator[Order | UnreadableOrder]:
        """Those of the list."""
        self.calls += 1
        wanted = {ref.number for ref in refs}
        for order in self.orders_:
            if order.number in wanted:
                yield order

    async def orders_placed(self, since: date, until: date, cursor: str | None = None) -> AsyncIterator[OrderPage]:
        """Those placed between the days; the cursor counts how many were given."""
        self.calls += 1
        placed = [order for order in self.orders_ if order.placed_at and since <= order.placed_at.date() <= until]
        for start in range(int(cursor or 0), max(1, len(placed)), self.page_size):
            end = start + self.page_size
            yield OrderPage(orders=tuple(placed[start:end]), cursor=str(end), last=end >= len(placed))

    async def _pages(self, orders: Sequence[Order | UnreadableOrder], cursor: str) -> AsyncIterator[OrderPage]:
        for start in range(0, max(1, len(orders)), self.page_size):
            part = tuple(orders[start : start + self.page_size])
            yield OrderPage(orders=part, cursor=cursor, last=start + self.page_size >= len(orders))


@dataclass
class ScriptedTarget:
    """Remembers what was booked. ``fault`` may raise or give an error for a draft, before or after it is kept."""

    booked: dict[str, Draft] = field(default_factory=dict[str, Draft])
    times: dict[str, int] = field(default_factory=dict[str, int])
    customers: dict[str, str] = field(default_factory=dict[str, str])
    recheck_after: timedelta = timedelta(0)
    before: Callable[[Draft], KoppelError | None] = lambda _draft: None
    after: Callable[[Draft], KoppelError | None] = lambda _draft: None
    updates: int = 0
    books: str = ""
    """The administration that it says it is."""

    def spec(self) -> TargetSpec:
        """As a plugin announces it."""
        return TargetSpec(
            name="scripted-target",
            title="Scripted target",
            settings=NoSettings,
            capabilities=frozenset({"orders", "customers"}),
            sandbox=_no_sandbox,
            sandbox_settings=lambda _url: {},
            open=lambda _settings, _vendor: self,
            propose=_propose,
        )

    @property
    def traits(self) -> TargetTraits:
        """Ten at a time, two side by side, any currency."""
        return TargetTraits(parallel=2, recheck_after=self.recheck_after, currencies=None, batch=10)

    async def check(self) -> Sequence[Finding]:
        """Nothing can be wrong."""
        return [Finding(level="ok", subject="script", message="ready")]

    async def administration(self) -> str:
        """As the test says."""
        return self.books

    def refuses(self, draft: Draft) -> None:
        """Takes everything."""

    async def find_bookings(self, references: Sequence[str]) -> Mapping[str, Booked]:
        """What was booked."""
        return {each: self._as_booked(self.booked[each]) for each in references if each in self.booked}

    async def book(self, draft: Draft, customer: str, articles: Mapping[str, str]) -> Booked:
        """Keep it, however often it is sent: counting is the test's."""
        del customer, articles
        if error := self.before(draft):
            raise error
        self.booked[draft.reference] = draft
        self.times[draft.reference] = self.times.get(draft.reference, 0) + 1
        if error := self.after(draft):
            raise error
        return self._as_booked(draft)

    async def find_customers(self, customers: Sequence[DraftCustomer]) -> Mapping[str, str]:
        """Those that were made."""
        return {each.identity: self.customers[each.identity] for each in customers if each.identity in self.customers}

    async def create_customer(self, customer: DraftCustomer) -> str:
        """Make one."""
        return self.customers.setdefault(customer.identity, f"customer-{len(self.customers) + 1}")

    def article_code(self, line: DraftLine) -> str:
        """Any code fits."""
        return line.code or ""

    @property
    def total(self) -> Decimal:
        """All that was booked, counted as often as it was sent."""
        return sum((draft.total * self.times[reference] for reference, draft in self.booked.items()), Decimal(0))

    @staticmethod
    def _as_booked(draft: Draft) -> Booked:
        return Booked(reference=draft.reference, id=f"id-{draft.reference}", total=draft.total)


def _propose(treatment: Treatment, country: str, rate: str) -> VatRow:
    return VatRow(code=f"{treatment}-{country}-{rate}", ledger="8000")
