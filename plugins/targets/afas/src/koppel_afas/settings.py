"""What the user sets: where the environment is, how to sign in, and codes that only this customer's Profit knows."""

from datetime import date
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from koppel.plugin import Secret


def _meta(title: str, title_nl: str, description: str, **rules: Any) -> Meta:
    return Meta(title=title, description=description, extra={"title_nl": title_nl}, **rules)


class Connectors(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Names of the GetConnectors, by what they are used for.

    Empty: the ``Koppeling_…`` connector of this plugin's README where the app connector has it, else AFAS' own
    ``Profit_…``.
    """

    orders: Annotated[str, _meta("Sales orders", "Verkooporders", "Finds an order by its reference.")] = ""
    order_lines: Annotated[str, _meta("Order lines", "Verkooporderregels", "Lines with their GUID, for updates.")] = ""
    relations: Annotated[str, _meta("Sales relations", "Verkooprelaties", "Finds a relation by e-mail address.")] = ""
    articles: Annotated[str, _meta("Articles", "Artikelen", "Finds an article by its item code.")] = ""
    delivery_addresses: Annotated[
        str, _meta("Delivery addresses", "Afleveradressen", "Addresses of a relation with their id.")
    ] = ""
    periods: Annotated[str, _meta("Periods", "Perioden", "Which book years exist and are open.")] = ""
    administrations: Annotated[str, _meta("Administrations", "Administraties", "List to choose from.")] = ""
    journals: Annotated[str, _meta("Journals", "Dagboeken", "List to choose from.")] = ""
    warehouses: Annotated[str, _meta("Warehouses", "Magazijnen", "List to choose from.")] = ""
    article_groups: Annotated[str, _meta("Article groups", "Artikelgroepen", "List to choose from.")] = ""
    ledgers: Annotated[str, _meta("Ledger accounts", "Grootboekrekeningen", "List to choose from.")] = ""
    currencies: Annotated[str, _meta("Currencies", "Valuta's", "List to choose from.")] = ""


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of one connection to one administration in one AFAS environment."""

    environment: Annotated[
        str, _meta("Environment number", "Omgevingsnummer", "The five digits of the AFAS Online environment.")
    ] = ""
    system: Annotated[
        Literal["production", "test", "accept"],
        _meta("Kind of environment", "Soort omgeving", "Production, test or accept."),
    ] = "production"
    base_url: Annotated[
        str, _meta("Address", "Adres", "Address of the REST services; empty: made from the environment number.")
    ] = ""
    token_url: Annotated[
        str, _meta("Token address", "Tokenadres", "Address of the OAuth token endpoint; empty: below the address.")
    ] = ""
    client_id: Annotated[str, _meta("Client ID", "Client-ID", "OAuth client id of the app connector.")] = ""
    client_secret: Annotated[
        Secret, _meta("Client secret", "Clientgeheim", "OAuth client secret of the app connector.")
    ] = Secret("")
    client_secret_expires: Annotated[
        date | None, _meta("Secret expires on", "Geheim verloopt op", "Warned of 30 days before.")
    ] = None
    app_token: Annotated[
        Secret, _meta("AppConnector token", "AppConnector-token", "The XML token, only without OAuth; ends in 2027.")
    ] = Secret("")
    integration_id: Annotated[
        str, _meta("Integration ID", "Integratie-ID", "Only for certified AFAS partners.", max_length=64)
    ] = ""

    administration: Annotated[
        int | None, _meta("Administration", "Administratie", "Number of the administration to book in.")
    ] = None
    journal: Annotated[str, _meta("Sales journal", "Verkoopboek", "Journal of the invoice.", max_length=6)] = ""
    warehouse: Annotated[str, _meta("Warehouse", "Magazijn", "Warehouse of the order.", max_length=15)] = ""
    project: Annotated[str, _meta("Project", "Project", "Project of the order.", max_length=15)] = ""
    sales_channel: Annotated[str, _meta("Sales channel", "Verkoopkanaal", "Code of the channel.", max_length=20)] = ""
    payment_condition: Annotated[
        str, _meta("Payment condition", "Betalingsvoorwaarde", "Of new relations and of orders.", max_length=5)
    ] = ""
    payment_method: Annotated[str, _meta("Payment method", "Betaalwijze", "Of orders.", max_length=5)] = ""
    summary_account: Annotated[
        str, _meta("Summary account", "Verzamelrekening", "Ledger account of new debtors.", max_length=16)
    ] = ""
    vat_duty: Annotated[
        str, _meta("VAT duty", "Btw-plicht", "Sales with Dutch VAT; empty: as the relation has it.", max_length=3)
    ] = ""
    vat_duty_abroad: Annotated[
        str,
        _meta(
            "VAT duty abroad", "Btw-plicht buitenland", "Sales with foreign VAT (OSS); empty: as above.", max_length=3
        ),
    ] = ""
    vat_duty_ics: Annotated[
        str, _meta("VAT duty EU supplies", "Btw-plicht ICL", "Supplies to EU businesses, 0 %.", max_length=3)
    ] = ""
    vat_duty_export: Annotated[
        str, _meta("VAT duty export", "Btw-plicht export", "Sales to outside the EU, 0 %.", max_length=3)
    ] = ""
    vat_duty_none: Annotated[
        str,
        _meta("No VAT duty", "Niet btw-plichtig", "Sales without VAT: KOR, VAT paid by marketplace.", max_length=3),
    ] = ""
    currency: Annotated[str, _meta("Currency", "Valuta", "Of new relations.", pattern="^[A-Z]{3}$")] = "EUR"
    foreign_currency: Annotated[
        bool, _meta("Foreign currencies", "Vreemde valuta", "Off: orders are converted to euros first.")
    ] = True
    relation_kind: Annotated[
        Literal["auto", "organisation"],
        _meta("New relations are", "Nieuwe relaties zijn", "auto: person, or organisation if a company is named."),
    ] = "auto"
    invoice_sending: Annotated[
        str, _meta("Sending of invoices", "Verstrekkingswijze", "Code for new relations (Y: none).", max_length=20)
    ] = ""
    delivery: Annotated[
        Literal["address", "text", "none"],
        _meta("Delivery address", "Afleveradres", "address: on the relation; text: only on the order; none."),
    ] = "address"
    remarks: Annotated[bool, _meta("Remarks", "Opmerking", "Put description and remarks into the order's remark.")] = (
        True
    )

    article_group: Annotated[str, _meta("Article group", "Artikelgroep", "Group of new articles.", max_length=15)] = ""
    unit: Annotated[str, _meta("Unit", "Eenheid", "Basic unit of new articles.", max_length=15)] = "STK"
    article_vat_group: Annotated[
        str,
        _meta("VAT group of articles", "Btw-tariefgroep artikelen", "Empty: that of the order line.", max_length=4),
    ] = ""
    track_stock: Annotated[
        bool, _meta("Track stock", "Voorraad bijhouden", "For new articles; shipping and the like never.")
    ] = False

    connectors: Annotated[Connectors, _meta("GetConnectors", "GetConnectoren", "Names of your own GetConnectors.")] = (
        Connectors()
    )
    fields: Annotated[
        dict[str, dict[str, str]],
        _meta("Fields", "Velden", 'Field ids of your own GetConnectors: fields.orders.reference = "Uw_referentie".'),
    ] = {}
    delete_with_at: Annotated[
        bool, _meta("@ in delete addresses", "@ in verwijderadressen", "Write keys as @OrNu when lines are deleted.")
    ] = False
