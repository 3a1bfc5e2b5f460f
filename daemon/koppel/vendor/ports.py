"""What the vendor layer needs from its surroundings: two stores that survive a kill, and somebody who keeps traces."""

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from koppel.vendor.contract import Token

flow_label: ContextVar[str] = ContextVar("koppel.vendor.flow_label", default="")
"""Whose calls these are (``orders``, ``stock``): waiting calls of different flows take turns at a limit."""


class TokenStore(Protocol):
    """Keeps tokens, encrypted."""

    async def load(self, key: str) -> Token | None:
        """The token that was saved last, or None."""
        ...

    async def save(self, key: str, token: Token) -> None:
        """Keep the token. Returns only after it is durable: the token is used afterwards."""
        ...


class LimitStore(Protocol):
    """Keeps the state of limits: small opaque blobs without secrets."""

    async def load(self, key: str) -> bytes | None:
        """The state that was saved last, or None."""
        ...

    async def save(self, key: str, state: bytes) -> None:
        """Keep the state. Returns only after it is durable: the calls that it covers are made afterwards."""
        ...


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """One request and its answer, for the detail log (L2). Every secret is masked; long bodies are cut.

    ``at`` is UTC, just before sending; ``seconds`` the duration. ``status`` is None if no answer came;
    ``error`` then says why. It holds personal data: it belongs in the detail log and nowhere else.
    """

    at: datetime
    operation: str
    method: str
    url: str = field(repr=False)
    request_headers: Mapping[str, str] = field(repr=False)
    request_body: str = field(repr=False)
    status: int | None
    response_headers: Mapping[str, str] = field(repr=False)
    response_body: str = field(repr=False)
    seconds: float
    error: str = ""


class Tracer(Protocol):
    """Keeps exchanges while the detail log is on."""

    def wanted(self) -> bool:
        """Is the detail log on? Asked at every call; must be quick."""
        ...

    async def record(self, exchange: Exchange) -> None:
        """Keep one exchange. An error here is logged and does not disturb the call."""
        ...
