"""What the user sets for a connection with Amazon."""

from datetime import date
from typing import Annotated

from msgspec import Meta, Struct

from koppel.plugin import Secret
from koppel_amazon.tables import BY_COUNTRY, COUNTRY_ALIASES


def _meta(title: str, title_nl: str, description: str) -> Meta:
    return Meta(title=title, description=description, extra={"title_nl": title_nl})


ClientId = Annotated[
    str,
    Meta(
        min_length=1,
        title="Client id",
        description="LWA client identifier of your private app: amzn1.application-oa2-client.…",
        extra={"title_nl": "Client-id"},
    ),
]
Country = Annotated[str, Meta(pattern="^[A-Z]{2}$")]


class AmazonSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of the source ``amazon``. Only the three sign-in values have no default."""

    client_id: ClientId
    client_secret: Annotated[
        Secret,
        _meta(
            "Client secret",
            "Clientgeheim",
            "LWA client secret of the app. Amazon lets it expire 180 days after it was made.",
        ),
    ]
    refresh_token: Annotated[
        Secret,
        _meta(
            "Refresh token",
            "Verversingstoken",
            "Shown once when you authorise the app for your own account in Seller Central: Atzr|…",
        ),
    ]
    marketplaces: Annotated[
        tuple[Country, ...],
        Meta(
            min_length=1,
            title="Marketplaces",
            description="Countries of the Amazon shops whose orders are read, all in one call: NL, DE, BE, FR, IT, "
            "ES, IE, PL, SE, GB (or UK), TR, ZA.",
            extra={"title_nl": "Marktplaatsen"},
        ),
    ] = ("NL",)
    seller_id: Annotated[
        str,
        _meta(
            "Seller id",
            "Verkopers-id",
            "Merchant token of the account. Needed only if one app serves several seller accounts: Amazon counts calls "
            "per account. Give it then in all connections.",
        ),
    ] = ""
    start: Annotated[
        date | None,
        _meta(
            "First order date",
            "Eerste besteldatum",
            "Orders placed before this day (Europe/Amsterdam) are left alone: choose the day on which the old "
            "connector stops. A back-fill does not go behind it either. Empty: the first poll reads what changed in "
            "the last 7 days.",
        ),
    ] = None
    ships_from: Annotated[
        Country | None,
        _meta(
            "Own goods leave from",
            "Eigen voorraad vertrekt uit",
            "Country from which you send merchant-fulfilled orders, if another than that of [seller]. It decides the "
            "VAT.",
        ),
    ] = None
    fba_ships_from: Annotated[
        Country | None,
        _meta(
            "FBA goods leave from",
            "FBA-voorraad vertrekt uit",
            "Country of the Amazon warehouse, if all your FBA stock lies in one country. Amazon's orders do not tell "
            "it; empty means unknown, and FBA orders then wait for you.",
        ),
    ] = None
    client_secret_date: Annotated[
        date | None,
        _meta(
            "Client secret made on",
            "Clientgeheim gemaakt op",
            "With it koppel warns 30 days before the secret expires.",
        ),
    ] = None
    authorised_on: Annotated[
        date | None,
        _meta("App authorised on", "App geautoriseerd op", "With it koppel warns a month before the year is over."),
    ] = None
    overlap_minutes: Annotated[
        int,
        Meta(
            ge=0,
            le=1440,
            title="Overlap of polls (minutes)",
            description="How far each poll reaches back before the end of the former one, for changes that Amazon "
            "shows late.",
            extra={"title_nl": "Overlap van ophaalrondes (minuten)"},
        ),
    ] = 10
    window_days: Annotated[
        int,
        Meta(
            ge=1,
            le=60,
            title="Longest stretch asked at once (days)",
            description="A longer gap, and a back-fill, is read in stretches of so many days: Amazon's page tokens "
            "live one day, and 100 orders take three minutes.",
            extra={"title_nl": "Langste periode per opvraging (dagen)"},
        ),
    ] = 7
    endpoint: Annotated[
        str,
        _meta("API address", "API-adres", "Address of the Selling Partner API: the European one unless testing."),
    ] = "https://sellingpartnerapi-eu.amazon.com"
    token_url: Annotated[
        str,
        _meta("Token address", "Tokenadres", "Address where Login with Amazon gives access tokens."),
    ] = "https://api.amazon.com/auth/o2/token"  # noqa: S105 - an address

    def __post_init__(self) -> None:
        unknown = [code for code in self.marketplaces if COUNTRY_ALIASES.get(code, code) not in BY_COUNTRY]
        if unknown:
            raise ValueError(f"no Amazon shop in {', '.join(unknown)}; choose from {', '.join(BY_COUNTRY)}")

    @property
    def marketplace_ids(self) -> tuple[str, ...]:
        """Amazon's ids of the chosen shops, each once, in the order given."""
        shops = (BY_COUNTRY[COUNTRY_ALIASES.get(code, code)].id for code in self.marketplaces)
        return tuple(dict.fromkeys(shops))
