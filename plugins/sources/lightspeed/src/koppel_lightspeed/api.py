"""The operations of Lightspeed's API that reading orders takes, typed."""

from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256
from typing import TypeVar

import msgspec

from koppel.plugin import KoppelError, RetryLater
from koppel.vendor import HeaderSignIn, Reply, Vendor
from koppel_lightspeed.decoding import typed, typed_order, typed_row
from koppel_lightspeed.dialect import DIALECT, GET_ORDER, LIST_ORDERS, ErrorBody, explain
from koppel_lightspeed.settings import LightspeedSettings
from koppel_lightspeed.tables import BODY_WAITS, ROW_FIELDS, VENDOR, limits
from koppel_lightspeed.wire import Language, LineWire, OrderWire, Permissions, RateLimit, Row, ShopWire

T = TypeVar("T")
S = TypeVar("S", bound=msgspec.Struct)

Params = Sequence[tuple[str, str]]


class LightspeedApi:
    """One shop's API with one key. Waits for its turn by itself; raises the errors of :mod:`koppel.errors`."""

    def __init__(self, settings: LightspeedSettings, vendor: Vendor) -> None:
        self._clock = vendor.clock
        self.widest = 0
        """Rows of the longest page of the order list so far: the server gives at least so many at a time."""
        login = b64encode(f"{settings.api_key}:{settings.api_secret}".encode()).decode()
        self._client = vendor.client(
            vendor=VENDOR,
            base_url=settings.address,
            dialect=DIALECT,
            sign_in=HeaderSignIn(headers={"Authorization": f"Basic {login}"}),
            limits=limits(sha256(settings.api_key.encode()).hexdigest()[:16], settings.calls_allowed),
            headers={"Accept": "application/json"},
        )

    async def rows(self, params: Params, *, page: int, limit: int) -> list[Row]:
        """One page of the order list. Raises TooHeavy when the server gives up on it."""
        paging = (("fields", ROW_FIELDS), ("limit", str(limit)), ("page", str(page)))
        raw = await self._ask(LIST_ORDERS, "orders.json", "orders", (*params, *paging))
        try:
            found = [typed_row(each) for each in _convert(raw, list[msgspec.Raw])]
        except msgspec.DecodeError as error:
            raise _garbage(error) from error
        self.widest = max(self.widest, len(found))
        return found

    async def count(self, params: Params) -> int:
        """How many orders a list with these filters has."""
        return _convert(await self._ask("countOrders", "orders/count.json", "count", params), int)

    async def order(self, order_id: str) -> OrderWire:
        """One order with all that is embedded in it.

        Raises NotThere, and msgspec.ValidationError when the order is not what an order looks like.
        """
        return typed_order(await self._ask(GET_ORDER, f"orders/{order_id}.json", "order"))

    async def lines(self, order_id: str) -> tuple[LineWire, ...]:
        """The lines of an order that came without. Raises msgspec.ValidationError."""
        raw = await self._ask("listOrderProducts", f"orders/{order_id}/products.json", "orderProducts")
        return tuple(typed(each, LineWire) for each in _convert(raw, list[msgspec.Raw]))

    async def shop(self) -> ShopWire:
        """The shop itself."""
        return _record(await self._ask("getShop", "shop.json", "shop"), ShopWire)

    async def permissions(self) -> Permissions:
        """What the API key may do."""
        return _record(await self._ask("getPermissions", "account/permissions.json", "accountPermissions"), Permissions)

    async def rate_limit(self) -> RateLimit:
        """How many calls the API key may make."""
        return _record(await self._ask("getRateLimit", "account/ratelimit.json", "accountRatelimit"), RateLimit)

    async def languages(self) -> list[Language]:
        """The shop's languages."""
        raw = await self._ask("listLanguages", "languages.json", "languages")
        return [_record(each, Language) for each in _convert(raw, list[msgspec.Raw])]

    async def _ask(self, operation: str, path: str, key: str, params: Params = ()) -> msgspec.Raw:
        """What the envelope holds. An error or garbage inside a 2xx is asked again, then raised [fact sheet 6]."""
        waits = iter(BODY_WAITS)
        while True:
            reply = await self._client.read(operation, path, params=params)
            try:
                return _opened(operation, reply, key)
            except RetryLater:
                wait = next(waits, None)
                if wait is None:
                    raise
                await self._clock.sleep(wait)


def _opened(operation: str, reply: Reply, key: str) -> msgspec.Raw:
    """What stands under the key. An ``error`` beside or instead of it counts, whatever the status says."""
    envelope = reply.json(dict[str, msgspec.Raw])
    error = _inside(operation, envelope["error"]) if "error" in envelope else None
    if error is not None:
        raise error
    if key not in envelope:
        raise RetryLater("vendor.garbage", f"Lightspeed's answer to {operation} holds no {key}.")
    return envelope[key]


def _inside(operation: str, raw: msgspec.Raw) -> KoppelError | None:
    """The error in a 2xx answer; None if it says that there is none (``false``, ``null``, ``""``, ``[]``)."""
    if bytes(raw) in (b"false", b"null", b'""', b"[]"):
        return None
    try:
        body = msgspec.json.decode(raw, type=ErrorBody)
        return explain(operation, int(body.code), body.message)
    except (ValueError, msgspec.DecodeError):
        return RetryLater("lightspeed.unavailable", f"Lightspeed answered {operation} with an error of unknown shape.")


def _convert(raw: msgspec.Raw, into: type[T]) -> T:
    try:
        return msgspec.json.decode(raw, type=into)
    except msgspec.DecodeError as error:
        raise _garbage(error) from error


def _record(raw: msgspec.Raw, into: type[S]) -> S:
    try:
        return typed(raw, into)
    except msgspec.DecodeError as error:
        raise _garbage(error) from error


def _garbage(error: msgspec.DecodeError) -> RetryLater:
    return RetryLater("vendor.garbage", f"Lightspeed's answer cannot be read: {error}.")
