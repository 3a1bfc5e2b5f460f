"""The sandbox keeps the vendor's rules, for whatever client."""

import base64
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import httpx
import msgspec
import pytest

from koppel.sandbox import Options
from koppel.testing.clock import VirtualClock
from koppel_snelstart.sandbox import SnelStartSandbox, sandbox_settings, seed

pytestmark = pytest.mark.anyio
ENCODER = msgspec.json.Encoder(decimal_format="number")


@dataclass
class Raw:
    """A client without any knowledge of SnelStart."""

    sandbox: SnelStartSandbox
    clock: VirtualClock
    http: httpx.AsyncClient

    async def sign_in(self, key: str | None = None, **form: str) -> httpx.Response:
        fields = form or {"grant_type": "clientkey", "clientkey": key or self.sandbox.books.client_key}
        reply = await self.http.post("/b2b/token", data=fields)
        if reply.status_code == 200:
            self.http.headers["Authorization"] = f"Bearer {reply.json()['access_token']}"
        return reply

    async def get(self, path: str, **params: str) -> httpx.Response:
        return await self.http.get(f"/v2{path}", params={f"${key}": value for key, value in params.items()})

    async def post(self, path: str, content: Any) -> httpx.Response:
        raw = content if isinstance(content, bytes) else ENCODER.encode(content)
        return await self.http.post(f"/v2{path}", content=raw)

    async def refused(self, path: str, content: Any) -> set[str]:
        reply = await self.post(path, content)
        assert reply.status_code == 400, reply.text
        return {item["errorCode"] for item in reply.json()}


Opener = Callable[..., AbstractAsyncContextManager[Raw]]


@pytest.fixture
def raw() -> Opener:
    @asynccontextmanager
    async def opened(*, limits: bool = False, **switches: str) -> AsyncGenerator[Raw]:
        clock = VirtualClock()
        sandbox = SnelStartSandbox(Options(clock=clock, limits=limits, switches=switches))
        headers = {"Ocp-Apim-Subscription-Key": seed.SUBSCRIPTION_KEYS[0]}
        transport = httpx.ASGITransport(sandbox)
        async with httpx.AsyncClient(transport=transport, base_url="http://sandbox", headers=headers) as http:
            client = Raw(sandbox, clock, http)
            await client.sign_in()
            yield client

    return opened


def relation(**changes: Any) -> dict[str, Any]:
    return {"relatiesoort": ["Klant"], "naam": "Jan", "email": "jan@example.invalid", **changes}


def booking(client: Raw, *, customer: str = "", net: str = "100", vat: str = "21", **changes: Any) -> dict[str, Any]:
    books = client.sandbox.books
    return {
        "factuurnummer": "F-1",
        "factuurdatum": "2026-11-20T00:00:00",
        "klant": {"id": customer or books.guid("relations", 1)},
        "factuurbedrag": Decimal(net) + Decimal(vat),
        "betalingstermijn": 14,
        "boekingsregels": [{"grootboek": {"id": books.ledger(8000)["id"]}, "bedrag": net, "btwSoort": "Hoog"}],
        "btw": [{"btwSoort": "VerkopenHoog", "btwBedrag": Decimal(vat)}],
        **changes,
    }


def line(client: Raw, number: int, amount: str = "121", kind: str | None = "Geen") -> dict[str, Any]:
    return {"grootboek": {"id": client.sandbox.books.ledger(number)["id"]}, "bedrag": Decimal(amount), "btwSoort": kind}


async def test_tokens_are_given_for_both_grants(raw: Opener) -> None:
    async with raw(token_life="5") as client:
        user, _, password = base64.b64decode(client.sandbox.books.client_key).decode("latin-1").partition(":")
        assert (await client.sign_in(grant_type="password", username=user, password=password)).status_code in (200, 400)
        reply = await client.sign_in()
        assert reply.json()["token_type"] == "bearer"
        assert reply.json()["expires_in"] == 5
        assert (await client.get("/companyInfo")).status_code == 200
        client.clock.advance(6)
        refused = await client.get("/companyInfo")
        assert (refused.status_code, refused.json()) == (
            401,
            {"message": "Authorization has been denied for this request."},
        )
        wrong = await client.sign_in("x")
        assert wrong.status_code == 400
        assert "clientkey" in wrong.json()["error"]
        assert (await client.http.post("/b2b/token", json={"grant_type": "clientkey"})).status_code == 400


async def test_the_subscription_key_is_checked_first(raw: Opener) -> None:
    async with raw() as client:
        client.http.headers["Ocp-Apim-Subscription-Key"] = "wrong"
        client.http.headers["Authorization"] = "Bearer x"
        reply = await client.get("/companyInfo")
        assert reply.status_code == 401
        assert "invalid subscription key" in reply.json()["message"]
        del client.http.headers["Ocp-Apim-Subscription-Key"]
        assert "missing subscription key" in (await client.get("/companyInfo")).json()["message"]


async def test_rights_are_kept(raw: Opener) -> None:
    async with raw(scopes="settings:read") as client:
        assert (await client.get("/companyInfo")).status_code == 200
        refused = await client.get("/relaties")
        assert (refused.status_code, refused.content) == (403, b"")


@pytest.mark.parametrize(("throttle", "status"), [("", 429), ("bare", 429), ("quota", 403)])
async def test_limits_per_administration(raw: Opener, throttle: str, status: int) -> None:
    async with raw(limits=True, product="ontwikkeling-en-test", throttle=throttle) as client:
        for _ in range(100):
            assert (await client.get("/companyInfo")).status_code == 200
        reply = await client.get("/companyInfo")
        assert reply.status_code == status
        assert ("retry-after" in reply.headers) == (not throttle)
        await client.sign_in(client.sandbox.administrations[1].client_key)
        assert (await client.get("/companyInfo")).status_code == 200
        client.clock.advance(61)
        await client.sign_in()
        assert (await client.get("/companyInfo")).status_code == 200
        answers: list[int] = []
        for _ in range(9):
            client.clock.advance(61)
            answers = [(await client.get("/companyInfo")).status_code for _ in range(100)]
        assert answers[-1] == status  # the hour


async def test_lists_are_bare_and_paged(raw: Opener) -> None:
    async with raw(article_cap="25") as client:
        ledgers = (await client.get("/grootboeken")).json()
        assert len(ledgers) == 233
        assert len({each["id"] for each in ledgers}) == 233
        page = (await client.get("/grootboeken", top="10", skip="5")).json()
        assert [each["id"] for each in page] == [each["id"] for each in ledgers[5:15]]
        countries = (await client.get("/landen", filter="Landcode eq 'NL'", top="1")).json()
        assert len(countries) == 250
        assert any(each["landcodeISO"] is None for each in countries)
        assert len((await client.get("/dagboeken", filter="nonsense")).json()) == 6
        for number in range(30):
            group = {"id": client.sandbox.books.guid("groups", 1)}
            content = {"artikelcode": f"{number}", "omschrijving": "x", "artikelOmzetgroep": group}
            await client.post("/artikelen", content)
        assert len((await client.get("/artikelen", top="500")).json()) == 25


async def test_filters_are_case_sensitive_about_names(raw: Opener) -> None:
    async with raw() as client:
        found = (await client.get("/relaties", filter="Email eq 'dubbel@voorbeeld.invalid'")).json()
        assert [each["relatiecode"] for each in found] == [3, 4]
        refused = await client.get("/relaties", filter="email eq 'x'")
        assert refused.status_code == 400
        assert refused.json()["Message"].startswith("Could not find a property named 'email'")
        assert {each["relatiecode"] for each in (await client.get("/relaties")).json()} >= {-1, -2, 0}


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({"relatiesoort": []}, {"REL-0001"}),
        ({"relatiesoort": ["Eigen"]}, {"REL-0048"}),
        ({"relatiesoort": ["Klant", "Leverancier"]}, {"REL-0065"}),
        ({"naam": ""}, {"REL-0007"}),
        ({"naam": "x" * 51, "telefoon": "1" * 26}, {"REL-0007", "REL-0013"}),
        ({"mobieleTelefoon": "1" * 26}, {"REL-0012"}),
        ({"relatiecode": 3}, {"REL-0008"}),
        ({"email": "x"}, {"REL-0061"}),
        ({"email": "a@b.nl; x"}, {"REL-0084"}),
        ({"email": "x" * 245 + "@ab.nl"}, {"REL-0085"}),
        ({"vestigingsAdres": {"straat": "Weg 1"}}, {"REL-0060"}),
        ({"vestigingsAdres": {"straat": "W" * 51, "postcode": "1", "plaats": "P" * 51}}, {"REL-0020", "REL-0022"}),
        ({"correspondentieAdres": {"straat": "W", "postcode": "1" * 26, "plaats": "P"}}, {"REL-0026"}),
        (
            {"vestigingsAdres": {"straat": "W", "postcode": "1", "plaats": "P", "land": {"id": "x"}}},
            {"REL-0056"},
        ),
        ({"btwNummer": "NL123456789B99"}, {"REL-0088"}),
        ({"btwNummer": "DE123456789"}, {"REL-0087"}),
        ({"btwNummer": "NL.1"}, {"REL-0059"}),
        ({"btwNummer": "1"}, {"REL-0058"}),
        ({"btwNummer": "1" * 51}, {"REL-0057"}),
        ({"id": "75b4fe7b-062b-4ae1-bad1-5c5e3866a2ae"}, {"ALG-0100"}),
    ],
)
async def test_relations_are_checked(raw: Opener, changes: dict[str, Any], codes: set[str]) -> None:
    async with raw() as client:
        assert await client.refused("/relaties", relation(**changes)) == codes
        assert list(client.sandbox.journal.of("customer")) == []


async def test_relations_may_be_doubled_and_names_have_any_case(raw: Opener) -> None:
    async with raw() as client:
        content = {"RelatieSoort": ["Klant"], "NAAM": "Jan", "onbekend": 1, "Id": None, "vestigingsAdres": None}
        codes = [(await client.post("/relaties", content)).json()["relatiecode"] for _ in range(2)]
        assert codes == [1001, 1002]
        assert await client.refused("/relaties", b"") == {"ALG-0106"}
        assert (await client.post("/relaties", b"[1]")).json()["modelState"]
        assert (await client.get(f"/relaties/{client.sandbox.books.guid('relations', 5)}")).status_code == 404


@pytest.mark.parametrize(
    ("switches", "changes", "code"),
    [
        ({}, {"artikelcode": ""}, "ART-0002"),
        ({"codes": "numeric"}, {"artikelcode": "A1"}, "ART-0003"),
        ({"codes": "numeric"}, {"artikelcode": "2147483648"}, "ART-0004"),
        ({}, {"artikelcode": "x" * 26}, "ART-0004"),
        ({}, {"omschrijving": ""}, "ART-0006"),
        ({}, {"omschrijving": "x" * 251}, "ART-0007"),
        ({}, {"artikelOmzetgroep": None}, "ART-0008"),
        ({}, {"artikelOmzetgroep": {"id": "x"}}, "ART-0009"),
    ],
)
async def test_articles_are_checked(raw: Opener, switches: dict[str, str], changes: dict[str, Any], code: str) -> None:
    async with raw(**switches) as client:
        group = {"id": client.sandbox.books.guid("groups", 1)}
        good = {"artikelcode": "12", "omschrijving": "x", "artikelOmzetgroep": group, "verkoopprijs": "1.50"}
        assert await client.refused("/artikelen", {**good, **changes}) == {code}
        assert (await client.post("/artikelen", good)).json()["verkoopprijs"] == 1.5
        assert await client.refused("/artikelen", good) == {"ART-0005"}


Change = Callable[[Raw], dict[str, Any]]
BAD_BOOKINGS: list[tuple[str, Change]] = [
    ("ALG-0100", lambda _: {"id": "75b4fe7b-062b-4ae1-bad1-5c5e3866a2ae"}),
    ("BOE-0058", lambda _: {"factuurnummer": ""}),
    ("BOE-0058", lambda _: {"factuurnummer": "9" * 26}),
    ("BOE-0070", lambda _: {"factuurdatum": None}),
    ("BOE-0033", lambda _: {"factuurdatum": "2020-12-31"}),
    ("BOE-0060", lambda _: {"klant": {"id": "x"}}),
    ("BOE-0060", lambda c: {"klant": {"id": c.sandbox.books.guid("relations", 6)}}),
    ("BOE-0054", lambda c: {"klant": {"id": c.sandbox.books.guid("relations", 5)}}),
    ("BOE-0071", lambda _: {"omschrijving": "x" * 251}),
    ("BOE-0023", lambda _: {"boekingsregels": []}),
    ("BOE-0028", lambda c: {"boekingsregels": [line(c, 8000, "0.00", "Hoog")]}),
    ("BOE-0037", lambda _: {"boekingsregels": [{"grootboek": {"id": "x"}, "bedrag": 1}]}),
    ("BOE-0008", lambda c: {"boekingsregels": [line(c, 8999, "100", "Hoog")]}),
    ("BOE-0061", lambda c: {"boekingsregels": [line(c, 1300, "121")], "btw": []}),
    ("BOE-0082", lambda c: {"boekingsregels": [line(c, 8010, "100", "Hoog")]}),
    ("BOE-0082", lambda c: {"boekingsregels": [line(c, 8000, "100", "VerkopenHoog")]}),
    ("BOE-0082", lambda c: {"boekingsregels": [line(c, 8090, "100", None)]}),
    ("BOE-0022", lambda c: {"boekingsregels": [line(c, 8090, "100", "Hoog")]}),
    ("BOE-0069", lambda _: {"btw": [{"btwSoort": "Hoog", "btwBedrag": 21}]}),
    ("BOE-0069", lambda _: {"btw": [{"btwSoort": "VerkopenLaag", "btwBedrag": 21}]}),
    ("BOE-0062", lambda _: {"btw": [{"btwSoort": "VerkopenVerlegd"}, {"btwSoort": "VerkopenHoog", "btwBedrag": 21}]}),
    ("BOE-0080", lambda c: {"boekingsregels": [line(c, 8070)], "btw": []}),
    ("BOE-0039", lambda _: {"factuurbedrag": "121.01"}),
]


@pytest.mark.parametrize(("code", "change"), BAD_BOOKINGS)
async def test_bookings_are_checked(raw: Opener, code: str, change: Change) -> None:
    async with raw() as client:
        assert await client.refused("/verkoopboekingen", booking(client, **change(client))) == {code}
        assert client.sandbox.books.records["bookings"] == []


async def test_a_booking_yields_an_invoice_and_holds_its_number(raw: Opener) -> None:
    async with raw(blocked_until="2026-10-31") as client:
        assert await client.refused("/verkoopboekingen", booking(client, factuurdatum="2026-10-31T00:00:00")) == {
            "BOE-0042"
        }
        made = (
            await client.post("/verkoopboekingen", booking(client, id="00000000-0000-0000-0000-000000000000"))
        ).json()
        assert made["documents"] == []
        (invoice,) = (await client.get("/verkoopfacturen", filter="Factuurnummer eq 'f-1'")).json()
        assert invoice["verkoopBoeking"]["id"] == made["id"]
        assert invoice["vervalDatum"] == "2026-12-04T00:00:00"
        assert invoice["openstaandSaldo"] == 121
        assert await client.refused("/verkoopboekingen", booking(client)) == {"BOE-0021"}
        assert client.sandbox.journal.total("booking") == 121
        assert (await client.get(f"/verkoopboekingen/{made['id'].upper()}")).json() == made


async def german(client: Raw, **changes: Any) -> str:
    land = {"id": client.sandbox.books.guid("countries", "DE")}
    address = {"straat": "Weg 1", "postcode": "1", "plaats": "Stadt", "land": land}
    reply = await client.post("/relaties", relation(vestigingsAdres=address, **changes))
    return str(reply.json()["id"])


async def test_oss_rules(raw: Opener) -> None:
    async with raw() as client:
        customer = await german(client)
        assert await client.refused("/verkoopboekingen", booking(client, customer=customer)) == {"BOE-0069"}
        for vat, code in (("19.02", "BOE-0069"), ("18.98", "BOE-0069"), ("19.01", ""), ("18.99", "")):
            content = booking(
                client,
                customer=customer,
                factuurnummer=vat,
                boekingsregels=[line(client, 8031, "100"), line(client, 1690, vat)],
                btw=[],
                factuurbedrag=100 + Decimal(vat),
            )
            if code:
                assert await client.refused("/verkoopboekingen", content) == {code}
            else:
                assert (await client.post("/verkoopboekingen", content)).status_code == 201
        other = booking(client, customer=customer, boekingsregels=[line(client, 8040)], btw=[])
        assert await client.refused("/verkoopboekingen", other) == {"BOE-0061"}
        business = await german(client, email="b@example.invalid", btwNummer="DE129273398")
        supply = booking(client, customer=business, boekingsregels=[line(client, 8070)], btw=[])
        assert (await client.post("/verkoopboekingen", supply)).status_code == 201


async def test_a_dutch_relation_on_a_ledger_for_abroad(raw: Opener) -> None:
    for strictness, status in (("", 201), ("strict", 400)):
        async with raw(oss_country=strictness) as client:
            content = booking(client, boekingsregels=[line(client, 8031, "100"), line(client, 1690, "21")], btw=[])
            reply = await client.post("/verkoopboekingen", content)
            assert reply.status_code == status
            assert (status == 201) != ("BOE-0080" in reply.text)


async def test_without_oss_a_german_consumer_is_booked_as_dutch(raw: Opener) -> None:
    async with raw(oss="0") as client:
        content = booking(client, customer=await german(client))
        assert (await client.post("/verkoopboekingen", content)).status_code == 201


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({"relatie": {"id": "x"}}, {"VOR-0002"}),
        ({"nummer": 7}, {"VOR-0005"}),
        ({"orderreferentie": "x" * 51}, {"VOR-0011"}),
        ({"afleveradres": {"straat": "x" * 51, "postcode": "x" * 26}}, {"VOR-0006", "VOR-0007"}),
        ({"afleveradres": {"plaats": "x" * 51, "contactpersoon": "x" * 51}}, {"VOR-0008", "VOR-0009"}),
        ({"afleveradres": {"straat": "x", "land": {"id": "x"}}}, {"VOR-0010"}),
        ({"regels": [{"artikel": {"id": "x"}}]}, {"ART-0001"}),
    ],
)
async def test_orders_are_checked(raw: Opener, changes: dict[str, Any], codes: set[str]) -> None:
    async with raw() as client:
        good = {
            "relatie": {"id": client.sandbox.books.guid("relations", 1)},
            "datum": "2026-11-20",
            "orderreferentie": "1",
        }
        assert await client.refused("/verkooporders", {**good, **changes}) == codes
        for state in ("Factuur", "Contantbon"):
            assert (await client.post("/verkooporders", {**good, "procesStatus": state})).status_code == 400
        numbers = [(await client.post("/verkooporders", good)).json()["nummer"] for _ in range(2)]
        assert numbers[1] == numbers[0] + 1


async def test_stamps_and_late_lists(raw: Opener) -> None:
    async with raw(visible_after="10", zone="UTC") as client:
        made = (await client.post("/relaties", relation())).json()
        assert made["modifiedOn"].startswith("2026-11-21T08:00:00.")
        where = "Email eq 'jan@example.invalid'"
        assert (await client.get("/relaties", filter=where)).json() == []
        client.clock.advance(11)
        assert len((await client.get("/relaties", filter=where)).json()) == 1
    async with raw() as client:
        made = (await client.post("/relaties", relation())).json()
        assert made["modifiedOn"].startswith("2026-11-21T09:00:00.")


async def test_its_settings_are_those_of_the_plugin(raw: Opener, settings_: Callable[..., Any]) -> None:
    assert sandbox_settings("http://x")["endpoint"] == "http://x/v2"
    assert settings_("http://x").token_url == "http://x/b2b/token"
    async with raw() as client:
        assert (await client.get("/echo/hallo")).json() == "hallo"
