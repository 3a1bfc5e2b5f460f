"""From a draft to a ``verkoopboeking`` [fact sheet 7.5, 7.8]. Pure.

What goes out always adds up: the lines and the VAT are the draft's own cents, only sorted.
"""

from datetime import date
from decimal import Decimal

from msgspec import UNSET

from koppel.booking.draft import Draft, DraftKind, DraftLine
from koppel.plugin import Misconfigured, Refused
from koppel_snelstart import tables
from koppel_snelstart.chart import Chart, Posting
from koppel_snelstart.settings import Settings
from koppel_snelstart.vat import VERLEGD, Kind, btw_kind, parse_code
from koppel_snelstart.wire import BookingLine, BookingRequest, BookingVat, Ref

ZERO = Decimal(0)


def moment(day: date) -> str:
    """A day as SnelStart writes it: no zone, midnight."""
    return f"{day.isoformat()}T00:00:00"


def payment_term(draft: Draft, settings: Settings) -> int:
    """Days: the draft's own, else the setting; none for a credit."""
    if draft.kind is DraftKind.CREDIT:
        return 0
    return settings.payment_term_days if draft.payment_term_days is None else draft.payment_term_days


def refuse(draft: Draft, settings: Settings) -> None:
    """Raise for what can never become a booking, whatever the administration holds. See BooksOrders.refuses."""
    number = settings.reference_prefix + draft.reference
    if not 1 <= len(number) <= tables.FACTUURNUMMER:
        raise Refused(
            "snelstart.number-too-long",
            f"The number {number} has {len(number)} characters; a factuurnummer in SnelStart has at most "
            f"{tables.FACTUURNUMMER}.",
            "Shorten reference_prefix, or book this order by hand.",
        )
    if not 0 <= payment_term(draft, settings) <= tables.TERM_BOOKING:
        raise Misconfigured(
            "snelstart.term", "The payment term of a booking is 0 to 999 days.", "Correct payment_term_days."
        )
    if all(line.net == 0 and line.vat == 0 for line in draft.lines):
        raise Refused(
            "snelstart.nothing-to-book",
            f"{draft.reference} has no amounts: SnelStart books no empty invoice.",
            "Skip this order.",
        )
    _refuse_mixture(draft)


def _refuse_mixture(draft: Draft) -> None:
    codes = [(parse_code(line.vat_code), line) for line in draft.lines if line.net != 0 or line.vat != 0]
    reverse = [line for code, line in codes if code and code.reverse]
    taxed = [line for code, line in codes if code and code.kind is not Kind.GEEN]
    foreign = [line for code, line in codes if code and code.kind is Kind.GEEN and line.vat != 0]
    if reverse and len(reverse) != len(codes):
        raise Refused("BOE-0062", "Reverse-charged VAT is mixed with other VAT.", tables.ADVICE["BOE-0062"].suggestion)
    if any(line.vat != 0 for line in reverse):
        raise Refused(
            "snelstart.reverse-vat", "A reverse-charged line carries VAT.", "Correct the VAT table or the order."
        )
    if foreign and taxed:
        raise Refused(
            "snelstart.foreign-mixed",
            "VAT of another country is mixed with Dutch VAT in one document; SnelStart takes foreign VAT only without "
            "any Dutch VAT beside it.",
            "Book this order by hand as two invoices.",
        )


def booking(draft: Draft, customer: str, chart: Chart) -> BookingRequest:
    """The request for a draft. Raises Misconfigured that names the row of the VAT table that does not fit."""
    settings = chart.settings
    posted = _posted(draft, chart)
    foreign = any(posting.vat_ledger for _, posting in posted)
    lines = [_line(line, posting) for line, posting in posted if line.net != 0]
    if settings.booking_lines == "per_ledger" and not foreign:
        lines = _grouped(lines) or lines
    return BookingRequest(
        factuurnummer=settings.reference_prefix + draft.reference,
        klant=Ref(customer),
        factuurdatum=moment(draft.document_date),
        betalingstermijn=payment_term(draft, settings),
        omschrijving=draft.description[: tables.BOOKING_TEXT],
        factuurbedrag=sum((line.net + line.vat for line, _ in posted), ZERO),
        boekingsregels=(*lines, *_foreign_vat(posted)),
        btw=_vat(posted),
    )


def _posted(draft: Draft, chart: Chart) -> list[tuple[DraftLine, Posting]]:
    """Each line that is no zero with where it goes, in the draft's order."""
    wanted = [line for line in draft.lines if line.net != 0 or line.vat != 0]
    goods = max((line for line in wanted if line.rate is not None), key=lambda line: abs(line.net), default=None)
    like = chart.posting(goods, draft.tax_date).ledger if goods else None
    return [(line, chart.posting(line, draft.tax_date, like)) for line in wanted]


def _line(line: DraftLine, posting: Posting) -> BookingLine:
    code = f"{line.code} " if line.code else ""
    return BookingLine(
        omschrijving=f"{line.quantity.normalize():f} x {code}{line.title}"[: tables.LINE_TEXT],
        grootboek=Ref(posting.ledger.id),
        bedrag=line.net,
        btw_soort=posting.kind.value,
        kostenplaats=Ref(posting.cost_centre) if posting.cost_centre else UNSET,
    )


def _grouped(lines: list[BookingLine]) -> list[BookingLine]:
    """The lines added up for each ledger, kind and cost centre; sums of zero are left out."""
    sums: dict[tuple[Ref, str, object], BookingLine] = {}
    for line in lines:
        key = (line.grootboek, line.btw_soort, line.kostenplaats)
        before = sums.get(key)
        sums[key] = (
            line
            if before is None
            else BookingLine(
                omschrijving=f"{before.omschrijving}; {line.omschrijving}"[: tables.LINE_TEXT],
                grootboek=line.grootboek,
                bedrag=before.bedrag + line.bedrag,
                btw_soort=line.btw_soort,
                kostenplaats=line.kostenplaats,
            )
        )
    return [line for line in sums.values() if line.bedrag != 0]


def _foreign_vat(posted: list[tuple[DraftLine, Posting]]) -> list[BookingLine]:
    """VAT of other countries: a ledger line for each ledger and rate; no ``btw`` [fact sheet 7.8]."""
    sums: dict[tuple[str, str], Decimal] = {}
    for line, posting in posted:
        if posting.vat_ledger is not None:
            rate = "" if line.rate is None else f" {line.rate.normalize():f}%"
            key = (posting.vat_ledger.id, f"Btw {line.country or ''}{rate}")
            sums[key] = sums.get(key, ZERO) + line.vat
    return [
        BookingLine(omschrijving=text, grootboek=Ref(ledger), bedrag=amount, btw_soort=Kind.GEEN.value)
        for (ledger, text), amount in sums.items()
        if amount != 0
    ]


def _vat(posted: list[tuple[DraftLine, Posting]]) -> tuple[BookingVat, ...]:
    """The VAT of each Dutch kind that has lines."""
    sums: dict[str, Decimal] = {}
    for line, posting in posted:
        if posting.reverse:
            sums.setdefault(VERLEGD, Decimal("0.00"))
        elif posting.kind is not Kind.GEEN:
            name = btw_kind(posting.kind)
            sums[name] = sums.get(name, ZERO) + line.vat
    return tuple(BookingVat(btw_soort=name, btw_bedrag=amount) for name, amount in sums.items())
