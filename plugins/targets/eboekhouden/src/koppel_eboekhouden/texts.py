"""What a refusal says where it has no known code, in Dutch or English: a help, never a ground to write again."""

import re

from koppel.plugin import AlreadyExists, CustomerGone, Refused

PERIOD_CLOSED = "eboekhouden.period-closed"
SESSION = re.compile(r"sess|inlog|log ?in|aangemeld|authenti|verlopen|expired", re.IGNORECASE)
_EXISTS = re.compile(r"bestaat (?:reeds|al)|in gebruik|already (?:exists|in use)|niet uniek|not unique", re.IGNORECASE)
_CLOSED = re.compile(r"(?:periode|boekjaar|period|year).*(?:gesloten|closed|geopend|open)", re.IGNORECASE)
_NO_RELATION = re.compile(
    r"relati\w*.*(?:niet gevonden|bestaat niet|niet actief|onbekend|not found|unknown|inactive)", re.IGNORECASE
)


def refusal(text: str, what: str) -> Refused | None:
    """The error for a text, with ``what`` as its message; None where the text tells nothing."""
    if _EXISTS.search(text):
        return AlreadyExists("eboekhouden.exists", what, "Look it up in e-Boekhouden.nl.")
    if _CLOSED.search(text):
        return Refused(PERIOD_CLOSED, what, "Open the period in e-Boekhouden.nl, then process the order again.")
    if _NO_RELATION.search(text):
        return CustomerGone("eboekhouden.relation", what, "Restore the relation, or let koppel make it again.")
    return None
