"""The operations of the Selling Partner API that we call, typed."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from urllib.parse import quote

import msgspec

from koppel.errors import KoppelError, Misconfigured, Refused, RetryLater
from koppel.vendor import Dialect, Feedback, Reply, Vendor
from koppel_amazon.settings import AmazonSettings
from koppel_amazon.signin import errors_of, sign_in
from koppel_amazon.tables import (
    ACCESS_REFUSED_PATIENCE,
    ACCESS_REFUSED_PAUSE,
    GET_ORDER,
    INCLUDED_DATA,
    PARTICIPATIONS,
    SEARCH_ORDERS,
    limits,
)
from koppel_amazon.wire import OrderAnswer, OrdersAnswer, ParticipationsAnswer

ORDERS_PATH = "/orders/2026-01-01/orders"
USER_AGENT = "koppel/0.1 (Language=Python; Platform=Linux)"

NOT_FOUND = "amazon.not-found"
INVALID_INPUT = "amazon.invalid-input"
ACCESS_DENIED = "amazon.access-denied"

Params = tuple[tuple[str, str], ...]


class Api:
    """One account at Amazon. Every method raises RetryLater, SignInNeeded or Misconfigured besides what it tells."""

    def __init__(self, settings: AmazonSettings, vendor: Vendor) -> None:
        self._clock = vendor.clock
        self._denied_since: datetime | None = None
        account = "/".join(filter(None, (settings.client_id, settings.seller_id)))
        self._client = vendor.client(
            vendor="amazon",
            base_url=settings.endpoint,
            dialect=Dialect(error=self._error, feedback=_feedback),
            sign_in=sign_in(settings),
            limits=limits(account),
            headers={"User-Agent": USER_AGENT},
        )

    async def search_orders(self, params: Params) -> OrdersAnswer:
        """One page of orders. Raises Refused ``amazon.invalid-input`` for parameters or a token that it refuses."""
        return (await self._read(SEARCH_ORDERS, ORDERS_PATH, params)).json(OrdersAnswer)

    async def get_order(self, number: str) -> msgspec.Raw:
        """One order. Raises Refused ``amazon.not-found``, or ``amazon.invalid-input`` for a malformed number."""
        path = f"{ORDERS_PATH}/{quote(number, safe='')}"
        return (await self._read(GET_ORDER, path, (("includedData", ",".join(INCLUDED_DATA)),))).json(OrderAnswer).order

    async def participations(self) -> ParticipationsAnswer:
        """In which marketplaces the account may sell."""
        return (await self._read(PARTICIPATIONS, "/sellers/v1/marketplaceParticipations", ())).json(
            ParticipationsAnswer
        )

    async def _read(self, operation: str, path: str, params: Params) -> Reply:
        reply = await self._client.read(operation, path, params=params)
        self._denied_since = None
        return reply

    def _error(self, operation: str, is_write: bool, reply: Reply) -> KoppelError:
        """What an answer that is an error means. [fact sheet 3.5, 6]

        Amazon's own texts are kept only for 400, where they name the parameter; they hold no personal data there.
        """
        del is_write  # nothing is written yet
        errors = errors_of(reply)
        where = f"{operation}, status {reply.status}{_request_id(reply.headers)}"
        if reply.status == 400 and errors:
            told = "; ".join(" ".join(filter(None, (one.code, one.message, one.details))) for one in errors)
            return Refused(INVALID_INPUT, f"Amazon does not take the request ({where}): {told}")
        if reply.status == 404 and errors:
            return Refused(NOT_FOUND, f"Amazon does not know it ({where}).")
        if reply.status in {401, 403}:
            return self._denied(where)
        if reply.status in {413, 415}:
            return Misconfigured("amazon.request", f"Amazon does not take the request ({where}).", "Report it.")
        return RetryLater("amazon.unavailable", f"Amazon cannot answer at the moment ({where}).")

    def _denied(self, where: str) -> KoppelError:
        """A refusal that no new token mends: an outage at first, a missing right if it lasts."""
        now = self._clock.now()
        self._denied_since = self._denied_since or now
        message = f"Amazon denies access ({where})."
        suggestion = (
            "If this lasts: does the app have the role Inventory and Order Tracking, was it authorised again after "
            "a role was added, and does the account sell in Europe?"
        )
        if now - self._denied_since >= ACCESS_REFUSED_PATIENCE:
            return Misconfigured(ACCESS_DENIED, message, suggestion)
        return RetryLater(ACCESS_DENIED, message, suggestion, not_before=now + ACCESS_REFUSED_PAUSE)


def _request_id(headers: Mapping[str, str]) -> str:
    """Amazon's support asks for this number."""
    number = headers.get("x-amzn-requestid")
    return f", request {number}" if number else ""


def _feedback(operation: str, reply: Reply) -> Sequence[Feedback]:
    """The current rate of this operation for this account, on the answers that tell it. [fact sheet 4]"""
    try:
        rate = float(reply.headers.get("x-amzn-ratelimit-limit", ""))
    except ValueError:
        return ()
    return (Feedback(scope=operation, rate=rate),) if 0 < rate < 1000 else ()
