"""What the user configures for Exact Online."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from koppel.plugin import Secret
from koppel_exact import tables

Document = Literal["sales_order", "sales_invoice", "sales_entry"]
ArticleCodes = Literal["alphanumeric", "as_given"]


def _meta(title: str, title_nl: str, description: str) -> Meta:
    return Meta(title=title, description=description, extra={"title_nl": title_nl})


class ExactSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of one connection to one administration (division) of Exact Online."""

    client_id: Annotated[str, _meta("Client ID", "Client-ID", "Of the app that you registered in the Exact App Store.")]
    client_secret: Annotated[Secret, _meta("Client secret", "Client secret", "Belongs to the client ID.")]
    division: Annotated[
        int,
        _meta("Division", "Administratie", "Number of the administration, as in the address bar of Exact Online."),
    ]
    refresh_token: Annotated[
        Secret,
        _meta(
            "First refresh token",
            "Eerste refresh token",
            "Only for the first sign-in; Exact gives a new one at each use, which koppel keeps and which then rules.",
        ),
    ] = Secret("")
    redirect_uri: Annotated[
        str,
        _meta(
            "Redirect address",
            "Redirect-adres",
            "Exactly as registered with the app: https and public. Only needed to give consent.",
        ),
    ] = ""
    document: Annotated[
        Document,
        _meta("Document", "Boeken als", "What an order becomes: sales order, sales invoice or sales entry (booking)."),
    ] = "sales_order"
    journal: Annotated[
        str,
        _meta(
            "Sales journal", "Verkoopboek", "Code of the sales journal. Needed for sales invoices and sales entries."
        ),
    ] = ""
    payment_condition: Annotated[
        str,
        _meta("Payment condition", "Betalingsconditie", "Code; empty takes the one of the customer or administration."),
    ] = ""
    warehouse: Annotated[
        str,
        _meta("Warehouse", "Magazijn", "Code; for sales orders in the Plus, Professional and Premium editions only."),
    ] = ""
    item_group: Annotated[
        str,
        _meta("Item group", "Artikelgroep", "Code of the group of new articles; empty takes Exact's default group."),
    ] = ""
    unit: Annotated[str, _meta("Unit", "Eenheid", "Unit code of new articles; empty takes Exact's default.")] = ""
    stock_items: Annotated[
        bool,
        _meta("Articles have stock", "Artikelen met voorraad", "Whether new articles for goods keep stock in Exact."),
    ] = True
    article_codes: Annotated[
        ArticleCodes,
        _meta(
            "Article codes",
            "Artikelcodes",
            "alphanumeric: only letters and digits of the shop's code are used. as_given: the code stays as it is.",
        ),
    ] = "alphanumeric"
    currencies: Annotated[
        frozenset[str],
        _meta(
            "Currencies",
            "Valuta",
            "Currencies that the administration has; orders in others are converted to euro before booking.",
        ),
    ] = frozenset({"EUR"})
    calls_per_minute: Annotated[
        int,
        Meta(ge=1),
        _meta("Calls per minute", "Aanroepen per minuut", "What your contract with Exact allows per administration."),
    ] = tables.CALLS_PER_MINUTE
    calls_per_day: Annotated[
        int,
        Meta(ge=1),
        _meta("Calls per day", "Aanroepen per dag", "What your contract with Exact allows per administration."),
    ] = tables.CALLS_PER_DAY
    endpoint: Annotated[str, _meta("Address of Exact Online", "Adres van Exact Online", "Host of your country.")] = (
        tables.HOST
    )
    token_url: Annotated[str, _meta("Token address", "Token-adres", "Where koppel signs in.")] = tables.TOKEN_URL
    consent_url: Annotated[str, _meta("Consent address", "Toestemmingsadres", "Where you give consent.")] = (
        tables.CONSENT_URL
    )
