"""The SOAP side of the same books: sessions in the body, errors in a 200, all four amounts from the writer [7.12]."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from itertools import count

from starlette.requests import Request
from starlette.responses import Response

from koppel.clock import Clock
from koppel_eboekhouden import tables
from koppel_eboekhouden.envelope import ENVELOPE, Element, Field, Node, Unreadable, envelope, parse
from koppel_eboekhouden.sandbox import seed
from koppel_eboekhouden.sandbox.books import SALE, Books, Row, cents
from koppel_eboekhouden.sandbox.refusal import Refusal

_NS = f"{{{tables.SOAP_NAMESPACE}}}"
_MOST = 500
_MANDATORY: dict[str, Sequence[str]] = {
    "oMut": ("MutatieNr", "Soort", "Datum"),
    "cMutatieRegel": (
        "BedragInvoer",
        "BedragExclBTW",
        "BedragBTW",
        "BedragInclBTW",
        "BTWPercentage",
        "KostenplaatsID",
    ),
    "oFact": (
        "Datum",
        "Betalingstermijn",
        "PerEmailVerzenden",
        "AutomatischeIncasso",
        "IncassoMachtigingDatumOndertekening",
        "IncassoMachtigingFirst",
        "InBoekhoudingPlaatsen",
    ),
    "cFactuurRegel": ("Aantal", "PrijsPerEenheid", "KostenplaatsID"),
    "oRel": ("ID", "AddDatum", "Gb_ID", "GeenEmail", "NieuwsbriefgroepenCount"),
}


class Soap:
    """One address for all operations."""

    def __init__(self, books: Books, clock: Clock, switches: Mapping[str, str]) -> None:
        self._books = books
        self._clock = clock
        self._switches = switches
        self._life = int(switches.get("soap_session", "1200"))
        self._sessions: dict[str, float] = {}
        self._numbers = count(1)
        self._operations: dict[str, Callable[[Node], list[Field]]] = {
            "GetGrootboekrekeningen": self._ledgers,
            "GetKostenplaatsen": self._cost_centres,
            "GetRelaties": self._relations,
            "GetFacturen": self._invoices,
            "GetMutaties": self._mutations,
            "AddRelatie": self._add_relation,
            "AddFactuur": self._add_invoice,
            "AddMutatie": self._add_mutation,
        }

    async def handle(self, request: Request) -> Response:
        """Any operation."""
        try:
            call = self._call(parse(await request.body()))
        except Unreadable:
            return fault("Client", "Server was unable to read request.")
        operation = str(call.tag).removeprefix(_NS)
        node = Node(call)
        for found in call.iter():
            for name in _MANDATORY.get(str(found.tag).removeprefix(_NS), ()):
                if found.find(_NS + name) is None:
                    return fault("Client", f"There is an error in XML document: {name}.")
        try:
            return _answer(operation, [*self._no_error(), *self._run(operation, node)])
        except Refusal as refusal:
            code = "M006" if refusal.code in ("MUT_019", "FACT_101") else "M000"
            texts: list[Field] = [("LastErrorCode", code), ("LastErrorDescription", refusal.title)]
            return _answer(operation, [("ErrorMsg", texts)])

    def _call(self, root: Element) -> Element:
        body = root.find(f"{{{ENVELOPE}}}Body")
        if body is None or not len(body):
            raise Unreadable("no body")
        return body[0]

    def _no_error(self) -> list[Field]:
        if self._switches.get("error_msg") == "missing":
            return []
        return [("ErrorMsg", [("LastErrorCode", ""), ("LastErrorDescription", "")])]

    def _run(self, operation: str, node: Node) -> list[Field]:
        if operation == "OpenSession":
            return self._open(node)
        session = node.text("SessionID")
        if operation == "CloseSession":
            self._sessions.pop(session, None)
            return []
        signed = self._sessions.get(session, 0.0) > self._clock.monotonic()
        if not signed or node.text("SecurityCode2") != seed.SECURITY_CODE_2:
            raise Refusal("SESSION", self._switches.get("session_text", "De sessie is niet (meer) geldig."))
        if operation not in self._operations:
            raise Refusal("OPERATION", "Onbekende opdracht.")
        return self._operations[operation](node)

    def _open(self, node: Node) -> list[Field]:
        told = tuple(node.text(name) for name in ("Username", "SecurityCode1", "SecurityCode2"))
        if told != (seed.USERNAME, seed.SECURITY_CODE_1, seed.SECURITY_CODE_2):
            raise Refusal("SIGN_IN", "Gebruikersnaam of beveiligingscode onjuist.")
        session = f"{{sandbox-soap-{next(self._numbers):06}}}"
        self._sessions[session] = self._clock.monotonic() + self._life
        return [("SessionID", session)]

    # --- lists ---

    def _ledgers(self, node: Node) -> list[Field]:
        code = next(node.nodes("cFilter")).text("Code")
        return [
            (
                "Rekeningen",
                [
                    (
                        "cGrootboekrekening",
                        [
                            ("ID", str(one["id"])),
                            ("Code", one["code"]),
                            ("Omschrijving", one["description"]),
                            ("Categorie", one["category"]),
                        ],
                    )
                    for one in self._books.ledgers
                    if code in ("", one["code"])
                ],
            )
        ]

    def _cost_centres(self, node: Node) -> list[Field]:
        del node
        return [
            (
                "Kostenplaatsen",
                [
                    (
                        "cKostenplaats",
                        [
                            ("KostenplaatsId", str(one["id"])),
                            ("Omschrijving", one["description"]),
                            ("KostenplaatsParentId", "0"),
                        ],
                    )
                    for one in self._books.cost_centres
                    if one["active"]
                ],
            )
        ]

    def _relations(self, node: Node) -> list[Field]:
        asked = next(node.nodes("cFilter"))
        code, word = asked.text("Code"), asked.text("Trefwoord").casefold()
        found = [
            one
            for one in self._books.relations
            if code in ("", one["code"])
            and (
                not word or any(word in str(one.get(key) or "").casefold() for key in ("name", "emailAddress", "code"))
            )
        ]
        return [("Relaties", [("cRelatie", _relation(one)) for one in found])]

    def _invoices(self, node: Node) -> list[Field]:
        number = next(node.nodes("cFilter")).text("Factuurnummer")
        return [
            (
                "Facturen",
                [
                    (
                        "cFactuurList",
                        [
                            ("Factuurnummer", one["invoiceNumber"]),
                            ("Datum", f"{one['date']}T00:00:00"),
                            ("Betalingstermijn", str(one["termOfPayment"])),
                            ("TotaalExclBTW", str(one["totalExcl"])),
                            ("TotaalBTW", str(one["vatAmount"])),
                            ("TotaalInclBTW", str(one["totalAmount"])),
                            ("TotaalOpenstaand", str(one["totalAmount"])),
                        ],
                    )
                    for one in self._books.invoices
                    if number in ("", one["invoiceNumber"])
                ],
            )
        ]

    def _mutations(self, node: Node) -> list[Field]:
        number = next(node.nodes("cFilter")).text("Factuurnummer")
        found = [one for one in self._books.mutations if one["type"] == SALE and number in ("", one["invoiceNumber"])]
        return [("Mutaties", [("cMutatieList", self._mutation(one)) for one in found[:_MOST]])]

    def _mutation(self, one: Row) -> list[Field]:
        ledger = self._books.ledger("id", one["ledgerId"]) or {}
        relation = self._books.relation("id", one["relationId"]) or {}
        return [
            ("MutatieNr", str(one["id"])),
            ("Soort", "FactuurVerstuurd"),
            ("Datum", f"{one['date'][:10]}T00:00:00"),
            ("Rekening", str(ledger.get("code"))),
            ("RelatieCode", str(relation.get("code"))),
            ("Factuurnummer", one["invoiceNumber"]),
            ("Boekstuk", one["entryNumber"] or ""),
            ("Omschrijving", one["description"] or ""),
            ("InExBTW", one["inExVat"]),
            ("MutatieRegels", [("cMutatieListRegel", self._row(row, one["inExVat"])) for row in one["rows"]]),
        ]

    def _row(self, row: Row, in_ex: str) -> list[Field]:
        amount = Decimal(str(row["amount"]))
        rate = tables.VAT_CODES[row["vatCode"]].rate or Decimal(0)
        own = row.get("vatAmount")
        vat = cents(amount * rate / (100 + rate if in_ex == "IN" else 100)) if own is None else Decimal(str(own))
        net = amount - vat if in_ex == "IN" else amount
        ledger = self._books.ledger("id", row["ledgerId"]) or {}
        return [
            ("BedragInvoer", str(amount)),
            ("BedragExclBTW", str(net)),
            ("BedragBTW", str(vat)),
            ("BedragInclBTW", str(net + vat)),
            ("BTWCode", row["vatCode"]),
            ("BTWPercentage", str(rate)),
            ("TegenrekeningCode", str(ledger.get("code"))),
            ("KostenplaatsID", "0"),
        ]

    # --- creates ---

    def _add_relation(self, node: Node) -> list[Field]:
        told = next(node.nodes("oRel"))
        body = {key: told.text(name) for name, key in _RELATION.items() if told.text(name)}
        if not body.get("code"):
            raise Refusal("REL_005", "Code ontbreekt.")
        return [("Rel_ID", str(self._books.add_relation(body)["id"]))]

    def _add_mutation(self, node: Node) -> list[Field]:
        told = next(node.nodes("oMut"))
        if told.text("Soort") != "FactuurVerstuurd":
            raise Refusal("MUT_001", "Soort is ongeldig.")
        rows: list[Row] = []
        for row in told.all("MutatieRegels", "cMutatieRegel"):
            net, vat, gross, given = (
                row.amount(name) or Decimal(0)
                for name in ("BedragExclBTW", "BedragBTW", "BedragInclBTW", "BedragInvoer")
            )
            if net + vat != gross or given != (gross if told.text("InExBTW") == "IN" else net):
                raise Refusal("MUT_118", "De bedragen kloppen niet.")
            rows.append(
                {
                    "vatCode": row.text("BTWCode"),
                    "ledgerId": self._ledger_id(row.text("TegenrekeningCode")),
                    "amount": given,
                    "vatAmount": vat,
                    "costCenterId": row.number("KostenplaatsID"),
                }
            )
        body: Row = {
            "type": SALE,
            "date": told.text("Datum")[:10],
            "ledgerId": self._ledger_id(told.text("Rekening")),
            "relationId": self._relation_id(told.text("RelatieCode")),
            "invoiceNumber": told.text("Factuurnummer"),
            "entryNumber": told.text("Boekstuk"),
            "description": told.text("Omschrijving"),
            "termOfPayment": told.number("Betalingstermijn"),
            "inExVat": told.text("InExBTW"),
            "rows": rows,
        }
        return [("Mutatienummer", str(self._books.add_mutation(body, soap=True)["id"]))]

    def _add_invoice(self, node: Node) -> list[Field]:
        told = next(node.nodes("oFact"))
        template = next((one for one in self._books.templates if one["name"] == told.text("Factuursjabloon")), None)
        body: Row = {
            "relationId": self._relation_id(told.text("Relatiecode")),
            "invoiceNumber": told.text("Factuurnummer"),
            "date": told.text("Datum")[:10],
            "termOfPayment": told.number("Betalingstermijn"),
            "templateId": template["id"] if template else 0,
            "inExVat": "EX",
            "items": [
                {
                    "quantity": row.amount("Aantal"),
                    "pricePerUnit": row.amount("PrijsPerEenheid"),
                    "description": row.text("Omschrijving"),
                    "code": row.text("Code"),
                    "vatCode": row.text("BTWCode"),
                    "ledgerId": self._ledger_id(row.text("TegenrekeningCode")),
                    "costCenterId": row.number("KostenplaatsID"),
                }
                for row in told.all("Regels", "cFactuurRegel")
            ],
        }
        if told.text("InBoekhoudingPlaatsen") == "true":
            debtors = self._books.ledger("category", tables.DEBTORS) or {}
            body["mutation"] = {
                "ledgerId": debtors.get("id"),
                "description": told.text("BoekhoudmutatieOmschrijving"),
            }
        return [("Factuurnummer", self._books.add_invoice(body)["invoiceNumber"])]

    def _ledger_id(self, code: str) -> int | None:
        found = self._books.ledger("code", code)
        return int(found["id"]) if found else None

    def _relation_id(self, code: str) -> int | None:
        found = self._books.relation("code", code)
        if found is None:
            raise Refusal("MUT_013", "De opgegeven code hoort nergens bij.")  # a text that helps nobody
        return int(found["id"])


_RELATION = {
    "Code": "code",
    "Bedrijf": "name",
    "Contactpersoon": "contact",
    "Adres": "address",
    "Postcode": "postalCode",
    "Plaats": "city",
    "Land": "country",
    "Telefoon": "phoneNumber",
    "Email": "emailAddress",
    "BTWNummer": "vatNumber",
    "BP": "type",
    "Def1": "freeText1",
}


def _relation(one: Row) -> list[Field]:
    known: list[Field] = [(name, str(one[key])) for name, key in _RELATION.items() if one.get(key)]
    return [("ID", str(one["id"])), *known]


def _answer(operation: str, fields: Sequence[Field]) -> Response:
    return Response(envelope(f"{operation}Response", [(f"{operation}Result", fields)]), media_type="text/xml")


def fault(code: str, text: str) -> Response:
    """A SOAP fault."""
    body = (
        f'<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="{ENVELOPE}"><soap:Body><soap:Fault>'
        f"<faultcode>soap:{code}</faultcode><faultstring>{text}</faultstring></soap:Fault></soap:Body></soap:Envelope>"
    )
    return Response(body, 500, media_type="text/xml")
