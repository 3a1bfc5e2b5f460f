"""The payloads of the API as far as we use them. Unknown fields are ignored, everything may be missing.

Amounts are euros; dates are ``yyyy-MM-ddTHH:mm:ss`` without a zone [fact sheet 2].
"""

from decimal import Decimal

from msgspec import UNSET, Struct, UnsetType, field


class Ref(Struct, frozen=True):
    """A reference to a record by its GUID."""

    id: str


class AnyRef(Struct, frozen=True):
    """A reference as it comes back: the id may be missing."""

    id: str | None = None


class Row(Struct, frozen=True, kw_only=True):
    """What all records have."""

    id: str


class CompanyInfo(Struct, frozen=True, kw_only=True, rename="camel"):
    """``GET /companyInfo`` [fact sheet 7.1]."""

    administratie_identifier: str | None = None
    administratie_naam: str | None = None
    huidig_boekjaar: int | None = None
    beginmaand_fiscale_boekjaar: int | None = None
    artikelcode_soort: str | None = None
    artikelcode_max_lengte: int | None = None
    verkoopprijs_artikelbestand_exclusief_btw: bool | None = None
    aantal_decimalen_artikelprijzen: int | None = None
    factureer_buitenlands_btw: bool | None = None
    factureer_buitenlands_btw_ranges: "list[DateRange] | None" = None
    buitenlandse_btw_grootboek: AnyRef | None = None


class DateRange(Struct, frozen=True, kw_only=True):
    """A stretch of time in a unit that is not documented [fact sheet 7.8]."""

    from_: int | None = field(default=None, name="from")
    to: int | None = None


class Grootboek(Row, frozen=True, kw_only=True, rename="camel"):
    """A ledger [fact sheet 7.7]."""

    nummer: int | None = None
    omschrijving: str | None = None
    grootboekfunctie: str | None = None
    btw_soort: list[str] | None = None
    vat_rate_code: str | None = None
    kostenplaats_verplicht: bool | None = None
    nonactief: bool | None = None

    @property
    def name(self) -> str:
        """Number and description, as a bookkeeper says it."""
        return f"{self.nummer} {self.omschrijving or ''}".strip()


class Land(Row, frozen=True, kw_only=True):
    """A country: ``landcode`` two letters, ``landcodeISO`` three, or the other way round [fact sheet 7.3]."""

    naam: str | None = None
    landcode: str | None = None
    landcode_iso: str | None = field(default=None, name="landcodeISO")


class Kostenplaats(Row, frozen=True, kw_only=True):
    """A cost centre."""

    nummer: int | None = None
    omschrijving: str | None = None
    nonactief: bool | None = None


class Dagboek(Row, frozen=True, kw_only=True):
    """A journal."""

    nummer: int | None = None
    omschrijving: str | None = None
    soort: str | None = None
    nonactief: bool | None = None


class Sjabloon(Row, frozen=True, kw_only=True, rename="camel"):
    """A template for sales orders."""

    omschrijving: str | None = None
    nonactief: bool | None = None
    prijs_ingave_exclusief_btw: bool | None = None
    nieuwe_orders_blokkeren: bool | None = None


class Omzetgroep(Row, frozen=True, kw_only=True, rename="camel"):
    """A revenue group of articles: decides ledger and VAT [fact sheet 7.4]."""

    nummer: int | None = None
    omschrijving: str | None = None
    verkoop_nederland_btw_soort: str | None = None


class VatRate(Struct, frozen=True, kw_only=True, rename="camel"):
    """A rate in percent, from a day on."""

    rate_code: str | None = None
    rate: Decimal | None = None
    valid_from: str | None = None


class VatRates(Struct, frozen=True, kw_only=True, rename="camel"):
    """The rates of one country (three letters) [fact sheet 7.8]."""

    country_code: str | None = None
    vat_rates: list[VatRate] | None = None


class Vestiging(Struct, frozen=True, kw_only=True, rename="camel"):
    """Where a relation is, as far as it is told."""

    land: AnyRef | None = None


class Relatie(Row, frozen=True, kw_only=True, rename="camel"):
    """A relation [fact sheet 7.2]."""

    relatiesoort: list[str] | None = None
    relatiecode: int | None = None
    naam: str | None = None
    email: str | None = None
    btw_nummer: str | None = None
    vestigings_adres: Vestiging | None = None
    nonactief: bool | None = None
    modified_on: str | None = None


class Artikel(Row, frozen=True, kw_only=True, rename="camel"):
    """An article [fact sheet 7.4]."""

    artikelcode: str | None = None
    is_non_actief: bool | None = None


class Verkoopfactuur(Row, frozen=True, kw_only=True, rename="camel"):
    """An invoice; every booking yields one [fact sheet 7.11]."""

    factuurnummer: str | None = None
    factuur_datum: str | None = None
    factuur_bedrag: Decimal | None = None
    modified_on: str | None = None
    verkoop_boeking: AnyRef | None = None


class Verkooporder(Row, frozen=True, kw_only=True, rename="camel"):
    """A sales order as it comes back [fact sheet 7.6]."""

    nummer: int | None = None
    orderreferentie: str | None = None
    datum: str | None = None
    totaal_inclusief_btw: Decimal | None = None
    modified_on: str | None = None


class BookingLine(Struct, frozen=True, kw_only=True, rename="camel"):
    """A revenue line, excl. VAT."""

    omschrijving: str
    grootboek: Ref
    bedrag: Decimal
    btw_soort: str
    kostenplaats: Ref | UnsetType = UNSET


class BookingVat(Struct, frozen=True, kw_only=True, rename="camel"):
    """The VAT of one kind."""

    btw_soort: str
    btw_bedrag: Decimal


class BookingRequest(Struct, frozen=True, kw_only=True):
    """``POST /verkoopboekingen`` [fact sheet 7.5]."""

    factuurnummer: str
    klant: Ref
    factuurdatum: str
    betalingstermijn: int
    omschrijving: str
    factuurbedrag: Decimal
    boekingsregels: tuple[BookingLine, ...]
    btw: tuple[BookingVat, ...]


class MadeBooking(Struct, frozen=True, kw_only=True):
    """The answer to it."""

    id: str | None = None
    factuurbedrag: Decimal | None = None


class Adres(Struct, frozen=True, kw_only=True):
    """An address: complete, save the contact person [REL-0060]."""

    straat: str
    postcode: str
    plaats: str
    land: Ref
    contactpersoon: str | UnsetType = UNSET


class OrderLine(Struct, frozen=True, kw_only=True):
    """A line on an article. ``stuksprijs`` is never negative; ``aantal`` carries the sign."""

    artikel: Ref
    omschrijving: str
    stuksprijs: Decimal
    aantal: Decimal


class OrderRequest(Struct, frozen=True, kw_only=True, rename="camel"):
    """``POST /verkooporders`` [fact sheet 7.6]."""

    relatie: Ref
    datum: str
    proces_status: str
    verkooporder_btw_ingave_model: str
    krediettermijn: int
    omschrijving: str
    orderreferentie: str
    betalingskenmerk: str
    regels: tuple[OrderLine, ...]
    verkoopordersjabloon: Ref | UnsetType = UNSET
    afleveradres: Adres | UnsetType = UNSET
    memo: str | UnsetType = UNSET


class MadeOrder(Struct, frozen=True, kw_only=True, rename="camel"):
    """The answer to it."""

    id: str | None = None
    nummer: int | None = None
    totaal_inclusief_btw: Decimal | None = None


class Mailing(Struct, frozen=True, kw_only=True, rename="camel"):
    """Whether SnelStart mails a kind of document by itself."""

    should_send: bool = False
    email: str | UnsetType = UNSET


class RelationRequest(Struct, frozen=True, kw_only=True, rename="camel"):
    """``POST /relaties`` [fact sheet 7.2]. SnelStart chooses the ``relatiecode``."""

    naam: str
    relatiesoort: tuple[str, ...] = ("Klant",)
    email: str | UnsetType = UNSET
    telefoon: str | UnsetType = UNSET
    btw_nummer: str | UnsetType = UNSET
    vestigings_adres: Adres | UnsetType = UNSET
    factuur_email_versturen: Mailing = Mailing()
    bevestigings_email_versturen: Mailing = Mailing()
    aanmaning_email_versturen: Mailing = Mailing()
    offerte_email_versturen: Mailing = Mailing()


class ArticleRequest(Struct, frozen=True, kw_only=True, rename="camel"):
    """``POST /artikelen`` [fact sheet 7.4]."""

    artikelcode: str
    omschrijving: str
    artikel_omzetgroep: Ref
    verkoopprijs: Decimal | UnsetType = UNSET


class Made(Struct, frozen=True, kw_only=True):
    """The answer to any other create."""

    id: str | None = None
