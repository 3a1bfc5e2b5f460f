"""What the tests of the SnelStart plugin share: drafts, a sandbox on a real socket, the plugin opened against it."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import anyio
import msgspec
import pytest

from koppel.booking.draft import CustomerKind, Draft, DraftCustomer, DraftKind, DraftLine
from koppel.model import Address, LineKind, round_money
from koppel.sandbox import Options, serve
from koppel.testing.clock import VirtualClock
from koppel.vat.treatment import Treatment
from koppel.vendor import Token, Vendor, VendorHub
from koppel_snelstart.sandbox import SnelStartSandbox, sandbox_settings
from koppel_snelstart.settings import Settings
from koppel_snelstart.target import SnelStart

DAY = date(2026, 11, 20)
HOME = Address(lines=("Dorpsstraat 1-A",), postcode="1234 AB", city="Leiden", country="NL")


class Drafts:
    """Builds drafts whose sums are right."""

    def line(self, gross: str = "121.00", rate: str | None = "21", **changes: Any) -> DraftLine:
        quantity = Decimal(changes.pop("quantity", "1"))
        amount = Decimal(gross)
        percentage = None if rate is None else Decimal(rate)
        vat = Decimal(0) if not percentage else round_money(amount * percentage / (100 + percentage), "EUR")
        values: dict[str, Any] = {
            "kind": LineKind.GOODS,
            "title": "Theepot",
            "quantity": quantity,
            "unit_price": abs(amount / quantity),
            "gross": amount,
            "net": amount - vat,
            "vat": vat,
            "treatment": Treatment.DOMESTIC,
            "country": "NL",
            "rate": percentage,
            "vat_code": {"21": "VerkopenHoog", "9": "Laag"}.get(rate or "", "Geen"),
            "ledger": {"21": "8000", "9": "8010"}.get(rate or "", "8040"),
            "code": "SKU-1",
        }
        return DraftLine(**{**values, **changes})

    def oss(self, gross: str = "119.00", rate: str = "19", country: str = "DE", **changes: Any) -> DraftLine:
        values: dict[str, Any] = {
            "treatment": Treatment.OSS,
            "country": country,
            "vat_code": "Geen",
            "ledger": "",
            **changes,
        }
        return self.line(gross, rate, **values)

    def customer(self, email: str | None = "jan@example.invalid", **changes: Any) -> DraftCustomer:
        values: dict[str, Any] = {
            "identity": f"email:{email}",
            "kind": CustomerKind.INDIVIDUAL,
            "name": "Jan de Vries",
            "first_name": "Jan",
            "last_name": "de Vries",
            "email": email,
            "phone": "+31710000000",
            "address": HOME,
        }
        return DraftCustomer(**{**values, **changes})

    def collective(self, name: str = "Amazon-klanten", **changes: Any) -> DraftCustomer:
        values: dict[str, Any] = {"identity": f"collective:{name}", "kind": CustomerKind.COLLECTIVE, "name": name}
        return DraftCustomer(**{**values, **changes})

    def sale(self, *lines: DraftLine, reference: str = "112-0000001-0000001", **changes: Any) -> Draft:
        kept = lines or (self.line(),)
        total = sum((line.gross for line in kept), Decimal(0))
        values: dict[str, Any] = {
            "kind": DraftKind.SALE,
            "reference": reference,
            "number": reference,
            "description": f"{reference} / Amazon",
            "document_date": DAY,
            "tax_date": DAY,
            "currency": "EUR",
            "customer": self.customer(),
            "lines": kept,
            "vat": (),
            "total": total,
            "buyer_total": total,
        }
        return Draft(**{**values, **changes})


class Tokens:
    """A store that forgets at the end of the test."""

    def __init__(self) -> None:
        self.kept: dict[str, Token] = {}

    async def load(self, key: str) -> Token | None:
        return self.kept.get(key)

    async def save(self, key: str, token: Token) -> None:
        self.kept[key] = token


class Limits:
    """Likewise."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    async def load(self, key: str) -> bytes | None:
        return self.kept.get(key)

    async def save(self, key: str, state: bytes) -> None:
        self.kept[key] = state


@dataclass
class World:
    """A running sandbox and the plugin opened against it."""

    url: str
    sandbox: SnelStartSandbox
    target: SnelStart
    clock: VirtualClock
    session: Vendor

    def reopened(self, **changes: Any) -> SnelStart:
        """The plugin opened again with other settings."""
        return SnelStart(read_settings(self.url, **changes), self.session)

    async def book(self, draft: Draft, target: SnelStart | None = None) -> Any:
        """All that the flows do for one draft."""
        used = target or self.target
        used.refuses(draft)
        customers = await used.find_customers([draft.customer])
        customer = customers.get(draft.customer.identity) or await used.create_customer(draft.customer)
        articles: dict[str, str] = {}
        if used.traits.needs_articles:
            lines = {used.article_code(line): line for line in draft.lines}
            articles.update(await used.find_articles(list(lines)))
            for code in lines.keys() - articles.keys():
                articles[code] = await used.create_article(lines[code])
        return await used.book(draft, customer, articles)

    def calls(self, operation: str) -> int:
        return self.sandbox.journal.count(operation)


def read_settings(url: str = "http://127.0.0.1:1", **changes: Any) -> Settings:
    def secret(expected: type, value: object) -> object:
        return expected(value)

    return msgspec.convert({**sandbox_settings(url), **changes}, Settings, dec_hook=secret)


Opener = Callable[..., AbstractAsyncContextManager[World]]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def drafts() -> Drafts:
    return Drafts()


@pytest.fixture(scope="session")
def settings_() -> Callable[..., Settings]:
    return read_settings


@pytest.fixture
def world() -> Opener:
    """``async with world(mode="order", switches={"oss": "0"}) as w``: all else are settings."""

    @asynccontextmanager
    async def opened(
        *, switches: dict[str, str] | None = None, limits: bool = False, **changes: Any
    ) -> AsyncGenerator[World]:
        clock = VirtualClock()
        sandbox = SnelStartSandbox(Options(clock=clock, limits=limits, switches=switches or {}))
        hub = VendorHub(clock=clock, tokens=Tokens(), limits=Limits(), allow_insecure=True)
        async with serve(sandbox) as url, anyio.create_task_group() as tasks, hub:
            tasks.start_soon(clock.drive)
            session = hub.session("test")
            yield World(url, sandbox, SnelStart(read_settings(url, **changes), session), clock, session)
            tasks.cancel_scope.cancel()

    return opened
