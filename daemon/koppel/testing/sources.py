"""The conformance suite for sources. One line makes it run over a plugin::

class TestConformance(SourceSuite):
    plugin = "my-plugin"
"""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, ClassVar

import pytest

from koppel.clock import AMSTERDAM
from koppel.config.secrets import secret_fields
from koppel.model import Order, OrderRef
from koppel.operating.demo import NAME
from koppel.plugin import ReadsOrders
from koppel.store import DocumentState
from koppel.testing.bench import Bench, open_bench, with_scripted
from koppel.testing.described import assert_described
from koppel.testing.scripted import ScriptedTarget

FAULTS = ("reset", "500", "garbage", "truncated", "429", "lost_reply")


@pytest.mark.anyio
class SourceSuite:
    """Every source must pass. Subclasses set ``plugin``; ``switches`` (of the sandbox) and ``source`` where needed."""

    plugin: ClassVar[str]
    switches: ClassVar[Mapping[str, str]] = {}
    source: ClassVar[Mapping[str, Any]] = {}

    @pytest.fixture
    def anyio_backend(self) -> str:
        """The suite runs on asyncio."""
        return "asyncio"

    @asynccontextmanager
    async def bench(self, target: ScriptedTarget | None = None, **options: Any) -> AsyncGenerator[Bench]:
        """The plugin with its sandbox's orders, and a target that remembers."""
        plugins = with_scripted(self.plugin, target=target or ScriptedTarget())
        options = {"switches": self.switches, "sections": {"source": self.source}, **options}
        async with open_bench(self.plugin, "scripted-target", plugins=plugins, **options) as bench:
            yield bench

    def test_settings_and_statuses_are_described(self) -> None:
        """Forms are made of them."""
        spec = with_scripted(self.plugin).sources[self.plugin]
        assert_described(spec.settings)
        assert all(status.title_nl and status.title_en for status in spec.statuses)
        assert any(status.releases for status in spec.statuses)

    async def test_check_finds_nothing_wrong_with_its_own_sandbox(self) -> None:
        """``koppel check`` against a healthy vendor."""
        from koppel.operating.inspecting import check

        async with self.bench() as bench:
            findings = await check(bench.scene.workshop, NAME)
            assert findings
            assert not [finding for finding in findings if finding.level == "error"]

    async def test_every_released_order_arrives_and_nothing_else_is_booked(self) -> None:
        """Over several pages; the sum is what the sandbox says."""
        target = ScriptedTarget()
        async with self.bench(target, size=130) as bench:
            await bench.until_quiet()
            assert_all_booked(bench, target)

    async def test_what_changes_later_is_seen(self) -> None:
        """Payments come in, orders are cancelled."""
        target = ScriptedTarget()
        async with self.bench(target, size=80) as bench:
            await bench.until_quiet()
            waiting = len(await bench.in_states(DocumentState.OPEN))
            assert waiting
            bench.scene.source.change_pending()
            await bench.pass_time(timedelta(minutes=20))
            await bench.until_quiet()
            assert len(await bench.in_states(DocumentState.OPEN)) < waiting
            assert_all_booked(bench, target)

    @pytest.mark.parametrize("fault", FAULTS)
    async def test_faults_while_reading_lose_nothing(self, fault: str) -> None:
        """A third of the requests goes wrong."""
        target = ScriptedTarget()
        async with self.bench(target, size=130) as bench:
            self._faults(bench).add(fault, chance=0.3)
            for _ in range(3):
                await bench.poll()
                await bench.pass_time(timedelta(minutes=5))
            self._faults(bench).set([])
            await bench.pass_time(timedelta(hours=2))
            await bench.until_quiet()
            assert_all_booked(bench, target)

    async def test_reading_goes_on_at_every_page_after_a_restart(self) -> None:
        """A cursor is taken up by a new process, soon or a day later; no order is missed."""
        for pause in (timedelta(seconds=5), timedelta(hours=26)):
            async with self.bench(size=130) as bench:
                seen: set[str] = set()
                cursor: str | None = None
                for _ in range(20):
                    source = await self._opened(bench)
                    page = await anext(aiter(source.orders_changed(cursor)))
                    seen |= {order.number for order in page.orders}
                    cursor = page.cursor
                    await bench.pass_time(pause)
                assert {order.number for order in bench.scene.source.orders} <= seen

    async def test_orders_are_given_again_when_asked(self) -> None:
        """By reference, few and many; unknown ones are left out."""
        async with self.bench(size=60) as bench:
            source = await self._opened(bench)
            refs = [
                OrderRef(id=order.id, number=order.number, changed_at=order.changed_at)
                async for page in source.orders_changed(None)
                for order in page.orders
            ]
            for some in (refs[:2], refs):
                again = [order async for order in source.orders(some)]
                assert {order.number for order in again} == {ref.number for ref in some}
            unknown = OrderRef(id=refs[0].id[:-1] + "¬", number="none", changed_at=refs[0].changed_at)
            assert not [order async for order in source.orders([unknown]) if order.number == "none"]

    async def test_orders_of_the_past_by_day(self) -> None:
        """Back-fill between two days, Amsterdam's, finds exactly what was placed then."""
        async with self.bench(size=100) as bench:
            source = await self._opened(bench)
            changed = [order async for page in source.orders_changed(None) for order in page.orders]
            placed = {order.number: order.placed_at for order in changed if isinstance(order, Order)}
            today = bench.clock.now().astimezone(AMSTERDAM).date()
            since, until = today - timedelta(days=4), today - timedelta(days=1)
            found = {order.number async for page in source.orders_placed(since, until) for order in page.orders}
            assert found == {
                number for number, at in placed.items() if since <= at.astimezone(AMSTERDAM).date() <= until
            }

    async def test_limits_are_kept(self) -> None:
        """With the vendor's limits on, no request is over one."""
        target = ScriptedTarget()
        async with self.bench(target, size=250, limits=True) as bench:
            for _ in range(12):
                await bench.poll()
                await bench.pass_time(timedelta(minutes=15))
            await bench.until_quiet()
            assert not self._journal(bench).over_limit()
            assert_all_booked(bench, target)

    async def test_no_secret_and_no_person_is_kept(self, capfd: pytest.CaptureFixture[str]) -> None:
        """G7: neither in the store nor in the journal."""
        async with self.bench(size=60) as bench:
            self._faults(bench).add("500", chance=0.2)
            await bench.poll()
            self._faults(bench).set([])
            await bench.pass_time(timedelta(hours=2))
            await bench.until_quiet()
            source = await self._opened(bench)
            orders = [order async for page in source.orders_changed(None) for order in page.orders]
            fields = secret_fields(bench.scene.source_spec.settings)
            store = bench.scene.workshop.store
            secrets = [await store.secrets.get(NAME, f"source.{key}") for key in fields]
            kept = b"".join(file.read_bytes() for file in bench.folder.iterdir() if file.is_file())
        output = "".join(capfd.readouterr())
        persons = {text for order in orders if isinstance(order, Order) for text in order.personal_data()}
        for canary in [*filter(None, secrets), *(text for text in persons if len(text) > 7)]:
            assert canary not in output
            assert canary.encode() not in kept

    async def _opened(self, bench: Bench) -> ReadsOrders:
        record = await bench.scene.workshop.store.connections.get(NAME)
        assert record is not None
        source = (await bench.scene.workshop.opener.open(record)).source
        assert isinstance(source, ReadsOrders)
        return source

    @staticmethod
    def _faults(bench: Bench) -> Any:
        return bench.scene.source.faults  # type: ignore[attr-defined]

    @staticmethod
    def _journal(bench: Bench) -> Any:
        return bench.scene.source.journal  # type: ignore[attr-defined]


def assert_all_booked(bench: Bench, target: ScriptedTarget) -> None:
    """Exactly the released orders are booked, once, with the sandbox's own totals."""
    due = {
        order.number: order.expected_total
        for order in bench.scene.source.orders
        if order.released and not order.cancelled and not order.skipped
    }
    assert due
    assert {reference: draft.total for reference, draft in target.booked.items()} == due
    assert set(target.times.values()) == {1}
