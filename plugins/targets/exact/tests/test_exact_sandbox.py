"""The sandbox itself, called as any client would."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import anyio
import httpx
import pytest

from koppel.sandbox import Options, serve
from koppel.testing.clock import VirtualClock
from koppel_exact.sandbox import ExactSandbox, seed
from koppel_exact.sandbox.filters import parse
from koppel_exact.sandbox.schema import RESOURCES
from koppel_exact.sandbox.wording import Rejected
from koppel_exact.wire import read_moment

pytestmark = pytest.mark.anyio
JSON = {"Accept": "application/json"}
PREFER = {"Prefer": "return=representation"}


@dataclass
class Caller:
    sandbox: ExactSandbox
    clock: VirtualClock
    http: httpx.AsyncClient

    async def token(self, **form: str) -> httpx.Response:
        own = {"client_id": seed.CLIENT_ID, "client_secret": seed.CLIENT_SECRET, "grant_type": "refresh_token"}
        return await self.http.post("/api/oauth2/token", data={**own, **form})

    async def sign_in(self) -> None:
        got = await self.token(refresh_token=self.sandbox.oauth.refresh_token)
        self.http.headers["Authorization"] = f"Bearer {got.json()['access_token']}"

    async def get(self, path: str, **params: str) -> httpx.Response:
        query = {name.replace("_", "$", 1): value for name, value in params.items()}
        return await self.http.get(f"/api/v1/{seed.DIVISION}/{path}", params=query, headers=JSON)

    async def post(self, path: str, body: Any, **headers: str) -> httpx.Response:
        own = {**JSON, **(headers or PREFER)}
        return await self.http.post(f"/api/v1/{seed.DIVISION}/{path}", json=body, headers=own)


@asynccontextmanager
async def calling(*, limits: bool = False, signed: bool = True, **switches: str) -> AsyncGenerator[Caller]:
    clock = VirtualClock()
    sandbox = ExactSandbox(Options(clock=clock, switches=switches, limits=limits))
    async with serve(sandbox) as url, httpx.AsyncClient(base_url=url) as http:
        caller = Caller(sandbox, clock, http)
        if signed:
            await caller.sign_in()
        yield caller


def said(response: httpx.Response) -> str:
    error = response.json()["error"]
    assert (error["code"], error["message"]["lang"]) == ("", "")
    text: str = error["message"]["value"]
    return text


async def test_consent_then_code_then_tokens() -> None:
    async with calling(signed=False) as at:
        query = {"client_id": seed.CLIENT_ID, "redirect_uri": seed.REDIRECT_URI, "response_type": "code", "state": "s"}
        assert (await at.http.get("/api/oauth2/auth", params={**query, "client_id": "x"})).status_code == 400
        sent = (await at.http.get("/api/oauth2/auth", params=query)).headers["location"]
        assert "%21" in sent
        code = parse_qs(urlsplit(sent).query)["code"][0]
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": seed.REDIRECT_URI}
        tokens = (await at.token(**form)).json()
        assert tokens["expires_in"] == "600"
        assert (await at.token(**form)).json() == {"error": "invalid_grant"}
        late = (await at.http.get("/api/oauth2/auth", params=query)).headers["location"]
        at.clock.advance(181)
        form["code"] = parse_qs(urlsplit(late).query)["code"][0]
        assert (await at.token(**form)).status_code == 400


async def test_refresh_tokens_rotate_and_die() -> None:
    async with calling(signed=False) as at:
        first = at.sandbox.oauth.refresh_token
        second = (await at.token(refresh_token=first)).json()["refresh_token"]
        early = await at.token(refresh_token=second)
        assert (early.status_code, early.headers["reason"][:8]) == (400, "TooEarly")
        old = await at.token(refresh_token=first)
        assert (old.status_code, old.json()["error_description"]) == (401, "Old refresh token used.")
        at.clock.advance(570)
        assert (await at.token(refresh_token=second)).status_code == 200
        at.clock.advance(timedelta(days=30, seconds=1).total_seconds())
        assert (await at.token(refresh_token=at.sandbox.oauth.refresh_token)).json() == {"error": "invalid_grant"}
        assert (await at.http.post("/api/oauth2/token", json={})).json() == {"error": "invalid_request"}
        assert (await at.token(client_secret="x", refresh_token=second)).json() == {"error": "invalid_request"}


async def test_access_tokens_live_600_seconds() -> None:
    async with calling() as at:
        at.clock.advance(599)
        assert (await at.get("vat/VATCodes")).status_code == 200
        at.clock.advance(1)
        assert (await at.get("vat/VATCodes")).status_code == 401


async def test_sixty_a_minute_of_the_clock() -> None:
    async with calling(limits=True, per_day="100") as at:
        at.clock.advance(30)
        answers = [(await at.get("financial/Journals")).status_code for _ in range(61)]
        assert answers == [200] * 60 + [429]
        refused = await at.get("financial/Journals")
        assert refused.content == b""
        assert {name for name in refused.headers if "ratelimit" in name} == {
            "x-ratelimit-minutely-limit",
            "x-ratelimit-minutely-remaining",
            "x-ratelimit-minutely-reset",
        }
        reset = int(refused.headers["x-ratelimit-minutely-reset"]) / 1000
        assert reset - at.clock.now().timestamp() == 30
        assert (await at.http.get("/api/v1/current/Me", headers=JSON)).status_code == 200
        at.clock.advance(30)
        found = await at.get("financial/Journals")
        assert found.status_code == 200
        assert int(found.headers["x-ratelimit-reset"]) % 86_400_000 == 0


async def test_ten_errors_block_the_endpoint_longer_and_longer() -> None:
    async with calling() as at:
        for length in (3600, 7200):
            assert {(await at.get("crm/Accounts")).status_code for _ in range(10)} == {400}
            blocked = await at.get("crm/Accounts", _filter="Email eq 'x'")
            assert (blocked.status_code, [name for name in blocked.headers if "ratelimit" in name]) == (429, [])
            assert (await at.get("financial/Journals")).status_code == 200
            at.clock.advance(length)
            await at.sign_in()
            assert (await at.get("crm/Accounts", _filter="Email eq 'x'")).status_code == 200


async def test_what_must_be_filtered_and_selected() -> None:
    async with calling() as at:
        assert "mandatory filtering" in said(await at.get("crm/Accounts"))
        assert "mandatory filtering" in said(await at.get("salesorder/SalesOrders", _select="OrderID"))
        assert "not supported: Remarks" in said(await at.get("crm/Accounts", _filter="Remarks eq 'x'"))
        assert (await at.get("salesentry/SalesEntries")).status_code == 200
        assert (await at.get("bulk/CRM/Accounts")).status_code == 400
        assert (await at.get("bulk/CRM/Accounts", _select="ID")).status_code == 200
        for bad in ({"_select": "*", "_filter": "Timestamp gt 1"}, {"_select": "ID"}, {"_filter": "Timestamp gt 1"}):
            assert (await at.get("sync/CRM/Accounts", **bad)).status_code == 400
        assert (await at.get("sync/CRM/Accounts", _select="ID", _filter="Name eq 'x'")).status_code == 400
        assert "NoField" in said(await at.get("financial/Journals", _select="NoField"))
        assert "NoField" in said(await at.get("financial/Journals", _filter="NoField eq 1"))
        assert said(await at.get("financial/Journals", _filter="Code eq")) == "Bad Request - Error in query syntax."


async def test_sync_tells_each_change_once_more() -> None:
    async with calling() as at:
        for name in ("A", "B"):
            await at.post("crm/Accounts", {"Name": name})
        wanted = {"_select": "ID,Name,Timestamp", "_filter": "Timestamp gt 1"}
        first = (await at.get("sync/CRM/Accounts", **wanted)).json()["d"]["results"]
        assert [row["Name"] for row in first] == ["A", "B"]
        changed = f"/api/v1/{seed.DIVISION}/crm/Accounts(guid'{first[0]['ID']}')"
        assert (await at.http.put(changed, json={"City": "Leiden"}, headers=JSON)).status_code == 204
        wanted["_filter"] = f"Timestamp gt {first[-1]['Timestamp']}L"
        later = (await at.get("sync/CRM/Accounts", **wanted)).json()["d"]["results"]
        assert [row["Name"] for row in later] == ["A"]
        kept = (await at.get(f"crm/Accounts(guid'{first[0]['ID']}')", _select="City,Name")).json()["d"]
        assert (kept["City"], kept["Name"]) == ("Leiden", "A")


async def test_pages_follow_one_another() -> None:
    async with calling() as at:
        for number in range(130):
            at.sandbox.books.add("crm/Contacts", {"LastName": str(number)})
        seen: list[str] = []
        url: str | None = f"/api/v1/{seed.DIVISION}/crm/Contacts?$select=ID,LastName"
        pages = 0
        while url:
            page = (await at.http.get(url, headers=JSON)).json()["d"]
            seen += [row["LastName"] for row in page["results"]]
            url, pages = page.get("__next"), pages + 1
        assert (sorted(map(int, seen)), pages) == (list(range(130)), 3)
        assert len((await at.get("crm/Contacts", _top="5")).json()["d"]) == 5
        counted = (await at.get("crm/Contacts", _inlinecount="allpages")).json()["d"]
        assert counted["__count"] == "130"
        assert (await at.get("crm/Contacts/$count")).text == "130"


async def test_codes_are_padded_and_compared_as_padded() -> None:
    async with calling() as at:
        made = (await at.post("crm/Accounts", {"Name": "A", "Code": "24", "Country": "NL"})).json()["d"]
        assert (made["Code"], made["Country"]) == ("                24", "NL ")
        assert (await at.get("crm/Accounts", _filter="Code eq '24'")).json()["d"]["results"] == []
        for filter_ in ("Code eq '                24'", "trim(Code) eq '24'"):
            assert len((await at.get("crm/Accounts", _filter=filter_)).json()["d"]["results"]) == 1
        following = (await at.post("crm/Accounts", {"Name": "B"})).json()["d"]
        assert following["Code"].strip() == "25"
        created = read_moment(following["Created"])
        assert created is not None
        assert created.hour == 9


async def test_answers_without_prefer_are_empty_and_without_accept_xml() -> None:
    async with calling() as at:
        bare = (await at.post("crm/Accounts", {"Name": "A"}, Accept="application/json")).json()["d"]
        assert bare["ID"]
        assert bare["Name"] is None
        atom = await at.http.get(f"/api/v1/{seed.DIVISION}/financial/Journals", headers={"Accept": "*/*"})
        assert "<d:Code>70</d:Code>" in atom.text
        xml = await at.http.get(f"/api/v1/{seed.DIVISION}/financial/Journals", headers={"Accept": "application/xml"})
        assert xml.status_code == 415


async def test_what_a_post_may_hold() -> None:
    async with calling(language="en") as at:
        assert "valid top-level resource object" in said(await at.post("crm/Accounts", [{"Name": "A"}]))
        assert "'NotAField'" in said(await at.post("crm/Accounts", {"Name": "A", "NotAField": 1}))
        assert said(await at.post("crm/Accounts", {})) == "Mandatory: Naam"
        assert said(await at.post("crm/Accounts", {"Name": "A" * 51})) == "Invalid: Naam"
        assert said(await at.post("crm/Accounts", {"Name": "A", "Email": "x"})).startswith("Invalid: E-mail")
        await at.post("logistics/Items", {"Code": "A", "Description": "A"})
        assert said(await at.post("logistics/Items", {"Code": "a", "Description": "A"})) == "Data already exists"
        other = "00000000-0000-4000-8000-000000000000"
        body = {"OrderedBy": other, "SalesOrderLines": [{"Item": other}]}
        assert said(await at.post("salesorder/SalesOrders", body)) == "Invalid reference: Klant"
        assert said(await at.post("salesorder/SalesOrders", {"OrderedBy": other, "SalesOrderLines": []}))


async def test_orders_are_not_unique_but_addresses_are() -> None:
    async with calling() as at:
        account = (await at.post("crm/Accounts", {"Name": "A", "Status": "C"})).json()["d"]["ID"]
        goods = {"Code": "A", "Description": "A", "IsSalesItem": True}
        item = (await at.post("logistics/Items", goods)).json()["d"]["ID"]
        line = {"Item": item, "NetPrice": 1.21, "VATCode": "1"}
        body = {"OrderedBy": account, "YourRef": "R", "SalesOrderLines": [line]}
        first = (await at.post("salesorder/SalesOrders", body)).json()["d"]
        second = (await at.post("salesorder/SalesOrders", body)).json()["d"]
        assert (first["AmountFC"], first["AmountFCExclVat"], second["OrderNumber"]) == (1.21, 1.0, 2)
        assert at.sandbox.journal.duplicates("booking") == {"R": 2}
        taken = await at.post("salesorder/SalesOrders", {**body, "OrderNumber": 1})
        assert said(taken) == "Verkoopordernummer: Bestaat reeds"
        address = {"Account": account, "Type": 4, "AddressLine1": "Kade 2"}
        ids = {(await at.post("crm/Addresses", address)).json()["d"]["ID"] for _ in range(3)}
        assert len(ids) == 1
        key = f"salesorder/SalesOrders(guid'{first['OrderID']}')"
        full = (await at.get(key, _expand="SalesOrderLines")).json()["d"]
        assert full["SalesOrderLines"]["results"][0]["VATCode"] == "1  "
        assert "__deferred" in (await at.get(key)).json()["d"]["SalesOrderLines"]
        root = f"/api/v1/{seed.DIVISION}/{key}"
        nested = await at.http.put(root, json={"SalesOrderLines": [{"Item": item}]}, headers=JSON)
        assert "Binding to new entities" in said(nested)
        assert (await at.http.delete(root, headers=JSON)).status_code == 204
        assert (await at.get(key)).status_code == 404


async def test_scopes_and_rights() -> None:
    async with calling(no_scope="crm.accounts", no_right="logistics/Items") as at:
        assert "Cannot read 'crm.accounts' scope" in said(await at.get("crm/Accounts", _filter="Email eq 'x'"))
        at.sandbox.books.add("logistics/Items", {"Code": "A"})
        assert (await at.get("logistics/Items", _filter="Code eq 'A'")).json()["d"]["results"] == []
        assert (await at.post("logistics/Items", {"Code": "B", "Description": "B"})).status_code == 403
        rights = await at.get("users/UserHasRights", endpoint="'logistics/Items'", action="'GET'")
        assert "false" in rights.text
        elsewhere = await at.http.get("/api/v1/7/financial/Journals", headers=JSON)
        assert elsewhere.status_code == 403


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Name eq 'o''neil'", True),
        ("name eq 'x'", None),
        ("Name eq 'O''NEIL' and Blocked eq false", True),
        ("(Name eq 'a' or Status eq 'C') and not (Blocked eq true)", True),
        ("startswith(Name, 'o''') and substringof('EIL', Name)", True),
        ("tolower(Name) eq 'o''neil'", True),
        ("Created ge datetime'2026-01-01T00:00:00'", True),
        ("Created lt datetime'2026-01-01'", False),
        ("ID eq guid'00000000-0000-4000-8000-00000000000A'", True),
        ("ID eq guid'x'", None),
        ("Timestamp gt 5L", True),
        ("Timestamp le 5", False),
        ("Email ne null", False),
        ("Name eq 'a", None),
        ("Name eq 'a' Name", None),
    ],
)
def test_filters_are_really_evaluated(text: str, found: bool | None) -> None:
    row = {
        "ID": "00000000-0000-4000-8000-00000000000a",
        "Name": "O'Neil",
        "Status": "C",
        "Blocked": False,
        "Created": datetime(2026, 11, 21),  # noqa: DTZ001 - Exact's wall clock
        "Timestamp": 1000,
        "Email": None,
    }
    if found is None:
        with pytest.raises(Rejected):
            parse(text, RESOURCES["crm/Accounts"])
    else:
        assert parse(text, RESOURCES["crm/Accounts"]).matches(row) is found


async def test_overlapping_calls_are_noticed() -> None:
    async with calling() as at:
        at.sandbox.faults.add("slow", "GET financial/Journals", times=1, seconds=5)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(at.get, "financial/Journals")
            await anyio.sleep(0.05)
            await at.get("financial/Journals")
            at.clock.advance(5)
        assert at.sandbox.overlaps == 1
