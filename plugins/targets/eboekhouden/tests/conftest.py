"""Drafts to book, and a sandbox with a target on it, for this plugin's tests."""

from collections.abc import AsyncGenerator, Callable, Mapping
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
from koppel.vendor import Token, VendorHub
from koppel_eboekhouden import sandbox_settings
from koppel_eboekhouden.document import Ledger
from koppel_eboekhouden.sandbox import EBoekhoudenSandbox, seed
from koppel_eboekhouden.settings import Settings
from koppel_eboekhouden.target import EBoekhouden

DAY = date(2026, 11, 20)
_CODES = {"21": "HOOG_VERK_21", "9": "LAAG_VERK_9", None: "GEEN"}


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Drafts:
    """Builds drafts whose sums are right."""

    def line(self, gross: str = "121.00", rate: str | None = "21", **changes: Any) -> DraftLine:
        quantity = Decimal(changes.pop("quantity", "1"))
        amount, percentage = Decimal(gross), None if rate is None else Decimal(rate)
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
            "vat_code": _CODES.get(rate, "GEEN"),
            "ledger": "",
            "code": "SKU-1",
        }
        return DraftLine(**{**values, **changes})

    def oss(self, gross: str = "119.00", rate: str = "19", country: str = "DE", **changes: Any) -> DraftLine:
        values: dict[str, Any] = {"treatment": Treatment.OSS, "country": country, "vat_code": "AFST_VERK", **changes}
        return self.line(gross, rate, **values)

    def customer(self, email: str | None = "jan@example.test", **changes: Any) -> DraftCustomer:
        values: dict[str, Any] = {
            "identity": f"email:{email}",
            "kind": CustomerKind.INDIVIDUAL,
            "name": "Jan de Vries",
            "email": email,
            "phone": "+31710000000",
            "address": Address(lines=("Dorpsstraat 1-A",), postcode="1234 AB", city="Leiden", country="NL"),
        }
        return DraftCustomer(**{**values, **changes})

    def sale(self, *lines: DraftLine, reference: str = "112-0000001-0000001", **changes: Any) -> Draft:
        kept = lines or (self.line(),)
        total = sum((line.gross for line in kept), Decimal(0))
        values: dict[str, Any] = {
            "kind": DraftKind.SALE,
            "reference": reference,
            "number": reference,
            "description": f"{reference} / Amazon.nl, een omschrijving die veel langer is dan vijftig tekens",
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


@pytest.fixture
def drafts() -> Drafts:
    return Drafts()


class Memory:
    """Token and limit store."""

    def __init__(self) -> None:
        self.tokens: dict[str, Token] = {}

    async def load(self, key: str) -> Token | None:
        return self.tokens.get(key)

    async def save(self, key: str, token: Token) -> None:
        self.tokens[key] = token


class NoLimits:
    async def load(self, key: str) -> bytes | None:
        return None

    async def save(self, key: str, state: bytes) -> None:
        return None


@dataclass
class World:
    """A sandbox on a real socket, and a target on it."""

    sandbox: EBoekhoudenSandbox
    clock: VirtualClock
    hub: VendorHub
    settings: Settings
    target: EBoekhouden

    def open(self, **changes: Any) -> EBoekhouden:
        """Another connection to the same administration, which remembers nothing."""
        return EBoekhouden(msgspec.structs.replace(self.settings, **changes), self.hub.session("winkel-2"))

    async def customer(self, customer: DraftCustomer) -> str:
        """The id of a relation, made if it is not there."""
        found = await self.target.find_customers([customer])
        return found.get(customer.identity) or await self.target.create_customer(customer)

    async def book(self, draft: Draft) -> Any:
        """Book with all that is needed."""
        return await self.target.book(draft, await self.customer(draft.customer), {})

    def calls(self, operation: str) -> int:
        """How often an operation was called."""
        return self.sandbox.journal.count(operation)


Opened = Callable[..., AbstractAsyncContextManager[World]]


def make_settings(values: Mapping[str, Any]) -> Settings:
    return msgspec.convert(values, Settings, dec_hook=lambda kind, value: kind(value))


@pytest.fixture
def world() -> Opened:
    @asynccontextmanager
    async def opened(*, switches: Mapping[str, str] | None = None, **changes: Any) -> AsyncGenerator[World]:
        clock = VirtualClock()
        sandbox = EBoekhoudenSandbox(Options(clock=clock, switches=switches or {}, limits=True))
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(clock.drive)
            hub = VendorHub(clock=clock, tokens=Memory(), limits=NoLimits(), allow_insecure=True)
            async with serve(sandbox) as url, hub:
                settings = make_settings({**sandbox_settings(url), **changes})
                yield World(sandbox, clock, hub, settings, EBoekhouden(settings, hub.session("winkel")))
            tasks.cancel_scope.cancel()

    return opened


@pytest.fixture
def ledgers() -> list[Ledger]:
    return [
        Ledger(id=one["id"], code=one["code"], description=one["description"], category=one["category"])
        for one in seed.ledgers()
    ]
