"""The one decision: which VAT treatment an amount has. One function per row of the table in bookkeeping.md section 1.

The rows stand in :data:`ROWS` in their order, and the first that answers wins. A row answers None when it does not
apply. Row 0 comes first with what can be seen at once; what only shows when a rate is looked up or compared (no rate
for the category, the channel's VAT says otherwise) is row 0 too, and is found in :mod:`koppel.vat.verdict`.
"""

from collections.abc import Callable
from decimal import Decimal

from msgspec.structs import replace

from koppel.vat import texts
from koppel.vat.facts import REVERSE_CHARGE, Charged, Decision, Facts, Transaction, vat_inside
from koppel.vat.matter import Matter, Number
from koppel.vat.rates import CATEGORIES, STANDARD
from koppel.vat.treatment import Treatment
from koppel.vat.verdict import CHANNEL_DIFFERS, VIES_UNKNOWN, none_booked, review, taxed, untaxed
from koppel.vat.vies import ViesState

REVERSE_CHARGE_FROM = Decimal(10_000)
"""Euros excl. VAT on one invoice from which Dutch B2B phones, chips, laptops and consoles are reverse-charged."""


def decide(facts: Facts) -> Decision:
    """The VAT treatment, rate, country and amounts of one amount, and why. Pure; never raises for bad facts."""
    matter = Matter.of(facts)
    return next(decision for row in ROWS if (decision := row(matter)) is not None)


def row_0_missing(matter: Matter) -> Decision | None:
    """A fact is missing that no decision can do without."""
    facts = matter.facts
    if matter.departure is None:
        return review(matter, texts.DEPARTURE_UNKNOWN.fill(given=facts.departure or "-"), texts.GIVE_COUNTRY)
    if matter.arrival is None:
        return review(matter, texts.ARRIVAL_UNKNOWN.fill(given=facts.arrival or "-"), texts.GIVE_COUNTRY)
    if facts.transaction is Transaction.TRANSFER:
        return None
    if matter.home_of_seller is None:
        return review(matter, texts.SELLER_UNKNOWN, texts.SET_SELLER)
    if facts.category not in CATEGORIES | {REVERSE_CHARGE}:
        return review(matter, texts.CATEGORY_UNKNOWN.fill(category=facts.category or "-"), texts.CHOOSE_CATEGORY)
    if facts.gross is None:
        return review(matter, texts.AMOUNT_MISSING, texts.GIVE_AMOUNT)
    if matter.arrival.question:
        return review(matter, matter.arrival.question, texts.GIVE_POSTCODE)
    return None


def row_0_contradiction(matter: Matter) -> Decision | None:
    """The channel says "deemed supplier" where that cannot be."""
    facts = matter.facts
    if facts.transaction is Transaction.TRANSFER or not facts.marketplace_collects:
        return None
    if not facts.marketplace:
        return review(matter, texts.OWN_SHOP_COLLECTS, texts.CORRECT_COLLECTOR)
    if matter.seller_inside and matter.both_inside:
        return review(matter, texts.CANNOT_COLLECT, texts.ASK_CHANNEL)
    return None


def row_1_transfer(matter: Matter) -> Decision | None:
    """Stock moved between fulfilment centres is no sale."""
    if matter.facts.transaction is not Transaction.TRANSFER:
        return None
    if matter.start.country == matter.end.country:
        return none_booked(matter, "1", Treatment.NO_BOOKING, texts.TRANSFER_HERE)
    return none_booked(matter, "1", Treatment.FBA_TRANSFER, texts.TRANSFER_ABROAD)


def row_2_marketplace(matter: Matter) -> Decision | None:
    """The marketplace is the supplier for VAT, as the channel says."""
    if not matter.facts.marketplace_collects:
        return None
    return untaxed(matter, "2", Treatment.MARKETPLACE_DEEMED, None, texts.MARKETPLACE)


def row_3_export(matter: Matter) -> Decision | None:
    """Delivered outside the EU's VAT territory."""
    if matter.end.inside:
        return None
    decision = untaxed(matter, "3", Treatment.EXPORT, matter.start.country, texts.EXPORT)
    if matter.start.inside or decision.refused:
        return decision
    return replace(decision, warnings=(texts.NEVER_INSIDE.fill(start=matter.start.country),))


def row_4_from_outside(matter: Matter) -> Decision | None:
    """Leaves from outside the EU: import, IOSS."""
    if matter.start.inside:
        return None
    return review(matter, texts.FROM_OUTSIDE, texts.BY_BOOKKEEPER, rule="4")


def row_5_small_business(matter: Matter) -> Decision | None:
    """The Dutch small-business scheme (KOR), where row 6 or 10b would apply."""
    if not matter.facts.seller.kor or not (matter.is_domestic or matter.stays_home or matter.is_below_threshold):
        return None
    if not matter.seller_inside or matter.home != "NL":
        return review(matter, texts.KOR_ABROAD, texts.CORRECT_KOR, rule="5")
    return untaxed(matter, "5", Treatment.KOR_EXEMPT, "NL", texts.KOR)


def row_6_domestic(matter: Matter) -> Decision | None:
    """Leaves from and arrives in NL, consumers and businesses alike."""
    if not matter.is_domestic:
        return None
    if _reverse_charged(matter):
        return review(matter, texts.REVERSE_CHARGE, texts.BY_BOOKKEEPER, rule="6")
    return taxed(matter, "6", Treatment.DOMESTIC, matter.end, texts.DOMESTIC)


def row_7_domestic_abroad(matter: Matter) -> Decision | None:
    """Leaves from and arrives in one other EU country: local stock."""
    if matter.start.country != matter.end.country:
        return None
    return taxed(matter, "7", Treatment.DOMESTIC_FOREIGN, matter.end, texts.DOMESTIC_ABROAD)


def row_8_business(matter: Matter) -> Decision | None:
    """Crosses an EU border to a business with a valid VAT number of another country than the departure."""
    if matter.number is not Number.VALID:
        return None
    if matter.facts.channel_vat is Charged.CHARGED:
        return review(matter, texts.ICS_CHARGED, texts.CORRECT_INVOICE, rule="8", code=CHANNEL_DIFFERS)
    return untaxed(matter, "8", Treatment.ICS, matter.start.country, texts.ICS)


def row_9_number_in_doubt(matter: Matter) -> Decision | None:
    """(a) The number could not be checked; (b) it is useless and the channel charged no VAT; or it is still to come."""
    number, charged = matter.number, matter.facts.channel_vat is Charged.CHARGED
    if number is Number.CONTRADICTED:
        return review(matter, texts.NUMBER_CONTRADICTED, texts.CHECK_NUMBER, rule="9")
    if number is Number.UNKNOWN:
        why = texts.VIES_SILENT if matter.facts.vies is ViesState.UNKNOWN else texts.VIES_NOT_ASKED
        return review(matter, why, texts.HOLD, rule="9", code=VIES_UNKNOWN)
    if number is Number.USELESS and not charged:
        return review(matter, matter.why_useless.then(texts.NOT_CHARGED), texts.AS_CONSUMER, rule="9")
    if number is Number.NONE and matter.facts.business:
        return review(matter, texts.NUMBER_TO_COME, texts.WAIT_FOR_REPORT, rule="9")
    return None


def row_10_distance_sale(matter: Matter) -> Decision | None:
    """A consumer (or somebody whose number is useless, but who was charged VAT) across an EU border."""
    decision = _distance_sale(matter)
    if decision.refused or matter.number is not Number.USELESS:
        return decision
    return replace(decision, warnings=(matter.why_useless.then(texts.CHARGED_ANYWAY), *decision.warnings))


def _distance_sale(matter: Matter) -> Decision:
    seller, local = matter.facts.seller, Treatment.DESTINATION_LOCAL_REG
    if seller.oss:
        return taxed(matter, "10a", Treatment.OSS, matter.end, texts.OSS)
    if seller.oss is None or (matter.threshold_counts and seller.above_threshold is None):
        return review(matter, texts.OSS_UNKNOWN, texts.SET_OSS)
    if not matter.threshold_counts:
        return taxed(matter, "10d", local, matter.end, texts.STOCK_ABROAD, warning=texts.REGISTER)
    if seller.above_threshold:
        return taxed(matter, "10c", local, matter.end, texts.ABOVE_THRESHOLD, warning=texts.REGISTER)
    return taxed(matter, "10b", Treatment.ORIGIN_BELOW_THRESHOLD, matter.start, texts.BELOW_THRESHOLD)


def _reverse_charged(matter: Matter) -> bool:
    facts = matter.facts
    if facts.category != REVERSE_CHARGE or not (facts.business or facts.buyer_vat_id):
        return False
    gross = abs(facts.invoice_gross or facts.gross or Decimal(0))
    rate = matter.percentage("NL", STANDARD)
    return rate is None or gross - vat_inside(gross, rate) >= REVERSE_CHARGE_FROM


ROWS: tuple[Callable[[Matter], Decision | None], ...] = (
    row_0_missing,
    row_0_contradiction,
    row_1_transfer,
    row_2_marketplace,
    row_3_export,
    row_4_from_outside,
    row_5_small_business,
    row_6_domestic,
    row_7_domestic_abroad,
    row_8_business,
    row_9_number_in_doubt,
    row_10_distance_sale,
)
"""The table, in its order. The last row always answers."""
