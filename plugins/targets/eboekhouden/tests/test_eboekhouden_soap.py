"""The target by SOAP: envelopes against the vendor's WSDL (zeep as the oracle), sessions, refusals without codes."""

import importlib
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from koppel.plugin import AlreadyExists, CustomerGone, OutcomeUnknown, Refused, SignInNeeded
from koppel.vendor import Reply
from koppel_eboekhouden import tables
from koppel_eboekhouden.envelope import ENVELOPE, Unreadable, envelope, fault_code, parse, result
from koppel_eboekhouden.sandbox import soap as soap_side
from koppel_eboekhouden.soap_session import error

ROOT = next(parent for parent in Path(__file__).parents if (parent / "daemon").is_dir())
VENDOR = ROOT.parent / "shared" / "apis" / "eboekhouden"
needs_wsdl = pytest.mark.skipif(not VENDOR.is_dir(), reason="../shared/apis/eboekhouden is not here")
REFERENCE = "112-0000001-0000001"


class Recorded:
    """Every envelope that the sandbox was sent."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.bodies: list[bytes] = []
        handle = soap_side.Soap.handle

        async def recorded(this: soap_side.Soap, request: Any) -> Any:
            self.bodies.append(await request.body())
            return await handle(this, request)

        monkeypatch.setattr(soap_side.Soap, "handle", recorded)


@needs_wsdl
@pytest.mark.anyio
@pytest.mark.parametrize("document", ["mutation", "both", "invoice"])
async def test_every_envelope_fits_the_wsdl(
    world: Callable[..., Any], drafts: Any, monkeypatch: pytest.MonkeyPatch, document: str
) -> None:
    recorded = Recorded(monkeypatch)
    async with world(api="soap", document=document, cost_centre="Webwinkel") as here:
        await here.target.check()
        company = drafts.customer(company="Voorbeeld & Zoon", vat_id="NL004495445B01", contact="J. \x07 <x>")
        await here.book(drafts.sale(drafts.oss(), drafts.line("1234.56"), customer=company))
        await here.target.find_bookings([REFERENCE])
    zeep = importlib.import_module("zeep")
    client = zeep.Client(str(VENDOR / "spec" / "soap.wsdl.xml"))
    seen: set[str] = set()
    schema = _schema()
    for content in recorded.bodies:
        operation = next(iter(next(parse(content).iter(f"{{{ENVELOPE}}}Body"))))
        name = str(operation.tag).partition("}")[2]
        seen.add(name)
        element = client.get_element(f"{{{tables.SOAP_NAMESPACE}}}{name}")
        read = element.parse(operation, client.wsdl.types)  # raises where order or names are not the WSDL's
        assert not _leftovers(read), (name, _leftovers(read))
        assert schema.validate(operation), (name, schema.error_log)
    creates = {"mutation": "AddMutatie"}.get(document, "AddFactuur")
    assert {"OpenSession", "GetGrootboekrekeningen", "GetKostenplaatsen", "GetRelaties", "AddRelatie", creates} <= seen


def _leftovers(value: Any) -> Any:
    return getattr(value, "_raw_elements", None)


def _schema() -> Any:
    wsdl = etree.parse(str(VENDOR / "spec" / "soap.wsdl.xml"))
    found = wsdl.find(".//{http://www.w3.org/2001/XMLSchema}schema")
    assert found is not None
    return etree.XMLSchema(etree.fromstring(etree.tostring(found)))


@needs_wsdl
def test_the_vendor_s_answers_are_read() -> None:
    opened = result((VENDOR / "samples/soap/OpenSession_response.xml").read_bytes(), "OpenSession")
    assert opened.failure() is None
    assert opened.text("SessionID") == "{some-bogus-sessionId}"
    added = result((VENDOR / "samples/soap/AddMutatie_response.xml").read_bytes(), "AddMutatie")
    assert (added.failure(), added.number("Mutatienummer")) == (None, 12)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>no",
        b"{}",
        b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>',
        b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
        '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>'.encode("utf-16"),
        b'<!DOCTYPE l [<!ENTITY a "aa"><!ENTITY b "&a;&a;&a;"><!ENTITY c "&b;&b;&b;">]><l>&c;</l>',
    ],
)
def test_no_document_type_no_entities(content: bytes) -> None:
    with pytest.raises(Unreadable):
        parse(content)


def test_texts_are_escaped_and_amounts_plain() -> None:
    content = envelope("Op", [("A", 'x < y & "z" \x00\x1f ]]>'), ("B", [("C", "é"), ("C", "1")])])
    root = parse(content)
    assert [found.text for found in root.iter(f"{{{tables.SOAP_NAMESPACE}}}A")] == ['x < y & "z"  ]]>']
    assert len(list(root.iter(f"{{{tables.SOAP_NAMESPACE}}}C"))) == 2


def test_faults_prove_or_do_not() -> None:
    def reply(code: str) -> Reply:
        return Reply(500, {}, bytes(soap_side.fault(code, "x").body))

    assert fault_code(reply("Client").content) == "Client"
    assert isinstance(error("AddMutatie", True, reply("Client")), Refused)
    assert isinstance(error("AddMutatie", True, reply("Server")), OutcomeUnknown)
    assert isinstance(error("AddMutatie", True, Reply(502, {}, b"<html>")), OutcomeUnknown)


@pytest.mark.anyio
@pytest.mark.parametrize("switches", [{}, {"error_msg": "missing"}])
async def test_a_mutation_and_a_booked_invoice(world: Callable[..., Any], drafts: Any, switches: Any) -> None:
    lines = (drafts.line("10.00", quantity="1"), drafts.line("36.29"), drafts.oss("30.00", quantity="3"))
    for document in ("mutation", "both"):
        async with world(api="soap", document=document, switches=switches) as here:
            made = await here.book(drafts.sale(*lines))
            assert made.total == Decimal("76.29")
            assert (await here.target.find_bookings([REFERENCE]))[REFERENCE].total == Decimal("76.29")
            assert [entry.amount for entry in here.sandbox.journal.of("booking")] == [Decimal("76.29")]


@pytest.mark.anyio
async def test_all_amounts_are_ours(world: Callable[..., Any], drafts: Any) -> None:
    """The server's rounding does not come into it."""
    async with world(api="soap") as here:
        made = await here.book(drafts.sale(*[drafts.line("0.05")] * 10))
        assert (made.total, made.note) == (Decimal("0.50"), "")
        row = here.sandbox.books.mutations[-1]["rows"][0]
        assert (row["amount"], row["vatAmount"]) == (Decimal("0.50"), Decimal("0.10"))


@pytest.mark.anyio
async def test_a_refusal_of_unknown_meaning_is_looked_into(world: Callable[..., Any], drafts: Any) -> None:
    async with world(api="soap") as here:
        await here.book(drafts.sale())
        with pytest.raises(AlreadyExists):
            await here.book(drafts.sale())
        key = await here.customer(drafts.customer())
        here.sandbox.books.relations.clear()
        with pytest.raises(CustomerGone):
            await here.target.book(drafts.sale(reference="A-2"), key, {})
        with pytest.raises(Refused, match="2013") as caught:
            await here.book(drafts.sale(reference="A-3", document_date=date(2013, 5, 5)))
        assert "2013" in caught.value.suggestion


@pytest.mark.anyio
@pytest.mark.parametrize("text", ["De sessie is verlopen.", "Dit gaat niet."])
async def test_a_session_that_ended_is_opened_again(world: Callable[..., Any], drafts: Any, text: str) -> None:
    """Told by its text, or, where the text says nothing, because it is old."""
    async with world(api="soap", switches={"soap_session": "300", "session_text": text}) as here:
        await here.book(drafts.sale())
        await here.clock.sleep(400)
        await here.book(drafts.sale(reference="A-2"))
        assert here.calls("OpenSession") == 2
        assert here.calls("AddMutatie") == 2


@pytest.mark.anyio
async def test_wrong_codes_stop_the_connection(world: Callable[..., Any]) -> None:
    async with world(api="soap", security_code_1="wrong") as here:
        with pytest.raises(SignInNeeded):
            await here.target.find_bookings([REFERENCE])


@pytest.mark.anyio
async def test_both_apis_see_the_same_books(world: Callable[..., Any], drafts: Any) -> None:
    async with world(api="soap") as here:
        key = await here.customer(drafts.customer())
        await here.target.book(drafts.sale(), key, {})
        rest = here.open(api="rest")
        assert (await rest.find_bookings([REFERENCE]))[REFERENCE].total == Decimal("121.00")
        assert await rest.find_customers([drafts.customer()]) == {drafts.customer().identity: key}
        made = await rest.book(drafts.sale(reference="A-2"), key, {})
        assert made.total == Decimal("121.00")


@pytest.mark.anyio
async def test_a_vat_amount_of_its_own_needs_a_mutation(world: Callable[..., Any], drafts: Any) -> None:
    other = drafts.line("106.00", "6", vat_code="AFW_VERK")
    async with world(api="soap", document="both") as here:
        with pytest.raises(Refused, match="AFW_VERK"):
            await here.book(drafts.sale(other))
    for api, document in (("soap", "mutation"), ("rest", "mutation"), ("rest", "both")):
        async with world(api=api, document=document) as here:
            made = await here.book(drafts.sale(other))
            assert made.total == Decimal("106.00")
            assert here.sandbox.books.mutations[-1]["vat"] == [{"vatCode": "AFW_VERK", "amount": Decimal("6.00")}]
