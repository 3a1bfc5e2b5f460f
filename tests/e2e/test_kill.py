"""The real process, killed again and again while answers get lost: every due order exactly once (G1, G2, G9)."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import anyio
import anyio.to_thread
import pytest

from e2e.house import House
from koppel.operating.demo import Scene

pytestmark = [pytest.mark.anyio, pytest.mark.kill]

KILLS = int(os.environ.get("KOPPEL_KILLS", "200"))
SHARDS = 2
"""Run side by side, one a core."""
SETTLE = 120.0


@contextmanager
def daemon(config: Path) -> Generator[subprocess.Popen[bytes]]:
    with (config.parent / "daemon.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "koppel", "--config", str(config), "run"], stdout=log, stderr=log
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def write_config(scene: Scene, folder: Path) -> Path:
    file = folder / "koppel.toml"
    url = scene.workshop.config.database.url
    file.write_text(f'[database]\nurl = "{url}"\n[security]\nallow_insecure_endpoints = true\n')
    return file


@pytest.mark.parametrize("shard", range(SHARDS))
async def test_kill_at_any_moment(house: House, tmp_path: Path, shard: int) -> None:
    dice = random.Random(shard)
    async with house(orders=2500, seed=shard + 1, limits=False) as scene:
        scene.target.faults.add("lost_reply", chance=0.05)
        scene.target.faults.add("slow", chance=0.3, seconds=0.05)
        config = write_config(scene, tmp_path)
        for kill in range(KILLS // SHARDS):
            with daemon(config):
                await anyio.sleep(dice.uniform(0.3, 1.8))
            if kill % 10 == 9:
                scene.source.change_pending()
        scene.target.faults.set([])
        with daemon(config) as process:
            await _until_settled(scene)
            process.send_signal(signal.SIGTERM)
            started = time.monotonic()
            assert await anyio.to_thread.run_sync(process.wait) == 0
            assert time.monotonic() - started < 10
        summary = scene.summary()
        assert (summary.errors, summary.duplicates) == (0, 0), summary
        assert summary.total_booked == summary.total_source
        assert summary.booked > 1000
    _assert_sound(tmp_path / "house" / "koppel.db")


async def _until_settled(scene: Scene) -> None:
    from koppel.operating.demo import NAME

    since = scene.workshop.clock.now()
    await scene.workshop.store.flows.make_due(NAME, "orders", since)
    with anyio.fail_after(SETTLE):
        while not await scene.settled(since):  # noqa: ASYNC110 - another process does the work
            await anyio.sleep(0.2)


def _assert_sound(database: Path) -> None:
    with sqlite3.connect(database) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
