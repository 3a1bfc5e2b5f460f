"""koppel sign-in: consent in a browser, copied and pasted, against the sandbox's consent page."""

import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from subprocess import PIPE
from urllib.parse import urlsplit

import anyio
import pytest
from anyio.streams.text import TextReceiveStream

from koppel.errors import Misconfigured, SignInNeeded
from koppel.operating.demo import NAME
from koppel.operating.inspecting import check
from koppel.operating.sign_in import consent_address, finish_sign_in
from koppel.testing.bench import Bench, open_bench, with_scripted
from koppel.testing.samples import many
from koppel.testing.scripted import ScriptedSource, ScriptedTarget
from koppel.testing.targets import booked
from koppel_exact.sandbox import ExactSandbox
from koppel_exact.sandbox.seed import CLIENT_SECRET

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def without_consent(source: str = "scripted-source", folder: Path | None = None) -> AsyncGenerator[Bench]:
    """A connection to Exact Online with three orders waiting, for which nobody has given consent yet."""
    plugins = None if source == "amazon" else with_scripted("exact", source=ScriptedSource(list(many(3))))
    async with open_bench(source, "exact", plugins=plugins, folder=folder) as bench:
        await bench.scene.workshop.store.secrets.delete(NAME, "target.refresh_token")
        yield bench


async def browse(address: str) -> str:
    """What a browser does: open the page, agree, and be sent on. Gives the address in its address bar."""
    parts = urlsplit(address)
    async with await anyio.connect_tcp(parts.hostname or "", parts.port or 80) as stream:
        await stream.send(f"GET {parts.path}?{parts.query} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        answer = "".join([chunk async for chunk in TextReceiveStream(stream)])
    assert answer.startswith("HTTP/1.1 302"), answer
    return next(line.partition(": ")[2] for line in answer.splitlines() if line.lower().startswith("location:"))


async def test_consent_is_asked_for_given_and_used() -> None:
    async with without_consent() as bench:
        workshop = bench.scene.workshop
        await bench.poll()
        assert "consent" in await bench.trouble()
        done = await finish_sign_in(workshop, NAME, await browse(await consent_address(workshop, NAME)))
        assert done.good_until is not None
        assert timedelta(days=29) < done.good_until - bench.clock.now() <= timedelta(days=30)
        flow = next(each for each in await workshop.store.flows.states(NAME) if each.flow == "orders")
        assert flow.due_at <= bench.clock.now()  # what failed for lack of consent is tried at once
        await bench.until_quiet()
        assert len(booked(bench.scene.target)) == 3
        await bench.pass_time(timedelta(hours=3))  # the refresh token that came with it carries on
        assert isinstance(bench.scene.target, ExactSandbox)
        before = bench.scene.target.oauth.refresh_token
        findings = await check(workshop, NAME)
        assert not [each for each in findings if each.level == "error"]
        assert bench.scene.target.oauth.refresh_token != before


async def test_the_token_is_stored_before_it_is_used() -> None:
    async with without_consent() as bench:
        workshop = bench.scene.workshop
        await finish_sign_in(workshop, NAME, await browse(await consent_address(workshop, NAME)))
        assert isinstance(bench.scene.target, ExactSandbox)
        operations = {call.operation for call in bench.scene.target.journal.calls}
        assert operations == {"consent", "token"}
        kept = b"".join(file.read_bytes() for file in bench.folder.iterdir() if file.is_file())
        assert bench.scene.target.oauth.refresh_token.encode() not in kept  # sealed
        await bench.until_quiet()
        assert len(booked(bench.scene.target)) == 3


async def test_only_the_answer_to_our_own_request_counts() -> None:
    async with without_consent() as bench:
        workshop = bench.scene.workshop
        first = await browse(await consent_address(workshop, NAME))
        second = await browse(await consent_address(workshop, NAME))
        code = second.partition("code=")[2].partition("&")[0]
        for foreign in (first, second.partition("&state=")[0], code, "https://shop.example/?error=access_denied", ""):
            with pytest.raises(SignInNeeded):
                await finish_sign_in(workshop, NAME, foreign)
        assert not bench.scene.target.journal.count("token")
        await finish_sign_in(workshop, NAME, second)
        with pytest.raises(SignInNeeded, match="No consent was asked for"):
            await finish_sign_in(workshop, NAME, second)


async def test_a_request_of_long_ago_and_a_code_that_died_are_refused() -> None:
    async with without_consent() as bench:
        workshop = bench.scene.workshop
        redirected = await browse(await consent_address(workshop, NAME))
        await bench.pass_time(timedelta(minutes=4))
        with pytest.raises(SignInNeeded):
            await finish_sign_in(workshop, NAME, redirected)
        redirected = await browse(await consent_address(workshop, NAME))
        await bench.pass_time(timedelta(hours=2))
        with pytest.raises(SignInNeeded, match="last hour"):
            await finish_sign_in(workshop, NAME, redirected)


async def test_a_connection_that_needs_no_consent_says_so() -> None:
    plugins = with_scripted("exact", source=ScriptedSource(), target=ScriptedTarget())
    async with open_bench("scripted-source", "scripted-target", plugins=plugins) as bench:
        with pytest.raises(Misconfigured, match="settings alone"):
            await consent_address(bench.scene.workshop, NAME)


async def test_the_command_copies_and_pastes_and_shows_no_secret(tmp_path: Path) -> None:
    async with without_consent("amazon", tmp_path) as bench:
        config = tmp_path / "koppel.toml"
        config.write_text(
            f'[database]\nurl = "sqlite:///{tmp_path / "koppel.db"}"\n[security]\nallow_insecure_endpoints = true\n'
        )
        command = [sys.executable, "-m", "koppel", "--config", str(config), "sign-in", NAME, "--json"]
        async with await anyio.open_process(command, stdin=PIPE, stdout=PIPE, stderr=PIPE) as process:
            assert process.stdin
            assert process.stdout
            assert process.stderr
            told = ""
            async for chunk in TextReceiveStream(process.stderr):
                told += chunk
                if "paste" in told:
                    break
            address = next(word for word in told.split() if word.startswith("http://127.0.0.1"))
            redirected = await browse(address)
            await process.stdin.send(f"{redirected}\n".encode())
            printed = "".join([chunk async for chunk in TextReceiveStream(process.stdout)])
            told += "".join([chunk async for chunk in TextReceiveStream(process.stderr)])
            assert await process.wait() == 0, told
        assert '"good_until"' in printed
        assert isinstance(bench.scene.target, ExactSandbox)
        secrets = (CLIENT_SECRET, bench.scene.target.oauth.refresh_token, *bench.scene.target.oauth.access)
        for secret in secrets:
            assert secret not in printed + told
