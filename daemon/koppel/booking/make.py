"""One order + settings + evidence -> one Draft, or a refusal with a code, a sentence and a suggestion."""

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal

from koppel.booking.address import same_address, tidy_address
from koppel.booking.amounts import rate_warnings, vat_of
from koppel.booking.cells import goods_cell, outside_cell
from koppel.booking.convert import EUR, must_convert, to_euros
from koppel.booking.customer import channel_title, customer_of
from koppel.booking.dates import tax_day
from koppel.booking.draft import (
    CustomerKind,
    Draft,
    DraftCustomer,
    DraftKind,
    DraftLine,
    Sentence,
    VatTotal,
)
from koppel.booking.evidence import Evidence, Needs
from koppel.booking.facts import departure, facts_of
from koppel.booking.parts import Part, parts_of
from koppel.booking.pieces import pieces_of
from koppel.booking.settings import BookingSettings
from koppel.booking.templates import Template
from koppel.booking.wording import article_code, ledger_of
from koppel.errors import Refused
from koppel.model import ZERO, Address, LineKind, Money, Order, OrderLine, quantum
from koppel.vat.numbers import judge_number
from koppel.vat.rules import decide
from koppel.vat.taxday import dutch_day

MOST_UNITS_APART = 5
"""How far lines and total may differ (0.05 euro) before it is an error [bookkeeping.md 2]."""

ROUNDING = "rounding"


def needs(order: Order, settings: BookingSettings, currencies: frozenset[str] | None = None) -> Needs:
    """What must be asked before this order can be drafted. ``currencies``: what the target can book in; None = any.

    VIES is asked only where its answer decides the VAT; the ECB for every order that is not in euros, since the VAT is
    owed in euros whatever the document is in. Raises Refused ``booking.date-missing``.
    """
    del currencies  # the rate is kept on the document whether or not the target can take the currency
    on = tax_day(order, settings.orders)
    goods = (line for line in order.lines if line.kind is LineKind.GOODS)
    asks = bool(settings.orders.vies and order.buyer.vat_id) and any(
        decide(facts_of(order, line, settings, on, None)).code == "vies.unknown" for line in goods
    )
    return Needs(
        vat_id=judge_number(order.buyer.vat_id or "").text if asks else None,
        rate=None if order.currency == EUR else (order.currency, on),
    )


def make_draft(order: Order, settings: BookingSettings, evidence: Evidence) -> Draft:
    """The document of one order, complete. Pure: the same input gives the same draft.

    Raises Refused (``vat.review``, ``vat.missing-row``, ``vat.channel-differs``, ``booking.total-differs``,
    ``booking.date-missing``, ``vies.off``) where a person must look, RetryLater (``vies.unknown``, ``ecb.no-rate``)
    where an answer is still to come. Messages name the order and its figures, never the buyer.
    """
    on = tax_day(order, settings.orders)
    _check_total(order)
    original, converted = order, must_convert(order, evidence.currencies)
    if converted:
        order = to_euros(order, evidence.to_eur)
    parts = parts_of(order, settings, lambda line: goods_cell(order, line, settings, on, evidence.vies))
    parts = (*parts, *_rounding(order, settings, parts))
    vats = vat_of(order, parts, settings.orders.rounding, converted=converted)
    lines = tuple(line for part, vat in zip(parts, vats, strict=True) for line in _lines(order, settings, part, vat))
    customer = customer_of(order, settings, evidence.vies)
    total = sum((line.gross for line in lines), ZERO)
    vouchers = -sum((line.gross for line in order.lines if line.kind is LineKind.VOUCHER), ZERO)
    withheld = sum((line.vat_withheld for line in order.lines), ZERO)
    return Draft(
        kind=DraftKind.SALE,
        reference=order.number,
        number=order.number,
        description=_description(order, settings, on, total),
        document_date=on,
        tax_date=on,
        currency=order.currency,
        customer=customer,
        lines=lines,
        vat=_totals(lines),
        total=total,
        buyer_total=total + withheld - vouchers,
        withheld=withheld,
        paid_by_voucher=vouchers,
        delivery=_delivery(order, customer),
        billing_country=order.billing.country if order.billing else None,
        delivery_country=order.delivery.country if order.delivery else None,
        departure_country=departure(order, settings),
        market=order.market,
        channel=order.channel,
        payment_method=order.payment.method,
        payment_term_days=settings.orders.payment_term_days,
        remarks=order.buyer.purchase_order or "",
        rate_to_eur=evidence.to_eur if original.currency != EUR else None,
        original_total=Money(_paid(original), original.currency) if converted else None,
        warnings=_warnings(order, parts),
    )


def _paid(order: Order) -> Decimal:
    return order.total if order.total is not None else sum((line.gross for line in order.lines), ZERO)


def _check_total(order: Order) -> None:
    """Lines and the buyer's total may differ by a few of the currency's smallest units, not by more."""
    apart = _apart(order)
    if abs(apart) > MOST_UNITS_APART * quantum(order.currency):
        raise Refused(
            "booking.total-differs",
            f"Order {order.number}: the lines add up to {_paid(order) - apart} {order.currency}, the buyer's total is "
            f"{_paid(order)} {order.currency}: {apart} apart.",
            "Look the order up at the channel; a line may be missing.",
        )


def _apart(order: Order) -> Decimal:
    return _paid(order) - sum((line.gross for line in order.lines), ZERO)


def _rounding(order: Order, settings: BookingSettings, parts: Sequence[Part]) -> tuple[Part, ...]:
    """What the lines and the buyer's total differ by, as a part of its own."""
    apart = _apart(order)
    if not apart:
        return ()
    why = Sentence(
        f"Regels {_paid(order) - apart}, totaal van de koper {_paid(order)}: {apart} afrondingsverschil.",
        f"Lines {_paid(order) - apart}, the buyer's total {_paid(order)}: rounding difference {apart}.",
    )
    like = next((part.cell for part in parts), None)
    line = OrderLine(id=ROUNDING, kind=LineKind.OTHER, title="Afrondingsverschil", quantity=Decimal(1), gross=apart)
    return (Part(line=line, cell=outside_cell(order, settings, like, why), gross=apart, rounding=True),)


def _lines(order: Order, settings: BookingSettings, part: Part, vat: Decimal) -> Iterator[DraftLine]:
    """The draft's lines of one part: several where the unit price would not multiply to the amount."""
    line, cell = part.line, part.cell
    quantity = line.quantity if line.kind is LineKind.GOODS else Decimal(1)
    for piece in pieces_of(quantity, part.gross, vat, order.currency):
        yield DraftLine(
            kind=line.kind,
            title=f"{piece.note} {line.title}".strip(),
            quantity=piece.quantity,
            unit_price=piece.unit_price,
            gross=piece.gross,
            net=piece.gross - piece.vat,
            vat=piece.vat,
            treatment=cell.treatment,
            country=cell.country,
            rate=cell.rate,
            vat_code=cell.row.code,
            ledger=ledger_of(part, settings.ledgers),
            code=article_code(part, settings.articles),
            ean=line.product.ean if line.product else None,
            source_line=None if part.rounding else line.id,
            trail=cell.trail,
        )


def _totals(lines: Sequence[DraftLine]) -> tuple[VatTotal, ...]:
    found: dict[object, VatTotal] = {}
    for line in lines:
        key = (line.treatment, line.country, line.rate, line.vat_code)
        before = found.get(key)
        found[key] = VatTotal(
            treatment=line.treatment,
            country=line.country,
            rate=line.rate,
            vat_code=line.vat_code,
            net=line.net + (before.net if before else ZERO),
            vat=line.vat + (before.vat if before else ZERO),
        )
    return tuple(found.values())


def _description(order: Order, settings: BookingSettings, on: date, total: Decimal) -> str:
    country = order.delivery.country if order.delivery else None
    return Template(settings.orders.description).fill(
        {
            "order_number": order.number,
            "invoice_number": order.invoice_number,
            "payment_method": order.payment.method,
            "marketplace": order.market,
            "channel": channel_title(order),
            "date": on.isoformat(),
            "order_date": dutch_day(order.placed_at).isoformat(),
            "buyer_country": country,
            "currency": order.currency,
            "total": str(total),
            "purchase_order": order.buyer.purchase_order,
        }
    )


def _delivery(order: Order, customer: DraftCustomer) -> Address | None:
    """The delivery address where it differs from the debtor's (C4); a collective debtor gets nobody's address."""
    delivery = tidy_address(order.delivery)
    if delivery is None or customer.kind is CustomerKind.COLLECTIVE:
        return None
    return None if customer.address and same_address(customer.address, delivery) else delivery


def _warnings(order: Order, parts: Sequence[Part]) -> tuple[Sentence, ...]:
    found = [warning for part in parts for warning in part.cell.warnings]
    found += rate_warnings(parts)
    found += [sentence for part in parts if part.rounding for sentence in part.cell.trail]
    if order.total is None:
        found.append(
            Sentence(
                "Het kanaal noemt geen totaal: de som van de regels is geboekt.",
                "The channel tells no total: the sum of the lines is booked.",
            )
        )
    return tuple(dict.fromkeys(found))
