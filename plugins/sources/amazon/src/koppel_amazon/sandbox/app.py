"""The simulator: routes, sign-in at the door, throttling."""

import re
from collections import defaultdict, deque
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from koppel.sandbox import BucketMeter, Meter, Options, Sandbox
from koppel.sandbox.base import Handler
from koppel_amazon.sandbox.answers import Invalid, answer, denied, error, quota_exceeded
from koppel_amazon.sandbox.lwa import CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN, SELLER_ID, Lwa
from koppel_amazon.sandbox.record import PENDING, Json, Record
from koppel_amazon.sandbox.search import Search, included_data
from koppel_amazon.sandbox.seed import make_orders
from koppel_amazon.tables import BOUND_DELAY, BUCKETS, GET_ORDER, MARKETPLACES, PARTICIPATIONS, SEARCH_ORDERS

TOLD_RATE = frozenset({200, 400, 404})
"""The statuses on which the rate header is declared. [fact sheet 4]"""


def sandbox_settings(url: str) -> dict[str, Any]:
    """Settings, secrets included, that work against a simulator at this address."""
    return {
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "refresh_token": REFRESH_TOKEN,
        "seller_id": SELLER_ID,
        "marketplaces": ["NL", "DE", "BE", "FR", "PL", "SE"],
        "fba_ships_from": "NL",
        "endpoint": url,
        "token_url": f"{url}/auth/o2/token",
    }


class AmazonSandbox(Sandbox):
    """One seller's account, with ``Options.size`` orders placed in the days before now."""

    def __init__(self, options: Options) -> None:
        super().__init__("amazon", options)
        switches = options.switches
        self.lwa = Lwa(options.clock, switches)
        self.roles = switches.get("roles", "d2c+tax")
        self.participating = {shop.id for shop in MARKETPLACES if shop.country not in {"TR", "ZA"}}
        self._header = switches.get("header") != "missing"
        self._search = Search(options.clock)
        self._meters = {name: BucketMeter(options.clock, bucket.rate, bucket.burst) for name, bucket in BUCKETS.items()}
        self._records = {record.number: record for record in make_orders(options)}
        self.scripted: defaultdict[str, deque[Response]] = defaultdict(deque)
        """What :meth:`script` put in and nobody has asked for yet, by operation."""
        self._outage_until: datetime | None = None
        self._requests = count(1)
        self.operation("lwa.token", "POST", "/auth/o2/token", self.lwa.token)
        self.operation("lwa.consent", "GET", "/apps/authorize/consent", self.lwa.consent)
        self._api(SEARCH_ORDERS, "/orders/2026-01-01/orders", self._search_orders)
        self._api(GET_ORDER, "/orders/2026-01-01/orders/{number}", self._get_order)
        self._api(PARTICIPATIONS, "/sellers/v1/marketplaceParticipations", self._participations)
        self._routes += [
            Route("/_sandbox/orders", self._post_order, methods=["POST"]),
            Route("/_sandbox/orders/{number}", self._put_order, methods=["PUT"]),
            Route("/_sandbox/outage", self._put_outage, methods=["PUT"]),
        ]

    @property
    def orders(self) -> Sequence[Record]:
        """All orders as they are at this moment."""
        self._live()
        return list(self._records.values())

    def order(self, number: str) -> Record:
        """One order as it is at this moment."""
        self._live()
        return self._records[number]

    def add_order(self, order: Json) -> Record:
        """Put in an order, literally as Amazon's JSON; one with the same number is replaced."""
        record = Record(order)
        self._records[record.number] = record
        return record

    def change(self, number: str, status: str) -> None:
        """Give an order another status now, in place of what was planned for it."""
        record = self.order(number)
        record.plan.clear()
        record.change(status, self.clock.now())

    def change_pending(self) -> None:
        """Let everything that waits move on at once, as a day does; long enough ago for Amazon to show it."""
        at = self.clock.now() - BOUND_DELAY - timedelta(seconds=1)
        for index, record in enumerate(self._records.values()):
            record.live(at + timedelta(days=2), told=at)
            if record.status in PENDING:
                record.change("UNSHIPPED" if index % 4 else "CANCELLED", at)

    def set_rate(self, operation: str, rate: float) -> None:
        """Change a usage plan while running, as Amazon does; the next answers tell it."""
        self._meters[operation].rate = rate

    def script(self, operation: str, *responses: Response) -> None:
        """Answer the next calls of an operation literally with these, whatever they ask."""
        self.scripted[operation].extend(responses)

    def deny(self, seconds: float) -> None:
        """Refuse every call with 403 for so long. [gotcha 7]"""
        self._outage_until = self.clock.now() + timedelta(seconds=seconds)

    def meters(self, operation: str, request: Request) -> Sequence[Meter]:
        """One bucket per operation of this account and application."""
        del request
        meter = self._meters.get(operation)
        return (meter,) if meter else ()

    def throttled(self, operation: str, wait: float) -> Response:
        """As recorded: no Retry-After, no rate."""
        del operation, wait
        return self._stamped(quota_exceeded())

    def unavailable(self, operation: str, status: int) -> Response:
        """A server error in the documented shape."""
        del operation
        return self._stamped(error(status, "InternalFailure", "We encountered an internal error. Please try again."))

    def _api(self, operation: str, path: str, handler: Handler) -> None:
        async def guarded(request: Request) -> Response:
            self._live()
            scripted = self.scripted[operation]
            if scripted:
                return self._stamped(scripted.popleft())
            response = self._refusal(request) or await handler(request)
            if self._header and response.status_code in TOLD_RATE:
                response.headers["x-amzn-RateLimit-Limit"] = f"{self._meters[operation].rate:g}"
            return self._stamped(response)

        self.operation(operation, "GET", path, guarded)

    def _refusal(self, request: Request) -> Response | None:
        """What stops a request at the door. [fact sheet 3.5]"""
        if self._outage_until is not None and self.clock.now() < self._outage_until:
            return denied()
        token = request.headers.get("x-amz-access-token")
        if not token:
            return error(403, "MissingAuthenticationToken", "Missing Authentication Token", None)
        state = self.lwa.state_of(token)
        if state == "expired":
            return denied("The access token you provided has expired.")
        if state == "unknown":
            return denied("The access token you provided is revoked, malformed or invalid.")
        return None

    def _stamped(self, response: Response) -> Response:
        response.headers["x-amzn-RequestId"] = f"sandbox-{next(self._requests)}"
        return response

    def _live(self) -> None:
        now = self.clock.now()
        for record in self._records.values():
            record.live(now)

    async def _search_orders(self, request: Request) -> Response:
        try:
            body = self._search.page(request.query_params.multi_items(), self._records, self.roles)
        except Invalid as invalid:
            return error(400, "InvalidInput", str(invalid))
        return answer(200, body)

    async def _get_order(self, request: Request) -> Response:
        number = str(request.path_params["number"])
        try:
            included = included_data(request.query_params.get("includedData"))
        except Invalid as invalid:
            return error(400, "InvalidInput", str(invalid), None)
        if set(request.query_params) - {"includedData"} or not re.fullmatch(r"\d{3}-\d{7}-\d{7}", number):
            return error(400, "InvalidInput", "Invalid Input", None)
        record = self._records.get(number)
        if record is None or record.created > self.clock.now() - BOUND_DELAY:
            return error(404, "NotFound", "The requested order could not be found.", None)
        return answer(200, {"order": record.render(included, self.roles)})

    async def _participations(self, request: Request) -> Response:
        del request
        rows = [
            {
                "marketplace": {
                    "id": shop.id,
                    "name": shop.name,
                    "countryCode": shop.country,
                    "defaultCurrencyCode": shop.currency,
                    "defaultLanguageCode": f"{shop.country.lower()}_{shop.country}",
                    "domainName": f"www.{shop.name.lower()}",
                },
                "participation": {"isParticipating": True, "hasSuspendedListings": False},
                "storeName": "Voorbeeldwinkel",
            }
            for shop in MARKETPLACES
            if shop.id in self.participating
        ]
        return answer(200, {"payload": rows})

    async def _post_order(self, request: Request) -> Response:
        try:
            record = self.add_order(msgspec.json.decode(await request.body(), type=Json))
        except (msgspec.DecodeError, KeyError) as invalid:
            return Response(str(invalid), 400)
        return answer(201, {"number": record.number})

    async def _put_order(self, request: Request) -> Response:
        number = str(request.path_params["number"])
        if number not in self._records:
            return Response("unknown order", 404)
        self.change(number, msgspec.json.decode(await request.body(), type=dict[str, str])["status"])
        return Response(status_code=204)

    async def _put_outage(self, request: Request) -> Response:
        self.deny(msgspec.json.decode(await request.body(), type=dict[str, float])["seconds"])
        return Response(status_code=204)
