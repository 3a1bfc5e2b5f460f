"""Amazon's orders of the past into SnelStart, killed and resumed, within the limits (O13)."""

import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import anyio
import pytest
from anyio.abc import TaskStatus

from e2e.house import House
from koppel.clock import AMSTERDAM
from koppel.engine.daemon import run_daemon
from koppel.operating.backfilling import BackfillProgress, backfill_progress, follow_backfill, start_backfill
from koppel.operating.demo import NAME
from koppel.testing.bench import Bench, open_bench

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def long_ago(folder: Path, **options: Any) -> AsyncGenerator[Bench]:
    """A shop whose orders are all older than what the first poll reads."""
    sections = {"orders": {"customers": "collective-per-country"}}
    async with open_bench("amazon", "snelstart", folder=folder, sections=sections, **options) as bench:
        await bench.pass_time(timedelta(days=20))
        await bench.poll()
        assert bench.scene.summary().booked == 0
        yield bench


async def start(bench: Bench) -> None:
    today = bench.clock.now().astimezone(AMSTERDAM).date()
    await start_backfill(bench.scene.workshop, NAME, today - timedelta(days=60), today - timedelta(days=1))


async def finish(bench: Bench) -> BackfillProgress:
    return await follow_backfill(bench.scene.workshop, NAME, lambda _progress: None, wait=True)


def assert_right(bench: Bench) -> None:
    summary = bench.scene.summary()
    assert (summary.errors, summary.duplicates) == (0, 0)
    assert summary.total_booked == summary.total_source
    assert summary.booked > 0


async def test_all_of_the_past_to_the_cent_and_no_request_over_a_limit(tmp_path: Path) -> None:
    async with long_ago(tmp_path, size=250, limits=True) as bench:
        await start(bench)
        done = await finish(bench)
        assert (done.end, done.seen) == ("done", 250)
        assert sum(done.new.values()) == 250
        assert_right(bench)
        source: Any = bench.scene.source
        assert not bench.scene.target.journal.over_limit()
        assert not source.journal.over_limit()


async def test_faults_at_both_ends_hold_it_up_and_double_nothing(tmp_path: Path) -> None:
    async with long_ago(tmp_path, size=250) as bench:
        source: Any = bench.scene.source
        target: Any = bench.scene.target
        await start(bench)
        for box, fault in ((source, "reset"), (target, "lost_reply"), (source, "500"), (target, "502")):
            box.faults.add(fault, chance=0.4)
            if await under_way(bench):
                await finish(bench)
            box.faults.set([])
            await bench.pass_time(timedelta(minutes=10))
        await bench.pass_time(timedelta(hours=2))
        done = await finish(bench) if await under_way(bench) else await progress(bench)
        assert (done.end, done.seen) == ("done", 250)
        await bench.until_quiet()
        assert_right(bench)


async def progress(bench: Bench) -> BackfillProgress:
    found = await backfill_progress(bench.scene.workshop, NAME)
    assert found is not None
    return found


async def under_way(bench: Bench) -> bool:
    return (await progress(bench)).end is None


@asynccontextmanager
async def daemon(bench: Bench) -> AsyncGenerator[None]:
    """The daemon at work, until it is cut off in the middle of whatever it does."""

    async def run(*, task_status: TaskStatus[object]) -> None:
        await run_daemon(bench.scene.workshop, signals=False, task_status=task_status)

    async with anyio.create_task_group() as tasks:
        await tasks.start(run)
        yield
        tasks.cancel_scope.cancel()


async def test_the_daemon_goes_on_after_it_was_cut_off(tmp_path: Path) -> None:
    async with long_ago(tmp_path, size=350) as bench:
        source: Any = bench.scene.source
        source.faults.add("slow", "searchOrders", seconds=5)  # so that it cannot be done before we look
        async with daemon(bench):
            await start(bench)
            while not (await progress(bench)).pages:
                await bench.clock.sleep(0.1)
        cut_at = await progress(bench)
        assert cut_at.end is None
        source.faults.set([])
        async with daemon(bench):
            done = await finish(bench)
            assert (done.end, done.seen) == ("done", 350)
            assert done.pages > cut_at.pages
            await bench.pass_time(timedelta(minutes=5))
        await bench.until_quiet()
        assert_right(bench)


async def test_the_command_tells_how_far_it_is_and_ends_it(house: House, tmp_path: Path) -> None:
    async with house(orders=60) as scene:
        folder = tmp_path / "house"
        config = folder / "koppel.toml"
        config.write_text(
            f'[database]\nurl = "sqlite:///{folder / "koppel.db"}"\n[security]\nallow_insecure_endpoints = true\n'
        )

        async def koppel(*arguments: str) -> tuple[int, str]:
            command = [sys.executable, "-m", "koppel", "--config", str(config), *arguments]
            done = await anyio.run_process(command, check=False)
            return done.returncode, (done.stdout + done.stderr).decode()

        today = scene.workshop.clock.now().astimezone(AMSTERDAM).date()
        first, last = today - timedelta(days=30), today - timedelta(days=1)
        await start_backfill(scene.workshop, NAME, first, last)
        status, text = await koppel("backfill", NAME, "--from", str(first), "--to", str(last))
        assert status == 1
        assert "under way already" in text
        status, text = await koppel("status", NAME)
        assert status == 0
        assert "under way: 0 pages, 0 orders seen" in text
        assert (await koppel("backfill", NAME, "--cancel"))[0] == 0
        status, text = await koppel("backfill", NAME)
        assert status == 1
        assert "No back-fill" in text
        status, text = await koppel("backfill", NAME, "--from", str(first), "--to", str(last), "--json")
        assert status == 0, text
        assert '"end": "done"' in text
        summary = scene.summary()
        assert (summary.errors, summary.duplicates) == (0, 0)
        assert summary.total_booked == summary.total_source
