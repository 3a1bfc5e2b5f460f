"""From koppel's reference to the invoice number in e-Boekhouden.nl, and nothing lost on the way.

A number must end with a digit (FACT_009) and may hold neither spaces nor a comma, which separates numbers in what is
read back [8.1]. References that do not end with a digit, and those that end like our own tail, get the tail: so no two
references have one number.
"""

import re

from koppel.plugin import Refused
from koppel_eboekhouden import tables

_TAIL = "-0"
_UNFIT = re.compile(r"[\s,%?*]|[^\x20-\x7e]")


def invoice_number(reference: str, prefix: str) -> str:
    """The number for a reference. Refused if there can be none: a cut number would not be found again."""
    number = prefix + reference
    if not reference or _UNFIT.search(number):
        raise Refused(
            "eboekhouden.number",
            f"The number {number!r} holds spaces, commas or other signs that e-Boekhouden.nl's invoice numbers cannot.",
            "Let the shop number its orders with letters, digits and hyphens.",
        )
    if not number[-1].isdigit() or number.endswith(_TAIL):
        number += _TAIL
    room = tables.INVOICE_NUMBER - len(tables.COMPLETION)
    if len(number) > room:
        raise Refused(
            "eboekhouden.number-length",
            f"The number {number[:20]}… has {len(number)} characters; an invoice number in e-Boekhouden.nl has at most "
            f"{room}.",
            "Shorten the order number in the shop, or the prefix in the settings.",
        )
    return number
