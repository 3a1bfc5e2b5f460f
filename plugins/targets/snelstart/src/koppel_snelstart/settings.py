"""The settings of one administration."""

from datetime import date
from typing import Annotated, Literal

from msgspec import Meta, Struct

from koppel.plugin import Secret
from koppel_snelstart import tables

VatKind = Literal["Hoog", "Laag", "Overig", "Geen"]


def _meta(title: str, title_nl: str, description: str) -> Meta:
    return Meta(title=title, description=description, extra={"title_nl": title_nl})


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a connection must know of SnelStart. Only the two keys have no default."""

    subscription_key: Annotated[
        Secret,
        _meta(
            "Subscription key",
            "Subscription key",
            "The key of the developer account (32 hexadecimal characters), from the developer portal of SnelStart.",
        ),
    ]
    client_key: Annotated[
        Secret,
        _meta(
            "Coupling key (koppelsleutel)",
            "Koppelsleutel",
            "Names one administration. Made in SnelStart Web: Instellingen, Koppelingen, tile Maatwerk.",
        ),
    ]
    product: Annotated[
        Literal["maatwerk", "productie", "ontwikkeling-en-test"],
        _meta(
            "Product of the subscription key",
            "Product van de subscription key",
            "Decides the limits: 500 calls a minute and 5,000 an hour, or 100 and 1,000 for Ontwikkeling & Test.",
        ),
    ] = "maatwerk"
    key_created: Annotated[
        date | None,
        _meta(
            "Day on which the subscription key was made",
            "Dag waarop de subscription key is gemaakt",
            "A key of Ontwikkeling & Test dies after 90 days; SnelStart does not tell when; koppel then warns.",
        ),
    ] = None
    administration_id: Annotated[
        str,
        _meta(
            "Administration",
            "Administratie",
            "The administratieIdentifier that the coupling key must lead to; nothing is booked in any other. "
            "Empty: not checked. 'koppel check' shows it.",
        ),
    ] = ""
    mode: Annotated[
        Literal["booking", "order"],
        _meta(
            "What an order becomes",
            "Wat een bestelling wordt",
            "booking: a verkoopboeking, in the books at once. order: a verkooporder, which a person invoices.",
        ),
    ] = "booking"
    reference_prefix: Annotated[
        str,
        _meta(
            "Prefix of the number",
            "Voorvoegsel van het nummer",
            "Set before the order number in factuurnummer (25 characters together) or orderreferentie (50), so that it "
            "cannot collide with SnelStart's own invoice numbers. Do not change it once there are bookings.",
        ),
    ] = ""
    payment_term_days: Annotated[
        int,
        Meta(
            ge=0,
            le=tables.TERM_BOOKING,
            title="Payment term (days)",
            description="betalingstermijn of a booking (at most 999), krediettermijn of an order (at most 100).",
            extra={"title_nl": "Betalingstermijn (dagen)"},
        ),
    ] = 14
    booking_lines: Annotated[
        Literal["per_line", "per_ledger"],
        _meta(
            "Lines of a booking",
            "Regels van een boeking",
            "per_line: one line for each line of the order. per_ledger: added up for each ledger and VAT kind "
            "(never for sales with foreign VAT, where SnelStart allows one cent of rounding a line).",
        ),
    ] = "per_line"
    cost_centre: Annotated[
        int | None,
        _meta(
            "Cost centre",
            "Kostenplaats",
            "Number of the kostenplaats for ledgers that demand one. Empty: none is sent.",
        ),
    ] = None
    oss: Annotated[
        Literal["auto", "on", "off"],
        _meta(
            "Foreign VAT (OSS)",
            "Buitenlandse btw (OSS)",
            "auto: as 'Factureer buitenlandse btw' stands in SnelStart. on, off: whatever SnelStart says. When on, "
            "foreign VAT is booked as a ledger line; when off, such an order is an error.",
        ),
    ] = "auto"
    address_placeholder: Annotated[
        str,
        _meta(
            "Mark for missing parts of a foreign address",
            "Teken voor ontbrekende delen van een buitenlands adres",
            "SnelStart takes an address whole or not at all, and a relation without address counts as Dutch. Missing "
            "parts of a foreign address get this mark, so that the country is right. Empty: then no address.",
        ),
    ] = "-"
    vat_entry: Annotated[
        Literal["exclusive", "inclusive"],
        _meta(
            "Prices of a sales order",
            "Prijzen van een verkooporder",
            "verkooporderBtwIngaveModel: exclusive (exclusief) or inclusive (inclusief) VAT. Inclusive cannot round "
            "differently from what the buyer paid.",
        ),
    ] = "exclusive"
    template: Annotated[
        str,
        _meta(
            "Sales order template", "Verkoopsjabloon", "Name or id of the verkoopordersjabloon. Empty: the default one."
        ),
    ] = ""
    article_groups: Annotated[
        dict[VatKind, str],
        _meta(
            "Revenue groups for new articles",
            "Omzetgroepen voor nieuwe artikelen",
            "VAT kind (Hoog, Laag, Overig, Geen) to number or name of the artikelomzetgroep. A kind that is not here "
            "takes the group of that kind with the lowest number.",
        ),
    ] = {}
    article_codes: Annotated[
        dict[str, str],
        _meta(
            "Article codes of shipping, discount …",
            "Artikelcodes van verzending, korting …",
            "SnelStart takes the VAT from the article, so each VAT kind needs an own article. Key: 'shipping' or "
            "'shipping.Laag' (also gift_wrap, payment_costs, discount, voucher, deposit, tip, other). "
            "Without an entry: the code of [articles], with '-Laag', '-Overig', '-Geen' behind it for those kinds "
            "unless it ends in the rate ({rate}).",
        ),
    ] = {}
    foreign_article_vat: Annotated[
        VatKind | None,
        _meta(
            "Dutch VAT kind of what is sold abroad",
            "Nederlandse btw-soort van wat naar het buitenland gaat",
            "An order from abroad does not tell the Dutch VAT kind of an article. Needed to make a new article from "
            "it, and to choose between shipping articles. Empty: a new article sold abroad first is an error.",
        ),
    ] = None
    endpoint: Annotated[str, _meta("Address of the API", "Adres van de API", "Base address, version included.")] = (
        tables.ENDPOINT
    )
    token_url: Annotated[
        str, _meta("Address for tokens", "Adres voor tokens", "Where the coupling key is exchanged for a token.")
    ] = tables.TOKEN_URL
