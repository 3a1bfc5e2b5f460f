"""The conformance suite for targets. One line makes it run over a plugin::

class TestConformance(TargetSuite):
    plugin = "my-plugin"
"""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

import pytest

from koppel.config.secrets import secret_fields
from koppel.model import Order
from koppel.operating.demo import BOOKINGS
from koppel.sandbox import Sandbox
from koppel.store import DocumentState
from koppel.testing.bench import Bench, open_bench, with_scripted
from koppel.testing.described import assert_described
from koppel.testing.samples import bookable, line, many, sample
from koppel.testing.scripted import ScriptedSource

FAULTS = ("lost_reply", "reset", "500", "502", "garbage", "truncated", "429")
CUT_AT = 14
"""How many different requests of a run are cut off, one a run."""


def booked(sandbox: Sandbox) -> dict[str, Decimal]:
    """What stands in the vendor's books: reference -> amount."""
    return {entry.reference: entry.amount or Decimal(0) for kind in BOOKINGS for entry in sandbox.journal.of(kind)}


def doubles(sandbox: Sandbox) -> dict[str, int]:
    """What was booked or made more than once."""
    return {
        key: count
        for kind in (*BOOKINGS, "customer", "article")
        for key, count in sandbox.journal.duplicates(kind).items()
    }


@pytest.mark.anyio
class TargetSuite:
    """Every target must pass. Subclasses set ``plugin``; ``switches`` (of the sandbox) and ``target`` where needed."""

    plugin: ClassVar[str]
    switches: ClassVar[Mapping[str, str]] = {}
    target: ClassVar[Mapping[str, Any]] = {}
    """Extra settings in ``[target]``."""
    spare: ClassVar[str] = ""
    """Operations (a glob) left undisturbed: a vendor whose refresh token works once loses it with a lost answer."""

    @pytest.fixture
    def anyio_backend(self) -> str:
        """The suite runs on asyncio."""
        return "asyncio"

    @asynccontextmanager
    async def bench(self, orders: list[Order], **options: Any) -> AsyncGenerator[Bench]:
        """The plugin with these orders waiting at the other side."""
        plugins = with_scripted(self.plugin, source=ScriptedSource(list(orders)))
        options = {"switches": self.switches, "sections": {"target": self.target}, **options}
        async with open_bench("scripted-source", self.plugin, plugins=plugins, **options) as bench:
            yield bench

    def test_settings_are_described(self) -> None:
        """Each setting has a title and a description, in Dutch too: forms are made of them."""
        assert_described(with_scripted(self.plugin).targets[self.plugin].settings)

    async def test_check_finds_nothing_wrong_with_its_own_sandbox(self) -> None:
        """``koppel check`` against a healthy vendor."""
        from koppel.operating.demo import NAME
        from koppel.operating.inspecting import check

        async with self.bench([]) as bench:
            findings = await check(bench.scene.workshop, NAME)
            assert findings
            assert not [finding for finding in findings if finding.level == "error"]

    async def test_every_kind_of_order_is_booked_to_the_cent(self) -> None:
        """Mixed rates, discounts, odd characters, missing persons, long names, other countries."""
        orders = bookable()
        async with self.bench(orders) as bench:
            await bench.until_quiet()
            troubled = await bench.in_states(DocumentState.ERROR, DocumentState.REVIEW)
            assert not [(each.reference, each.code, each.message) for each in troubled]
            assert booked(bench.scene.target) == {order.number: order.total for order in orders}
            assert not doubles(bench.scene.target)

    @pytest.mark.parametrize("fault", FAULTS)
    async def test_faults_lose_and_double_nothing(self, fault: str) -> None:
        """A third of all requests goes wrong."""
        orders = many(30)
        async with self.bench(orders) as bench:
            bench.scene.target.faults.add(fault, chance=0.3, spare=self.spare)
            await bench.poll()
            bench.scene.target.faults.set([])
            await bench.until_quiet()
            assert booked(bench.scene.target) == {order.number: order.total for order in orders}
            assert not doubles(bench.scene.target)

    @pytest.mark.parametrize("request_number", range(CUT_AT))
    async def test_exactly_once_whichever_answer_is_lost(self, request_number: int) -> None:
        """The n-th request is done and its answer never comes."""
        orders = bookable()[:4]
        async with self.bench(orders) as bench:
            bench.scene.target.faults.add("lost_reply", skip=request_number, times=1, spare=self.spare)
            await bench.until_quiet()
            assert booked(bench.scene.target) == {order.number: order.total for order in orders}
            assert not doubles(bench.scene.target)

    async def test_a_lost_database_is_no_reason_to_book_again(self, tmp_path: Path) -> None:
        """What exists is adopted."""
        source = ScriptedSource(list(bookable()))
        plugins = with_scripted(self.plugin, source=source)
        async with open_bench(
            "scripted-source", self.plugin, plugins=plugins, switches=self.switches, sections={"target": self.target}
        ) as first:
            await first.until_quiet()
            before = booked(first.scene.target)
            forgotten = first.scene
            spec = plugins.targets[self.plugin]
            plugins.targets[self.plugin] = _same_vendor(spec, forgotten.target)
            (tmp_path / "new").mkdir()
            async with open_bench(
                "scripted-source",
                self.plugin,
                plugins=plugins,
                folder=tmp_path / "new",
                clock=first.clock,
                switches=self.switches,
                sections={"target": self.target},
            ) as second:
                await second.until_quiet()
                assert not await second.in_states(DocumentState.ERROR, DocumentState.REVIEW)
                assert booked(forgotten.target) == before
                assert not doubles(forgotten.target)

    async def test_sign_in_that_expires_between_two_requests(self) -> None:
        """Tokens die while koppel sleeps; new ones are fetched without anybody noticing."""
        source = ScriptedSource(list(many(3)))
        plugins = with_scripted(self.plugin, source=source)
        async with open_bench(
            "scripted-source", self.plugin, plugins=plugins, switches=self.switches, sections={"target": self.target}
        ) as bench:
            await bench.until_quiet()
            await bench.pass_time(timedelta(hours=30))
            source.orders_ += many(6)[3:]
            await bench.until_quiet()
            assert len(booked(bench.scene.target)) == 6

    async def test_a_closed_book_year_names_the_year(self) -> None:
        """O12: refused with what to open; nothing is booked on another date."""
        old = sample("T-OLD", [line(1, "12.10")], placed_at=datetime(2013, 5, 5, 12, tzinfo=UTC))
        async with self.bench([old]) as bench:
            await bench.poll()
            document = await bench.document("T-OLD")
            assert document.state is DocumentState.ERROR
            assert "2013" in f"{document.message} {document.suggestion}"
            assert document.suggestion
            assert not booked(bench.scene.target)

    async def test_a_reference_that_is_too_long_is_refused_not_cut(self) -> None:
        """A cut reference would not be found again, and so doubled."""
        long = sample("L-" + "9" * 300, [line(1, "12.10")])
        async with self.bench([long]) as bench:
            await bench.poll()
            document = await bench.document(long.number)
            assert document.state is DocumentState.ERROR
            assert document.suggestion
            assert not booked(bench.scene.target)

    async def test_limits_are_kept(self) -> None:
        """With the vendor's limits on, no request is over one."""
        async with self.bench(many(150), limits=True) as bench:
            await bench.until_quiet()
            assert not bench.scene.target.journal.over_limit()
            assert len(booked(bench.scene.target)) == 150

    async def test_no_secret_and_no_person_is_kept(self, capfd: pytest.CaptureFixture[str]) -> None:
        """G7: neither in the store nor in the journal, whatever goes wrong."""
        orders = bookable()
        async with self.bench(orders) as bench:
            bench.scene.target.faults.add("500", chance=0.2)
            await bench.poll()
            bench.scene.target.faults.set([])
            await bench.until_quiet()
            spec = bench.scene.target_spec
            secrets = [
                await bench.scene.workshop.store.secrets.get("demo", f"target.{key}")
                for key in secret_fields(spec.settings)
            ]
            kept = b"".join(file.read_bytes() for file in bench.folder.iterdir() if file.is_file())
        output = "".join(capfd.readouterr())
        persons = [text for order in orders for text in order.personal_data() if len(text) > 5]
        for canary in [*filter(None, secrets), *persons]:
            assert canary not in output, f"{canary!r} in {output}"
            assert canary.encode() not in kept


def _same_vendor(spec: Any, sandbox: Sandbox) -> Any:
    """The plugin, with a vendor that remembers."""
    from dataclasses import replace

    def same(_options: object) -> Sandbox:
        return sandbox

    return replace(spec, sandbox=same)
