"""The REST side: sessions, lists, creates, in the vendor's shapes."""

import re
from collections.abc import Awaitable, Callable, Mapping
from decimal import Decimal
from itertools import count
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from koppel.clock import Clock
from koppel_eboekhouden.sandbox import seed
from koppel_eboekhouden.sandbox.books import Books
from koppel_eboekhouden.sandbox.filters import page
from koppel_eboekhouden.sandbox.refusal import Refusal

Handler = Callable[[Request], Awaitable[Response]]
Row = dict[str, Any]
_SOURCE = re.compile(r"[\w_ ]{1,10}", re.ASCII)
_decode = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal).decode
_encode = msgspec.json.Encoder(decimal_format="number").encode
_THIN = {
    "relation": ("id", "type", "code"),
    "mutation": ("id", "type", "date", "invoiceNumber", "ledgerId", "amount", "entryNumber"),
}
_FILTERS = {
    "relation": {name: name for name in ("code", "type", "name", "contact", "city")} | {"email": "emailAddress"},
    "invoice": {name: name for name in ("invoiceNumber", "relationId", "date")},
    "mutation": {name: name for name in ("type", "id", "description", "invoiceNumber", "date")},
    "ledger": {name: name for name in ("code", "category")},
    "costcenter": {"parentId": "parentId", "description": "description"},
    "invoicetemplate": {"name": "name", "type": "type"},
    "mutation/invoice/outstanding": {"invoiceNumber": "invoiceNumber"},
}


class Rest:
    """Handlers of `/v1`."""

    def __init__(self, books: Books, clock: Clock, switches: Mapping[str, str]) -> None:
        self._books = books
        self._clock = clock
        self._switches = switches
        self._life = int(switches.get("expires_in", "3600"))
        self._sessions: dict[str, float] = {}
        self._numbers = count(1)

    def routes(self) -> list[tuple[str, str, str, Handler]]:
        """Name, method, path, handler. Lists come before what has an id in its path."""
        books = self._books
        lists: dict[str, Callable[[], list[Row]]] = {
            "mutation/invoice/outstanding": books.open_items,
            "relation": lambda: books.relations,
            "invoice": lambda: books.invoices,
            "mutation": lambda: books.mutations,
            "ledger": lambda: books.ledgers,
            "costcenter": lambda: books.cost_centres,
            "invoicetemplate": lambda: books.templates,
        }
        found = [
            ("POST session", "POST", "/v1/session", self._start),
            ("DELETE session", "DELETE", "/v1/session", self._end),
            ("GET administration", "GET", "/v1/administration", self._signed(self._accountants)),
        ]
        found += [
            (f"GET {name}", "GET", f"/v1/{name}", self._signed(self._list(name, rows))) for name, rows in lists.items()
        ]
        found += [
            (f"GET {name}/id", "GET", f"/v1/{name}/{{id}}", self._signed(self._one(lists[name])))
            for name in ("relation", "invoice", "mutation", "ledger")
        ]
        for name, make in (
            ("relation", books.add_relation),
            ("invoice", books.add_invoice),
            ("mutation", books.add_mutation),
        ):
            found.append((f"POST {name}", "POST", f"/v1/{name}", self._signed(self._make(name, make))))
        return found

    # --- sessions ---

    async def _start(self, request: Request) -> Response:
        try:
            self._admit(await _body(request))
        except Refusal as refusal:
            return self._no(refusal)
        token = f"sandbox-session-{next(self._numbers):06}"
        self._sessions[token] = self._clock.monotonic() + self._life
        return _yes({"token": token, "expiresIn": self._life})

    def _admit(self, body: Row) -> None:
        source = body.get("source")
        if not source:
            raise Refusal("API_SESSION_001", "Source is missing.", "source")
        if not _SOURCE.fullmatch(str(source)):
            raise Refusal("API_SESSION_002", "Source does not match pattern.", "source")
        if not body.get("accessToken"):
            raise Refusal("API_SESSION_003", "Access token is missing or empty.", "accessToken")
        if self._switches.get("token") == "expired":
            raise Refusal("API_SESSION_004", "Access token has expired.", "accessToken")
        if body["accessToken"] != seed.TOKEN:
            raise Refusal("SECURITY_999", "Geen toegang.", status=int(self._switches.get("wrong_token", "403")))
        account = self._switches.get("account")
        if account:
            raise Refusal(account, "Geen toegang tot de administratie.", status=403)

    async def _end(self, request: Request) -> Response:
        known = self._sessions.pop(_token(request), None)
        return Response(status_code=401 if known is None else 204)

    def _signed(self, handler: Handler) -> Handler:
        async def signed(request: Request) -> Response:
            if self._sessions.get(_token(request), 0.0) <= self._clock.monotonic():
                return Response(status_code=401)
            try:
                return await handler(request)
            except Refusal as refusal:
                return self._no(refusal)

        return signed

    # --- resources ---

    async def _accountants(self, request: Request) -> Response:
        del request
        raise Refusal("EP_001", "Alleen voor accountants.")

    def _list(self, name: str, rows: Callable[[], list[Row]]) -> Handler:
        async def listed(request: Request) -> Response:
            query = request.query_params.multi_items()
            if name.endswith("outstanding") and dict(query).get("credDeb") != "D":
                raise Refusal("MUTA_007" if "credDeb" in dict(query) else "MUTA_006", "C of D.", "credDeb")
            if self._switches.get("id_filter") == "ignored":
                query = [(key, value) for key, value in query if not key.startswith("id[")]
            thin = _THIN.get(name)
            found = page(rows(), query, _FILTERS[name], shuffle=self._switches.get("order") == "shuffle")
            if thin:
                found["items"] = [{key: row.get(key) for key in thin} for row in found["items"]]
            found["items"] = [{**row, "fieldOfTomorrow": True} for row in found["items"] if "items" not in row] + [
                {key: value for key, value in row.items() if key not in ("items", "inExVat")}
                for row in found["items"]
                if "items" in row
            ]
            if not found["items"] and self._switches.get("empty") == "null":
                found["items"] = None
            return _yes(found)

        return listed

    def _one(self, rows: Callable[[], list[Row]]) -> Handler:
        async def one(request: Request) -> Response:
            wanted = request.path_params["id"]
            for row in rows():
                if str(row["id"]) == wanted and row["id"]:
                    return _yes({key: value for key, value in row.items() if value not in (None, "")})
            raise Refusal("MUT_300", "Niet gevonden.", status=404)

        return one

    def _make(self, name: str, make: Callable[[Row], Row]) -> Handler:
        async def made(request: Request) -> Response:
            body = await _body(request)
            limit = self._switches.get("trial")
            if limit is not None and name != "relation" and len(self._books.mutations) >= int(limit):
                raise Refusal("MODULE_001", "De limiet van de proefperiode is bereikt.", status=403)
            row = make(body)
            told = {key: row[key] for key in ("id", "code", "invoiceNumber", "inExVat") if key in row}
            return _yes(told if name == "invoice" else {key: told[key] for key in ("id", "code") if key in told}, 201)

        return made

    def _no(self, refusal: Refusal) -> Response:
        body = refusal.body(self._switches.get("errors", "list"), self._switches.get("codes", ""))
        return JSONResponse(body, refusal.status)


async def _body(request: Request) -> Row:
    try:
        return _decode(await request.body())
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Refusal("DATA_01", "Geen inhoud.") from error


def _token(request: Request) -> str:
    return request.headers.get("authorization", "").removeprefix("Bearer ").strip()


def _yes(body: Any, status: int = 200) -> Response:
    return Response(_encode(body), status, media_type="application/json")
