"""The sandbox's doors: REST paths, rights, languages, limits."""

import random
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from koppel.clock import AMSTERDAM
from koppel.sandbox import Entry, Meter, Options, Sandbox, WindowMeter
from koppel_afas.sandbox import parties, sales
from koppel_afas.sandbox.books import Article, Books, Order, Relation
from koppel_afas.sandbox.door import CLIENT_ID, CLIENT_SECRET, Door
from koppel_afas.sandbox.envelopes import Element, elements
from koppel_afas.sandbox.failures import ProfitError
from koppel_afas.sandbox.fields import FIELDS
from koppel_afas.sandbox.query import select
from koppel_afas.sandbox.views import GET_CONNECTORS

BASE = "/ProfitRestServices"
QUERY_LENGTH = 2049
PARALLEL = 8
UPDATE_CONNECTORS = (
    "FbSales",
    "FbItemArticle",
    "KnSalesRelationPer",
    "KnSalesRelationOrg",
    "KnOrganisation",
    "KnPerson",
)
_ENCODER = msgspec.json.Encoder(decimal_format="number")
_TYPES = {"s": "string", "t": "string", "b": "boolean", "i": "int", "n": "decimal", "d": "date"}
Written = dict[str, str]


def sandbox_settings(url: str) -> Mapping[str, Any]:
    """Settings, secrets included, that work against the sandbox at this address."""
    return {
        "base_url": f"{url}{BASE}",
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "administration": 1,
        "journal": "70",
        "warehouse": "01",
        "payment_condition": "00",
        "summary_account": "1400",
        "vat_duty": "1",
        "vat_duty_ics": "2",
        "vat_duty_export": "3",
        "vat_duty_none": "4",
        "article_group": "900",
        "unit": "STK",
    }


class _Parallel(WindowMeter):
    """Counts calls that are in work at the same moment."""

    in_work = 0

    def take(self) -> float:
        """A second to wait for the ninth call."""
        return 1.0 if self.in_work > PARALLEL else 0.0


class AfasSandbox(Sandbox):
    """AFAS Profit, as the fact sheet tells.

    Switches: ``deny`` (connectors that are not granted, with commas) and ``deny_status`` (500 or 401), ``blocked`` (a
    GetConnector blocked for fair use), ``autonumber`` = ``off``, ``years`` (``2025-2027``), ``closed`` (``2025``),
    ``format`` = ``6`` (JSON as before Profit 7), ``token_seconds``, ``ip`` = ``refused``, ``no_field``
    (``Profit_Debtor.Email``).
    """

    def __init__(self, options: Options) -> None:
        super().__init__("afas", options)
        switches = options.switches
        this_year = options.clock.now().astimezone(AMSTERDAM).year
        first, _, last = switches.get("years", f"{this_year - 2}-{this_year + 1}").partition("-")
        closed = frozenset(int(year) for year in switches.get("closed", "").split(",") if year)
        self.books = Books(range(int(first), int(last) + 1), closed)
        self.door = Door(options.clock, switches)
        self._shuffle = random.Random(options.seed)  # noqa: S311 - a repeatable disorder, no secret
        self._parallel = _Parallel(options.clock, PARALLEL, 1.0)
        self.hidden: set[str] = set()
        """GetConnectors whose rows an authorisation filter hides from the app connector's user."""
        self._denied = {name for name in switches.get("deny", "").split(",") if name}
        self._routes_of_afas()

    def _routes_of_afas(self) -> None:
        self.operation("token", "POST", f"{BASE}/oauth/token", self.door.token)
        self.operation("metainfo", "GET", f"{BASE}/metainfo", self._guarded(self._metainfo))
        self.operation("metainfo.fields", "GET", f"{BASE}/metainfo/{{kind}}/{{name}}", self._guarded(self._fields))
        self.operation("ProfitVersion", "GET", f"{BASE}/ProfitVersion", self._guarded(self._version))
        for name in GET_CONNECTORS:
            self.operation(name, "GET", f"{BASE}/connectors/{name}", self._guarded(self._get, name))
        self._writes("FbSales", "POST", "FbSales", self._order_made)
        self._writes("FbSales.put", "PUT", "FbSales", self._order_changed)
        self._writes("FbSales.lines", "POST", "FbSales/FbSalesLines", self._lines_added)
        path = "FbSales/FbSales/{order_key}/{order}/FbSalesLines/{line_key}/{line}"
        self.operation("FbSales.delete", "DELETE", f"{BASE}/connectors/{path}", self._guarded(self._delete, "FbSales"))
        self._writes("FbItemArticle", "POST", "FbItemArticle", self._article_made)
        self._writes("FbItemArticle.put", "PUT", "FbItemArticle", self._article_changed)
        for person, name in ((True, "KnSalesRelationPer"), (False, "KnSalesRelationOrg")):
            self._writes(name, "POST", name, self._relation_made(person=person))
            self._writes(f"{name}.put", "PUT", name, self._relation_changed)
        for person, name in ((True, "KnPerson"), (False, "KnOrganisation")):
            self._writes(f"{name}.contact", "POST", f"{name}/KnContact", self._contact_made(person=person))

    def meters(self, operation: str, request: Request) -> Sequence[Meter]:
        """See :class:`koppel.sandbox.Sandbox`: AFAS counts calls at the same time only."""
        del request
        return () if operation == "token" else (self._parallel,)

    def throttled(self, operation: str, wait: float) -> Response:
        """Too much at once: what AFAS answers is not documented; its maintenance answer is taken."""
        del operation
        seconds = int(wait) + 1
        body = {"error": {"code": "503", "message": "Service temporarily unavailable."}, "retry_after": seconds}
        return _json(body, 503, {"Retry-After": str(seconds)})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI application; the fixed parts of paths are taken in any case."""
        if scope["type"] == "http":
            scope["path"] = re.sub(r"(?i)^/profitrestservices", BASE, scope["path"])
            scope["path"] = re.sub(r"(?i)(?<=^/ProfitRestServices)/metainfo", "/metainfo", scope["path"])
        self._parallel.in_work += 1
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._parallel.in_work -= 1

    def _guarded(
        self, handler: Callable[..., Awaitable[Response]], connector: str = ""
    ) -> Callable[[Request], Awaitable[Response]]:
        async def guarded(request: Request) -> Response:
            try:
                refusal = self.door.refuse(request)
                if refusal is not None:
                    return refusal
                if len(request.url.query) + 1 > QUERY_LENGTH:
                    return Response(status_code=404)
                if connector and (denied := self._denial(connector)):
                    return denied
                return await (handler(request, connector) if connector else handler(request))
            except ProfitError as error:
                return _json(error.body(request.headers.get("accept-language", "nl-nl")), 500)

        return guarded

    def _denial(self, connector: str) -> Response | None:
        if connector == self.options.switches.get("blocked"):
            raise ProfitError(
                "Deze GetConnector (definitie) is geblokkeerd.", "This GetConnector (definition) is blocked."
            )
        if connector not in self._denied:
            return None
        if self.options.switches.get("deny_status") == "401":
            return Response(status_code=401)
        raise ProfitError(
            "Deze connector wordt niet ondersteund of de gebruiker is niet geautoriseerd",
            "GetConnector not supported for this app or the user is not authorized",
        )

    async def _version(self, request: Request) -> Response:
        del request
        return _json({"version": "23.8.2"})

    async def _metainfo(self, request: Request) -> Response:
        del request
        granted = [each for each in GET_CONNECTORS.values() if each.id not in self._denied]
        updates = [name for name in UPDATE_CONNECTORS if name not in self._denied]
        info = {"envid": "O12345AA", "appName": "koppel", "group": "koppel", "tokenExpiry": "0"}
        return _json(
            {
                "updateConnectors": [{"id": name, "description": name} for name in updates],
                "getConnectors": [{"id": each.id, "description": each.description} for each in granted],
                "info": info,
            }
        )

    async def _fields(self, request: Request) -> Response:
        kind, name = request.path_params["kind"], request.path_params["name"]
        self._denial(name)
        if kind == "get" and name in GET_CONNECTORS:
            ids = self._visible(name)
            fields = [
                {
                    "id": field,
                    "fieldId": f"U{index:03}",
                    "dataType": GET_CONNECTORS[name].fields[field],
                    "label": field,
                    "length": 0,
                    "controlType": 1,
                    "decimals": 0,
                    "decimalsFieldId": "",
                }
                for index, field in enumerate(ids, 1)
            ]
            return _json({"name": name, "description": GET_CONNECTORS[name].description, "fields": fields})
        if kind == "update" and name in UPDATE_CONNECTORS:
            fields = [
                {
                    "fieldId": field,
                    "primaryKey": False,
                    "dataType": _TYPES[info.kind],
                    "label": field,
                    "mandatory": info.required,
                    "length": info.length or 0,
                    "decimals": 0,
                    "decimalFieldId": "",
                    "notzero": False,
                    "controlType": 1,
                    "values": None,
                }
                for field, info in FIELDS[name].items()
            ]
            return _json({"id": name, "name": name, "fields": fields, "objects": []})
        return Response(status_code=404)

    def _visible(self, connector: str) -> list[str]:
        hidden = self.options.switches.get("no_field", "")
        return [field for field in GET_CONNECTORS[connector].fields if f"{connector}.{field}" != hidden]

    async def _get(self, request: Request, name: str) -> Response:
        fields = self._visible(name)
        seen = () if name in self.hidden else GET_CONNECTORS[name].rows(self.books)
        rows = [{field: row.get(field) for field in fields} for row in seen]
        page = select(rows, fields, request.query_params, self._shuffle)
        params = request.query_params
        most = int(self.options.switches.get("page", "1000000"))
        take = min(int(params.get("take") or 100), most)
        body = {"skip": int(params.get("skip") or 0), "take": take, "rows": page[:most]}
        response = _json(body)
        if self.options.switches.get("format") == "6":
            old = re.sub(rb"(?<![\d.\"])(-?)0(\.\d)", rb"\1\2", bytes(response.body)).replace(b'},{"', b'},\r\n{"')
            return Response(old, media_type="application/json")
        return response

    def _writes(self, operation: str, method: str, path: str, act: Callable[[Element], Written]) -> None:
        connector = path.partition("/")[0]
        action = "update" if method == "PUT" else "insert"

        async def handle(request: Request, name: str) -> Response:
            results: Written = {}
            for element in elements(await request.body(), name, action):
                results = act(element)
            return _json({"results": {name: results}}, 201)

        self.operation(operation, method, f"{BASE}/connectors/{path}", self._guarded(handle, connector))

    @property
    def _now(self) -> datetime:
        return self.clock.now()

    @property
    def _today(self) -> date:
        return self._now.astimezone(AMSTERDAM).date()

    def _autonumber(self) -> bool:
        return self.options.switches.get("autonumber") != "off"

    def _order_made(self, element: Element) -> Written:
        order = sales.insert_order(self.books, element, self._now, self._today, autonumber=self._autonumber())
        return self._order_noted(order)

    def _order_changed(self, element: Element) -> Written:
        return self._order_noted(sales.update_order(self.books, element, self._now))

    def _lines_added(self, element: Element) -> Written:
        return self._order_noted(sales.add_lines(self.books, element, self._now))

    async def _delete(self, request: Request, name: str) -> Response:
        del name
        params = request.path_params
        if (params["order_key"].lstrip("@"), params["line_key"].lstrip("@")) != ("OrNu", "GuLi"):
            return Response(status_code=404)
        self._order_noted(sales.delete_line(self.books, params["order"], params["line"], self._now))
        return Response(status_code=200)

    def _order_noted(self, order: Order) -> Written:
        """The journal shows each order once, as it stands."""
        entry = Entry(
            at=self._now,
            kind="booking",
            reference=str(order.fields.get("RfCs") or ""),
            id=order.number,
            amount=self.books.totals(order)[0] if order.lines else Decimal(0),
            currency=order.currency,
        )
        self._note(entry)
        return {"OrNu": order.number}

    def _note(self, entry: Entry) -> None:
        entries = self.journal.entries
        at = next((index for index, old in enumerate(entries) if (old.kind, old.id) == (entry.kind, entry.id)), None)
        if at is None:
            entries.append(entry)
        else:
            entries[at] = entry

    def _article_made(self, element: Element) -> Written:
        return self._article_noted(sales.insert_article(self.books, element, self._now))

    def _article_changed(self, element: Element) -> Written:
        return {"ItCd": sales.update_article(self.books, element, self._now).code}

    def _article_noted(self, article: Article) -> Written:
        self._note(Entry(at=self._now, kind="article", reference=article.code, id=article.code))
        return {"ItCd": article.code}

    def _relation_made(self, *, person: bool) -> Callable[[Element], Written]:
        def act(element: Element) -> Written:
            relation = parties.insert_relation(
                self.books, element, self._now, person=person, autonumber=self._autonumber()
            )
            return self._relation_noted(relation)

        return act

    def _relation_changed(self, element: Element) -> Written:
        return {"DbId": parties.update_relation(self.books, element).number}

    def _relation_noted(self, relation: Relation) -> Written:
        reference = str(relation.party.fields.get("EmAd") or relation.party.name)
        self._note(Entry(at=self._now, kind="customer", reference=reference, id=relation.number))
        return {"DbId": relation.number, "BcCo": relation.party.number}

    def _contact_made(self, *, person: bool) -> Callable[[Element], Written]:
        def act(element: Element) -> Written:
            return {"BcCo": parties.insert_contact(self.books, element, self._now, person=person).number}

        return act


def _json(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(_ENCODER.encode(body), status, dict(headers or {}), "application/json")
