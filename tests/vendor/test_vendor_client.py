"""Reads are tried again, writes are sent once: over real sockets, on a clock that jumps."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import anyio
import anyio.lowlevel
import pytest
from anyio.abc import SocketStream
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from koppel import __version__
from koppel.errors import KoppelError, Misconfigured, OutcomeUnknown, Refused, RetryLater
from koppel.sandbox import WindowMeter
from koppel.vendor import Dialect, Feedback, HeaderSignIn, Limit, LimitTable, Reply, VendorHub, Window
from vendor.ground import DIALECT, Ground
from vendor.stores import MemoryLimits, MemoryTokens

pytestmark = pytest.mark.anyio


class Thing(Struct):
    price: Decimal


async def test_a_read_gives_exact_money_and_says_who_asks(ground: Ground) -> None:
    client = ground.client(headers={"User-agent": "koppel/x (Language=Python)", "X-Shop": "1"})
    reply = await client.read("get", "/things", headers={"x-shop": "2"})
    assert reply.json(Thing).price == Decimal("12.3")
    assert reply.headers["content-type"] == "application/json"
    sent = ground.vendor.requests[0].headers
    assert (sent["user-agent"], sent["x-shop"]) == ("koppel/x (Language=Python)", "2")
    await ground.client().read("get", "/things")
    assert ground.vendor.requests[1].headers["user-agent"] == f"koppel/{__version__}"


async def test_the_query_is_always_the_same(ground: Ground) -> None:
    params = [("$filter", "Name eq 'a+b & c'"), ("ids", "1,2:(3)/4"), ("t", "2026-11-21T08:00:00Z"), ("é", "100%")]
    await ground.client(base_url=f"{ground.url}/").read("get", "things?page=2", params=params)
    assert ground.vendor.requests[0].url.query == (
        "page=2&$filter=Name%20eq%20'a%2Bb%20%26%20c'&ids=1,2:(3)/4&t=2026-11-21T08:00:00Z&%C3%A9=100%25"
    )


@pytest.mark.parametrize("kind", ["reset", "500", "502", "lost_reply", "truncated", "429"])
async def test_reads_outlast_faults(ground: Ground, kind: str) -> None:
    ground.vendor.faults.add(kind, "get", times=3)
    reply = await ground.client().read("get", "/things")
    assert reply.status == 200
    assert ground.vendor.journal.count("get") == 4
    assert ground.clock.monotonic() > 3


async def test_a_read_gives_up_after_four_tries_and_says_when(ground: Ground) -> None:
    ground.vendor.faults.add("500", "get")
    with pytest.raises(RetryLater) as caught:
        await ground.client().read("get", "/things")
    assert ground.vendor.journal.count("get") == 4
    assert caught.value.code == "test.down"
    assert caught.value.not_before is not None
    assert caught.value.not_before > ground.clock.now()


async def test_a_refused_read_is_not_repeated(ground: Ground) -> None:
    ground.vendor.answer = lambda _: Response("no", 404)
    with pytest.raises(Refused, match="404 no"):
        await ground.client().read("get", "/things")
    assert ground.vendor.journal.count("get") == 1


async def test_a_write_sends_decimals_with_their_own_digits(ground: Ground) -> None:
    reply = await ground.client().write("post", "/things", json={"amount": Decimal("12.30"), "n": Decimal("-0.10")})
    assert reply.status == 201
    assert ground.vendor.done == [b'{"amount":12.30,"n":-0.10}']
    assert ground.vendor.requests[0].headers["content-type"] == "application/json"


@pytest.mark.parametrize("kind", ["reset", "lost_reply", "truncated", "502", "500"])
async def test_a_write_without_an_answer_is_unknown_and_sent_once(ground: Ground, kind: str) -> None:
    ground.vendor.faults.add(kind, "post")
    with pytest.raises(OutcomeUnknown):
        await ground.client().write("post", "/things", json={"n": 1})
    assert ground.vendor.journal.count("post") == 1


async def test_a_write_that_takes_too_long_is_unknown(ground: Ground) -> None:
    ground.vendor.hangs = True
    with pytest.raises(OutcomeUnknown, match="no answer within 60 s"):
        await ground.client().write("post", "/things", json={"n": 1})
    assert len(ground.vendor.done) == 1
    assert ground.clock.monotonic() >= 60


async def test_a_slow_answer_is_waited_for(ground: Ground) -> None:
    ground.vendor.faults.add("slow", "*", seconds=50.0, times=2)
    await ground.client().write("post", "/things", json={"n": 1})
    await ground.client().read("get", "/things")
    assert ground.clock.monotonic() == pytest.approx(100.0, abs=1)


async def test_a_write_that_was_never_sent_may_come_later(ground: Ground) -> None:
    client = ground.client(base_url="http://127.0.0.1:1")
    with pytest.raises(RetryLater, match="cannot be reached"):
        await client.write("post", "/things", json={})
    with pytest.raises(RetryLater, match="cannot be reached"):
        await client.read("get", "/things")


async def test_a_sign_in_that_cannot_be_reached_says_whose_it_is(ground: Ground) -> None:
    client = ground.client(sign_in=ground.sign_in(token_url="http://127.0.0.1:1/token"))
    with pytest.raises(RetryLater, match=r"^127\.0\.0\.1, the sign-in address, cannot be reached"):
        await client.read("get", "/things")


async def test_slow_down_proves_that_a_write_was_not_done(ground: Ground) -> None:
    ground.vendor.faults.add("429", "post", times=2)
    await ground.client().write("post", "/things", json={"n": 1})
    assert ground.vendor.journal.count("post") == 3
    assert len(ground.vendor.done) == 1


async def test_a_long_slow_down_is_not_waited_for(ground: Ground) -> None:
    ground.vendor.answer = lambda _: Response(status_code=429, headers={"Retry-After": "7200"})
    for call in (ground.client().read("get", "/things"), ground.client().write("post", "/things", json={})):
        with pytest.raises(RetryLater) as caught:
            await call
        assert caught.value.not_before is not None
        assert caught.value.not_before - ground.clock.now() > timedelta(seconds=7000)
    assert ground.vendor.journal.count() == 1, "the second call is not even tried"


async def test_no_call_before_retry_after(ground: Ground) -> None:
    moments: list[float] = []

    def answer(_: Request) -> Response | None:
        moments.append(ground.clock.monotonic())
        return Response(status_code=429, headers={"Retry-After": "37"}) if len(moments) == 1 else None

    ground.vendor.answer = answer
    client = ground.client(limits=LimitTable(always=(Limit("a", "1", (Window(100, 60.0),)),)))
    async with anyio.create_task_group() as tasks:
        for _ in range(5):
            tasks.start_soon(client.read, "get", "/things")
            await anyio.lowlevel.checkpoint()
    late = [moment for moment in moments if moment > 0.5]
    assert len(late) >= 1
    assert min(late) >= 37


async def test_a_quota_told_otherwise_counts_as_slow_down(ground: Ground) -> None:
    answers: Iterator[Response] = iter([Response("quota", 403, headers={"Retry-After": "5"})])
    ground.vendor.answer = lambda _: next(answers, None)
    dialect = Dialect(error=DIALECT.error, throttled=lambda reply: reply.content == b"quota")
    await ground.client(dialect=dialect).write("post", "/things", json={})
    assert ground.clock.monotonic() >= 5


async def test_a_backlog_of_reads_keeps_the_limit(ground: Ground) -> None:
    ground.vendor.counters = [WindowMeter(ground.clock, 20, 60.0)]
    client = ground.client(limits=LimitTable(always=(Limit("a", "1", (Window(20, 60.0),)),)))
    again = ground.client(
        connection="other", limits=LimitTable(operations={"get": (Limit("a", "1", (Window(20, 60.0),)),)})
    )

    async def drain(number: int) -> None:
        for _ in range(20):
            await (client, again)[number % 2].read("get", "/things")

    async with anyio.create_task_group() as tasks:
        for number in range(5):
            tasks.start_soon(drain, number)
    assert not ground.vendor.journal.over_limit()
    assert ground.vendor.journal.count("get") == 100
    assert ground.clock.monotonic() < 4 * 60 / 0.95


async def test_limit_headers_reach_the_limiter_and_bad_ones_cost_nothing(ground: Ground) -> None:
    def feedback(_operation: str, reply: Reply) -> list[Feedback]:
        return [Feedback(scope="a", remaining=int(reply.headers["x-left"]), window=60.0, reset_after=30.0)]

    ground.vendor.answer = lambda _: Response("{}", headers={"X-Left": "0"})
    dialect = Dialect(error=DIALECT.error, feedback=feedback)
    client = ground.client(dialect=dialect, limits=LimitTable(always=(Limit("a", "1", (Window(99, 60.0),)),)))
    await client.read("get", "/things")
    ground.vendor.answer = None
    await client.read("get", "/things")
    assert ground.clock.monotonic() >= 30


async def test_without_limits_nothing_is_counted(ground: Ground) -> None:
    table = LimitTable(always=(Limit("a", "1", (Window(1, 3600.0),)),))
    client = ground.session(enforce_limits=False).client(
        vendor="counterpart", base_url=ground.url, dialect=DIALECT, limits=table
    )
    for _ in range(5):
        await client.read("get", "/things")
    assert ground.clock.monotonic() < 1
    assert ground.limits.saves == 0


async def test_too_long_an_answer_is_cut_off(ground: Ground) -> None:
    ground.vendor.answer = lambda _: Response(b"x" * 200_000)
    client = ground.client(max_body=100_000)
    with pytest.raises(RetryLater, match="longer than 100000 bytes"):
        await client.read("get", "/things")
    with pytest.raises(OutcomeUnknown, match="longer than 100000 bytes"):
        await client.write("post", "/things", content=b"")


async def test_redirections_are_not_followed(ground: Ground) -> None:
    ground.vendor.answer = lambda _: RedirectResponse("http://127.0.0.1:1/elsewhere")
    with pytest.raises(RetryLater, match="redirection"):
        await ground.client().read("get", "/things")
    with pytest.raises(OutcomeUnknown, match="redirection"):
        await ground.client().write("post", "/things")


async def test_no_cookie_is_kept(ground: Ground) -> None:
    ground.vendor.answer = lambda _: Response("{}", headers={"Set-Cookie": "sid=1"})
    for _ in range(2):
        await ground.client().read("get", "/things")
    assert all("cookie" not in request.headers for request in ground.vendor.requests)


async def test_a_key_with_a_line_break_is_a_setting_to_mend(ground: Ground) -> None:
    client = ground.client(sign_in=HeaderSignIn(headers={"X-Key": "abc\ncanary"}))
    with pytest.raises(Misconfigured, match="X-Key") as caught:
        await client.write("post", "/things", json={})
    assert "canary" not in str(caught.value)
    assert ground.vendor.journal.count() == 0


async def test_addresses_are_checked_at_the_door(ground: Ground) -> None:
    async with VendorHub(clock=ground.clock, tokens=MemoryTokens(), limits=MemoryLimits(), allow_insecure=False) as hub:
        session = hub.session("winkel")
        for url in ("http://api.example.com", "https://127.0.0.1/", "https://[::1]:8443", "https://u:p@example.com"):
            with pytest.raises(Misconfigured) as caught:
                session.client(vendor="v", base_url=url, dialect=DIALECT)
            assert "u:p" not in str(caught.value)
        with pytest.raises(Misconfigured, match="allow_insecure_endpoints"):
            await session.client(vendor="v", base_url="https://localhost:1", dialect=DIALECT).read("get", "/")


async def test_a_slow_loris_holds_no_slot(ground: Ground) -> None:
    """A byte now and then keeps a connection alive, but not longer than the time for the whole exchange."""

    async def drip(stream: SocketStream) -> None:
        async with stream:
            await stream.receive()
            await stream.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
            while True:
                await stream.send(b"x")
                await ground.clock.sleep(7.0)

    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    port = listener.extra(anyio.abc.SocketAttribute.local_port)
    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, drip)
        with pytest.raises(OutcomeUnknown, match="within 60 s"):
            await ground.client(base_url=f"http://127.0.0.1:{port}").write("post", "/")
        tasks.cancel_scope.cancel()
    assert ground.clock.monotonic() < 100


async def test_an_error_leaves_the_hub_as_it_is(ground: Ground) -> None:
    async def fail() -> None:
        async with VendorHub(clock=ground.clock, tokens=MemoryTokens(), limits=MemoryLimits(), allow_insecure=True):
            raise Refused("test.as-it-is", "as it is")

    with pytest.raises(KoppelError, match="as it is"):
        await fail()
