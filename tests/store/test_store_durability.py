"""Kills, full disks, two processes, stalled workers: nothing half done, nothing lost that was told done (G8, G9)."""

import random
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import anyio
import pytest

from koppel.clock import SystemClock
from koppel.errors import Misconfigured, RetryLater
from koppel.store import ConnectionRecord, DocumentState, Lease, NewDocument, NewEvent, Store, database, open_store
from koppel.testing.clock import VirtualClock

pytestmark = pytest.mark.anyio
WORKER = Path(__file__).with_name("store_worker.py")
PAGE = 7


def start(command: str, path: Path, *more: str) -> subprocess.Popen[str]:
    arguments = [sys.executable, str(WORKER), command, f"sqlite:///{path}", *more]
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True)


def column(path: Path, query: str) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return [str(row[0]) for row in connection.execute(query)]


async def check(path: Path, pages: int, booked: int, token: int) -> None:
    """The database is whole and holds at least what was told."""
    assert column(path, "PRAGMA integrity_check") == ["ok"]
    assert column(path, "PRAGMA foreign_key_check") == []
    async with open_store(f"sqlite:///{path}", clock=SystemClock()) as store:
        documents = await store.documents.list("winkel", None, 100_000)
        (state,) = await store.flows.states("winkel")
        cursor = int(state.cursor or 0)
        assert cursor >= pages
        assert len(documents) == cursor * PAGE  # cursor and documents move together
        counts = Counter(("winkel", document.state) for document in documents)
        assert await store.documents.counts() == counts
        assert all(count % PAGE == 0 for count in counts.values())
        done = counts["winkel", DocumentState.BOOKED]
        assert done >= booked * PAGE
        assert await store.documents.sums("winkel") == ({"EUR": Decimal("1.01") * done} if done else {})
        open_documents = {intent.document_id for intent in await store.documents.open_intents("winkel")}
        assert open_documents == {each.id for each in documents if each.state is DocumentState.BOOKING}
        last: dict[str, str] = {}
        for event in await store.documents.events("winkel", None, 1_000_000):
            last.setdefault(event.reference, event.after)
        assert all(last[document.reference] == document.state for document in documents)
        kept = await store.tokens.load("t")
        assert (int(kept.access[1:]) if kept else 0) >= token


def kill_often(path: Path, times: int, seed: int) -> Iterator[tuple[int, int, int]]:
    """Let workers run for a moment and kill them; yields what they told before: pages, bookings, tokens."""
    dice = random.Random(seed)
    told = {"page": 0, "booked": 0, "token": 0}
    booked = 0
    for _ in range(times):
        process = start("work", path)
        assert process.stdout is not None
        for _ in range(dice.randrange(1, 12)):
            word, number = process.stdout.readline().split()
            told[word] = int(number)
            booked += word == "booked"
        if dice.random() < 0.7:
            run_on(process, dice.random() * 0.03)
        process.send_signal(signal.SIGKILL)
        for line in process.communicate()[0].splitlines(keepends=True):
            if not line.endswith("\n"):
                continue  # killed in the middle of telling
            word, number = line.split()
            told[word] = int(number)
            booked += word == "booked"
        yield told["page"], booked, told["token"]


def run_on(process: subprocess.Popen[str], seconds: float) -> None:
    """Let the process run on for so long."""
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return
    pytest.fail("the worker ended by itself")


async def test_kills_leave_whole_commits(path: Path) -> None:
    for pages, booked, token in kill_often(path, 8, seed=1):
        await check(path, pages, booked, token)


@pytest.mark.kill
async def test_dozens_of_kills_leave_whole_commits(path: Path) -> None:
    for pages, booked, token in kill_often(path, 50, seed=2):
        await check(path, pages, booked, token)


def test_two_processes_start_and_write_at_the_same_time(path: Path) -> None:
    processes = [start("share", path, name) for name in ("a", "b", "c")]
    assert [process.wait(120) for process in processes] == [0, 0, 0]
    for process in processes:
        process.communicate()
    assert column(path, "SELECT count(*) FROM documents") == ["300"]
    assert column(path, "SELECT documents FROM totals") == ["300"]
    assert column(path, "SELECT count(*) FROM events WHERE kind = 'connection.applied'") == ["1"]


async def test_a_stopped_worker_that_wakes_up_late_writes_nothing(path: Path) -> None:
    process = start("stall", path)
    assert process.stdout is not None
    generation = int(process.stdout.readline().split()[1])
    process.send_signal(signal.SIGSTOP)
    async with open_store(f"sqlite:///{path}", clock=SystemClock()) as store:
        lease = await store.leases.acquire("winkel", "other", 60)
        assert lease is not None
        assert lease.generation == generation + 1
        process.send_signal(signal.SIGCONT)
        assert process.communicate("go\n", timeout=60)[0].split() == ["refused", "LeaseLost"]
        assert (await store.flows.states("winkel"))[0].finished_at is None


async def test_a_file_that_may_not_grow_is_told_and_it_goes_on_afterwards(path: Path) -> None:
    process = start("fill", path)
    lines = process.communicate(timeout=120)[0].splitlines()
    assert process.returncode == 0
    assert lines[-2:] == ["told store.disk-fault", "readable 5"]
    pages = sum(line.startswith("page") for line in lines)
    booked = sum(line.startswith("booked") for line in lines)
    tokens = sum(line.startswith("token") for line in lines)
    assert pages > 3
    await check(path, pages, booked, tokens)
    assert column(path, "SELECT kind FROM events ORDER BY id DESC LIMIT 1") == ["goes-on"]


async def test_a_full_disk_is_told_and_it_goes_on_with_room(small_disk: Path, clock: VirtualClock) -> None:
    path = small_disk / "koppel.db"
    ballast = small_disk / "ballast"
    async with open_store(f"sqlite:///{path}", clock=clock) as store:
        await store.connections.put(ConnectionRecord(name="winkel", source="a", target="b", config=""))
        lease = await store.leases.acquire("winkel", "me", 60)
        assert lease is not None
        ballast.write_bytes(b"x" * 500_000)
        written = 0

        async def fill() -> None:
            nonlocal written
            while True:
                async with store.write(lease) as tx:
                    await tx.insert([document(f"{written}-{place}") for place in range(20)])
                written += 20

        with pytest.raises(RetryLater) as told:
            await fill()
        assert told.value.code == "store.disk-full"
        assert str(path) in told.value.message
        assert await store.documents.counts() == {("winkel", DocumentState.DUE): written}
        ballast.unlink()
        async with store.write(lease) as tx:
            await tx.insert([document("after")])
        assert await store.documents.counts() == {("winkel", DocumentState.DUE): written + 1}


def document(reference: str) -> NewDocument:
    return NewDocument(reference=reference, source_id="", state=DocumentState.DUE)


async def test_a_locked_database_is_told_and_nothing_is_written(
    path: Path, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    pragmas = tuple("PRAGMA busy_timeout=50" if "busy_timeout" in pragma else pragma for pragma in database.PRAGMAS)
    monkeypatch.setattr(database, "PRAGMAS", pragmas)
    async with open_store(f"sqlite:///{path}", clock=clock) as store:
        await store.connections.put(ConnectionRecord(name="winkel", source="a", target="b", config=""))
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(RetryLater) as told:
                await store.leases.acquire("winkel", "me", 60)
            assert told.value.code == "store.locked"
            assert len(await store.connections.all()) == 1  # reading goes on
            other.execute("ROLLBACK")
        assert await store.leases.acquire("winkel", "me", 60) is not None


@pytest.mark.parametrize("where", ["whole", "page"])
async def test_a_damaged_file_is_told(path: Path, clock: VirtualClock, where: str) -> None:
    async with open_store(f"sqlite:///{path}", clock=clock) as store:
        await store.connections.put(ConnectionRecord(name="winkel", source="a", target="b", config=""))
    damage(path, 0 if where == "whole" else 4096)
    with pytest.raises(Misconfigured) as told:
        async with open_store(f"sqlite:///{path}", clock=clock) as store:
            await store.connections.all()
    assert told.value.code == "store.corrupt"
    assert "backup" in told.value.suggestion


def damage(path: Path, start: int) -> None:
    content = path.read_bytes()
    path.write_bytes(content[:start] + random.Random(3).randbytes(len(content) - start))


async def test_the_log_can_only_grow(path: Path, clock: VirtualClock) -> None:
    async with open_store(f"sqlite:///{path}", clock=clock) as store:
        await store.connections.put(ConnectionRecord(name="winkel", source="a", target="b", config=""))
    with closing(sqlite3.connect(path, isolation_level=None)) as shell:
        shell.execute("PRAGMA recursive_triggers=OFF")
        for statement in (
            "UPDATE events SET message = 'x'",
            "DELETE FROM events",
            "INSERT OR REPLACE INTO events SELECT * FROM events",
            "REPLACE INTO events SELECT * FROM events",
        ):
            with pytest.raises(sqlite3.IntegrityError, match="kept for ever"):
                shell.execute(statement)
        assert shell.execute("SELECT count(*) FROM events").fetchone() == (1,)


async def test_a_cancelled_write_is_undone_and_blocks_nobody(store: Store, lease: Lease) -> None:
    for round_ in range(30):
        with anyio.move_on_after(0.0005 * (round_ % 6)):
            async with store.write(lease) as tx:
                await tx.insert([document(f"{round_}-{place}") for place in range(PAGE)])
                await tx.event(NewEvent(kind="page", reference=f"{round_}"))
                if round_ % 2:
                    await anyio.sleep_forever()
    documents = await store.documents.list("winkel", None, 1000)
    pages = {document.reference.split("-")[0] for document in documents}
    assert len(documents) == PAGE * len(pages)
    assert all(int(page) % 2 == 0 for page in pages)
    events = await store.documents.events("winkel", None, 1000)
    assert {event.reference for event in events if event.kind == "page"} == pages
    async with store.write(lease) as tx:
        await tx.event(NewEvent(kind="free"))


async def test_many_tasks_write_in_turn(store: Store, lease: Lease) -> None:
    async def one(number: int) -> None:
        async with store.write(lease) as tx:
            await tx.insert([document(f"{number}")])
        assert await store.documents.get("winkel", f"{number}") is not None

    async with anyio.create_task_group() as group:
        for number in range(60):
            group.start_soon(one, number)
    assert await store.documents.counts() == {("winkel", DocumentState.DUE): 60}
