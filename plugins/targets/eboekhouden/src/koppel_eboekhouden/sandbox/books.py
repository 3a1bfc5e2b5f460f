"""The books behind both APIs: relations, invoices, mutations, and the rules by which they are taken [7]."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from koppel.clock import AMSTERDAM, Clock
from koppel.sandbox import Entry, Journal
from koppel_eboekhouden import tables
from koppel_eboekhouden.sandbox import seed
from koppel_eboekhouden.sandbox.refusal import Refusal, limit

Row = dict[str, Any]
CENT = Decimal("0.01")
SALE = 2


def cents(amount: Decimal) -> Decimal:
    """Half up."""
    return amount.quantize(CENT, ROUND_HALF_UP)


class Books:
    """One administration. Switches: see :class:`koppel_eboekhouden.sandbox.EBoekhoudenSandbox`."""

    def __init__(self, clock: Clock, journal: Journal, switches: Mapping[str, str]) -> None:
        self._clock = clock
        self._journal = journal
        self._switches = switches
        self.ledgers = seed.ledgers()
        self.templates = seed.templates()
        self.cost_centres = seed.cost_centres()
        self.relations: list[Row] = []
        self.invoices: list[Row] = []
        year = clock.now().astimezone(AMSTERDAM).year
        self.closed_before = date.fromisoformat(switches.get("closed_before", f"{year - 2}-01-01"))
        self.mutations: list[Row] = seed.opening_balance(f"{year - 2}-01-01")
        self._payment_references: set[str] = set()
        self._halves = int(switches.get("half", "0"))

    def ledger(self, key: str, value: object) -> Row | None:
        """A ledger by its id or code."""
        return next((one for one in self.ledgers if one[key] == value), None)

    def relation(self, key: str, value: object) -> Row | None:
        """A relation by its id or code."""
        return next((one for one in self.relations if one[key] == value), None)

    # --- relations ---

    def add_relation(self, body: Row) -> Row:
        """A new relation; a code is made where none is given."""
        if not str(body.get("name") or "").strip():
            raise Refusal("REL_002", "Naam is verplicht.", "name")
        limit(body, _RELATION_LENGTHS)
        if body.get("type") not in (None, "B", "P"):
            raise Refusal("REL_001", "Type is ongeldig.", "type")
        email = body.get("emailAddress")
        if email and ("@" not in email or " " in email or email.endswith("@")):
            raise Refusal("REL_023", "E-mailadres is ongeldig.", "emailAddress")
        number = 70000 + len(self.relations) + 1
        row: Row = {"type": "B", "inactive": False, **body, "id": number}
        row["code"] = body.get("code") or f"R{number}"
        if any(one["code"].casefold() == row["code"].casefold() for one in self.relations):
            raise Refusal("REL_049", "Code bestaat al.", "code")
        self.relations.append(row)
        self._enter("customer", str(email or row["code"]), row["id"], None)
        return row

    def _usable(self, number: object, missing: str, inactive: str) -> Row:
        row = self.relation("id", number)
        if row is None:
            raise Refusal(missing, "Relatie niet gevonden.", "relationId")
        if row["inactive"] and inactive:
            raise Refusal(inactive, "Relatie is niet actief.", "relationId")
        return row

    # --- invoices ---

    def add_invoice(self, body: Row) -> Row:
        """A sales invoice; booked only with a `mutation`."""
        self._usable(body.get("relationId"), "FACT_002", "FACT_003")
        if not any(one["id"] == body.get("templateId") and one["active"] for one in self.templates):
            raise Refusal("FACT_018", "Sjabloon niet gevonden.", "templateId")
        limit(body, {"invoiceNumber": (50, "FACT_007"), "reference": (50, "FACT_014"), "text": (35000, "FACT_017")})
        number = body.get("invoiceNumber") or f"F{len(self.invoices) + 1:05}"
        if not number[-1].isdigit():
            raise Refusal("FACT_009", "Factuurnummer eindigt niet op een cijfer.", "invoiceNumber")
        if any(one["invoiceNumber"] == number for one in self.invoices):
            raise Refusal("FACT_101", "Factuurnummer is in gebruik.", "invoiceNumber")
        if not isinstance(body.get("termOfPayment"), int):
            raise Refusal("FACT_015", "Betalingstermijn ontbreekt.", "termOfPayment")
        day = str(body.get("date") or self._today())
        items = self._items(body)
        in_ex = body.get("inExVat") or "EX"
        if in_ex not in ("IN", "EX"):
            raise Refusal("FACT_010", "IN of EX.", "inExVat")
        net, vat = self._totals([(one["vatCode"], one["total"], one.get("vatAmount")) for one in items], in_ex)
        total = net + sum(vat.values(), Decimal(0))
        row: Row = {
            **{key: body.get(key) for key in ("relationId", "reference", "text", "templateId", "termOfPayment")},
            "id": 70863000 + len(self.invoices) + 1,
            "invoiceNumber": number,
            "date": day,
            "inExVat": in_ex,
            "totalExcl": net,
            "vatAmount": total - net,
            "totalAmount": total,
            "urlPdfFile": "",
            "print": bool(body.get("print")),
            "items": [{key: value for key, value in one.items() if key != "total"} for one in items],
        }
        entry = body.get("mutation")
        if entry:
            self._invoice_mutation(row, entry, items, in_ex, day)
        self.invoices.append(row)
        if not entry:
            self._enter("booking", str(body.get("reference") or number), row["id"], total)
        return row

    def _invoice_mutation(self, invoice: Row, entry: Row, items: Sequence[Row], in_ex: str, day: str) -> None:
        if date.fromisoformat(day) < self.closed_before:
            raise Refusal("FACT_VERWERK_001", "Factuurdatum ligt in een afgesloten periode.", "date")
        limit(entry, {"description": (200, "FACT_VERWERK_002"), "paymentReference": (50, "FACT_VERWERK_003")})
        self._debtors(entry.get("ledgerId"))
        if any(one["invoiceNumber"] == invoice["invoiceNumber"] for one in self._sales()):
            raise Refusal("MUT_019", "Factuurnummer bestaat al.", "invoiceNumber")
        self._payment_reference(entry, "FACT_VERWERK_004")
        if self._halves > 0:
            self._halves -= 1
            return
        rows = self._entries(items, in_ex)
        facts = {key: invoice[key] for key in ("date", "relationId", "invoiceNumber", "termOfPayment")}
        named = {"description": entry.get("description"), "entryNumber": invoice["reference"] or ""}
        self._keep({**facts, **named, "ledgerId": entry["ledgerId"], "inExVat": in_ex, "rows": rows})

    def _entries(self, items: Sequence[Row], in_ex: str) -> list[Row]:
        """A row per VAT code and ledger, in whole cents, that make the invoice's totals: the first gives way."""
        net, vat = self._totals([(one["vatCode"], one["total"], one.get("vatAmount")) for one in items], in_ex)
        sums: dict[tuple[str, int], Decimal] = {}
        for one in items:
            key = (one["vatCode"], one["ledgerId"])
            sums[key] = sums.get(key, Decimal(0)) + one["total"]
        rows: list[Row] = []
        for (code, ledger), amount in sums.items():
            first = not any(row["vatCode"] == code for row in rows)
            own = vat[code] if first else Decimal(0)
            rows.append({"vatCode": code, "ledgerId": ledger, "amount": cents(amount), "vatAmount": own})
        wanted = net if in_ex == "EX" else net + sum(vat.values(), Decimal(0))
        rows[0]["amount"] += wanted - sum((row["amount"] for row in rows), Decimal(0))
        return rows

    def _items(self, body: Row) -> list[Row]:
        items: list[Row] = body.get("items") or []
        if not items:
            raise Refusal("FACT_019", "Regels ontbreken.", "items")
        if len(items) > tables.ROWS:
            raise Refusal("FACT_025", "Te veel regels.", "items")
        found: list[Row] = []
        for item in items:
            if not item.get("description"):
                raise Refusal("FACT_ITEM_001", "Omschrijving ontbreekt.", "items.description")
            limit(item, {"code": (50, "FACT_ITEM_003")})
            if item.get("vatCode") not in tables.VAT_CODES or tables.VAT_CODES[item["vatCode"]].country != "NL":
                raise Refusal("FACT_ITEM_014", "Btw-code ongeldig.", "items.vatCode")
            if self.ledger("id", item.get("ledgerId")) is None:
                raise Refusal("FACT_ITEM_012", "Grootboekrekening niet gevonden.", "items.ledgerId")
            if item.get("vatAmount") is not None and item["vatCode"] != "AFW_VERK":
                raise Refusal("FACT_ITEM_015", "Btw-bedrag alleen bij AFW_VERK.", "items.vatAmount")
            self._cost_centre(item)
            price = Decimal(str(item.get("pricePerUnit") or 0)) - Decimal(str(item.get("discountAmount") or 0))
            found.append({**item, "total": Decimal(str(item.get("quantity") or 0)) * price})
        return found

    # --- mutations ---

    def add_mutation(self, body: Row, *, soap: bool = False) -> Row:
        """A sale; other types are not needed here and refused. By SOAP the VAT amounts are the writer's own."""
        if str(body.get("type")) != str(SALE):
            raise Refusal("MUTA_009", "Type is onbekend.", "type")
        if not body.get("date"):
            raise Refusal("MUT_003", "Datum ontbreekt.", "date")
        if date.fromisoformat(str(body["date"])[:10]) < self.closed_before:
            raise Refusal("MUT_005", "Periode is afgesloten.", "date")
        if body.get("inExVat") not in ("IN", "EX"):
            raise Refusal("MUT_017" if body.get("inExVat") else "MUTA_005", "IN of EX.", "inExVat")
        self._debtors(body.get("ledgerId"))
        self._named(body, 200 if soap else 50)
        rows: list[Row] = body.get("rows") or []
        if not 0 < len(rows) <= tables.ROWS:
            raise Refusal("MUT_101" if rows else "MUT_100", "Aantal regels.", "rows")
        for row in rows:
            self._row(row, own_vat=soap)
        self._payment_reference(body, "MUTA_008")
        names = ("date", "relationId", "invoiceNumber", "entryNumber", "description", "ledgerId", "inExVat")
        return self._keep({**{key: body.get(key) for key in (*names, "termOfPayment")}, "rows": rows})

    def _named(self, body: Row, description: int) -> None:
        if not body.get("invoiceNumber"):
            raise Refusal("MUT_002", "Factuurnummer ontbreekt.", "invoiceNumber")
        lengths = {"invoiceNumber": (50, "MUT_018"), "description": (description, "MUT_118")}
        limit(body, {**lengths, "entryNumber": (50, "MUT_118")})
        if not body.get("relationId"):
            raise Refusal("MUT_012", "Relatie ontbreekt.", "relationId")
        self._usable(body["relationId"], "MUT_013", "")
        if any(one["invoiceNumber"] == body["invoiceNumber"] for one in self._sales()):
            raise Refusal("MUT_019", "Factuurnummer bestaat al.", "invoiceNumber")

    def _row(self, row: Row, *, own_vat: bool) -> None:
        ledger = self.ledger("id", row.get("ledgerId"))
        if ledger is None:
            raise Refusal("MUT_104", "Onbekende grootboekrekening.", "rows.ledgerId")
        if ledger["category"] in tables.NO_ROWS:
            raise Refusal("MUT_106", "Ongeldige categorie.", "rows.ledgerId")
        code = tables.VAT_CODES.get(str(row.get("vatCode")))
        if code is None or code.country != "NL":
            raise Refusal("MUT_109", "Btw-code ongeldig.", "rows.vatCode")
        if not own_vat and row.get("vatAmount") is not None and row["vatCode"] != "AFW_VERK":
            raise Refusal("MUTA_003", "Btw-bedrag alleen bij AFW.", "rows.vatAmount")
        self._cost_centre(row)

    def _keep(self, row: Row) -> Row:
        lines = [(one["vatCode"], Decimal(str(one["amount"])), one.get("vatAmount")) for one in row["rows"]]
        net, vat = self._totals(lines, row["inExVat"])
        total = net + sum(vat.values(), Decimal(0))
        row |= {"id": 1000 + len(self.mutations), "type": SALE, "amount": total}
        row["vat"] = [{"vatCode": code, "amount": amount} for code, amount in vat.items()]
        self.mutations.append(row)
        self._enter("booking", str(row.get("entryNumber") or row["invoiceNumber"]), row["id"], total)
        return row

    def _sales(self) -> list[Row]:
        return [one for one in self.mutations if one["type"] == SALE]

    def open_items(self) -> list[Row]:
        """Sales that nobody paid yet."""
        return [
            {
                "date": one["date"],
                "mutationId": one["id"],
                "invoiceNumber": one["invoiceNumber"],
                "relationId": one["relationId"],
                "relationCode": None,
                "company": "",
                "totalAmount": one["amount"],
                "paidAmount": Decimal(0),
                "outstandingAmount": one["amount"],
            }
            for one in self._sales()
        ]

    # --- parts ---

    def _totals(self, lines: Sequence[tuple[str, Decimal, Any]], in_ex: str) -> tuple[Decimal, dict[str, Decimal]]:
        """Net total, and VAT per code: over the whole, or per line by switch [10.12]."""
        sums: dict[tuple[str, int], Decimal] = {}
        own: dict[tuple[str, int], Decimal] = {}
        for number, (code, amount, vat_amount) in enumerate(lines):
            key = (code, number if self._switches.get("vat") == "line" else 0)
            sums[key] = sums.get(key, Decimal(0)) + amount
            if vat_amount is not None:
                own[key] = own.get(key, Decimal(0)) + Decimal(str(vat_amount))
        vat: dict[str, Decimal] = {}
        for key, amount in sums.items():
            code = key[0]
            rate = tables.VAT_CODES[code].rate or Decimal(0)
            part = own[key] if key in own else cents(amount * rate / (100 + rate if in_ex == "IN" else 100))
            vat[code] = vat.get(code, Decimal(0)) + part
        given = cents(sum(sums.values(), Decimal(0)))
        return (given - sum(vat.values(), Decimal(0)) if in_ex == "IN" else given), vat

    def _debtors(self, number: object) -> None:
        ledger = self.ledger("id", number)
        if ledger is None:
            raise Refusal("MUT_007", "Onbekende grootboekrekening.", "ledgerId")
        if ledger["category"] != tables.DEBTORS:
            raise Refusal("MUT_011", "Grootboekrekening moet debiteuren zijn.", "ledgerId")

    def _cost_centre(self, row: Row) -> None:
        centre = row.get("costCenterId")
        if centre and not any(one["id"] == centre and one["active"] for one in self.cost_centres):
            raise Refusal("MUT_117", "Kostenplaats niet gevonden.", "costCenterId")

    def _payment_reference(self, body: Row, code: str) -> None:
        reference = body.get("paymentReference")
        if reference and body.get("checkPaymentReference") and reference in self._payment_references:
            raise Refusal(code, "Betalingskenmerk bestaat al.", "paymentReference")
        if reference:
            self._payment_references.add(reference)

    def _today(self) -> date:
        return self._clock.now().astimezone(AMSTERDAM).date()

    def _enter(self, kind: str, reference: str, number: int, amount: Decimal | None) -> None:
        entry = Entry(at=self._clock.now(), kind=kind, reference=reference, id=str(number), amount=amount)
        self._journal.entries.append(entry)


_RELATION_LENGTHS = {
    "name": (100, "REL_003"),
    "code": (15, "REL_006"),
    "contact": (50, "REL_009"),
    "address": (150, "REL_011"),
    "postalCode": (50, "REL_012"),
    "city": (50, "REL_013"),
    "country": (50, "REL_014"),
    "phoneNumber": (50, "REL_019"),
    "emailAddress": (150, "REL_022"),
    "vatNumber": (50, "REL_035"),
    "freeText1": (100, "REL_037"),
}
