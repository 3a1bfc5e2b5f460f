"""A slow, failing or hostile plugin or visitor is nobody else's trouble, and not its own connection's end (G6)."""

import socket
from collections.abc import AsyncIterator, Callable, Generator
from datetime import timedelta
from typing import Any

import anyio
import pytest
import structlog.testing

from engine.hall import HallMaker
from flow.desk import order
from koppel.engine.control import call_daemon, socket_path
from koppel.engine.daemon import run_daemon
from koppel.errors import Misconfigured, RetryLater
from koppel.plugin import OrderPage, hookimpl
from koppel.plugin.loading import load_plugins
from koppel.store import DocumentState
from koppel.testing.scripted import ScriptedSource, ScriptedTarget

pytestmark = pytest.mark.anyio
Journal = Callable[[], str]
S = DocumentState
CANARY = "Canary Vogelaar"


@pytest.fixture
def journal() -> Generator[Journal]:
    """What was logged, one event a line."""
    with structlog.testing.capture_logs() as events:
        yield lambda: "\n".join(map(repr, events))


@pytest.fixture(autouse=True)
def shorter_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """The proportions count, not the length."""
    monkeypatch.setattr("koppel.engine.watching.LONGEST", timedelta(minutes=2))
    monkeypatch.setattr("koppel.engine.watching.PATIENCE", timedelta(minutes=4))


class Hangs(ScriptedSource):
    """Never answers, until told otherwise."""

    hanging = True

    async def orders_changed(self, cursor: str | None) -> AsyncIterator[OrderPage]:
        if self.hanging:
            await anyio.Event().wait()
        async for page in super().orders_changed(cursor):
            yield page


class Breaks(ScriptedSource):
    async def orders_changed(self, cursor: str | None) -> AsyncIterator[OrderPage]:
        self.calls += 1
        if self.calls:
            raise ValueError(f"cannot read {CANARY}")
        yield OrderPage(orders=(), cursor="", last=True)


def refuse_to_open(_settings: Any, _vendor: Any) -> Any:
    raise TypeError(f"no, {CANARY}")


class Told:
    """A plugin of hooks that fail."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, str]] = []

    @hookimpl
    def koppel_flow_failed(self, connection: str, flow: str, code: str, message: str) -> None:
        self.heard.append((connection, code))
        raise ValueError(CANARY)

    @hookimpl
    def koppel_document_changed(self, connection: str, reference: str, state: str, code: str) -> None:
        self.heard.append((reference, state))
        raise ValueError(CANARY)


async def test_plugins_that_raise_hold_up_nobody(hall: HallMaker, journal: Journal) -> None:
    async with hall() as at:
        await at.connect("good")
        await at.connect("broken", Breaks())
        await at.connect("closed", open=refuse_to_open)
        async with at.at_work() as engine:
            await at.until(lambda: bool(at.targets["good"].booked))
            await at.pass_time(timedelta(hours=2))
            assert not engine.running
        lines = journal()
        for name in ("broken", "closed"):
            flow = await at.flow(name)
            assert 3 <= flow.failures <= 12, f"{name} backs off"
            assert flow.code.startswith("plugin.")
            assert CANARY not in flow.message
        assert (await at.flow("good")).failures == 0
        assert CANARY not in lines
        assert sum("flow_failing" in line and "broken" in line for line in lines.splitlines()) == 1


async def test_a_plugin_that_hangs_for_ever_is_cut_off_and_tried_again(hall: HallMaker) -> None:
    hanging = Hangs([order("h-1")])
    async with hall() as at:
        await at.connect("hangs", hanging)
        await at.connect("good")
        async with at.at_work() as engine:
            await at.until(lambda: bool(at.targets["good"].booked))
            await at.pass_time(timedelta(minutes=5))
            assert engine.running == {"hangs"}
            calls = at.sources["good"].calls
            await at.pass_time(timedelta(minutes=32))
            assert at.sources["good"].calls >= calls + 2
            assert (await at.flow("hangs")).code == "plugin.stalled"
            hanging.hanging = False
            await at.until(lambda: "h-1" in at.targets["hangs"].booked, timedelta(minutes=30))


async def test_more_hanging_connections_than_places(hall: HallMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("koppel.engine.embedded.SIDE_BY_SIDE", 3)
    async with hall() as at:
        for number in range(5):
            await at.connect(f"hangs{number}", Hangs())
        await at.connect("zgood")
        async with at.at_work():
            await at.until(lambda: bool(at.targets["zgood"].booked), timedelta(minutes=30))


async def test_hooks_that_raise_are_somebody_elses_trouble(hall: HallMaker, journal: Journal) -> None:
    plugins = load_plugins([], [])
    told = Told()
    plugins.manager.register(told)
    async with hall(plugins) as at:
        await at.connect("good")
        await at.connect("broken", Breaks())
        async with at.at_work():
            await at.until(lambda: bool(at.targets["good"].booked))
            await at.pass_time(timedelta(minutes=5))
        assert await at.state("good", "good-1") is S.BOOKED
        assert (await at.flow("broken")).failures >= 1
        assert [state for reference, state in told.heard if reference == "good-1"] == ["due", "booking", "booked"]
        assert ("broken", "plugin.failed") in told.heard
        assert CANARY not in journal()


async def test_a_busy_connection_is_left_alone_for_a_while(hall: HallMaker) -> None:
    """Another process has the lease: no spinning."""
    async with hall() as at:
        await at.connect("busy")
        lease = await at.workshop.store.leases.acquire("busy", "somebody:1", 600)
        assert lease
        tries = 0
        acquire = at.workshop.store.leases.acquire

        async def counted(connection: str, owner: str, seconds: float) -> Any:
            nonlocal tries
            tries += 1
            return await acquire(connection, owner, seconds)

        at.workshop.store.leases.acquire = counted  # type: ignore[method-assign]
        async with at.at_work():
            await at.pass_time(timedelta(minutes=5))
            assert 1 <= tries <= 60
            await at.workshop.store.leases.release(lease)
            await at.until(lambda: bool(at.targets["busy"].booked), timedelta(minutes=2))


async def test_a_store_that_is_full_for_a_while_stops_nobody_for_good(hall: HallMaker, journal: Journal) -> None:
    async with hall() as at:
        await at.connect("shop")
        full = True
        acquire, purge = at.workshop.store.leases.acquire, at.workshop.store.detail.purge
        problem = RetryLater("store.disk-full", "The disk is full.")

        async def no_lease(connection: str, owner: str, seconds: float) -> Any:
            if full:
                raise problem
            return await acquire(connection, owner, seconds)

        async def no_purge(*args: Any, **kwargs: Any) -> int:
            if full:
                raise problem
            return await purge(*args, **kwargs)

        at.workshop.store.leases.acquire = no_lease  # type: ignore[method-assign]
        at.workshop.store.detail.purge = no_purge  # type: ignore[method-assign]
        async with at.at_work():
            await at.pass_time(timedelta(minutes=10))
            full = False
            await at.until(lambda: bool(at.targets["shop"].booked), timedelta(minutes=5))
        lines = journal()
        assert 1 <= sum("cannot_work" in line for line in lines.splitlines()) <= 2, "told once, not at each try"
        assert "Traceback" not in lines


async def test_visitors_of_the_control_socket_cannot_stop_the_daemon(hall: HallMaker) -> None:
    async with hall() as at:
        await at.connect("shop")
        async with at.at_work():
            path = str(socket_path(at.workshop.config))
            for message in (b"", b"{}\n", b'{"verb":"ping"}\n', b"\xff" * 9000, b'{"verb":"wake"}\n'):
                with socket.socket(socket.AF_UNIX) as visitor:
                    visitor.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
                    visitor.connect(path)
                    visitor.sendall(message)
                await anyio.sleep(0.02)
            assert await call_daemon(at.workshop.config, "ping") is not None


async def test_one_daemon_for_a_database(hall: HallMaker) -> None:
    async with hall() as at:
        await at.connect("shop")
        async with at.at_work():
            with pytest.raises(Misconfigured, match="runs already"):
                await run_daemon(at.workshop, signals=False)
            assert await call_daemon(at.workshop.config, "ping") is not None


async def test_what_a_killed_daemon_held_is_free_at_once(hall: HallMaker) -> None:
    async with hall() as at:
        await at.connect("shop")
        async with at.at_work():
            await at.until(lambda: bool(at.targets["shop"].booked))
        from koppel.engine.daemon import daemon_name

        assert await at.workshop.store.leases.acquire("shop", daemon_name(), 60)
        await at.workshop.store.flows.make_due("shop", "orders", at.clock.now())
        calls = at.sources["shop"].calls
        async with at.at_work():
            await at.until(lambda: at.sources["shop"].calls > calls, timedelta(seconds=10))


async def test_a_pause_ends_the_cycle_that_runs(hall: HallMaker) -> None:
    from koppel.operating.steering import set_state
    from koppel.store import ConnectionState

    source = ScriptedSource([order(f"n-{number}") for number in range(60)])
    target = ScriptedTarget()
    async with hall() as at:
        await at.connect("shop", source, target)

        async def slowly(*args: Any) -> Any:
            await at.clock.sleep(60)
            return await book(*args)

        book = target.book
        target.book = slowly  # type: ignore[method-assign,assignment]
        async with at.at_work() as engine:
            await at.until(lambda: bool(target.booked))
            await set_state(at.workshop, "shop", ConnectionState.PAUSED)
            await at.until(lambda: not engine.running, timedelta(minutes=15))
            assert len(target.booked) <= 20
            await set_state(at.workshop, "shop", ConnectionState.ACTIVE)
            await at.until(lambda: len(target.booked) == 60, timedelta(hours=3))


@pytest.mark.parametrize("days", [1, -1])
async def test_the_wall_clock_jumps(hall: HallMaker, days: int) -> None:
    """Whichever way: the connection is polled within an interval, and not again and again."""
    async with hall() as at:
        await at.connect("shop")
        async with at.at_work():
            await at.pass_time(timedelta(hours=1))
            for jump in (days, -days):
                at.clock.step(timedelta(days=jump))
                calls = at.sources["shop"].calls
                await at.pass_time(timedelta(hours=1))
                assert calls + 3 <= at.sources["shop"].calls <= calls + 7


async def test_a_hundred_connections_start_quickly(hall: HallMaker) -> None:
    import time

    async with hall() as at:
        for number in range(100):
            await at.connect(f"shop{number}")
        start = time.monotonic()
        async with at.at_work():
            await at.until(lambda: all(target.booked for target in at.targets.values()), timedelta(minutes=1))
        assert time.monotonic() - start < 20
