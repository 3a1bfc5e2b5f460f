"""The one door to vendors: what all connections of a daemon share."""

from types import TracebackType
from typing import Self

from koppel.clock import Clock
from koppel.vendor.contract import Vendor
from koppel.vendor.ports import LimitStore, TokenStore, Tracer


class VendorHub:
    """One per daemon: limits, token refreshers and the connection pool, shared over all connections.

    Use as an async context manager; leaving it saves the state of the limits. ``allow_insecure`` allows addresses that
    are http or private (``[security] allow_insecure_endpoints``).
    """

    def __init__(self, *, clock: Clock, tokens: TokenStore, limits: LimitStore, allow_insecure: bool) -> None:
        raise NotImplementedError

    async def __aenter__(self) -> Self:
        raise NotImplementedError

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        raise NotImplementedError

    def session(self, connection: str, *, tracer: Tracer | None = None, enforce_limits: bool = True) -> Vendor:
        """The vendor layer as one connection sees it. ``enforce_limits=False`` ignores the documented limits (not the
        vendor's 429): for sandboxes that have none.
        """
        raise NotImplementedError
