"""What a Lightspeed connection must know: the dashboard's form and the check of the file come from here."""

from datetime import date, timedelta
from typing import Annotated, Literal

from msgspec import Meta, Struct

from koppel.plugin import Secret
from koppel_lightspeed.tables import BEHIND, CALLS, EUROPE


class LightspeedSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One shop, through one API key."""

    api_key: Annotated[
        Secret,
        Meta(
            title="API key",
            description="Back office: Settings > Store settings > Developers > New API key. 32 characters.",
            extra={"title_nl": "API-sleutel"},
        ),
    ]
    api_secret: Annotated[
        Secret,
        Meta(
            title="API secret",
            description="Shown with the API key. 32 characters.",
            extra={"title_nl": "API-geheim"},
        ),
    ]
    start: Annotated[
        date | None,
        Meta(
            title="First order date",
            description="Orders placed before this day (Europe/Amsterdam) are left alone, also by a back-fill: choose "
            "the day on which the old connector stops. Empty: the first poll reads what changed in the last 7 days.",
            extra={"title_nl": "Eerste besteldatum"},
        ),
    ] = None
    language: Annotated[
        str,
        Meta(
            title="Language",
            description="Two letters: an active language of the shop. Product titles are read in it.",
            pattern="^[a-z]{2}$",
            extra={"title_nl": "Taal"},
        ),
    ] = "nl"
    ships_from: Annotated[
        Annotated[str, Meta(pattern="^[A-Z]{2}$")] | None,
        Meta(
            title="Goods leave from",
            description="Two-letter code of the country from which you send, if it is another than the seller's. "
            "It decides the VAT.",
            extra={"title_nl": "Goederen vertrekken uit"},
        ),
    ] = None
    discounts: Annotated[
        Literal["separate", "inside"],
        Meta(
            title="Discounts",
            description="separate: goods at the full price and a discount line below. inside: goods at the price paid.",
            extra={"title_nl": "Kortingen"},
        ),
    ] = "separate"
    product_code: Annotated[
        Literal["sku", "article_code"],
        Meta(
            title="Product code",
            description="Which of the shop's two codes leads where a product has both; then EAN, then variant id.",
            extra={"title_nl": "Artikelcode uit"},
        ),
    ] = "sku"
    calls: Annotated[
        str,
        Meta(
            title="Calls allowed",
            description="How many calls the API key may make in 5 minutes / an hour / a day. `koppel check` tells when "
            "Lightspeed's own figures are different.",
            pattern="^[1-9][0-9]*/[1-9][0-9]*/[1-9][0-9]*$",
            extra={"title_nl": "Toegestane aanroepen"},
        ),
    ] = CALLS
    endpoint: Annotated[
        str,
        Meta(
            title="API address",
            description="https://api.webshopapp.com for European shops (all Dutch ones), "
            "https://api.shoplightspeed.com for North American shops.",
            extra={"title_nl": "API-adres"},
        ),
    ] = EUROPE

    @property
    def address(self) -> str:
        """The API's base address with the language, without a slash at the end."""
        return f"{self.endpoint.rstrip('/')}/{self.language}"

    @property
    def calls_allowed(self) -> tuple[int, ...]:
        """Calls allowed per window, the shortest window first."""
        return tuple(int(calls) for calls in self.calls.split("/"))

    @property
    def behind(self) -> timedelta:
        """How far the shop's local time may lie behind UTC."""
        return BEHIND.get(self.endpoint.rstrip("/"), BEHIND[EUROPE])
