"""The simulator of one Lightspeed shop, behaving as the fact sheet tells (section 11 there)."""

from base64 import b64decode
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, timedelta, tzinfo
from decimal import Decimal
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from koppel.sandbox import Meter, Options, Sandbox
from koppel_lightspeed.sandbox import answers
from koppel_lightspeed.sandbox.about import KEY, SECRET, About
from koppel_lightspeed.sandbox.lists import page, select
from koppel_lightspeed.sandbox.orders import Json, ShopOrder
from koppel_lightspeed.sandbox.scenario import Later, Scenario
from koppel_lightspeed.sandbox.windows import KeyMeters
from koppel_lightspeed.tables import CALLS, STATUSES

RELEASING = frozenset(status.name for status in STATUSES if status.releases)
NUMBERS = msgspec.json.Decoder[Any](float_hook=Decimal)
Guarded = Callable[[Request], Response]


class OrderRecord(Struct, frozen=True, kw_only=True):
    """What must become of an order: the truth that tests compare with. ``expected_total`` incl. VAT in ``currency``."""

    number: str
    released: bool
    cancelled: bool
    skipped: bool
    expected_total: Decimal
    currency: str


class LightspeedSandbox(Sandbox):
    """One shop with one API key. Switches (all text, default in brackets):

    * the shop: ``days`` [5] over which the orders were placed, ``quiet`` 1: nothing changes by itself, ``currency``
      [EUR], ``languages`` [nl,en], ``rights`` [orders,settings] that may be read;
    * the orders: ``business`` 1: cross-border firms with reverse charge, ``free`` 1: coupons of 100 %, ``noise`` 1:
      totals a cent off, ``odd`` 0: "not set" always said the same way, ``embed`` 0: single orders without lines;
    * the list: ``zone`` [Europe/Amsterdam] in which filters are read, ``moving`` n: so many orders come in while it is
      paged, ``heavy`` n: 504 for pages over n rows, ``largest`` [250] rows a page, ``deep`` n: pages after the n-th are
      empty;
    * trouble: ``not_found`` n: an order answers 404 for n seconds after each change, ``body_errors`` n: every n-th
      answer is an error inside a 200, ``windows`` [300/3000/12000] of calls, ``retry_after`` [absent], ``seconds``,
      ``date``.
    """

    def __init__(self, options: Options) -> None:
        super().__init__("lightspeed", options)
        switches = self._switches = options.switches
        self._scenario = Scenario(options.seed, switches)
        self._zone: tzinfo = ZoneInfo(switches.get("zone", "Europe/Amsterdam"))
        self._meters = KeyMeters(self.clock, [int(calls) for calls in switches.get("windows", CALLS).split("/")])
        self._about = About(self.clock, self._meters, switches)
        self._orders: dict[int, ShopOrder] = {}
        self._later: list[Later] = []
        self._answers = 0
        self._scripted: dict[str, list[Json]] = {}
        self.broken: set[int] = set()
        """Ids of orders that end in 504 whenever they are asked for."""
        self.moving = int(switches.get("moving", "0"))
        self.after_page: Callable[[int], None] = lambda _page: None
        """Called after each page of the order list, with its number: what happens in the shop meanwhile."""
        self._fill(options.size, timedelta(days=float(switches.get("days", "5"))))
        self._register()

    def _register(self) -> None:
        for name, path, handler in (
            ("listOrders", "/orders.json", self._list_orders),
            ("countOrders", "/orders/count.json", self._count_orders),
            ("getOrder", "/orders/{id:int}.json", self._get_order),
            ("listOrderProducts", "/orders/{id:int}/products.json", self._get_lines),
            ("getShop", "/shop.json", self._about.get_shop),
            ("getAccount", "/account.json", self._about.get_account),
            ("getPermissions", "/account/permissions.json", self._about.get_permissions),
            ("getRateLimit", "/account/ratelimit.json", self._about.get_rate_limit),
            ("listLanguages", "/languages.json", self._about.list_languages),
            ("other", "/{rest:path}", self._other),
        ):
            scope = "orders" if "rder" in name else "settings" if name in ("getShop", "listLanguages") else ""
            self.operation(name, "GET", "/{language}" + path, self._guard(name, scope, handler))
        self._routes += [
            Route("/_sandbox/orders", self._post_order, methods=["POST"]),
            Route("/_sandbox/orders/{number}", self._put_order, methods=["PUT"]),
        ]

    def _fill(self, size: int, span: timedelta) -> None:
        now = self.clock.now().replace(microsecond=0)
        for index in range(size):
            self._place(now - span + span * index / max(1, size))

    def _place(self, at: Any) -> ShopOrder:
        order, later = self._scenario.draw(at, self.clock.now())
        self._orders[order.id] = order
        if self._switches.get("quiet") != "1":
            self._later += later
        return order

    @property
    def orders(self) -> tuple[OrderRecord, ...]:
        """What must become of each order, as things are now."""
        self._catch_up()
        return tuple(self._record(order) for order in self._orders.values())

    @property
    def shop_orders(self) -> tuple[ShopOrder, ...]:
        """The orders as the vendor keeps them."""
        return tuple(self._orders.values())

    def change(self, number: str, status: str = "", *, quantity: int = 0, **fields: Any) -> None:
        """Change an order now: its status, its first line's quantity (amounts follow), any field of its own."""
        now = self.clock.now()
        order = next(order for order in self._orders.values() if order.number == number)
        order.fields.update(fields)
        order.happen(now, "order", "updated")
        if quantity:
            order.requantify(quantity, now)
        if status:
            order.move(status, now)

    def script(self, operation: str, *bodies: Json) -> None:
        """Answer the next calls of an operation with these bodies and 200, whatever is asked."""
        self._scripted.setdefault(operation, []).extend(bodies)

    def change_pending(self) -> None:
        """Let everything that waits move on at once, as a day does: payments come in, buyers cancel, parcels leave."""
        now = self.clock.now()
        self._later = [replace(each, at=min(each.at, now)) for each in self._later]
        self._catch_up()

    def place(self) -> str:
        """Let a buyer place an order now. Gives its number."""
        return self._place(self.clock.now()).number

    def remove(self, number: str) -> None:
        """Let the shopkeeper delete an order."""
        self._orders = {key: order for key, order in self._orders.items() if order.number != number}

    def add_order(self, body: bytes | str) -> str:
        """Add an order as the vendor's own JSON (the single order, with or without envelope). Gives its number."""
        told: Json = NUMBERS.decode(body)
        told = told.get("order", told)
        below = {name: _embedded(told.pop(name, None)) for name in answers.HANGING}
        customer = told.pop("customer", False)
        told["customer"] = customer["resource"]["id"] if customer else False
        order = ShopOrder(told, below["products"], below["invoices"], below["events"])
        self._orders[order.id] = order
        return order.number

    async def _post_order(self, request: Request) -> Response:
        try:
            return answers.answer({"number": self.add_order(await request.body())}, 201)
        except (msgspec.DecodeError, KeyError, TypeError) as invalid:
            return Response(str(invalid), 400)

    async def _put_order(self, request: Request) -> Response:
        number = str(request.path_params["number"])
        if all(order.number != number for order in self._orders.values()):
            return Response("unknown order", 404)
        self.change(number, **msgspec.json.decode(await request.body(), type=dict[str, Any]))
        return Response(status_code=204)

    def _record(self, order: ShopOrder) -> OrderRecord:
        fields = order.fields
        status = fields["status"]
        on_account = status == "processing_awaiting_payment" and bool(fields.get("paymentIsPost"))
        return OrderRecord(
            number=order.number,
            released=status in RELEASING or on_account,
            cancelled=status == "cancelled",
            skipped=False,
            expected_total=fields["priceIncl"],
            currency=self._about.currency,
        )

    def _catch_up(self) -> None:
        now = self.clock.now()
        for each in sorted((later for later in self._later if later.at <= now), key=lambda later: later.at):
            if each.order in self._orders:
                self._orders[each.order].move(each.status, each.at)
        self._later = [later for later in self._later if later.at > now]

    def meters(self, operation: str, request: Request) -> Sequence[Meter]:
        """See :class:`koppel.sandbox.Sandbox`. Every call with a key counts, whatever becomes of it."""
        del operation
        key = _login(request.headers.get("authorization", ""))[0]
        return self._meters.of(key) if key else ()

    def throttled(self, operation: str, wait: float) -> Response:
        """See :class:`koppel.sandbox.Sandbox`."""
        del operation
        response = answers.answer({"error": {"code": 429, "method": "GET", "request": "", "message": "Too many."}}, 429)
        kind = self._switches.get("retry_after")
        if kind == "seconds":
            response.headers["Retry-After"] = str(int(wait) + 1)
        if kind == "date":
            until = (self.clock.now() + timedelta(seconds=wait + 1)).astimezone(UTC)
            response.headers["Retry-After"] = f"{until:%a, %d %b %Y %H:%M:%S} GMT"
        return response

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI application: the limit headers go with every answer, errors too [fact sheet 4]."""
        if scope["type"] != "http" or scope["path"].startswith("/_sandbox"):
            await super().__call__(scope, receive, send)
            return
        key = _login(Request(scope).headers.get("authorization", ""))[0]

        async def with_limits(message: Message) -> None:
            if message["type"] == "http.response.start" and key:
                told = [(name.lower().encode(), value.encode()) for name, value in self._meters.headers(key).items()]
                message = {**message, "headers": [*message["headers"], *told]}
            await send(message)

        await super().__call__(scope, receive, with_limits)

    def _guard(self, name: str, scope: str, handler: Guarded) -> Callable[[Request], Any]:
        """Sign-in, right, language, then the faults that a shop has by itself."""

        async def guarded(request: Request) -> Response:
            if _login(request.headers.get("authorization", "")) != (KEY, SECRET):
                return answers.error(request, 401, "Could not authenticate you.")
            if scope and scope not in self._about.rights:
                return answers.error(request, 403, "You have no access to this resource.")
            if request.path_params["language"] not in self._about.languages:
                return answers.error(request, 404, "Unknown or inactive language.")
            self._answers += 1
            every = int(self._switches.get("body_errors", "0"))
            if every and self._answers % every == 0:
                return answers.error(request, 500, "Something went wrong.", inside=True)
            self._catch_up()
            if self._scripted.get(name):
                return answers.answer(self._scripted[name].pop(0))
            return handler(request)

        return guarded

    def _list_orders(self, request: Request) -> Response:
        query = request.query_params
        asked, number = int(query.get("limit", "50")), int(query.get("page", "1"))
        if asked > int(self._switches.get("heavy", "250")):
            return _time_out()
        chosen = self._chosen(request)
        if isinstance(chosen, Response):
            return chosen
        shown = page(chosen, query, largest=int(self._switches.get("largest", "250")))
        if number > int(self._switches.get("deep", "1000000")):
            shown = []
        body = {"orders": [self._unsettled(answers.row(order, query.get("fields"))) for order in shown]}
        if self.moving:
            self.moving -= 1
            self.place()
        self.after_page(number)
        return answers.answer(body)

    def _count_orders(self, request: Request) -> Response:
        chosen = self._chosen(request)
        return chosen if isinstance(chosen, Response) else answers.answer({"count": len(chosen)})

    def _chosen(self, request: Request) -> list[ShopOrder] | Response:
        try:
            return select(self._orders.values(), request.query_params, self._zone)
        except ValueError:
            return answers.error(request, 400, "Invalid date.")

    def _get_order(self, request: Request) -> Response:
        order = self._found(request)
        if order is None:
            return answers.error(request, 404, "Not found.")
        if order.id in self.broken:
            return _time_out()
        body = self._unsettled(answers.single(order, embed=self._switches.get("embed") != "0"))
        products = body["products"]["resource"]
        if "embedded" in products:
            products["embedded"] = [self._unsettled(line) for line in products["embedded"]]
        return answers.answer({"order": body})

    def _get_lines(self, request: Request) -> Response:
        order = self._found(request)
        if order is None:
            return answers.error(request, 404, "Not found.")
        return answers.answer({"orderProducts": [self._unsettled(line) for line in order.lines]})

    def _found(self, request: Request) -> ShopOrder | None:
        order = self._orders.get(request.path_params["id"])
        hidden = timedelta(seconds=float(self._switches.get("not_found", "0")))
        return order if order is not None and self.clock.now() - order.updated >= hidden else None

    def _unsettled(self, body: Json) -> Json:
        if self._switches.get("odd") == "0":
            return body
        return answers.unsettle(body, Random(f"{self.options.seed}/{body.get('id')}"))  # noqa: S311 - repeatable

    def _other(self, request: Request) -> Response:
        return answers.error(request, 404, "Not found.")


def _time_out() -> Response:
    return Response("<html><body>504 Gateway Time-out</body></html>", 504, media_type="text/html")


def _embedded(reference: Any) -> list[Json]:
    return (reference["resource"].get("embedded") or []) if reference else []


def _login(header: str) -> tuple[str, str]:
    scheme, _, coded = header.partition(" ")
    if scheme.casefold() != "basic":
        return "", ""
    try:
        key, _, secret = b64decode(coded, validate=True).decode().partition(":")
    except ValueError:
        return "", ""
    return key, secret


def sandbox_settings(url: str) -> dict[str, Any]:
    """Settings that work against a sandbox at this address."""
    return {"api_key": KEY, "api_secret": SECRET, "endpoint": url}
