"""What a plugin must offer, and all that a plugin may use of the core besides ``koppel.model``, ``booking.draft``,
``vendor``.
"""

from koppel.booking.settings import VatRow
from koppel.errors import (
    AlreadyExists,
    CustomerGone,
    KoppelError,
    Misconfigured,
    OutcomeUnknown,
    Refused,
    RetryLater,
    SignInNeeded,
)
from koppel.plugin.hooks import PROJECT, hookimpl, hookspec
from koppel.plugin.source import Finding, OrderPage, ReadsOrders, Source, Status
from koppel.plugin.spec import Consent, PluginSpec, Secret, SourceSpec, TargetSpec
from koppel.plugin.target import (
    Booked,
    BooksOrders,
    Choice,
    HasArticles,
    HasCustomers,
    NamesAdministration,
    OffersChoices,
    Target,
    TargetTraits,
    UpdatesBookings,
)

__all__ = [
    "PROJECT",
    "AlreadyExists",
    "Booked",
    "BooksOrders",
    "Choice",
    "Consent",
    "CustomerGone",
    "Finding",
    "HasArticles",
    "HasCustomers",
    "KoppelError",
    "Misconfigured",
    "NamesAdministration",
    "OffersChoices",
    "OrderPage",
    "OutcomeUnknown",
    "PluginSpec",
    "ReadsOrders",
    "Refused",
    "RetryLater",
    "Secret",
    "SignInNeeded",
    "Source",
    "SourceSpec",
    "Status",
    "Target",
    "TargetSpec",
    "TargetTraits",
    "UpdatesBookings",
    "VatRow",
    "hookimpl",
    "hookspec",
]
