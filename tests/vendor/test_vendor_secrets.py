"""No secret leaves the vendor layer: not in a trace, a log line, or an error (L2, G7)."""

import base64
import logging
import traceback
from collections.abc import Mapping
from urllib.parse import quote

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from koppel.errors import KoppelError
from koppel.vendor import HeaderSignIn
from koppel.vendor.secrets import MASK, Secrets, looks_secret
from vendor.ground import Ground

CANARIES = ("canary", base64.b64encode(b"user:pass-canary").decode()[8:24])


def leaks(text: str) -> list[str]:
    return [canary for canary in CANARIES if canary in text]


@pytest.mark.anyio
async def test_canaries_are_found_nowhere(ground: Ground, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("httpx", "httpcore"):
        assert logging.getLogger(name).getEffectiveLevel() >= logging.WARNING

    def echo(request: Request) -> Response:
        told = " ".join([*request.headers.values(), str(request.url), quote(request.headers.get("authorization", ""))])
        return JSONResponse({"error": told, "apiKey": "k-canary"}, 400, headers={"Set-Cookie": "sid=c-canary"})

    errors: list[BaseException] = []
    basic = base64.b64encode(b"user:pass-canary").decode()
    clients = [
        ground.client(sign_in=ground.sign_in()),
        ground.client(sign_in=HeaderSignIn(headers={"Authorization": f"Basic {basic}"})),
        ground.client(headers={"Ocp-Apim-Subscription-Key": "sub-canary"}),
    ]
    ground.vendor.answer = echo
    for client in clients:
        for call in (
            client.read("get", "/things", params=[("X-Amz-Signature", "sig-canary"), ("a", "plain")]),
            client.write("post", "/things", json={"password": "pw-canary", "SecurityCode2": 'q"canary', "a": "plain"}),
            client.write("post", "/things", content=b"<a><SessionID x='1'>s-canary</SessionID><b>plain</b></a>"),
        ):
            with pytest.raises(KoppelError) as caught:
                await call
            errors.append(caught.value)
    ground.vendor.refresh = "elsewhere"
    again = ground.client(sign_in=ground.sign_in(key="another"))
    with pytest.raises(KoppelError) as caught:
        await again.read("get", "/things")
    errors.append(caught.value)

    kept = ground.traces.kept
    assert {one.operation for one in kept} == {"get", "post", "token"}
    assert len(kept) == 9 + 2
    for one in kept:
        everything = " ".join(
            [
                one.url,
                one.request_body,
                one.response_body,
                one.error,
                *flat(one.request_headers),
                *flat(one.response_headers),
            ]
        )
        assert not leaks(everything), everything
        assert not leaks(repr(one))
    for error in errors:
        assert not leaks("".join(traceback.format_exception(error)) + repr(error.args) + str(error))
    assert not leaks(caplog.text)
    bodies = " ".join(one.request_body + one.url for one in kept)
    assert "plain" in bodies
    assert "grant_type=refresh_token" in bodies


def flat(headers: Mapping[str, str]) -> list[str]:
    return [f"{name}: {value}" for name, value in headers.items()]


@pytest.mark.anyio
async def test_the_detail_log_is_switched_while_running(ground: Ground) -> None:
    client = ground.client()
    ground.traces.on = False
    await client.read("get", "/things")
    ground.traces.on = True
    await client.read("get", "/things", params=[("page", "2")])
    ground.traces.on = False
    await client.read("get", "/things")
    (one,) = ground.traces.kept
    assert (one.operation, one.method, one.status) == ("get", "GET", 200)
    assert one.url.endswith("/things?page=2")
    assert '"price":12.3' in one.response_body
    assert one.at.tzinfo is not None


@pytest.mark.anyio
async def test_a_trace_that_cannot_be_kept_does_not_disturb(ground: Ground) -> None:
    ground.traces.broken = True
    await ground.client().write("post", "/things", json={})
    assert len(ground.vendor.done) == 1


@pytest.mark.anyio
async def test_calls_without_an_answer_are_traced_too(ground: Ground) -> None:
    ground.vendor.faults.add("lost_reply", "post")
    with pytest.raises(KoppelError):
        await ground.client().write("post", "/things", json={"n": 1})
    (one,) = ground.traces.kept
    assert one.status is None
    assert one.error.startswith("Unanswered")
    assert one.request_body == '{"n":1}'


@pytest.mark.anyio
async def test_long_bodies_are_cut(ground: Ground) -> None:
    ground.vendor.answer = lambda _: Response(b'{"token":"' + b"s" * 70_000 + b'canary"' + b" " * 500_000)
    await ground.client().read("get", "/things")
    body = ground.traces.kept[0].response_body
    assert len(body) < 70_000
    assert "sss" not in body


@pytest.mark.parametrize(
    "name", ["Authorization", "x-amz-access-token", "Ocp-Apim-Subscription-Key", "Cookie", "X-Amz-Signature", "code"]
)
def test_names_that_look_secret(name: str) -> None:
    assert looks_secret(name)


@pytest.mark.parametrize("name", ["Content-Type", "X-Shop", "Accept", "page", "postcode", "country_code"])
def test_names_that_do_not(name: str) -> None:
    assert looks_secret(name) == (name == "country_code")


def test_values_are_hidden_in_every_coding() -> None:
    secrets = Secrets()
    secrets.add('a+b/"c&d=')
    for text in ('a+b/"c&d=', "a%2Bb%2F%22c%26d%3D", "a%2bb%2f%22c%26d%3d", 'a+b/\\"c&d=', "a+b/&quot;c&amp;d="):
        assert secrets.hide(f"x {text} y") == f"x {MASK} y"


def test_short_values_and_many_values() -> None:
    secrets = Secrets()
    secrets.add("1", None, "", "lasting")
    assert secrets.hide("1 2 3") == "1 2 3"
    for number in range(1000):
        secrets.add_token(f"token-{number}-x")
    assert secrets.hide("token-999-x lasting") == f"{MASK} {MASK}"
