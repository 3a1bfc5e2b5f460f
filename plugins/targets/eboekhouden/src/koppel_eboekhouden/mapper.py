"""From a draft to the document that is booked. Pure functions; e-Boekhouden.nl adds VAT per code, we add nothing."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from koppel.booking.draft import Draft, DraftLine
from koppel.model import Address
from koppel.plugin import Refused
from koppel.vat.treatment import Treatment
from koppel_eboekhouden import tables
from koppel_eboekhouden.administration import Chart
from koppel_eboekhouden.countries import country_name
from koppel_eboekhouden.document import CostCentre, Document, Item, Key, Row, Template
from koppel_eboekhouden.numbers import invoice_number
from koppel_eboekhouden.parties import shorten
from koppel_eboekhouden.settings import Settings

_TABLE = "Choose another VAT code for this rate in the connection's VAT table."
ZERO = Decimal(0)


def refuse(draft: Draft, settings: Settings) -> None:
    """Raise Refused for what can never be booked: currency, number, VAT codes, too many lines."""
    if draft.currency != "EUR":
        raise Refused(
            "eboekhouden.currency",
            f"e-Boekhouden.nl books euros only, not {draft.currency}.",
            "Let koppel convert at the ECB rate.",
        )
    invoice_number(draft.reference, settings.number_prefix)
    if len(draft.reference) > tables.REFERENCE:
        raise Refused(
            "eboekhouden.reference",
            f"The reference of order {draft.number[:20]}… has more than {tables.REFERENCE} characters.",
            "Shorten the order number in the shop.",
        )
    foreign = {(line.country, line.rate) for line in draft.lines if is_foreign(line)}
    if settings.makes_invoice and len(draft.lines) + len(foreign) > tables.ROWS:
        raise Refused(
            "eboekhouden.lines",
            f"Order {draft.number} has {len(draft.lines)} lines; an e-Boekhouden.nl invoice takes {tables.ROWS}.",
            'Choose document = "mutation" for it: that adds lines up.',
        )


def is_foreign(line: DraftLine) -> bool:
    """Whether the line's VAT is booked as a row of its own, on another country's ledger. Refused if the VAT code would
    book another VAT than the draft has.
    """
    code = tables.VAT_CODES.get(line.vat_code)
    if code is None:
        raise Refused(
            "eboekhouden.vat-code",
            f"{line.vat_code or '(no VAT code)'} is no VAT code for sales in e-Boekhouden.nl.",
            _TABLE,
        )
    rate = line.rate or ZERO
    if code.rate is None:
        return False
    own = line.country in (None, code.country)
    if rate == code.rate and (own or rate == 0):
        return False
    if line.vat_code in tables.TAKES_FOREIGN_VAT and not own:
        return True
    raise Refused(
        "eboekhouden.vat-rate",
        f"VAT code {line.vat_code} charges {code.rate} % in {code.country}; the line has {rate.normalize():f} % of "
        f"{line.country or 'no country'}.",
        _TABLE,
    )


def make(
    draft: Draft,
    customer: Key,
    chart: Chart,
    settings: Settings,
    template: Template | None,
    cost_centre: CostCentre | None,
) -> Document:
    """The document. Refused where a ledger or VAT code does not fit, before anything is sent."""
    refuse(draft, settings)
    items = tuple(_items(draft.lines, chart))
    rows = _added_up([item.row for item in items])
    if len(rows) > tables.ROWS:
        raise Refused(
            "eboekhouden.rows",
            f"Order {draft.number} needs {len(rows)} rows; e-Boekhouden.nl takes {tables.ROWS}.",
            "Use fewer ledgers in the VAT table.",
        )
    plain = all(tables.VAT_CODES[row.vat_code].rate == 0 for row in rows)
    term = draft.payment_term_days if draft.payment_term_days is not None else settings.payment_term_days
    return Document(
        number=invoice_number(draft.reference, settings.number_prefix),
        reference=draft.reference,
        day=draft.document_date,
        customer=customer,
        term=term,
        debtors=chart.debtors(),
        description=shorten(draft.description, tables.INVOICE_MUTATION_DESCRIPTION) or draft.reference,
        in_ex=tables.EXCLUDING if plain else tables.INCLUDING,
        rows=rows,
        items=items,
        total=sum((row.gross for row in rows), ZERO),
        vat=sum((row.vat for row in rows), ZERO),
        text=_text(draft, settings),
        template=template,
        cost_centre=cost_centre,
    )


def _items(lines: Sequence[DraftLine], chart: Chart) -> Iterator[Item]:
    """One item a line, and one for each country's VAT [7.8]."""
    abroad: dict[tuple[str, Decimal, bool], Decimal] = {}
    for line in lines:
        foreign = is_foreign(line)
        gross, vat = (line.net, ZERO) if foreign else (line.gross, line.vat)
        rate = tables.VAT_CODES[line.vat_code].rate
        yield _item(line, chart, gross, vat, line.rate or ZERO if rate is None else rate)
        if foreign and line.country:
            key = (line.country, line.rate or ZERO, line.treatment is not Treatment.OSS)
            abroad[key] = abroad.get(key, ZERO) + line.vat
    for (country, percentage, local), vat in abroad.items():
        if vat:
            text = f"Btw {country_name(country, 'nl')} {percentage.normalize():f}%"
            ledger = chart.foreign_vat(country, local=local)
            row = Row(
                vat_code=tables.NO_VAT, ledger=ledger, gross=vat, net=vat, vat=ZERO, percentage=ZERO, description=text
            )
            yield Item(quantity=_sign(vat), price=abs(vat), code=None, row=row)


def _item(line: DraftLine, chart: Chart, gross: Decimal, vat: Decimal, percentage: Decimal) -> Item:
    quantity, price, title = line.quantity, abs(gross / line.quantity), shorten(line.title, tables.ITEM_DESCRIPTION)
    whole_cents = price == round(price, 2) and quantity == round(quantity, tables.QUANTITY_DECIMALS)
    if not whole_cents or line.vat_code == tables.DIVERGENT:
        if abs(quantity) != 1:
            title = shorten(f"{_plain(abs(quantity))} x {title}", tables.ITEM_DESCRIPTION)
        quantity, price = _sign(gross), abs(gross)
    row = Row(
        vat_code=line.vat_code,
        ledger=chart.revenue(line.ledger),
        gross=gross,
        net=gross - vat,
        vat=vat,
        percentage=percentage,
        description=title or line.kind.value,
    )
    code = shorten(line.code, len(line.code)) if line.code else None
    return Item(
        quantity=_plain(quantity),
        price=round(price, 2),
        code=code if code and len(code) <= tables.ITEM_CODE else None,
        row=row,
    )


def _added_up(rows: Sequence[Row]) -> tuple[Row, ...]:
    """One row per VAT code and ledger: the vendor rounds VAT per code, not per line [10.12]."""
    sums: dict[tuple[str, str, str], Row] = {}
    for row in rows:
        text = row.description if row.vat_code == tables.NO_VAT and row.ledger.category == tables.BALANCE else ""
        key = (row.vat_code, row.ledger.code, text)
        known = sums.get(key)
        sums[key] = Row(
            vat_code=row.vat_code,
            ledger=row.ledger,
            gross=row.gross + (known.gross if known else ZERO),
            net=row.net + (known.net if known else ZERO),
            vat=row.vat + (known.vat if known else ZERO),
            percentage=row.percentage,
            description=text,
        )
    filled = [row for row in sums.values() if row.gross or row.vat]
    return tuple(filled or list(sums.values())[:1])


def _text(draft: Draft, settings: Settings) -> str:
    """What the customer reads above the lines: remarks, and where the goods went if that is elsewhere."""
    parts = [draft.remarks.strip()]
    if draft.delivery is not None:
        parts.append(f"Afleveradres: {_one_line(draft.delivery, settings)}")
    if draft.original_total is not None:
        parts.append(f"Oorspronkelijk bedrag: {draft.original_total}")
    return "\n".join(filter(None, parts))[: tables.INVOICE_TEXT]


def _one_line(place: Address, settings: Settings) -> str:
    town = " ".join(filter(None, (place.postcode, place.city)))
    country = country_name(place.country, settings.country_names)
    return ", ".join(filter(None, (place.company, place.name, *place.lines, town, country)))


def _plain(number: Decimal) -> Decimal:
    """Without trailing zeros and without an exponent."""
    return Decimal(f"{number.normalize():f}")


def _sign(amount: Decimal) -> Decimal:
    return Decimal(-1 if amount < 0 else 1)
