"""The types that can be filtered, with their properties as the server names them [spec/fields.csv]."""

from koppel_snelstart.sandbox.odata import Model

_PREFIX = "SnelStart.B2B.Api.V2.Models"
_REF: Model = {"Id": None, "Uri": None}


def _plain(names: str, **nested: Model) -> Model:
    return {**dict.fromkeys([*names.split(), "Id", "Uri"]), **nested}


_ADDRESS: Model = {**dict.fromkeys(["Contactpersoon", "Straat", "Postcode", "Plaats"]), "Land": _REF}

RELATIE = _plain(
    "Relatiesoort ModifiedOn Relatiecode Naam Telefoon MobieleTelefoon Email BtwNummer Factuurkorting Krediettermijn "
    "Nonactief KredietLimiet Memo KvkNummer WebsiteUrl Iban Bic IncassoSoort",
    VestigingsAdres=_ADDRESS,
    CorrespondentieAdres=_ADDRESS,
)
ARTIKEL = _plain(
    "Artikelcode Omschrijving Verkoopprijs Inkoopprijs Eenheid ModifiedOn IsNonActief VoorraadControle "
    "TechnischeVoorraad VrijeVoorraad",
    ArtikelOmzetgroep=_REF,
)
GROOTBOEK = _plain(
    "ModifiedOn Omschrijving KostenplaatsVerplicht RekeningCode Nonactief Nummer Grootboekfunctie GrootboekRubriek "
    "BtwSoort VatRateCode"
)
VERKOOPFACTUUR = _plain(
    "ModifiedOn OpenstaandSaldo Factuurnummer VervalDatum FactuurDatum FactuurBedrag",
    Relatie=_REF,
    VerkoopBoeking=_REF,
)
VERKOOPORDER = _plain(
    "ProcesStatus Nummer ModifiedOn Datum Krediettermijn Omschrijving Betalingskenmerk Orderreferentie Memo "
    "VerkooporderBtwIngaveModel VerkoopOrderStatus TotaalExclusiefBtw TotaalInclusiefBtw",
    Relatie=_REF,
    Afleveradres=_ADDRESS,
    Factuuradres=_ADDRESS,
    Verkoopfactuur=_REF,
)
VATRATES = {"CountryCode": None}

TYPES: dict[str, tuple[str, Model]] = {
    "listRelations": (f"{_PREFIX}.Relaties.RelatieModel", RELATIE),
    "listArticles": (f"{_PREFIX}.Artikelen.ArtikelModel", ARTIKEL),
    "listLedgers": (f"{_PREFIX}.Grootboeken.GrootboekModel", GROOTBOEK),
    "listInvoices": (f"{_PREFIX}.Verkoopfacturen.VerkoopfactuurModel", VERKOOPFACTUUR),
    "listOrders": (f"{_PREFIX}.Verkooporders.VerkoopOrderModel", VERKOOPORDER),
    "listVatRates": (f"{_PREFIX}.VatRates.VatRatesModel", VATRATES),
}
"""By operation. What is not here ignores ``$filter`` and answers everything [fact sheet 5.2]."""
