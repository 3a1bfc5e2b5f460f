"""How a row of the table words its decision, with what only shows then: the rate, and what the channel says of it."""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from koppel.model import ZERO, quantum
from koppel.vat import texts
from koppel.vat.facts import REVERSE_CHARGE, Charged, Decision, Facts, Transaction, vat_inside
from koppel.vat.matter import Matter
from koppel.vat.places import SURE_REGIONS, Place
from koppel.vat.rates import STANDARD, Rate, find_rate
from koppel.vat.sentence import Sentence
from koppel.vat.treatment import Treatment

VAT_REVIEW = "vat.review"
CHANNEL_DIFFERS = "vat.channel-differs"
VIES_UNKNOWN = "vies.unknown"


def review(
    matter: Matter, reason: Sentence, suggestion: Sentence, *, rule: str = "0", code: str = VAT_REVIEW
) -> Decision:
    """Nothing is booked: a person must look, or VIES must be asked again (``vies.unknown``)."""
    return Decision(
        treatment=Treatment.REVIEW,
        rule=rule,
        currency=matter.facts.currency,
        trail=(*_seen(matter), _filled(matter, reason)),
        code=code,
        suggestion=suggestion,
    )


def none_booked(matter: Matter, rule: str, treatment: Treatment, reason: Sentence) -> Decision:
    """No sale."""
    trail = (*_seen(matter), _filled(matter, reason))
    return Decision(treatment=treatment, rule=rule, currency=matter.facts.currency, trail=trail)


def untaxed(matter: Matter, rule: str, treatment: Treatment, country: str | None, reason: Sentence) -> Decision:
    """A sale without VAT of the seller's. ``country`` is whose 0 % it is; None = outside every return."""
    facts, reason = matter.facts, _filled(matter, reason)
    if facts.channel_vat is Charged.CHARGED and treatment is not Treatment.MARKETPLACE_DEEMED:
        return review(matter, reason.then(texts.CHANNEL_CHARGED), texts.CORRECT_INVOICE, code=CHANNEL_DIFFERS)
    gross = _rounded(facts.gross or ZERO, facts)
    return Decision(
        treatment=treatment,
        rule=rule,
        currency=facts.currency,
        country=country,
        rate=ZERO,
        gross=gross,
        net=gross,
        vat=_rounded(ZERO, facts),
        trail=(*_seen(matter), reason),
    )


def taxed(
    matter: Matter, rule: str, treatment: Treatment, place: Place, reason: Sentence, *, warning: Sentence | None = None
) -> Decision:
    """A sale with the VAT of a place, at the rate of the tax date. The last sentence of the trail is the amount."""
    facts, reason = matter.facts, _filled(matter, reason)
    found = _rate(matter, place)
    if isinstance(found, Sentence):
        return review(matter, reason.then(found), texts.CHOOSE_CATEGORY)
    rate = found.percentage
    gross = _rounded(facts.gross or ZERO, facts)
    vat = _rounded(vat_inside(gross, rate), facts) + ZERO  # never -0.00
    if abs(vat) > _unit(facts) and facts.channel_vat is Charged.ZERO:
        told = texts.CHANNEL_ZERO.fill(rate=plain(rate))
        return review(matter, reason.then(told), texts.SET_CHANNEL, code=CHANNEL_DIFFERS)
    return Decision(
        treatment=treatment,
        rule=rule,
        currency=facts.currency,
        country=place.country,
        rate=rate,
        gross=gross,
        net=gross - vat,
        vat=vat,
        trail=(
            *_seen(matter),
            reason,
            _rate_told(found.country, found.category, facts.on, rate),
            texts.AMOUNT.fill(gross=gross, currency=facts.currency, vat=vat),
        ),
        warnings=tuple(filter(None, (found.doubt, _filled(matter, warning) if warning else None))),
    )


def plain(rate: Decimal) -> str:
    """A percentage as people write it: ``21``, ``5.5``."""
    text = f"{rate:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _unit(facts: Facts) -> Decimal:
    return Decimal(1) if facts.whole_units else quantum(facts.currency)


def _rounded(amount: Decimal, facts: Facts) -> Decimal:
    """Half up on the magnitude, so that a refund mirrors its sale."""
    return amount.quantize(_unit(facts), rounding=ROUND_HALF_UP)


def _rate(matter: Matter, place: Place) -> Rate | Sentence:
    """The rate, or why there is none."""
    category = STANDARD if matter.facts.category == REVERSE_CHARGE else matter.facts.category
    regional = category.startswith("regional_")
    if regional and not (place.region and category.startswith(f"regional_{place.region}")):
        return texts.REGION_ELSEWHERE.fill(category=category)
    if place.region and not regional:
        if place.region not in SURE_REGIONS:
            return texts.REGION_POSSIBLE.fill(region=place.region)
        category = f"regional_{place.region}_{category}"
    on = matter.facts.on
    return find_rate(place.country, category, on) or texts.NO_RATE.fill(country=place.country, category=category, on=on)


def _seen(matter: Matter) -> tuple[Sentence, ...]:
    """The facts that are not simply what was given."""
    seen: list[Sentence | None] = [texts.REFUND if matter.facts.transaction is Transaction.REFUND else None]
    seen += [matter.departure.note] if matter.departure else []
    seen += [matter.arrival.note, matter.arrival.doubt] if matter.arrival else []
    return tuple(sentence for sentence in seen if sentence)


def _filled(matter: Matter, sentence: Sentence) -> Sentence:
    start, end = matter.departure, matter.arrival
    return _between(sentence, start.country if start else "?", end.country if end else "?")


@lru_cache(maxsize=1024)
def _between(sentence: Sentence, start: str, end: str) -> Sentence:
    return sentence.fill(start=start, end=end)


@lru_cache(maxsize=1024)
def _rate_told(country: str, category: str, on: date, rate: Decimal) -> Sentence:
    return texts.RATE.fill(country=country, category=category, on=on, rate=plain(rate))
