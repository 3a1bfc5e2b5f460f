"""Facts, seen the way the table of section 1 asks about them."""

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

from koppel.vat import texts
from koppel.vat.countries import EU
from koppel.vat.facts import Charged, Facts
from koppel.vat.numbers import Shape, VatNumber, judge_number
from koppel.vat.places import Place, locate
from koppel.vat.rates import find_rate
from koppel.vat.sentence import Sentence
from koppel.vat.vies import ViesState


class Number(Enum):
    """What the buyer's VAT number is worth for a sale across an EU border."""

    NONE = "none"
    VALID = "valid"
    UNKNOWN = "unknown"
    """Could be valid, but VIES has not answered (yet)."""
    USELESS = "useless"
    """Malformed, invalid, or of the departure country."""
    CONTRADICTED = "contradicted"
    """VIES is said to know it, but it can be no EU number (or there is none)."""


@dataclass(frozen=True)
class Matter:
    """Facts with places located and number judged. ``departure`` and ``arrival`` are None for unknown countries."""

    facts: Facts
    departure: Place | None
    arrival: Place | None
    number: Number
    why_useless: Sentence

    @classmethod
    def of(cls, facts: Facts) -> "Matter":
        """Look at the facts."""
        departure = locate(facts.departure)
        number, why = _worth(facts, departure)
        return cls(facts, departure, locate(facts.arrival, facts.postcode, facts.city), number, why)

    @property
    def start(self) -> Place:
        """Where the goods leave. Only after row 0 has seen that it is known."""
        assert self.departure is not None  # noqa: S101 - row 0 comes first
        return self.departure

    @property
    def end(self) -> Place:
        """Where the goods arrive. Only after row 0 has seen that it is known."""
        assert self.arrival is not None  # noqa: S101 - row 0 comes first
        return self.arrival

    @property
    def both_inside(self) -> bool:
        """Whether the goods stay inside the EU's VAT territory."""
        return self.start.inside and self.end.inside

    @property
    def seller_inside(self) -> bool:
        """Whether the seller is established in the EU."""
        return self.home_of_seller in EU

    @property
    def home_of_seller(self) -> str | None:
        """Where the seller is established, Monaco read as France."""
        place = locate(self.facts.seller.country)
        return place.country if place else None

    @property
    def home(self) -> str:
        """Whose normal return the books are for: the seller's country; NL for a seller from outside the EU."""
        country = self.home_of_seller
        return country if country in EU else "NL"

    @property
    def is_domestic(self) -> bool:
        """Row 6: leaves from and arrives in NL, wherever the seller is established: the Dutch return."""
        return self.start.country == self.end.country == "NL" and self.both_inside

    @property
    def stays_home(self) -> bool:
        """Leaves from and arrives in the seller's own country."""
        return self.start.country == self.end.country == self.home and self.both_inside

    @property
    def threshold_counts(self) -> bool:
        """The threshold is for goods from the one country in which the seller is established."""
        return self.seller_inside and self.start.country == self.home

    @property
    def is_below_threshold(self) -> bool:
        """Row 10b would apply: a consumer sale across a border, no OSS, not above the threshold."""
        seller = self.facts.seller
        consumer = (self.number is Number.NONE and not self.facts.business) or (
            self.number is Number.USELESS and self.facts.channel_vat is Charged.CHARGED
        )
        crosses = self.both_inside and self.start.country != self.end.country
        return (
            crosses and consumer and seller.oss is False and seller.above_threshold is False and self.threshold_counts
        )

    def percentage(self, country: str, category: str) -> Decimal | None:
        """The rate of a category at the tax date, regions left aside."""
        rate = find_rate(country, category, self.facts.on)
        return rate.percentage if rate else None


def _worth(facts: Facts, departure: Place | None) -> tuple[Number, Sentence]:
    valid = facts.vies in (ViesState.VALID, ViesState.VALID_AT_SALE)
    if not (facts.buyer_vat_id or "").strip():
        return (Number.CONTRADICTED if valid else Number.NONE), texts.NO_NUMBER
    number = judge_number(facts.buyer_vat_id or "")
    if number.shape in (Shape.NOT_EU, Shape.MALFORMED):
        return (Number.CONTRADICTED if valid else Number.USELESS), _useless(number, departure)
    if departure and number.country == departure.country:
        return Number.USELESS, _useless(number, departure)
    if valid:
        return Number.VALID, texts.NO_NUMBER
    told = ViesState.INVALID if number.shape is Shape.WRONG_CHECK and facts.vies is None else facts.vies
    if told is ViesState.INVALID:
        return Number.USELESS, _useless(number, departure)
    return Number.UNKNOWN, texts.NO_NUMBER


def _useless(number: VatNumber, departure: Place | None) -> Sentence:
    if number.shape is Shape.NOT_EU:
        return texts.NUMBER_NOT_EU
    if number.shape is Shape.MALFORMED:
        return texts.NUMBER_MALFORMED
    if departure and number.country == departure.country:
        return texts.NUMBER_OF_DEPARTURE.fill(start=departure.country)
    return texts.NUMBER_WRONG_CHECK if number.shape is Shape.WRONG_CHECK else texts.NUMBER_INVALID
