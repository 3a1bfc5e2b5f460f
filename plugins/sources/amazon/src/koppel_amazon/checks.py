"""What ``koppel check`` finds at Amazon."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta

from koppel.clock import AMSTERDAM
from koppel.errors import Misconfigured, RetryLater
from koppel.model import Fulfilment, Order
from koppel.plugin import Finding
from koppel_amazon.api import ACCESS_DENIED, Api
from koppel_amazon.listing import CHANGED, Lister
from koppel_amazon.settings import AmazonSettings
from koppel_amazon.tables import (
    AUTHORISATION_LIFE_DAYS,
    AUTHORISATION_WARNING_DAYS,
    BY_ID,
    RELEASING,
    SECRET_LIFE_DAYS,
    SECRET_WARNING_DAYS,
)
from koppel_amazon.wire import MarketplaceParticipation, text_time

ROLE_ORDERS = "Inventory and Order Tracking"
ROLE_DELIVERY = "Direct-to-Consumer Delivery (Restricted)"


async def findings(api: Api, lister: Lister, settings: AmazonSettings, now: datetime) -> Sequence[Finding]:
    """Sign-in, marketplaces, the right to read orders and addresses, and what expires.

    Raises SignInNeeded, Misconfigured or RetryLater where nothing can be said.
    """
    found = list(_expiries(settings, now.astimezone(AMSTERDAM).date()))
    try:
        answer = await api.participations()
    except (RetryLater, Misconfigured) as error:
        if error.code != ACCESS_DENIED:
            raise
        found.append(
            Finding(level="error", subject="sign-in", message=error.message, suggestion=error.suggestion),
        )
        return found
    found.append(Finding(level="ok", subject="sign-in", message="Amazon accepts the sign-in."))
    found.extend(_marketplaces(settings, answer.payload))
    found.extend(await _orders(lister, now))
    if settings.fba_ships_from is None:
        found.append(
            Finding(
                level="warning",
                subject="fba_ships_from",
                message="The country of the FBA stock is not set: FBA orders will wait for you.",
                suggestion="Set it if all your FBA stock lies in one country; leave it empty if you have no FBA stock.",
            )
        )
    return found


def _expiries(settings: AmazonSettings, today: date) -> Iterator[Finding]:
    renew = "Make a new client secret in Seller Central and enter it; the refresh token stays good."
    again = "Authorise the app again in Seller Central and enter the new refresh token."
    for begun, life, warn, subject, what, suggestion in (
        (settings.client_secret_date, SECRET_LIFE_DAYS, SECRET_WARNING_DAYS, "client_secret", "The secret", renew),
        (
            settings.authorised_on,
            AUTHORISATION_LIFE_DAYS,
            AUTHORISATION_WARNING_DAYS,
            "authorised_on",
            "The authorisation",
            again,
        ),
    ):
        if begun is None:
            continue
        end, age = begun + timedelta(days=life), (today - begun).days
        if age >= life:
            yield Finding(level="error", subject=subject, message=f"{what} ended on {end}.", suggestion=suggestion)
        elif age >= warn:
            yield Finding(level="warning", subject=subject, message=f"{what} ends on {end}.", suggestion=suggestion)
        else:
            yield Finding(level="ok", subject=subject, message=f"{what} is good until {end}.")


def _marketplaces(settings: AmazonSettings, rows: Sequence[MarketplaceParticipation]) -> Iterator[Finding]:
    known = {row.marketplace.id: row.participation for row in rows}
    for shop in (BY_ID[id_] for id_ in settings.marketplace_ids):
        participation = known.get(shop.id)
        if participation is None or not _true(participation.is_participating):
            yield Finding(
                level="error",
                subject=shop.name,
                message=f"The account does not sell on {shop.name}.",
                suggestion=f"Take {shop.country} out of marketplaces, or start selling there in Seller Central.",
            )
        elif _true(participation.has_suspended_listings):
            yield Finding(
                level="warning",
                subject=shop.name,
                message=f"Offers on {shop.name} are suspended.",
                suggestion="Orders are read all the same; see Seller Central.",
            )
        else:
            yield Finding(level="ok", subject=shop.name, message=f"The account sells on {shop.name}.")
    for id_, participation in known.items():
        if id_ not in BY_ID or id_ in settings.marketplace_ids:
            continue
        shop = BY_ID[id_]
        if participation and _true(participation.is_participating):
            yield Finding(
                level="warning",
                subject=shop.name,
                message=f"The account sells on {shop.name}, but its orders are not read.",
                suggestion=f"Add {shop.country} to marketplaces if they belong in these books.",
            )


async def _orders(lister: Lister, now: datetime) -> list[Finding]:
    """Whether orders may be read, and whether addresses come along."""
    try:
        orders, _ = await lister.page(lister.params(CHANGED, text_time(now - timedelta(days=7)), None), None)
    except (RetryLater, Misconfigured) as error:
        return [
            Finding(
                level="error",
                subject="orders",
                message=f"Orders cannot be read. {error.message}",
                suggestion=error.suggestion or f"Give the app the role {ROLE_ORDERS} and authorise it again.",
            )
        ]
    found = [Finding(level="ok", subject="orders", message="Orders can be read.")]
    own = [
        order
        for order in orders
        if isinstance(order, Order) and order.fulfilment is Fulfilment.MERCHANT and order.status in RELEASING
    ]
    if own and not any(order.delivery and order.delivery.postcode for order in own):
        found.append(
            Finding(
                level="warning",
                subject="addresses",
                message="Amazon gives no names, streets and postcodes: orders are booked on a stand-in name.",
                suggestion=f"Ask Amazon for the role {ROLE_DELIVERY} if you need them, and authorise the app again.",
            )
        )
    unreadable = len(orders) - sum(isinstance(order, Order) for order in orders)
    if unreadable:
        found.append(
            Finding(
                level="warning",
                subject="orders",
                message=f"{unreadable} of the last {len(orders)} changed orders cannot be read.",
                suggestion="They will be listed under Fouten, each with its reason.",
            )
        )
    return found


def _true(told: bool | str | None) -> bool:
    """Amazon has sent booleans as text. [gotcha 27]"""
    return told.strip().casefold() == "true" if isinstance(told, str) else bool(told)
