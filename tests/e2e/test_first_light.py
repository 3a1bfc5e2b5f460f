"""Amazon orders become SnelStart bookings, whatever the network does (G1, G2, G3, G5)."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest

from koppel.operating.demo import Scene
from koppel.testing.bench import Bench, open_bench

pytestmark = pytest.mark.anyio

DEVELOPMENT = "ontwikkeling-en-test"
FAULTS = ("lost_reply", "reset", "500", "502", "garbage", "truncated", "429")


def assert_right(scene: Scene) -> None:
    summary = scene.summary()
    assert summary.errors == 0
    assert summary.duplicates == 0
    assert summary.total_booked == summary.total_source
    assert summary.booked > 0


@asynccontextmanager
async def pair(**options: Any) -> AsyncGenerator[Bench]:
    options = {"sections": {"orders": {"customers": "collective-per-country"}}, **options}
    async with open_bench("amazon", "snelstart", **options) as bench:
        yield bench


async def test_every_due_order_is_booked_once_and_to_the_cent() -> None:
    async with pair(size=120) as bench:
        await bench.until_quiet()
        assert_right(bench.scene)
        before = bench.scene.target.journal.count()
        await bench.poll()  # nothing new: nothing is asked and nothing is written
        assert bench.scene.target.journal.count() == before
        assert_right(bench.scene)


async def test_vendor_calls_an_order() -> None:
    """Design section 7: with known customers at most 1.1 at the target; 0.05 at the source."""
    async with pair(size=400) as bench:
        await bench.until_quiet()
        summary = bench.scene.summary()
        new_debtors = len(list(bench.scene.target.journal.of("customer")))
        signing_in_and_tables = 10
        calls = bench.scene.target.journal.count() - 2 * new_debtors - signing_in_and_tables
        assert calls <= 1.1 * summary.booked
        source: Any = bench.scene.source
        assert source.journal.count("searchOrders") + source.journal.count("getOrder") <= 0.05 * summary.orders


@pytest.mark.parametrize("side", ["source", "target"])
@pytest.mark.parametrize("fault", FAULTS)
async def test_faults_double_nothing_and_lose_nothing(side: str, fault: str) -> None:
    async with pair(size=60) as bench:
        box: Any = getattr(bench.scene, side)
        box.faults.add(fault, chance=0.3)
        for _ in range(3):
            await bench.poll()
            await bench.pass_time(timedelta(minutes=3))
        box.faults.set([])
        await bench.pass_time(timedelta(hours=2))
        await bench.until_quiet()
        assert_right(bench.scene)


async def test_what_changes_later_is_booked_later() -> None:
    async with pair(size=80) as bench:
        await bench.until_quiet()
        open_before = bench.scene.summary().open
        assert open_before > 0
        bench.scene.source.change_pending()
        await bench.pass_time(timedelta(minutes=5))
        await bench.until_quiet()
        assert bench.scene.summary().open < open_before
        assert_right(bench.scene)


async def test_a_backlog_drains_within_the_limits_and_wastes_none() -> None:
    """0 requests over a limit, and at least 95 % of the tightest one (SnelStart's 100 a minute, 1,000 an hour) used."""
    sections = {
        "orders": {"customers": "collective-per-country"},
        "target": {"product": DEVELOPMENT},
    }
    async with pair(size=2400, limits=True, sections=sections, switches={"product": DEVELOPMENT}) as bench:
        started = bench.clock.monotonic()
        await bench.until_quiet(200)
        hours = (bench.clock.monotonic() - started) / 3600
        assert_right(bench.scene)
        source: Any = bench.scene.source
        assert not bench.scene.target.journal.over_limit()
        assert not source.journal.over_limit()
        calls = [call for call in bench.scene.target.journal.calls if call.operation != "token"]
        assert len(calls) > 1500
        full = [
            len([c for c in calls if start <= (c.at - calls[0].at).total_seconds() < start + 3600])
            for start in range(0, int(hours) * 3600, 3600)
        ]
        assert full
        assert min(full) >= 0.95 * 1000, f"{full} calls in the full hours of {hours:.2f}"
