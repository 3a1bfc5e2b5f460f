"""Drafts to book, and a sandbox with a target on it, for this plugin's tests."""

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import anyio
import msgspec
import pytest

from koppel.booking.draft import CustomerKind, Draft, DraftCustomer, DraftKind, DraftLine
from koppel.model import Address, LineKind, round_money
from koppel.sandbox import Options, serve
from koppel.testing.clock import START, VirtualClock
from koppel.vat.treatment import Treatment
from koppel.vendor import Token, VendorHub
from koppel_exact import sandbox_settings
from koppel_exact.adapter import ExactTarget
from koppel_exact.sandbox import ExactSandbox
from koppel_exact.settings import ExactSettings

BUYER = DraftCustomer(
    identity="email:jan@example.test",
    kind=CustomerKind.INDIVIDUAL,
    name="Jan de Vries",
    first_name="Jan",
    last_name="de Vries",
    email="jan@example.test",
    phone="+31 71 0000000",
    address=Address(lines=("Dorpsstraat 1", "achterom"), postcode="1234 AB", city="Leiden", country="NL"),
)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@dataclass
class Stores:
    """Token and limit stores in memory, with every token that was ever saved."""

    tokens: dict[str, Token] = field(default_factory=dict[str, Token])
    blobs: dict[str, bytes] = field(default_factory=dict[str, bytes])
    saved: list[Token] = field(default_factory=list[Token])

    @property
    def token_store(self) -> "TokensInMemory":
        return TokensInMemory(self)

    @property
    def limit_store(self) -> "LimitsInMemory":
        return LimitsInMemory(self)


@dataclass
class TokensInMemory:
    stores: Stores

    async def load(self, key: str) -> Token | None:
        return self.stores.tokens.get(key)

    async def save(self, key: str, token: Token) -> None:
        self.stores.tokens[key] = token
        self.stores.saved.append(token)


@dataclass
class LimitsInMemory:
    stores: Stores

    async def load(self, key: str) -> bytes | None:
        return self.stores.blobs.get(key)

    async def save(self, key: str, state: bytes) -> None:
        self.stores.blobs[key] = state


@dataclass
class World:
    """A sandbox on a real socket, a hub, and targets on it."""

    sandbox: ExactSandbox
    clock: VirtualClock
    url: str
    hub: VendorHub
    stores: Stores
    settings: ExactSettings
    target: ExactTarget

    def open(self, name: str = "winkel-2", **changes: Any) -> ExactTarget:
        """Another connection to the same administration."""
        settings = msgspec.structs.replace(self.settings, **changes)
        return ExactTarget(settings, self.hub.session(name))

    async def customer(self, buyer: DraftCustomer = BUYER) -> str:
        """The id of a relation, made if it is not there."""
        found = await self.target.find_customers([buyer])
        return found.get(buyer.identity) or await self.target.create_customer(buyer)

    async def articles(self, draft: Draft) -> dict[str, str]:
        """The ids of the articles of a draft, made if they are not there."""
        lines = {self.target.article_code(one): one for one in draft.lines}
        found = dict(await self.target.find_articles(list(lines)))
        for code, one in lines.items():
            if code not in found:
                found[code] = await self.target.create_article(one)
        return found


Opened = Callable[..., AbstractAsyncContextManager[World]]


def make_settings(values: Mapping[str, Any]) -> ExactSettings:
    return msgspec.convert(values, ExactSettings, dec_hook=lambda kind, value: kind(value))


@pytest.fixture
def world() -> Opened:
    @asynccontextmanager
    async def opened(
        *, switches: Mapping[str, str] | None = None, limits: bool = True, start: Any = START, **changes: Any
    ) -> AsyncGenerator[World]:
        clock = VirtualClock(start)
        sandbox = ExactSandbox(Options(clock=clock, switches=switches or {}, limits=limits))
        stores = Stores()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(clock.drive)
            hub = VendorHub(clock=clock, tokens=stores.token_store, limits=stores.limit_store, allow_insecure=True)
            async with serve(sandbox) as url, hub:
                settings = make_settings({**sandbox_settings(url), **changes})
                target = ExactTarget(settings, hub.session("winkel"))
                yield World(sandbox, clock, url, hub, stores, settings, target)
            tasks.cancel_scope.cancel()

    return opened


def make_line(
    gross: str = "49.90",
    *,
    quantity: str = "2",
    rate: str = "21",
    vat_code: str = "1",
    kind: LineKind = LineKind.GOODS,
    code: str | None = "PROTEINSHAKE",
    title: str = "Protein Shake",
    ledger: str = "",
    treatment: Treatment = Treatment.DOMESTIC,
    country: str | None = "NL",
    ean: str | None = None,
) -> DraftLine:
    amount, fraction = Decimal(gross), Decimal(rate)
    vat = round_money(amount * fraction / (100 + fraction), "EUR")
    return DraftLine(
        kind=kind,
        title=title,
        quantity=Decimal(quantity),
        unit_price=abs(amount / Decimal(quantity)),
        gross=amount,
        net=amount - vat,
        vat=vat,
        treatment=treatment,
        country=country,
        rate=fraction,
        vat_code=vat_code,
        ledger=ledger,
        code=code,
        ean=ean,
    )


def make_draft(
    *lines: DraftLine,
    reference: str = "403-1234567-1234567",
    day: date = date(2026, 11, 20),
    customer: DraftCustomer = BUYER,
    kind: DraftKind = DraftKind.SALE,
    **more: Any,
) -> Draft:
    own = lines or (
        make_line(),
        make_line("4.95", quantity="1", kind=LineKind.SHIPPING, code="Shipment", title="Verzending"),
    )
    total = sum((one.gross for one in own), Decimal(0))
    facts: dict[str, Any] = {"currency": "EUR", "remarks": "", **more}
    return Draft(
        kind=kind,
        reference=reference,
        number=reference,
        description=f"Amazon {reference}",
        document_date=day,
        tax_date=day,
        customer=customer,
        lines=own,
        vat=(),
        total=total,
        buyer_total=total,
        **facts,
    )


@pytest.fixture
def line() -> Callable[..., DraftLine]:
    return make_line


@pytest.fixture
def draft() -> Callable[..., Draft]:
    return make_draft


@pytest.fixture
def buyer() -> DraftCustomer:
    return BUYER
