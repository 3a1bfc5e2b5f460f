"""Where an amount is booked: the VAT decision together with the row of the connection's table."""

from datetime import date
from decimal import Decimal

from msgspec import Struct

from koppel.booking.facts import category_of, chosen_category, facts_of
from koppel.booking.settings import GIFT_CARD, BookingSettings, VatRow
from koppel.booking.table import find_row, missing_row, row_name
from koppel.errors import KoppelError, Refused, RetryLater
from koppel.model import ZERO, Order, OrderLine
from koppel.vat.facts import Decision
from koppel.vat.rates import Rate, current_rates
from koppel.vat.rules import decide
from koppel.vat.sentence import Sentence
from koppel.vat.treatment import Treatment
from koppel.vat.verdict import plain
from koppel.vat.vies import ViesAnswer

OUTSIDE = "outside"
TAXED_ROWS = frozenset({"6", "7", "10a", "10b", "10c", "10d"})


class Cell(Struct, frozen=True, kw_only=True):
    """One place in the books. Amounts of one cell have the same treatment, country, rate, VAT code and ledger.

    ``rate`` and ``country`` are None outside VAT. ``trail`` and ``warnings`` are the decision's.
    """

    treatment: Treatment
    country: str | None
    rate: Decimal | None
    row: VatRow
    trail: tuple[Sentence, ...] = ()
    warnings: tuple[Sentence, ...] = ()

    @property
    def key(self) -> tuple[Treatment, str | None, Decimal | None, str, str]:
        """What makes two cells the same place."""
        return (self.treatment, self.country, self.rate, self.row.code, self.row.ledger)


def goods_cell(
    order: Order, line: OrderLine, settings: BookingSettings, on: date, vies: ViesAnswer | None
) -> Cell | None:
    """Where a goods line is booked; None for a gift card, which is outside VAT whatever the rest of the order is.

    Raises Refused (``vat.*``) or RetryLater (``vies.unknown``) where it cannot be decided.
    """
    if category_of(line, settings) == GIFT_CARD:
        return None
    decision = decide(facts_of(order, line, settings, on, vies))
    if decision.refused:
        raise refusal(order, line, decision, asked=settings.orders.vies)
    told: tuple[Sentence, ...] = ()
    if (sold_at := _sold_at(line, settings, decision, on)) is not None:
        decision = decide(facts_of(order, line, settings, on, vies, sold_at.category))
        told = (_as_sold(line, sold_at),)
    home = settings.seller.country
    country = decision.country
    name = row_name(decision.treatment, country, home)
    rate = decision.rate or ZERO
    return Cell(
        treatment=decision.treatment,
        country=country,
        rate=rate,
        row=find_row(settings.vat, name, rate, order.number),
        trail=(*_without_amount(decision), *_proof(decision, vies)),
        warnings=(*decision.warnings, *told),
    )


def _sold_at(line: OrderLine, settings: BookingSettings, decision: Decision, on: date) -> Rate | None:
    """The rate that the shop itself charges, where the user's table is silent about the product and the country has
    that rate: what the shop sells with is a fact, not a guess (V1). None where ours is the same, or theirs is none.
    """
    told = line.channel_vat.rate if line.channel_vat else None
    if not told or not decision.rate or told == decision.rate or chosen_category(line, settings) is not None:
        return None
    rates = current_rates(decision.country or "", on)
    return next((rate for rate in rates if rate.percentage == told), None)


def _as_sold(line: OrderLine, rate: Rate) -> Sentence:
    percentage = plain(rate.percentage)
    return Sentence(
        f"De winkel rekent {percentage} % op {line.kind} {line.gross}, een tarief van {rate.country}; zo geboekt.",
        f"The shop charges {percentage} % on {line.kind} {line.gross}, a rate of {rate.country}; booked like that.",
    )


def outside_cell(order: Order, settings: BookingSettings, like: Cell | None, why: Sentence) -> Cell:
    """Where an amount outside VAT is booked. It keeps the treatment of the order, which targets hold per document."""
    home = settings.seller.country
    for name in (OUTSIDE, home):
        if any(Decimal(rate) == 0 for rate in settings.vat.get(name, ())):
            return Cell(
                treatment=like.treatment if like else Treatment.DOMESTIC,
                country=None,
                rate=None,
                row=find_row(settings.vat, name, ZERO, order.number),
                trail=(why,),
            )
    raise missing_row(OUTSIDE, ZERO, order.number)


def refusal(order: Order, line: OrderLine, decision: Decision, *, asked: bool) -> KoppelError:
    """What a decision of REVIEW means for the order: wait for VIES, or for a person."""
    message = f"Order {order.number}, {line.kind} {line.gross} {order.currency}: {decision.trail[-1].en}"
    suggestion = decision.suggestion.en if decision.suggestion else ""
    if decision.code == "vies.unknown" and asked:
        return RetryLater(decision.code, message, suggestion)
    if decision.code == "vies.unknown":
        return Refused("vies.off", message, "Switch on [orders] vies, so that the number can be checked.")
    return Refused(decision.code, message, suggestion)


def _without_amount(decision: Decision) -> tuple[Sentence, ...]:
    """The trail for everything that follows this decision: its last sentence is the amount, where there is VAT."""
    return decision.trail[:-1] if decision.rule in TAXED_ROWS else decision.trail


def _proof(decision: Decision, vies: ViesAnswer | None) -> tuple[Sentence, ...]:
    if decision.treatment is not Treatment.ICS or vies is None or vies.asked_at is None:
        return ()
    when, number = f"{vies.asked_at:%Y-%m-%d %H:%M} UTC", vies.consultation
    return (
        Sentence(
            f"VIES: geldig op {when}{f', raadpleging {number}' if number else ''}.",
            f"VIES: valid on {when}{f', consultation {number}' if number else ''}.",
        ),
    )
