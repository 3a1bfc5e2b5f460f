"""Tokens: fetched by one, stored before use, never lost (G8). Over real sockets, and 10,000 rotations with kills."""

import asyncio
import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import anyio
import anyio.lowlevel
import msgspec
import pytest
from starlette.responses import Response

from koppel.errors import KoppelError, Misconfigured, OutcomeUnknown, RetryLater, SignInNeeded
from koppel.testing.clock import VirtualClock
from koppel.vendor import Reply, Token, TokenSignIn
from koppel.vendor.tokens import Ask, TokenKeeper
from koppel.vendor.transport import Unanswered, Unsent
from vendor.ground import Ground
from vendor.stores import MemoryTokens

KEY = "counterpart:app"


@pytest.mark.anyio
async def test_a_token_is_fetched_once_stored_and_shared(ground: Ground) -> None:
    ground.vendor.signs = True
    first = ground.client(sign_in=ground.sign_in())
    second = ground.client(connection="other", sign_in=ground.sign_in())
    for client in (first, second, first):
        await client.read("get", "/things")
    assert ground.vendor.journal.count("token") == 1
    stored = ground.tokens.kept[KEY]
    assert (stored.access, stored.refresh) == ("access-1-canary", "refresh-1-canary")
    assert stored.expires_at == pytest.approx(ground.clock.now().timestamp() + 600, abs=1)


@pytest.mark.anyio
async def test_fifty_callers_one_refresh(ground: Ground) -> None:
    ground.vendor.signs = True
    client = ground.client(sign_in=ground.sign_in())
    await client.read("get", "/things")
    ground.vendor.tokens.clear()  # revoked behind our back
    async with anyio.create_task_group() as tasks:
        for number in range(50):
            call = client.write if number % 2 else client.read
            tasks.start_soon(call, "post" if number % 2 else "get", "/things")
    assert ground.vendor.journal.count("token") == 2
    assert len(ground.vendor.done) == 25


@pytest.mark.anyio
async def test_fifty_callers_share_one_refusal(ground: Ground) -> None:
    ground.vendor.refresh = "another"
    client = ground.client(sign_in=ground.sign_in())
    refused = 0

    async def call() -> None:
        nonlocal refused
        with pytest.raises(SignInNeeded):
            await client.read("get", "/things")
        refused += 1

    async with anyio.create_task_group() as tasks:
        for _ in range(50):
            tasks.start_soon(call)
    assert refused == 50
    assert ground.vendor.journal.count("token") == 1


@pytest.mark.anyio
async def test_a_new_token_before_the_end(ground: Ground) -> None:
    ground.vendor.signs = True
    client = ground.client(sign_in=ground.sign_in(early=60.0))
    await client.read("get", "/things")
    await ground.clock.sleep(530.0)
    await client.read("get", "/things")
    assert ground.vendor.journal.count("token") == 1
    await ground.clock.sleep(20.0)
    await client.read("get", "/things")
    assert ground.vendor.journal.count("token") == 2
    assert [call.status for call in ground.vendor.journal.calls if call.operation == "get"] == [200, 200, 200]


@pytest.mark.anyio
async def test_never_asked_before_the_hold_is_over(ground: Ground) -> None:
    ground.vendor.signs = True
    client = ground.client(sign_in=ground.sign_in(early=60.0, hold=570.0))
    await client.read("get", "/things")
    await ground.clock.sleep(560.0)
    await client.read("get", "/things")
    assert ground.vendor.journal.count("token") == 1
    await ground.clock.sleep(12.0)
    await client.read("get", "/things")
    assert ground.vendor.journal.count("token") == 2

    ground.vendor.tokens.clear()
    with pytest.raises(RetryLater) as caught:
        await client.write("post", "/things")
    assert caught.value.not_before is not None
    wait = caught.value.not_before - ground.clock.now()
    assert timedelta(seconds=560) < wait <= timedelta(seconds=570)
    with pytest.raises(RetryLater):
        await client.read("get", "/things")
    assert ground.vendor.journal.count("token") == 2
    await ground.clock.sleep(wait.total_seconds())
    assert (await client.write("post", "/things")).status == 201


@pytest.mark.anyio
async def test_a_refusal_that_is_not_about_the_token_comes_out(ground: Ground) -> None:
    """401 for a missing right, at a vendor that gives no new token for a while: the second young token settles it."""
    client = ground.client(sign_in=ground.sign_in(hold=570.0))
    ground.vendor.answer = lambda _: no_right(401)
    with pytest.raises(RetryLater):
        await client.read("get", "/things")
    await ground.clock.sleep(571.0)
    with pytest.raises(KoppelError, match="401") as caught:
        await client.read("get", "/things")
    assert caught.value.code == "test.refused"


def no_right(status: int) -> Response:
    return Response("no right", status)


@pytest.mark.anyio
@pytest.mark.parametrize("step", [timedelta(days=400), timedelta(days=-400), timedelta(hours=1)])
async def test_clock_jumps_neither_end_nor_prolong_a_token(ground: Ground, step: timedelta) -> None:
    ground.vendor.signs = True
    client = ground.client(sign_in=ground.sign_in(hold=570.0))
    await client.read("get", "/things")
    ground.clock.step(step)
    await client.read("get", "/things")
    await ground.clock.sleep(580.0)
    await client.read("get", "/things")
    assert ground.vendor.journal.count("token") == 2
    async with ground.restarted() as after:
        ground.clock.step(step)
        reader = after.client(sign_in=after.sign_in(hold=0.0))
        await reader.read("get", "/things")
        await ground.clock.sleep(605.0)
        await reader.read("get", "/things")


@pytest.mark.anyio
async def test_stored_before_use_even_on_a_full_disk(ground: Ground) -> None:
    ground.vendor.signs = True
    ground.tokens.broken = True
    client = ground.client(sign_in=ground.sign_in())
    for _ in range(3):
        with pytest.raises(RetryLater, match="disk"):
            await client.read("get", "/things")
    assert ground.vendor.journal.count("token") == 1, "the token waits in memory to be stored"
    assert ground.vendor.journal.count("get") == 0
    ground.tokens.broken = False
    await client.read("get", "/things")
    assert ground.vendor.journal.count("token") == 1
    assert ground.tokens.kept[KEY].refresh == ground.vendor.refresh


@pytest.mark.anyio
async def test_stopping_does_not_lose_a_token_on_its_way(ground: Ground) -> None:
    ground.vendor.faults.add("slow", "token", seconds=5.0)
    client = ground.client(sign_in=ground.sign_in())
    with anyio.CancelScope() as scope:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(client.read, "get", "/things")
            while ground.vendor.serial == 0:
                await anyio.lowlevel.checkpoint()
            scope.cancel()
    assert ground.tokens.kept[KEY].refresh == ground.vendor.refresh


@pytest.mark.anyio
async def test_a_lost_answer_is_asked_for_again(ground: Ground) -> None:
    ground.vendor.signs = True
    ground.vendor.forgiving = True
    ground.vendor.faults.add("lost_reply", "token", times=1)
    client = ground.client(sign_in=ground.sign_in())
    await client.read("get", "/things")
    assert ground.vendor.journal.count("token") == 2
    assert ground.tokens.kept[KEY].refresh == ground.vendor.refresh


@pytest.mark.anyio
async def test_a_lost_answer_needs_a_person_only_when_the_vendor_says_so(ground: Ground) -> None:
    ground.vendor.faults.add("lost_reply", "token", times=1)
    client = ground.client(sign_in=ground.sign_in(hold=570.0))
    with pytest.raises(RetryLater) as caught:
        await client.read("get", "/things")
    assert caught.value.not_before is not None
    assert caught.value.not_before - ground.clock.now() > timedelta(seconds=560)
    with pytest.raises(RetryLater):
        await client.read("get", "/things")
    assert ground.vendor.journal.count("token") == 1
    await ground.clock.sleep(571.0)
    with pytest.raises(SignInNeeded):
        await client.read("get", "/things")
    assert ground.vendor.journal.count("token") == 2


@pytest.mark.anyio
@pytest.mark.parametrize("kind", ["500", "429", "garbage"])
async def test_a_sign_in_that_is_out_of_order_is_left_alone_for_a_while(ground: Ground, kind: str) -> None:
    ground.vendor.faults.add(kind, "token")
    client = ground.client(sign_in=ground.sign_in())
    for _ in range(5):
        with pytest.raises(RetryLater) as caught:
            await client.read("get", "/things")
        assert caught.value.not_before is not None
    assert ground.vendor.journal.count("token") == 1


@pytest.mark.anyio
async def test_the_old_token_serves_until_its_end_when_no_new_one_comes(ground: Ground) -> None:
    ground.vendor.signs = True
    client = ground.client(sign_in=ground.sign_in(early=60.0))
    await client.read("get", "/things")
    await ground.clock.sleep(550.0)
    ground.vendor.faults.add("500", "token")
    await client.read("get", "/things")
    ground.vendor.faults.set([])
    await ground.clock.sleep(45.0)
    await client.read("get", "/things")


@pytest.mark.anyio
async def test_a_person_who_signs_in_again_is_noticed(ground: Ground) -> None:
    ground.vendor.signs = True
    ground.vendor.refresh = "given-by-a-person"
    client = ground.client(sign_in=ground.sign_in())
    with pytest.raises(SignInNeeded):
        await client.read("get", "/things")
    ground.tokens.kept[KEY] = Token(access="old", expires_at=0.0, refresh="given-by-a-person")
    await client.read("get", "/things")


@pytest.mark.anyio
async def test_the_plugin_sees_each_token_once_and_may_refuse_it(ground: Ground) -> None:
    seen: list[str] = []

    def note(token: Token) -> None:
        seen.append(token.access)

    client = ground.client(sign_in=ground.sign_in(inspect=note))
    await client.read("get", "/things")
    await client.read("get", "/things")
    assert seen == ["access-1-canary"]

    def refuse(_token: Token) -> None:
        raise Misconfigured("test.rights", "a right is missing")

    with pytest.raises(Misconfigured):
        await ground.client(sign_in=ground.sign_in(inspect=refuse)).write("post", "/things")
    assert not ground.vendor.done


@pytest.mark.anyio
async def test_an_expired_token_does_not_double_a_write(ground: Ground) -> None:
    ground.vendor.signs = True
    client = ground.client(sign_in=ground.sign_in())
    await client.read("get", "/things")
    ground.vendor.tokens.clear()
    ground.vendor.faults.add("lost_reply", "post", skip=1, times=1)
    with pytest.raises(OutcomeUnknown):
        await client.write("post", "/things", json={"n": 1})
    assert len(ground.vendor.done) == 1


class Bank:
    """A vendor whose refresh token works once. ``forgiving``: the previous one works until the new one was used."""

    def __init__(self, *, forgiving: bool) -> None:
        self.forgiving = forgiving
        self.refresh = "r0"
        self.previous: str = ""
        self.serial = 0

    def trade(self, given: str) -> Reply:
        if given != self.refresh and not (self.forgiving and given == self.previous):
            return Reply(status=401, headers={}, content=b'{"error":"old refresh token used"}')
        self.serial += 1
        self.previous, self.refresh = given, f"r{self.serial}"
        told = {"access_token": f"a{self.serial}", "expires_in": "600", "refresh_token": self.refresh}
        return Reply(status=200, headers={}, content=msgspec.json.encode(told))


class Killed(BaseException):
    """kill -9, as far as one process can feel it."""


class Teller:
    """Asks the bank, and is killed or cut off where the dice say. Implements Asker."""

    def __init__(self, bank: Bank, sign_in: TokenSignIn, fate: str) -> None:
        self.bank = bank
        self.fate = fate
        self.answered = False
        self._sign_in = sign_in

    @property
    def sign_in(self) -> TokenSignIn:
        return self._sign_in

    async def turn(self) -> Ask:
        return self.ask

    async def ask(self, form: Mapping[str, str]) -> Reply:
        fate, self.fate = self.fate, ""
        if fate == "killed before the request":
            raise Killed
        if fate == "not sent":
            raise Unsent("ConnectError")
        reply = self.bank.trade(form["refresh_token"])
        if fate == "killed before the answer":
            raise Killed
        if fate == "answer lost":
            raise Unanswered("ReadError")
        self.answered = True
        if fate == "killed before the save":
            raise Killed
        return reply


class Ledger(MemoryTokens):
    """A store that is killed before or after it has saved, or has a full disk for once."""

    fate = ""

    async def save(self, key: str, token: Token) -> None:
        fate, self.fate = self.fate, ""
        if fate == "disk full":
            raise OSError(fate)
        if fate == "killed in the save":
            raise Killed
        await super().save(key, token)
        if fate == "killed after the save":
            raise Killed


FATES = (
    "killed before the request",
    "not sent",
    "killed before the answer",
    "answer lost",
    "killed before the save",
    "killed in the save",
    "killed after the save",
    "disk full",
    "",
)
LOSES_THE_ANSWER = {"killed before the answer", "answer lost", "killed before the save", "killed in the save"}


def bank_sign_in(hold: float) -> TokenSignIn:
    return TokenSignIn(
        key="k",
        token_url="https://bank.example/token",
        form=lambda token: {"refresh_token": (token and token.refresh) or "r0"},
        refusal=lambda reply: SignInNeeded("test.sign-in", f"{reply.status}"),
        expired=lambda reply: reply.status == 401,
        hold=hold,
    )


@pytest.mark.parametrize("forgiving", [True, False])
def test_ten_thousand_rotations_with_kills_lose_nothing_that_was_answered(forgiving: bool) -> None:
    """At a vendor that forgives a lost answer nothing is ever lost. At one that does not, only what the process never
    got to store; then a person is asked for, and nothing else is.
    """
    draw = random.Random(8)
    clock = VirtualClock()
    sign_in = bank_sign_in(0.0)
    lost = excused = 0

    async def rotate() -> None:
        nonlocal lost, excused
        bank, store = Bank(forgiving=forgiving), Ledger()
        keeper = TokenKeeper("k", clock, store)
        for _ in range(10_000):
            fate = draw.choice(FATES)
            teller = Teller(bank, sign_in, fate)
            store.fate = fate if fate in {"killed in the save", "killed after the save", "disk full"} else ""
            excused += fate in LOSES_THE_ANSWER and not forgiving
            for _try in range(4):
                try:
                    token = await keeper.current(teller)
                except Killed:
                    keeper = TokenKeeper("k", clock, store)
                except RetryLater:
                    clock.advance(60.0)
                except SignInNeeded:
                    lost += 1
                    store.kept["k"] = Token(access="person", refresh=bank.refresh, expires_at=0.0)
                else:
                    assert store.kept["k"] == token, "used before it was stored"
                    break
            else:
                raise AssertionError(f"no token after {fate}")
            assert store.kept["k"].refresh == bank.refresh
            clock.advance(601.0)

    async def main() -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_jump, clock)
            await rotate()
            tasks.cancel_scope.cancel()

    asyncio.run(main())
    assert lost == excused
    assert (lost == 0) == forgiving


async def _jump(clock: VirtualClock) -> None:
    while True:
        await asyncio.sleep(0)
        clock.jump()


def test_a_disk_that_is_full_for_long_loses_nothing() -> None:
    clock = VirtualClock()
    bank, store = Bank(forgiving=False), MemoryTokens()
    keeper = TokenKeeper("k", clock, store)
    teller = Teller(bank, bank_sign_in(0.0), "")

    async def main() -> None:
        store.broken = True
        for _ in range(20):
            with pytest.raises(RetryLater):
                await keeper.current(teller)
            clock.advance(1000.0)
        store.broken = False
        await keeper.current(teller)

    asyncio.run(main())
    assert store.kept["k"].refresh == bank.refresh


def test_a_refusal_that_rotates_is_kept() -> None:
    """Exact is said to give a new refresh token with a refusal [fact sheet exact 3.4]."""
    clock = VirtualClock()
    store = MemoryTokens()
    store.kept["k"] = Token(access="a", expires_at=0.0, refresh="r0")
    keeper = TokenKeeper("k", clock, store)

    class Odd(Teller):
        async def ask(self, form: Mapping[str, str]) -> Reply:
            return Reply(status=400, headers={}, content=b'{"error":"access_denied","refresh_token":"r1"}')

    async def main() -> None:
        with pytest.raises(SignInNeeded):
            await keeper.current(Odd(Bank(forgiving=False), bank_sign_in(0.0), ""))

    asyncio.run(main())
    assert store.kept["k"].refresh == "r1"


def test_a_session_told_in_json() -> None:
    """e-Boekhouden: other names, no form [fact sheet eboekhouden 3.1]."""
    clock = VirtualClock()
    store = MemoryTokens()
    keeper = TokenKeeper("k", clock, store)
    sign_in = replace(bank_sign_in(0.0), json=True, names=("token", "expiresIn"))

    class Session(Teller):
        async def ask(self, form: Mapping[str, str]) -> Reply:
            return Reply(status=200, headers={}, content=b'{"token":"t1","expiresIn":2}')

    async def main() -> None:
        token = await keeper.current(Session(Bank(forgiving=False), sign_in, ""))
        assert (token.access, token.refresh) == ("t1", None)
        assert token.expires_at - token.issued_at == 2

    asyncio.run(main())
