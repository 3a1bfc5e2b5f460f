"""A store on a file of its own. With KOPPEL_TEST_POSTGRES (postgresql://… of an empty database) the same tests run on
PostgreSQL too.
"""

import importlib.util
import os
import shutil
import subprocess
import tempfile
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path

import pytest

from koppel.store import ConnectionRecord, Lease, Store, open_store
from koppel.store.database import Place
from koppel.testing.clock import VirtualClock

POSTGRES = os.environ.get("KOPPEL_TEST_POSTGRES", "")

Opener = Callable[[], AbstractAsyncContextManager[Store]]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the SQLite database is made."""
    return tmp_path / "data" / "koppel.db"


@pytest.fixture(params=["sqlite", *(["postgresql"] if POSTGRES else [])])
async def opener(request: pytest.FixtureRequest, path: Path, clock: VirtualClock) -> Opener:
    """Opens the test's database, as often as called."""
    if request.param == "sqlite":
        return partial(open_store, f"sqlite:///{path}", clock=clock)
    if importlib.util.find_spec("asyncpg") is None:
        pytest.skip("asyncpg is not installed")
    await _empty_postgres()
    return partial(open_store, POSTGRES, clock=clock, key_file=path.with_name("koppel.key"))


@pytest.fixture
async def store(opener: Opener) -> AsyncGenerator[Store]:
    """An opened store with the connection ``winkel``."""
    async with opener() as store:
        await store.connections.put(record("winkel"))
        yield store


@pytest.fixture
async def lease(store: Store) -> Lease:
    """The lease of ``winkel``, for a minute."""
    lease = await store.leases.acquire("winkel", "tester", 60)
    assert lease is not None
    return lease


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A disk of 2 MiB: only an administrator can make one."""
    place = Path(tempfile.mkdtemp())
    command = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(place)]
    if shutil.which("mount") is None or subprocess.run(command, capture_output=True, check=False).returncode:
        place.rmdir()
        pytest.skip("no right to mount a small disk")
    yield place
    subprocess.run(["umount", str(place)], check=True)
    place.rmdir()


def record(name: str) -> ConnectionRecord:
    return ConnectionRecord(name=name, source="lightspeed", target="snelstart", config="[orders]\n")


async def _empty_postgres() -> None:
    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import create_async_engine

    engine = create_async_engine(Place(POSTGRES).url)
    async with engine.begin() as connection:
        await connection.execute(text("DROP SCHEMA public CASCADE"))
        await connection.execute(text("CREATE SCHEMA public"))
    await engine.dispose()
