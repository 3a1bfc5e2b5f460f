"""Facts from outside that a draft rests on: which are needed, and what came back."""

from datetime import date
from decimal import Decimal

from msgspec import Struct

from koppel.vat.vies import ViesAnswer


class Needs(Struct, frozen=True, kw_only=True):
    """What has to be asked before an order can be drafted.

    ``vat_id``: the buyer's VAT number that VIES must be asked about, compact with prefix. ``rate``: currency and day
    of the ECB reference rate. None = nothing.
    """

    vat_id: str | None = None
    rate: tuple[str, date] | None = None


class Evidence(Struct, frozen=True, kw_only=True):
    """The answers. ``vies`` None = not asked. ``to_eur``: units of the order's currency for one euro.

    ``currencies``: what the target can book in; None = any.
    """

    vies: ViesAnswer | None = None
    to_eur: Decimal | None = None
    currencies: frozenset[str] | None = None
