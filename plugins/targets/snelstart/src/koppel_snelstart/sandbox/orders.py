"""POST /verkooporders in the sandbox, with the rules of VOR-*, and what SnelStart works out itself [fact sheet 7.6]."""

from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from koppel_snelstart import tables
from koppel_snelstart.sandbox import body as wire
from koppel_snelstart.sandbox.body import Body
from koppel_snelstart.sandbox.books import Books, Record
from koppel_snelstart.sandbox.rates import EU, dutch_rate, foreign_rate
from koppel_snelstart.sandbox.refusal import business, model
from koppel_snelstart.sandbox.relations import address_of

CENT = Decimal("0.01")
_STATES = ("Order", "Offerte", "Bevestiging", "Werkbon", "Pakbon", "Afhaalbon")
_RATE_CODES = {"Hoog": ("SR",), "Laag": ("RRL", "RRH", "SR"), "Overig": ("SR",)}
"""Which foreign rate a Dutch kind becomes: the first that the country has. How SnelStart decides is not known."""


class _Line(NamedTuple):
    record: Record
    amount: Decimal
    rate: Decimal


def create(books: Books, body: Body, *, round_lines: bool) -> Record:
    """Make a sales order. Doubles are allowed: there is no unique field."""
    wire.refuse_id(body)
    codes: list[str] = []
    relation = books.by_id("relations", wire.reference(body, "relatie"))
    if relation is None or "Klant" not in relation["relatiesoort"] or relation["nonactief"]:
        codes.append("VOR-0002")
    if wire.whole(body, "nummer"):
        codes.append("VOR-0005")
    if len(wire.text(body, "orderreferentie") or "") > tables.ORDERREFERENTIE:
        codes.append("VOR-0011")
    delivery = address_of(books, body, "afleveradres", codes)
    if codes or relation is None:
        raise business(*codes)
    day = wire.day(body, "datum")
    if day is None:
        raise model("verkooporder.Datum", "The Datum field is required.")
    state = wire.text(body, "processtatus") or "Order"
    if state not in _STATES:
        raise model("verkooporder.ProcesStatus", f"The value '{state}' is not available.")
    entry = wire.text(body, "verkooporderbtwingavemodel") or "Exclusief"
    template = wire.reference(body, "verkoopordersjabloon")
    if template is not None and books.by_id("templates", template) is None:
        raise model("verkooporder.Verkoopordersjabloon", "The template does not exist.")
    country = books.country_of(delivery or relation["vestigingsAdres"])
    lines = [_line(books, item, country, relation, day) for item in wire.items(body, "regels")]
    excluding, including = _totals(lines, inclusive=entry == "Inclusief", round_lines=round_lines)
    number = books.next_order
    books.next_order += 1
    return books.add(
        "orders",
        number,
        {
            "relatie": books.ref("relations", relation["id"]),
            "procesStatus": state,
            "nummer": number,
            "datum": f"{day}T00:00:00",
            "krediettermijn": wire.whole(body, "krediettermijn"),
            "geblokkeerd": False,
            "omschrijving": wire.text(body, "omschrijving"),
            "betalingskenmerk": wire.text(body, "betalingskenmerk"),
            "incassomachtiging": None,
            "afleveradres": delivery,
            "factuuradres": None,
            "verkooporderBtwIngaveModel": entry,
            "kostenplaats": None,
            "regels": [line.record for line in lines],
            "memo": wire.text(body, "memo"),
            "orderreferentie": wire.text(body, "orderreferentie"),
            "factuurkorting": Decimal(0),
            "verkoopfactuur": None,
            "verkoopordersjabloon": books.ref("templates", template) if template else None,
            "verkoopOrderStatus": wire.text(body, "verkooporderstatus") or "InBehandeling",
            "totaalExclusiefBtw": excluding,
            "totaalInclusiefBtw": including,
            "extraHoofdVelden": [],
        },
    )


def _line(books: Books, item: Body, country: str, relation: Record, day: str) -> _Line:
    article = books.by_id("articles", wire.reference(item, "artikel"))
    if article is None:
        raise business("ART-0001")
    price = wire.amount(item, "stuksprijs") or Decimal(0)
    quantity = wire.amount(item, "aantal") or Decimal(0)
    discount = wire.amount(item, "kortingspercentage") or Decimal(0)
    total = quantity * price * (100 - discount) / 100
    group = books.by_id("groups", article["artikelOmzetgroep"]["id"])
    kind = str(group["verkoopNederlandBtwSoort"]) if group else "Geen"
    record: Record = {
        "artikel": books.ref("articles", article["id"]),
        "omschrijving": wire.text(item, "omschrijving") or article["omschrijving"],
        "stuksprijs": price,
        "aantal": quantity,
        "kortingsPercentage": discount,
        "totaal": total.quantize(CENT, ROUND_HALF_UP),
        "extraRegelVelden": [],
    }
    return _Line(record, total, _rate(books, kind, country, relation, day))


def _rate(books: Books, kind: str, country: str, relation: Record, day: str) -> Decimal:
    if kind == "Geen" or (country not in EU and country != "NL"):
        return Decimal(0)
    if country == "NL":
        return dutch_rate(kind, day)
    if relation["btwNummer"]:
        return Decimal(0)
    if not books.oss_on(day):
        return dutch_rate(kind, day)
    rates = (foreign_rate(country, code, day) for code in _RATE_CODES[kind])
    return next((rate for rate in rates if rate is not None), Decimal(0))


def _totals(lines: list[_Line], *, inclusive: bool, round_lines: bool) -> tuple[Decimal, Decimal]:
    """Excl. and incl. VAT, the VAT rounded once for each rate."""
    sums: dict[Decimal, Decimal] = {}
    for line in lines:
        amount = line.amount.quantize(CENT, ROUND_HALF_UP) if round_lines else line.amount
        sums[line.rate] = sums.get(line.rate, Decimal(0)) + amount
    excluding = including = Decimal(0)
    for rate, amount in sums.items():
        if inclusive:
            gross = amount.quantize(CENT, ROUND_HALF_UP)
            net = gross - (gross * rate / (100 + rate)).quantize(CENT, ROUND_HALF_UP)
        else:
            net = amount.quantize(CENT, ROUND_HALF_UP)
            gross = (amount * (100 + rate) / 100).quantize(CENT, ROUND_HALF_UP)
        excluding += net
        including += gross
    return excluding, including


def invoice(books: Books, order: Record) -> Record:
    """What only a person can do in SnelStart: make an invoice of an order."""
    made = books.add(
        "invoices",
        f"order-{order['nummer']}",
        {
            "factuurnummer": str(books.company["volgendFactuurnummer"]),
            "factuurDatum": order["datum"],
            "vervalDatum": order["datum"],
            "factuurBedrag": order["totaalInclusiefBtw"],
            "openstaandSaldo": order["totaalInclusiefBtw"],
            "relatie": order["relatie"],
            "verkoopBoeking": books.ref("bookings", books.guid("bookings", f"order-{order['nummer']}")),
            "verkoopOrders": [books.ref("orders", order["id"])],
        },
    )
    books.company["volgendFactuurnummer"] += 1
    order["verkoopfactuur"] = books.ref("invoices", made["id"])
    books.touch(order)
    return made
