"""The application: addresses, sign-in, limits, and what goes into the journal [fact sheet 11]."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from koppel.sandbox import Entry, Meter, Options, Sandbox, WindowMeter
from koppel_snelstart import tables
from koppel_snelstart.sandbox import articles, body, bookings, models, odata, orders, rates, relations
from koppel_snelstart.sandbox.body import Body
from koppel_snelstart.sandbox.books import Books, Record
from koppel_snelstart.sandbox.refusal import Refusal, gateway
from koppel_snelstart.sandbox.seed import CLIENT_KEYS, SUBSCRIPTION_KEYS
from koppel_snelstart.sandbox.signin import SignIn

_ENCODER = msgspec.json.Encoder(decimal_format="number")
_LISTS = {
    "listRelations": ("/relaties", "relations"),
    "listArticles": ("/artikelen", "articles"),
    "listLedgers": ("/grootboeken", "ledgers"),
    "listInvoices": ("/verkoopfacturen", "invoices"),
    "listOrders": ("/verkooporders", "orders"),
    "listCountries": ("/landen", "countries"),
    "listArticleGroups": ("/artikelomzetgroepen", "groups"),
    "listTemplates": ("/verkoopordersjablonen", "templates"),
    "listJournals": ("/dagboeken", "journals"),
    "listCostCentres": ("/kostenplaatsen", "centres"),
}
_READ_BY_ID = {
    "getRelation": ("/relaties/{id}", "relations"),
    "getBooking": ("/verkoopboekingen/{id}", "bookings"),
    "getInvoice": ("/verkoopfacturen/{id}", "invoices"),
    "getOrder": ("/verkooporders/{id}", "orders"),
    "getArticle": ("/artikelen/{id}", "articles"),
    "getLedger": ("/grootboeken/{id}", "ledgers"),
}
_SCOPES_BY_ID = {
    "getBooking": "boekhouden:read",
    "getInvoice": "orders:read",
    "getOrder": "orders:read",
    "getArticle": "artikelen:read",
    "getLedger": "boekhouden:read",
}

Work = Callable[[Books, Request], Awaitable[tuple[int, Any]]]


def sandbox_settings(url: str) -> Mapping[str, Any]:
    """Settings that work against a sandbox at this address."""
    return {
        "subscription_key": SUBSCRIPTION_KEYS[0],
        "client_key": next(iter(CLIENT_KEYS.values())),
        "endpoint": f"{url}/v2",
        "token_url": f"{url}/b2b/token",
        "foreign_article_vat": "Hoog",
    }


class SnelStartSandbox(Sandbox):
    """SnelStart's API v2 with two administrations.

    Switches: ``product`` (``ontwikkeling-en-test``: 100/1,000/5 instead of 500/5,000/50), ``throttle`` (``bare``: no
    Retry-After; ``quota``: 403), ``oss=0``, ``oss_country=strict`` (function 84 only for relations abroad: not
    documented), ``codes=numeric``, ``code_length``, ``prices=incl``, ``year``, ``blocked_until`` (a day),
    ``article_cap`` (rows a page of /artikelen, silently), ``case_sensitive=1``,
    ``no_function`` (a filter function that is refused), ``no_or=1`` (filters of one condition only), ``order_filter``
    and ``invoice_filter`` (``refuse``, ``ignore``), ``page_cap`` (rows a page of other lists, silently), ``unstable=1``
    (another order at each call), ``visible_after`` (seconds until lists show a write), ``zone=UTC``, ``token_life``,
    ``scopes``, ``round_lines=1``, ``slow`` (seconds that every call takes), ``extra=1`` (unknown fields in answers).
    """

    def __init__(self, options: Options) -> None:
        super().__init__("snelstart", options)
        self.switches = options.switches
        self.administrations = [Books(name, self.clock, options.switches) for name in CLIENT_KEYS]
        self.sign_in = SignIn(self.clock, self.administrations, options.switches)
        self.quota = tables.QUOTAS[options.switches.get("product", "maatwerk")]
        self._meters: dict[str, Sequence[Meter]] = {
            books.name: (
                WindowMeter(self.clock, self.quota.per_minute, 60),
                WindowMeter(self.clock, self.quota.per_hour, 3600),
            )
            for books in self.administrations
        }
        self._calls = 0
        self._running = 0
        self.peak = 0
        self._register()

    @property
    def books(self) -> Books:
        """The administration that ``sandbox_settings`` leads to."""
        return self.administrations[0]

    def _register(self) -> None:
        self.operation("token", "POST", "/b2b/token", self._token)
        self._serve("echo", "GET", "/echo/{input}", None, self._echo)
        self._serve("getCompanyInfo", "GET", "/companyInfo", "settings:read", self._company)
        self._serve("listVatTariffs", "GET", "/btwtarieven", "settings:read", self._tariffs)
        self._serve("listVatRates", "GET", "/vatrates", "settings:read", self._vat_rates)
        for operation, (path, table) in _LISTS.items():
            self._serve(operation, "GET", path, tables.SCOPES[operation], self._listing(operation, table))
        for operation, (path, table) in _READ_BY_ID.items():
            scope = tables.SCOPES.get(operation) or _SCOPES_BY_ID[operation]
            self._serve(operation, "GET", path, scope, self._by_id(table))
        self._serve("createRelation", "POST", "/relaties", "relaties:write", self._create_relation)
        self._serve("createArticle", "POST", "/artikelen", "artikelen:write", self._create_article)
        self._serve("createBooking", "POST", "/verkoopboekingen", "boekhouden:write", self._create_booking)
        self._serve("createOrder", "POST", "/verkooporders", "orders:write", self._create_order)

    def _serve(self, operation: str, method: str, path: str, scope: str | None, work: Work) -> None:
        async def handle(request: Request) -> Response:
            self._running += 1
            self.peak = max(self.peak, self._running)
            try:
                if self._running > self.quota.concurrent and self.options.limits:
                    return self.throttled(operation, 1.0)
                status, answer = await work(self.sign_in.admit(request, scope), request)
                await self.clock.sleep(float(self.switches.get("slow", "0")))
            except Refusal as refusal:
                return _response(refusal.status, refusal.body)
            finally:
                self._running -= 1
            return _response(status, answer)

        self.operation(operation, method, f"/v2{path}", handle)

    def meters(self, operation: str, request: Request) -> Sequence[Meter]:
        """Counted per administration."""
        books = self.sign_in.books(request)
        return self._meters[books.name] if books and operation != "token" else ()

    def throttled(self, operation: str, wait: float) -> Response:
        """As Azure API Management does it; the switch ``throttle`` chooses a variant."""
        del operation
        seconds = int(wait) + 1
        variant = self.switches.get("throttle")
        if variant == "quota":
            clock = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
            refusal = gateway(403, f"Out of call volume quota. Quota will be replenished in {clock}.")
        else:
            refusal = gateway(429, f"Rate limit is exceeded. Try again in {seconds} seconds.")
        response = _response(refusal.status, refusal.body)
        if not variant:
            response.headers["Retry-After"] = str(seconds)
        return response

    async def _token(self, request: Request) -> Response:
        if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            return _response(400, {"error": "invalid_request"})
        form = dict(parse_qsl((await request.body()).decode("ascii", "replace")))
        try:
            return _response(200, self.sign_in.token(form))
        except Refusal as refusal:
            return _response(refusal.status, refusal.body)

    async def _echo(self, books: Books, request: Request) -> tuple[int, Any]:
        del books
        return 200, request.path_params["input"]

    async def _company(self, books: Books, request: Request) -> tuple[int, Any]:
        del request
        return 200, self._decorated(books.company)

    async def _tariffs(self, books: Books, request: Request) -> tuple[int, Any]:
        del books, request
        return 200, [
            {
                "btwSoort": kind,
                "btwPercentage": Decimal(rate),
                "datumVanaf": f"{first}T00:00:00",
                "datumTotEnMet": f"{last}T00:00:00",
            }
            for kind, rate, first, last in rates.TARIFFS
        ]

    async def _vat_rates(self, books: Books, request: Request) -> tuple[int, Any]:
        del books, request
        return 200, [
            {
                "countryCode": three,
                "vatRates": [
                    {"rateCode": code, "rate": rate, "validFrom": f"{since}T00:00:00"} for code, rate, since in entries
                ],
            }
            for three, entries in rates.EU.values()
        ]

    def _listing(self, operation: str, table: str) -> Work:
        async def work(books: Books, request: Request) -> tuple[int, Any]:
            visible = self.clock.monotonic() - float(self.switches.get("visible_after", "0"))
            rows = [record for record in books.records[table] if record["_at"] <= visible]
            self._calls += 1
            if self.switches.get("unstable") == "1" and rows:
                turn = self._calls % len(rows)
                rows = [*rows[turn:], *rows[:turn]]
            if operation in models.TYPES:
                rows = self._queried(operation, rows, request)
            return 200, [self._decorated(record) for record in rows]

        return work

    def _queried(self, operation: str, rows: Iterable[Record], request: Request) -> list[Record]:
        params = request.query_params
        if where := params.get("$filter", ""):
            rows = self._filtered(operation, rows, where)
        cap = int(self.switches.get("article_cap" if operation == "listArticles" else "page_cap", tables.PAGE))
        top = min(_number(params.get("$top"), cap), cap)
        skip = _number(params.get("$skip"), 0)
        return list(rows)[skip : skip + top]

    def _filtered(self, operation: str, rows: Iterable[Record], where: str) -> Iterable[Record]:
        name, model = models.TYPES[operation]
        dialect = odata.Dialect(
            name,
            model,
            case_sensitive=self.switches.get("case_sensitive") == "1",
            functions=frozenset({"substringof", "startswith", "endswith"}) - {self.switches.get("no_function", "")},
        )
        matches = odata.compile_filter(where, dialect)
        if self.switches.get("no_or") == "1" and " or " in where:
            raise odata.unsupported("or", name)
        for listing, own, switch in (
            ("listOrders", "Orderreferentie", "order_filter"),
            ("listInvoices", "Factuurnummer", "invoice_filter"),
        ):
            if operation == listing and (how := self.switches.get(switch)) and own in where:
                if how == "ignore":
                    return rows
                raise odata.unsupported(own, name)
        return [record for record in rows if matches(record)]

    def _by_id(self, table: str) -> Work:
        async def work(books: Books, request: Request) -> tuple[int, Any]:
            record = books.by_id(table, request.path_params["id"])
            if record is None or record.get("nonactief"):
                raise Refusal(404)
            return 200, self._decorated(record)

        return work

    async def _create_relation(self, books: Books, request: Request) -> tuple[int, Any]:
        made = relations.create(books, await _body(request))
        self._note("customer", made["email"] or made["naam"], made)
        return 201, self._decorated(made)

    async def _create_article(self, books: Books, request: Request) -> tuple[int, Any]:
        made = articles.create(books, await _body(request))
        self._note("article", made["artikelcode"], made)
        return 201, self._decorated(made)

    async def _create_booking(self, books: Books, request: Request) -> tuple[int, Any]:
        made, _ = bookings.create(books, await _body(request))
        self._note("booking", made["factuurnummer"], made, made["factuurbedrag"])
        return 201, self._decorated(made)

    async def _create_order(self, books: Books, request: Request) -> tuple[int, Any]:
        made = orders.create(books, await _body(request), round_lines=self.switches.get("round_lines") == "1")
        self._note("order", made["orderreferentie"] or "", made, made["totaalInclusiefBtw"])
        return 201, self._decorated(made)

    def _note(self, kind: str, reference: str, record: Record, amount: Decimal | None = None) -> None:
        entry = Entry(at=self.clock.now(), kind=kind, reference=reference, id=record["id"], amount=amount)
        self.journal.entries.append(entry)

    def _decorated(self, record: Mapping[str, Any]) -> dict[str, Any]:
        shown = {key: value for key, value in record.items() if not key.startswith("_")}
        if self.switches.get("extra") == "1":
            shown |= {"nieuwVeld": {"waarde": 1}, "nogEen": None}
        return shown


def _number(text: str | None, default: int) -> int:
    return int(text) if text and text.isdigit() else default


async def _body(request: Request) -> Body:
    return body.parse(await request.body())


def _response(status: int, answer: Any) -> Response:
    if answer is None:
        return Response(status_code=status)
    return Response(_ENCODER.encode(answer), status, media_type="application/json")
