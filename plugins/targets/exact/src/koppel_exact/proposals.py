"""First guesses for the VAT table. Each is compared with the administration's own VAT codes before anything is booked.

Exact has no fixed codes. `1` and `3` are high and low rate including VAT in the usual Dutch set-up [7.9]; codes for
sales to other EU countries (OSS) are made by the user: country and one character for the rate are proposed, since a
code has three characters.
"""

import string
from decimal import Decimal

from koppel.plugin import VatRow
from koppel.vat.treatment import Treatment

NO_VAT = "0"
EXPORT = "6"
INTRA_COMMUNITY = "7"
_DUTCH = {"21": "1", "9": "3", "0": "5"}
_DIGITS = string.digits + string.ascii_uppercase
_FIXED = {
    Treatment.EXPORT: EXPORT,
    Treatment.ICS: INTRA_COMMUNITY,
    Treatment.KOR_EXEMPT: NO_VAT,
    Treatment.MARKETPLACE_DEEMED: NO_VAT,
}


def oss_code(country: str, rate: str) -> str:
    """`DEJ` for 19 % in Germany: the rate's whole part as one digit of base 36."""
    return country + _DIGITS[int(Decimal(rate))]


def propose(treatment: Treatment, country: str, rate: str) -> VatRow | None:
    """See :class:`koppel.plugin.TargetSpec`; None for local sales abroad, which only the user's adviser can place."""
    if treatment in _FIXED:
        return VatRow(code=_FIXED[treatment])
    if treatment in (Treatment.DOMESTIC, Treatment.ORIGIN_BELOW_THRESHOLD):
        code = _DUTCH.get(rate) if country == "NL" else None
        return VatRow(code=code) if code else None
    if treatment is Treatment.OSS and country:
        return VatRow(code=oss_code(country, rate))
    return None
