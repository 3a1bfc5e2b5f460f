"""A simulator of Exact Online: what `koppel demo`, the tests and a third party's developer run against."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from decimal import Decimal
from functools import partial

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from koppel.sandbox import Entry, Meter, Options, Sandbox
from koppel_exact.sandbox import intake, relations, seed
from koppel_exact.sandbox.atom import as_atom, wants_json
from koppel_exact.sandbox.books import Books, Row
from koppel_exact.sandbox.ledger import Ledger
from koppel_exact.sandbox.limits import ErrorBlocks, Quota
from koppel_exact.sandbox.listing import View, emptied, listed, render, selected
from koppel_exact.sandbox.oauth import OAuth
from koppel_exact.sandbox.schema import BULK, READ_ONLY, RESOURCES, SYNC, Resource
from koppel_exact.sandbox.wording import GENERIC, Rejected, business, error_body

_JSON = msgspec.json.Encoder(decimal_format="number")
_KINDS = {
    "crm/Accounts": "customer",
    "crm/Contacts": "contact",
    "crm/Addresses": "address",
    "logistics/Items": "article",
    "salesorder/SalesOrders": "booking",
    "salesinvoice/SalesInvoices": "booking",
    "salesentry/SalesEntries": "booking",
}
Answer = Callable[[Request, Books], Awaitable[Response]]


class ExactSandbox(Sandbox):
    """Exact Online with one app, one user and one division.

    Switches: ``language`` nl (default) or en; ``years`` book years, comma separated (default: last and this year);
    ``closed`` periods as `2026-01`; ``per_minute`` and ``per_day``; ``no_scope`` a scope that the app lacks
    (`crm.accounts`); ``consent`` = standing takes the first refresh token every time, as if the user had agreed again;
    ``no_right`` an endpoint that the user may not use; ``silent_drop`` = yes loses entry lines with
    an unknown ledger; ``one_at_a_time`` = yes answers overlapping calls with a 500, as proof that there are none.
    """

    def __init__(self, options: Options) -> None:
        super().__init__("exact", options)
        switches = options.switches
        self.language = switches.get("language", "nl")
        self.books = Books(seed.DIVISION, self.clock, options.seed)
        this_year = self.books.now().year
        years = switches.get("years", f"{this_year - 1},{this_year}")
        seed.fill(self.books, [int(year) for year in years.split(",")])
        self.ledger = Ledger(self.books)
        self.ledger.silent_drop = switches.get("silent_drop") == "yes"
        for period in filter(None, switches.get("closed", "").split(",")):
            year, _, month = period.partition("-")
            self.ledger.closed.add((int(year), int(month)))
        self.oauth = OAuth(self.clock, standing=switches.get("consent") == "standing")
        self.errors = ErrorBlocks(self.clock)
        self.quota = Quota(self.clock, int(switches.get("per_minute", "60")), int(switches.get("per_day", "5000")))
        self.overlaps = 0
        self._running = 0
        self._register()

    # --- frame ---

    def _register(self) -> None:
        self.operation("consent", "GET", "/api/oauth2/auth", self.oauth.consent)
        self.operation("token", "POST", "/api/oauth2/token", self.oauth.token)
        self.operation("GET current/Me", "GET", "/api/v1/current/Me", self._guarded("current/Me", "", self._me))
        rights = self._guarded("users/UserHasRights", "organization.administration", self._rights)
        self.operation("GET users/UserHasRights", "GET", "/api/v1/{division:int}/users/UserHasRights", rights)
        for path, resource in RESOURCES.items():
            self._route("GET", path, "", resource, self._list)
            self._route("GET", path, "({key})", resource, self._one)
            self._route("GET", path, "/$count", resource, self._count)
            if path not in READ_ONLY:
                self._route("POST", path, "", resource, self._create)
                self._route("PUT", path, "({key})", resource, self._change)
                self._route("DELETE", path, "({key})", resource, self._delete)
        for path, twin in {**SYNC, **BULK}.items():
            self._route("GET", path, "", RESOURCES[twin], partial(self._list, path=path))

    def _route(
        self, method: str, path: str, suffix: str, resource: Resource, answer: Callable[..., Awaitable[Response]]
    ) -> None:
        address = f"/api/v1/{{division:int}}/{path}{suffix}"
        handler = self._guarded(path, resource.scope, partial(answer, resource))
        self.operation(f"{method} {path}", method, address, handler)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Notices calls of the division that overlap: the vendor keeps no order among them [2]."""
        counted = str(scope.get("path", "")).startswith(f"/api/v1/{self.books.number}/")
        self._running += counted
        self.overlaps += counted and self._running > 1
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._running -= counted

    def meters(self, operation: str, request: Request) -> Sequence[Meter]:
        """Only addresses with a division count [4]."""
        del operation
        return (self.quota.minute, self.quota.day) if "division" in request.path_params else ()

    def throttled(self, operation: str, wait: float) -> Response:
        """An empty 429 with only the headers of the limit that was hit."""
        del operation, wait
        headers = self.quota.headers(only_exhausted=True)
        if not headers:  # a fault on demand, although no limit was hit
            headers = {name: value for name, value in self.quota.headers().items() if "Minutely" in name}
            headers["X-RateLimit-Minutely-Remaining"] = "0"
        return Response(status_code=429, headers=headers)

    def unavailable(self, operation: str, status: int) -> Response:
        """The genuine fault (500), and the gateway's page."""
        if status == 500:
            return error_body(500, GENERIC)
        return super().unavailable(operation, status)

    def _guarded(self, endpoint: str, scope: str, answer: Answer) -> Callable[[Request], Awaitable[Response]]:
        async def handler(request: Request) -> Response:
            if self.errors.blocked(endpoint):
                return Response(status_code=429)
            try:
                self._admit(request, endpoint, scope)
                response = await answer(request, self.books)
            except Rejected as refused:
                response = self._refused(refused)
            self.errors.note(endpoint, response.status_code)
            if "division" in request.path_params:
                response.headers.update(self.quota.headers())
            return response

        return handler

    def _refused(self, refused: Rejected) -> Response:
        if refused.status == 401:
            return Response(status_code=401)
        return error_body(refused.status, refused.said(self.language))

    def _admit(self, request: Request, endpoint: str, scope: str) -> None:
        if not self.oauth.valid(request.headers.get("authorization", "")):
            raise Rejected(401)
        if request.path_params.get("division", self.books.number) != self.books.number:
            raise Rejected(403, "Forbidden")
        if scope and scope == self.options.switches.get("no_scope"):
            verb = "read" if request.method == "GET" else "manage"
            raise Rejected(403, f"Forbidden - Application Scope Violated. Cannot {verb} '{scope}' scope.")
        if request.method != "GET" and endpoint == self.options.switches.get("no_right"):
            raise Rejected(403, "Forbidden")
        if self._running > 1 and self.options.switches.get("one_at_a_time") == "yes":
            raise Rejected(500, GENERIC)

    def _shown(self, request: Request, body: object, status: int = 200) -> Response:
        if wants_json(request.headers.get("accept", "")):
            return Response(_JSON.encode(body), status, media_type="application/json")
        return Response(as_atom(body), status, media_type="application/atom+xml")

    # --- reading ---

    async def _me(self, request: Request, books: Books) -> Response:
        me = {"CurrentDivision": books.number, "LanguageCode": "en-US" if self.language == "en" else "nl-NL"}
        return self._shown(request, {"d": {"results": [me]}})

    async def _rights(self, request: Request, books: Books) -> Response:
        del books
        endpoint = request.query_params.get("endpoint", "").strip("'")
        allowed = endpoint != self.options.switches.get("no_right")
        return self._shown(request, {"d": {"UserHasRights": allowed}})

    async def _list(self, resource: Resource, request: Request, books: Books, *, path: str = "") -> Response:
        view = View(
            resource=resource,
            base=_base(request),
            path=path or resource.path,
            sync=path in SYNC,
            bulk=path in BULK,
        )
        hidden = resource.path == self.options.switches.get("no_right")
        return self._shown(request, listed(view, [] if hidden else books.rows[resource.path], request.query_params))

    async def _one(self, resource: Resource, request: Request, books: Books) -> Response:
        row = _keyed(resource, request, books)
        view = View(resource=resource, base=_base(request), path=resource.path)
        columns = selected(view, request.query_params)
        expand = request.query_params.get("$expand", "")
        return self._shown(request, {"d": render(resource, row, view.base, columns, expand)})

    async def _count(self, resource: Resource, request: Request, books: Books) -> Response:
        view = View(resource=resource, base=_base(request), path=resource.path, bulk=True)
        query = request.query_params
        if "$filter" in query:
            listed(View(resource=resource, base=view.base, path=view.path), [], query)
        return Response(str(len(books.rows[resource.path])), media_type="text/plain")

    # --- writing ---

    async def _create(self, resource: Resource, request: Request, books: Books) -> Response:
        row = intake.parse(await request.body(), resource)
        row[resource.key] = books.new_id()
        makers: Mapping[str, Callable[[Row], Row]] = {
            "crm/Accounts": partial(relations.add_account, books),
            "crm/Contacts": partial(relations.add_contact, books),
            "crm/Addresses": partial(relations.add_address, books),
            "logistics/Items": partial(relations.add_item, books),
            "salesorder/SalesOrders": self.ledger.add_order,
            "salesinvoice/SalesInvoices": self.ledger.add_invoice,
            "salesentry/SalesEntries": self.ledger.add_entry,
        }
        kept = makers[resource.path](row)
        if kept is row or kept[resource.key] == row[resource.key]:
            self._note(resource, kept)
        body = render(resource, kept, _base(request), None)
        if "return=representation" not in request.headers.get("prefer", ""):
            body = emptied(body, resource.key)
        return self._shown(request, {"d": body}, 201)

    def _note(self, resource: Resource, row: Row) -> None:
        reference = row.get("YourRef") or row.get("Email") or row.get("Code") or row.get("Name") or row.get("FullName")
        amount = row.get("AmountFC")
        self.journal.entries.append(
            Entry(
                at=self.clock.now(),
                kind=_KINDS[resource.path],
                reference=str(reference or row.get("AddressLine1") or "").strip(),
                id=str(row[resource.key]),
                amount=amount if isinstance(amount, Decimal) else None,
                currency=str(row.get("Currency") or "EUR"),
            )
        )

    async def _change(self, resource: Resource, request: Request, books: Books) -> Response:
        row = _keyed(resource, request, books)
        changes = intake.parse(await request.body(), resource, partial=True)
        if row.get("Status") not in (None, "A", "C", "P", "S", 12, 20):
            raise business("processed")
        row.update(changes)
        books.touch(row)
        return Response(status_code=204)

    async def _delete(self, resource: Resource, request: Request, books: Books) -> Response:
        row = _keyed(resource, request, books)
        books.rows[resource.path].remove(row)
        self.journal.entries[:] = [entry for entry in self.journal.entries if entry.id != row[resource.key]]
        return Response(status_code=204)


def _base(request: Request) -> str:
    return f"{request.base_url}api/v1/{request.path_params['division']}"


def _keyed(resource: Resource, request: Request, books: Books) -> Row:
    key = str(request.path_params["key"]).removeprefix("guid").strip("'")
    found = books.find(resource.path, resource.key, int(key) if key.isdecimal() else key)
    if found is None:
        raise Rejected(404, "Resource not found for the segment.")
    return found
