"""POST /verkoopboekingen in the sandbox, with the rules of BOE-* and of OSS [fact sheet 7.5, 7.8]."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from koppel_snelstart import tables
from koppel_snelstart.sandbox import body as wire
from koppel_snelstart.sandbox.body import Body
from koppel_snelstart.sandbox.books import Books, Record
from koppel_snelstart.sandbox.rates import EU, foreign_rate
from koppel_snelstart.sandbox.refusal import business

CENT = Decimal("0.01")
_LINE_KINDS = ("Geen", "Laag", "Hoog", "Overig")
_SALES_KINDS = {"VerkopenLaag": "Laag", "VerkopenHoog": "Hoog", "VerkopenOverig": "Overig"}
_ANY_KIND = ("InkopenKostenAlleBtwTarieven", "InkopenVraagPosten")
_EU_REVENUE = (tables.EXPORT_EU, tables.DIENSTEN_EU)


@dataclass(frozen=True)
class Line:
    """A line, checked on its own."""

    ledger: Record
    amount: Decimal
    kind: str
    text: str | None
    centre: str | None


@dataclass(frozen=True)
class VatLine:
    """A line of the ``btw`` array."""

    kind: str
    amount: Decimal


def create(books: Books, body: Body) -> tuple[Record, Record]:
    """Make a booking and the invoice that it yields."""
    wire.refuse_id(body)
    number = wire.text(body, "factuurnummer")
    if number is None or len(number) > tables.FACTUURNUMMER:
        raise business("BOE-0058")
    day = _day(books, body)
    customer = _customer(books, body)
    if len(wire.text(body, "omschrijving") or "") > tables.BOOKING_TEXT:
        raise business("BOE-0071")
    lines = [_line(books, item) for item in wire.items(body, "boekingsregels")]
    if not lines:
        raise business("BOE-0023")
    vat = [_vat_line(item) for item in wire.items(body, "btw")]
    _check_vat(lines, vat)
    _check_customer(books, customer, lines, vat, day)
    total = wire.amount(body, "factuurbedrag") or Decimal(0)
    if sum(line.amount for line in lines) + sum(row.amount for row in vat) != total:
        raise business("BOE-0039")
    if any(record["factuurnummer"].casefold() == number.casefold() for record in books.records["invoices"]):
        raise business("BOE-0021")
    return _keep(books, body, number, day, customer, lines, vat, total)


def _keep(
    books: Books,
    body: Body,
    number: str,
    day: str,
    customer: Record,
    lines: list[Line],
    vat: list[VatLine],
    total: Decimal,
) -> tuple[Record, Record]:
    term = wire.whole(body, "betalingstermijn") or 0
    booking = books.add(
        "bookings",
        number,
        {
            "boekstuk": wire.text(body, "boekstuk") or f"{len(books.records['bookings']) + 1}",
            "gewijzigdDoorAccountant": False,
            "markering": bool(body.get("markering")),
            "factuurdatum": f"{day}T00:00:00",
            "factuurnummer": number,
            "klant": books.ref("relations", customer["id"]),
            "omschrijving": wire.text(body, "omschrijving"),
            "factuurbedrag": total,
            "betalingstermijn": term,
            "boekingsregels": [
                {
                    "omschrijving": line.text,
                    "grootboek": books.ref("ledgers", line.ledger["id"]),
                    "kostenplaats": books.ref("centres", line.centre) if line.centre else None,
                    "bedrag": line.amount,
                    "btwSoort": line.kind,
                }
                for line in lines
            ],
            "btw": [{"btwSoort": row.kind, "btwBedrag": row.amount} for row in vat],
            "documents": [],
        },
    )
    invoice = books.add(
        "invoices",
        number,
        {
            "factuurnummer": number,
            "factuurDatum": f"{day}T00:00:00",
            "vervalDatum": f"{date.fromisoformat(day) + timedelta(days=term)}T00:00:00",
            "factuurBedrag": total,
            "openstaandSaldo": total,
            "relatie": books.ref("relations", customer["id"]),
            "verkoopBoeking": books.ref("bookings", booking["id"]),
            "verkoopOrders": [],
        },
    )
    return booking, invoice


def _day(books: Books, body: Body) -> str:
    day = wire.day(body, "factuurdatum")
    if day is None:
        raise business("BOE-0070")
    check_period(books, day)
    return day


def check_period(books: Books, day: str) -> None:
    """BOE-0033 and BOE-0042."""
    if int(day[:4]) < books.company["huidigBoekjaar"] - tables.YEARS_BACK:
        raise business("BOE-0033")
    if day <= books.blocked_until:
        raise business("BOE-0042")


def _customer(books: Books, body: Body) -> Record:
    relation = books.by_id("relations", wire.reference(body, "klant"))
    if relation is None or "Klant" not in relation["relatiesoort"]:
        raise business("BOE-0060")
    if relation["nonactief"]:
        raise business("BOE-0054")
    return relation


def _line(books: Books, item: Body) -> Line:
    ledger = books.by_id("ledgers", wire.reference(item, "grootboek"))
    if ledger is None:
        raise business("BOE-0037")
    if ledger["nonactief"]:
        raise business("BOE-0008")
    if str(ledger["grootboekfunctie"]).startswith("Dagboek"):
        raise business("BOE-0061")
    amount = wire.amount(item, "bedrag") or Decimal(0)
    if amount == 0:
        raise business("BOE-0028")
    kind = wire.text(item, "btwsoort")
    if kind is None and (ledger["grootboekfunctie"] in _ANY_KIND or len(ledger["btwSoort"]) != 1):
        raise business("BOE-0082")
    kind = kind or str(ledger["btwSoort"][0])
    if kind not in _LINE_KINDS or kind not in ledger["btwSoort"]:
        raise business("BOE-0082")
    centre = wire.reference(item, "kostenplaats")
    if centre is None and ledger["kostenplaatsVerplicht"]:
        raise business("BOE-0022")
    if centre is not None and books.by_id("centres", centre) is None:
        raise business("BOE-0019")
    if len(wire.text(item, "omschrijving") or "") > tables.LINE_TEXT:
        raise business("BOE-0071")
    return Line(ledger, amount, kind, wire.text(item, "omschrijving"), centre)


def _vat_line(item: Body) -> VatLine:
    return VatLine(wire.text(item, "btwsoort") or "", wire.amount(item, "btwbedrag") or Decimal(0))


def _check_vat(lines: list[Line], vat: list[VatLine]) -> None:
    """The words of the ``btw`` array are other than those of the lines, and each kind needs its lines."""
    if any(row.kind not in (*_SALES_KINDS, "VerkopenVerlegd", "Geen") for row in vat):
        raise business("BOE-0069")
    reverse = any(row.kind == "VerkopenVerlegd" for row in vat)
    if reverse and (len(vat) > 1 or any(line.kind != "Geen" for line in lines)):
        raise business("BOE-0062")
    kinds = {line.kind for line in lines}
    if any(row.amount != 0 and _SALES_KINDS.get(row.kind) not in kinds for row in vat):
        raise business("BOE-0069")


def _check_customer(books: Books, customer: Record, lines: list[Line], vat: list[VatLine], day: str) -> None:
    country = books.country_of(customer["vestigingsAdres"])
    abroad_in_eu = country in EU and country != "NL"
    consumer = abroad_in_eu and not customer["btwNummer"]
    functions = {line.ledger["grootboekfunctie"] for line in lines}
    if functions & set(_EU_REVENUE) and (not abroad_in_eu or consumer):
        raise business("BOE-0080")
    foreign = books.company["buitenlandseBtwGrootboek"]["id"]
    if consumer and books.oss_on(day):
        _check_oss(lines, vat, country, foreign, day)
    elif tables.AFSTANDSVERKOPEN in functions and books.strict_country:
        raise business("BOE-0080")


def _check_oss(lines: list[Line], vat: list[VatLine], country: str, foreign: str, day: str) -> None:
    """No VAT beside the lines, no other ledgers, and the VAT within one cent a line of what the rates make."""
    if any(row.amount != 0 for row in vat):
        raise business("BOE-0069")
    sales = [line for line in lines if line.ledger["grootboekfunctie"] == tables.AFSTANDSVERKOPEN]
    booked = [line for line in lines if line.ledger["id"] == foreign]
    if len(sales) + len(booked) != len(lines):
        raise business("BOE-0061")
    expected = Decimal(0)
    for line in sales:
        rate = foreign_rate(country, line.ledger["vatRateCode"] or "", day)
        if rate is None:
            raise business("BOE-0069")
        expected += (line.amount * rate / 100).quantize(CENT, ROUND_HALF_UP)
    if abs(expected - sum(line.amount for line in booked)) > CENT * len(sales):
        raise business("BOE-0069")
