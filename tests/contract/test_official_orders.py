"""Amazon's own example orders, put into the sandbox and taken through the whole house: each file with its outcome."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from koppel.operating.demo import BOOKINGS, NAME
from koppel.sandbox import Sandbox
from koppel.testing.bench import open_bench

pytestmark = pytest.mark.anyio

AMAZON = Path(__file__).parents[3] / "shared" / "apis" / "amazon"
ECB = b"Date, GBP, \n24 December 2024, 0.8000, \n27 December 2024, 0.8100, \n"
"""In the ECB's form; the rates are ours."""
SECTIONS: dict[str, dict[str, Any]] = {
    "orders": {"customers": "collective-per-country"},
    "source": {"marketplaces": ["NL", "DE", "GB"], "start": "2024-12-01", "window_days": 31},
}
OUTCOMES: dict[str, dict[str, str]] = {
    "samples/orders2026_getOrder_200_gb_docs_example.json": {"202-1234567-8901234": "error vat.channel-differs"},
    "samples/orders2026_getOrder_200_us_no_buyer_ispu.json": {"114-9876543-1234567": "of another marketplace"},
    "samples/orders2026_searchOrders_200_gb_second_page.json": {"202-7654321-1098765": "booked 43.74"},
    "samples/orders2026_searchOrders_200_nl_de_COMPOSED.json": {
        "171-0000010-0000010": "booked 54.85",
        "171-0000013-0000013": "open",
        "305-0000011-0000011": "booked 54.98",
        "404-0000012-0000012": "booked 29.97",
    },
    "samples/orders2026_searchOrders_200_us_docs_example.json": {"123-4567890-1234567": "of another marketplace"},
    "spec/orders_2026-01-01.json": {
        "114-9876543-1234567": "of another marketplace",
        "123-4567890-1234567": "of another marketplace",
        "202-1234567-8901234": "error vat.channel-differs",
        "202-7654321-1098765": "booked 43.74",
    },
}


def orders_in(value: object) -> Iterator[dict[str, Any]]:
    """Every order in a document, wherever it stands."""
    if isinstance(value, list):
        for each in cast("list[object]", value):
            yield from orders_in(each)
    elif isinstance(value, dict):
        found = cast("dict[str, Any]", value)
        if isinstance(found.get("orderId"), str) and "createdTime" in found:
            yield found
            return
        for each in found.values():
            yield from orders_in(each)


def read(name: str) -> list[dict[str, Any]]:
    if not AMAZON.exists():
        pytest.skip("the vendors' samples are not on this machine")
    return list(orders_in(json.loads((AMAZON / name).read_text("utf-8"))))


def test_every_file_with_orders_is_listed() -> None:
    names = [*(f"samples/{path.name}" for path in AMAZON.glob("samples/orders2026_*")), "spec/orders_2026-01-01.json"]
    assert {name for name in names if read(name)} == set(OUTCOMES)


@pytest.mark.parametrize("name", OUTCOMES)
async def test_official_orders_through_the_house(name: str) -> None:
    orders = {order["orderId"]: order | {"lastUpdatedTime": "2026-11-20T10:00:00Z"} for order in read(name)}
    async with open_bench("amazon", "snelstart", size=0, sections=SECTIONS) as bench:
        source: Any = bench.scene.source
        for order in orders.values():
            source.add_order(order)
        await bench.scene.workshop.facts.ecb.import_file(ECB)
        await bench.poll()
        documents = await bench.scene.workshop.store.documents.list(NAME, None, 100)
        entries = {entry.reference: entry.amount for entry in journal(bench.scene.target)}
    found = dict.fromkeys(orders, "of another marketplace")
    for document in documents:
        amount = entries.get(document.reference)
        found[document.reference] = (
            f"booked {amount}" if amount is not None else f"{document.state} {document.code}".strip()
        )
    assert found == OUTCOMES[name]


def journal(sandbox: Sandbox) -> list[Any]:
    return [entry for kind in BOOKINGS for entry in sandbox.journal.of(kind)]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
