"""Order + VAT + settings -> Draft: the document that a target books. Pure functions."""

from koppel.booking.address import same_address, split_house_number
from koppel.booking.draft import Draft
from koppel.booking.evidence import Evidence, Needs
from koppel.booking.make import make_draft, needs
from koppel.booking.settings import BookingSettings, SellerSettings, VatRow, VatTable
from koppel.booking.table import default_vat_table
from koppel.vat.vies import ViesAnswer, ViesState

__all__ = [
    "BookingSettings",
    "Draft",
    "Evidence",
    "Needs",
    "SellerSettings",
    "VatRow",
    "VatTable",
    "ViesAnswer",
    "ViesState",
    "default_vat_table",
    "make_draft",
    "needs",
    "same_address",
    "split_house_number",
]
