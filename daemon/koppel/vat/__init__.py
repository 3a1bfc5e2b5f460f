"""Which VAT treatment and rate, and why. Pure functions over dated rates."""

from koppel.vat.facts import Charged, Decision, Facts, Seller, Transaction
from koppel.vat.rules import decide
from koppel.vat.sentence import Sentence
from koppel.vat.treatment import Treatment
from koppel.vat.vies import ViesAnswer, ViesState

__all__ = [
    "Charged",
    "Decision",
    "Facts",
    "Seller",
    "Sentence",
    "Transaction",
    "Treatment",
    "ViesAnswer",
    "ViesState",
    "decide",
]
