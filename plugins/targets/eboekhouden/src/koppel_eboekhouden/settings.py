"""What the user configures for e-Boekhouden.nl."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from koppel.plugin import Misconfigured, Secret
from koppel_eboekhouden import tables

Api = Literal["rest", "soap"]
Document = Literal["both", "invoice", "mutation"]
CountryNames = Literal["nl", "en", "code"]


def _meta(title: str, title_nl: str, description: str) -> Meta:
    return Meta(title=title, description=description, extra={"title_nl": title_nl})


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of one connection to one administration. The token, or the two codes, choose the administration."""

    api: Annotated[
        Api,
        _meta("API", "API", "rest: with an API token, recommended. soap: with user name and two security codes."),
    ] = "rest"
    token: Annotated[
        Secret,
        _meta(
            "API token",
            "API-token",
            "For rest. Beheer > Inrichting > Koppelingen > API > e-Boekhouden API > Toevoegen; it is shown once.",
        ),
    ] = Secret("")
    username: Annotated[str, _meta("User name", "Gebruikersnaam", "For soap. Beheer > Instellingen > API/SOAP.")] = ""
    security_code_1: Annotated[
        Secret, _meta("Security code 1", "Beveiligingscode 1", "For soap. Beheer > Instellingen > API/SOAP.")
    ] = Secret("")
    security_code_2: Annotated[
        Secret, _meta("Security code 2", "Beveiligingscode 2", "For soap. Beheer > Instellingen > API/SOAP.")
    ] = Secret("")
    document: Annotated[
        Document,
        _meta(
            "Document",
            "Boeken als",
            "mutation: a booking only. both: an invoice that is booked at once. invoice: an invoice that somebody "
            "books in e-Boekhouden.nl.",
        ),
    ] = "mutation"
    template: Annotated[
        str,
        _meta("Invoice template", "Factuursjabloon", "Name or number; needed for invoices."),
    ] = ""
    number_prefix: Annotated[
        str,
        _meta(
            "Prefix of the invoice number",
            "Voorvoegsel factuurnummer",
            "Before the order number, for shops whose numbers may meet others. Never change it later.",
        ),
    ] = ""
    debtor_ledger: Annotated[
        str,
        _meta("Debtors' ledger", "Debiteurenrekening", "Code; empty takes the only one there is, or 1300."),
    ] = ""
    revenue_ledger: Annotated[
        str,
        _meta("Revenue ledger", "Omzetrekening", "Code, for rows of the VAT table that name no ledger."),
    ] = tables.REVENUE_LEDGER
    foreign_vat_ledgers: Annotated[
        dict[str, str],
        _meta(
            "Ledgers for foreign VAT",
            "Grootboekrekeningen voor buitenlandse btw",
            "Country to ledger code (balance sheet), for OSS; OSS for all other countries; DE-local for VAT that is "
            "declared in Germany itself. What is not here is found by name: OSS and the country, or OSS alone.",
        ),
    ] = {}
    cost_centre: Annotated[str, _meta("Cost centre", "Kostenplaats", "Name or number; empty for none.")] = ""
    payment_term_days: Annotated[
        int,
        Meta(ge=0, le=365),
        _meta("Payment term", "Betalingstermijn", "Days, unless the connection's orders tell another term."),
    ] = 14
    country_names: Annotated[
        CountryNames,
        _meta("Country names", "Landnamen", "How new relations get their country: in Dutch, English, or as a code."),
    ] = "nl"
    calls_per_second: Annotated[
        int,
        Meta(ge=1, le=50),
        _meta("Calls per second", "Aanroepen per seconde", "e-Boekhouden.nl publishes no limit; 5 is the advice."),
    ] = tables.CALLS_PER_SECOND
    endpoint: Annotated[
        str,
        _meta("Address of the REST API", "Adres van de REST-API", "Belgian accounts: https://api.e-boekhouden.be"),
    ] = tables.REST_HOST
    soap_endpoint: Annotated[str, _meta("Address of the SOAP API", "Adres van de SOAP-API", "Always https.")] = (
        tables.SOAP_URL
    )

    @property
    def makes_invoice(self) -> bool:
        """Whether an order becomes an invoice."""
        return self.document != "mutation"

    @property
    def makes_mutation(self) -> bool:
        """Whether an order is booked."""
        return self.document != "invoice"


def check(settings: Settings) -> None:
    """Raise Misconfigured if what the chosen API and document need is missing."""
    needed = {"token": settings.token}
    if settings.api == "soap":
        needed = {name: getattr(settings, name) for name in ("username", "security_code_1", "security_code_2")}
    missing = [name for name, value in needed.items() if not value]
    if missing:
        raise Misconfigured(
            "eboekhouden.sign-in",
            f"Signing in to e-Boekhouden.nl by {settings.api.upper()} needs {', '.join(missing)}.",
            "Enter it with `koppel secret set`; where to find it: the plugin's README.",
        )
    if settings.makes_invoice and not settings.template:
        raise Misconfigured(
            "eboekhouden.template",
            "Invoices need an invoice template.",
            'Choose one of e-Boekhouden.nl\'s invoice templates, or document = "mutation".',
        )
