"""What a source offers. A source implements the Protocols of the capabilities that it declares, no more."""

from collections.abc import AsyncIterator, Sequence
from datetime import date
from typing import Protocol, runtime_checkable

from msgspec import Struct

from koppel.model import Order, OrderRef, UnreadableOrder


class Status(Struct, frozen=True, kw_only=True):
    """One status an order can have at the channel.

    ``name`` is what configuration and dashboard show; ``aliases`` other spellings of the same, compared without case,
    spaces, ``-`` and ``_``. ``releases`` is the default choice for "book it now"; ``final`` means that nothing follows.
    """

    name: str
    title_nl: str
    title_en: str
    aliases: tuple[str, ...] = ()
    releases: bool = False
    final: bool = False


class OrderPage(Struct, frozen=True, kw_only=True):
    """One page of orders. ``cursor`` is where to go on after this page is committed: opaque to the core, JSON text.

    A cursor in mid-listing must survive a restart of any length (if the vendor's page token has died meanwhile, the
    source starts that listing over). ``last`` marks the end of the listing.
    """

    orders: tuple[Order | UnreadableOrder, ...]
    cursor: str
    last: bool


@runtime_checkable
class Source(Protocol):
    """An opened source: one account at one sales channel."""

    async def check(self) -> "Sequence[Finding]":
        """Try sign-in, rights and settings against the vendor, cheaply; what is wrong, or is worth knowing."""
        ...


@runtime_checkable
class ReadsOrders(Protocol):
    """Capability ``orders``."""

    def orders_changed(self, cursor: str | None) -> AsyncIterator[OrderPage]:
        """All orders that are new or changed since the cursor, page by page; None = from the configured start.

        Windows overlap: the same order may come twice, none may be missed. An order that cannot be read comes as
        UnreadableOrder; garbage for a whole page raises RetryLater.
        """
        ...

    def orders(self, refs: Sequence[OrderRef]) -> AsyncIterator[Order | UnreadableOrder]:
        """These orders again, as they are now, with as few calls as the vendor allows. Unknown ones are left out."""
        ...

    def orders_placed(self, since: date, until: date, cursor: str | None = None) -> AsyncIterator[OrderPage]:
        """Back-fill: orders placed between two days (inclusive, Europe/Amsterdam), from the start or from a page's
        cursor.
        """
        ...


class Finding(Struct, frozen=True, kw_only=True):
    """One line of ``koppel check``. ``level`` is ``ok``, ``warning`` or ``error``."""

    level: str
    subject: str
    message: str
    suggestion: str = ""
