"""Addresses: which may be called, and that we connect where we checked."""

import ssl
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio
import pytest
from anyio.abc import ByteStream
from anyio.streams.tls import TLSListener
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from koppel.errors import Misconfigured
from koppel.testing.clock import VirtualClock
from koppel.vendor.address import Guard, is_public
from koppel.vendor.query import encode, join
from koppel.vendor.transport import Request, Transport, Unsent

PRIVATE = """
127.0.0.1 127.8.8.8 0.0.0.0 10.0.0.1 10.255.255.255 172.16.0.1 172.31.255.254 192.168.1.1 169.254.169.254
169.254.170.2 100.64.0.1 100.100.100.200 192.0.2.1 198.18.0.1 198.51.100.7 203.0.113.9 224.0.0.1
239.255.255.255 240.0.0.1 255.255.255.255 ::1 :: fe80::1 fe80::1%eth0 fc00::1 fd00:ec2::254 fec0::1 ff02::1
2001:db8::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 64:ff9b::7f00:1 64:ff9b::a00:1
2002:7f00:1:: 2002:a00:1:: 2002:c0a8:101::
"""
PUBLIC = """
8.8.8.8 1.1.1.1 93.184.216.34 172.15.0.1 172.32.0.1 2606:4700:4700::1111 64:ff9b::808:808 ::ffff:8.8.8.8
"""
ODD = """
http://api.example.com ftp://api.example.com file:///etc/passwd https:// https://user@api.example.com
https://user:secret@api.example.com https://api.example.com:0 https://api.example.com:99999 //api.example.com
api.example.com https://127.0.0.1 https://[::1] https://10.0.0.1:8443/x
https://169.254.169.254/latest/meta-data
"""


@pytest.mark.parametrize("address", PRIVATE.split())
def test_private_addresses(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC.split())
def test_public_addresses(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("url", ODD.split())
def test_addresses_that_are_refused_as_written(url: str) -> None:
    guard = Guard(VirtualClock(), allow_insecure=False)
    with pytest.raises(Misconfigured) as caught:
        guard.check(url)
    assert "secret" not in str(caught.value)


@pytest.mark.anyio
@pytest.mark.parametrize("host", ["localhost", "2130706433", "0x7f.1", "127.1", "017700000001"])
async def test_names_that_lead_home_are_refused(host: str) -> None:
    guard = Guard(VirtualClock(), allow_insecure=False)
    with pytest.raises((Misconfigured, OSError)):
        await guard.addresses(f"https://{host}/")


@pytest.mark.anyio
async def test_a_name_that_answers_otherwise_later_is_no_way_in() -> None:
    clock = VirtualClock()
    answers = iter([["93.184.216.34"], ["93.184.216.34", "10.0.0.1"], ["127.0.0.1"]])

    async def lookup(_host: str, _port: int) -> Sequence[str]:
        return next(answers)

    guard = Guard(clock, allow_insecure=False, lookup=lookup)
    assert await guard.addresses("https://vendor.example/a") == ["93.184.216.34"]
    assert await guard.addresses("https://vendor.example/b") == ["93.184.216.34"], "what was checked is used"
    clock.advance(61.0)
    for _ in range(2):
        with pytest.raises(Misconfigured, match=r"https://vendor\.example leads to"):
            await guard.addresses("https://vendor.example/c")


@pytest.mark.anyio
async def test_a_name_that_is_unknown_is_unsent() -> None:
    async def lookup(_host: str, _port: int) -> Sequence[str]:
        raise OSError("no such name")

    clock = VirtualClock()
    transport = Transport(clock, Guard(clock, allow_insecure=False, lookup=lookup))
    with pytest.raises(Unsent):
        await transport.send(
            Request(method="GET", url="https://vendor.example/", headers={}), within=60.0, max_body=1000
        )


def _certificate(folder: Path, name: str) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "vendor.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return path


class _Pinned(Guard):
    """Lets loopback through, as a public address would be."""

    async def addresses(self, url: str) -> Sequence[str]:
        return ["127.0.0.1"]


@pytest.mark.anyio
@pytest.mark.parametrize("host", ["vendor.example", "impostor.example"])
async def test_we_connect_to_the_checked_address_and_verify_the_name(
    host: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _certificate(tmp_path, "vendor.example")
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    seen: list[bytes] = []

    async def answer(stream: ByteStream) -> None:
        async with stream:
            seen.append(await stream.receive())
            await stream.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(path)
    plain = await anyio.create_tcp_listener(local_host="127.0.0.1")
    port = plain.extra(anyio.abc.SocketAttribute.local_port)
    clock = VirtualClock()
    transport = Transport(clock, _Pinned(clock, allow_insecure=False))
    request = Request(method="GET", url=f"https://{host}:{port}/a?b=1", headers={})
    async with TLSListener(plain, context, standard_compatible=False) as listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, answer)
        if host == "vendor.example":
            assert (await transport.send(request, within=60.0, max_body=100)).content == b"ok"
            assert seen[0].startswith(b"GET /a?b=1 HTTP/1.1\r\nHost: vendor.example:" + str(port).encode())
        else:
            with pytest.raises(Unsent):
                await transport.send(request, within=60.0, max_body=100)
            assert not seen
        await transport.close()
        tasks.cancel_scope.cancel()


@given(st.lists(st.tuples(st.text(max_size=20), st.text(max_size=20)), max_size=5))
def test_every_server_decodes_what_was_meant(params: list[tuple[str, str]]) -> None:
    from urllib.parse import parse_qsl

    query = encode(params)
    assert query.isascii()
    assert "+" not in query
    if all(name for name, _ in params):
        assert parse_qsl(query, keep_blank_values=True) == [
            (name.encode("utf-8", "replace").decode(), value.encode("utf-8", "replace").decode())
            for name, value in params
        ]


def test_paths_stay_below_the_base() -> None:
    assert join("https://a.example/api/", "/v1/x", []) == "https://a.example/api/v1/x"
    assert join("https://a.example/api", "", [("a", "b c")]) == "https://a.example/api?a=b%20c"
    assert join("https://a.example", "//evil.example/x", []) == "https://a.example/evil.example/x"
    assert join("https://a.example", "@evil.example", []) == "https://a.example/@evil.example"
