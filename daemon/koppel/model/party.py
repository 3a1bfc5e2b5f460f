"""Who buys, and where the goods go. Everything optional: channels leave out what their privacy rules forbid."""

from msgspec import Struct


class Address(Struct, frozen=True, kw_only=True):
    """A postal address as the channel gave it, empty strings made None, nothing invented.

    ``lines`` are the street lines, house number included and unsplit; ``country`` is ISO 3166 alpha-2 (``GR``, ``GB``).
    """

    name: str | None = None
    company: str | None = None
    lines: tuple[str, ...] = ()
    postcode: str | None = None
    city: str | None = None
    region: str | None = None
    country: str | None = None
    phone: str | None = None


class Buyer(Struct, frozen=True, kw_only=True):
    """The buyer as the channel tells: ``name`` is the whole name where first and last name are not told apart."""

    first_name: str | None = None
    last_name: str | None = None
    name: str | None = None
    company: str | None = None
    email: str | None = None
    phone: str | None = None
    vat_id: str | None = None
    purchase_order: str | None = None

    @property
    def full_name(self) -> str | None:
        """First and last name, or the whole name as given; None where the channel told neither."""
        parts = [part for part in (self.first_name, self.last_name) if part]
        return " ".join(parts) or self.name
