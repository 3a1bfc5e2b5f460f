"""Which addresses may be called: https, and no private network behind the name, checked where we connect to."""

import socket
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

import anyio

from koppel.clock import Clock
from koppel.errors import Misconfigured

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""(host, port) -> addresses in the order in which to try them. OSError if there is none."""

_KEEP = 60.0
_NAT64 = IPv6Network("64:ff9b::/96")


async def resolve(host: str, port: int) -> Sequence[str]:
    """Ask the system."""
    found = await anyio.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[4][0]) for address in found))


def is_public(address: str) -> bool:
    """Is this an address on the public internet? Not: private, loopback, link-local (so the clouds' metadata),
    multicast, reserved, or an IPv6 address that stands for such an IPv4 address.
    """
    ip = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv6Address):
        inner: IPv4Address | None = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if ip in _NAT64:
            inner = IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
        if ip.is_site_local:
            return False
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


class Guard:
    """Checks addresses. With ``allow_insecure`` everything may be called, and by name."""

    def __init__(self, clock: Clock, *, allow_insecure: bool, lookup: Resolve = resolve) -> None:
        self._clock = clock
        self._allow_insecure = allow_insecure
        self._lookup = lookup
        self._known: dict[tuple[str, int], tuple[float, Sequence[str]]] = {}

    def check(self, url: str) -> None:
        """Misconfigured if the address as written may not be called."""
        parts = urlsplit(url)
        try:
            port = parts.port
        except ValueError:
            port = 0
        if parts.scheme not in {"http", "https"} or not parts.hostname or port == 0 or "@" in parts.netloc:
            raise Misconfigured("vendor.address", f"{_shown(url)} is no address of a web service.", "Correct it.")
        if self._allow_insecure:
            return
        if parts.scheme != "https":
            raise _refused(url, "is not https")
        try:
            public = is_public(parts.hostname)
        except ValueError:
            return
        if not public:
            raise _refused(url, "is not on the public internet")

    async def addresses(self, url: str) -> Sequence[str] | None:
        """Where to connect to: addresses that were checked (all of them must be public), or None: by name.

        Connecting to these and not to the name is what makes the check worth something: a name may answer otherwise
        the second time. Answers are kept for a minute. Misconfigured, or OSError if the name is unknown.
        """
        self.check(url)
        if self._allow_insecure:
            return None
        parts = urlsplit(url)
        where = (parts.hostname or "", parts.port or 443)
        known = self._known.get(where)
        now = self._clock.monotonic()
        if known is None or now - known[0] > _KEEP:
            known = (now, await self._lookup(*where))
            if not all(is_public(address) for address in known[1]):
                raise _refused(url, "leads to an address that is not on the public internet")
            self._known[where] = known
        return known[1]


def _shown(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _refused(url: str, why: str) -> Misconfigured:
    return Misconfigured(
        "vendor.address",
        f"The vendor's address {_shown(url)} {why}, so it is not called.",
        "Correct the address, or set [security] allow_insecure_endpoints = true if it is a test environment.",
    )
