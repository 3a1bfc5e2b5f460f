"""VAT codes of the connection's VAT table, and the rows that koppel proposes [fact sheet 7.5, 7.8]."""

from enum import StrEnum

from msgspec import Struct

from koppel.plugin import Misconfigured, VatRow
from koppel.vat.treatment import Treatment
from koppel_snelstart import tables


class Kind(StrEnum):
    """The VAT kind of a line (``btwSoort``)."""

    GEEN = "Geen"
    LAAG = "Laag"
    HOOG = "Hoog"
    OVERIG = "Overig"


class VatCode(Struct, frozen=True):
    """A VAT code of the table, read.

    ``reverse``: VAT is charged to the buyer (``VerkopenVerlegd``). ``ledger``: number of the ledger that takes VAT of
    another country (``Grootboek:1690``); empty = SnelStart's own ledger for foreign VAT.
    """

    kind: Kind
    reverse: bool = False
    ledger: str = ""


VERLEGD = "VerkopenVerlegd"
_KINDS = {
    "geen": VatCode(Kind.GEEN),
    "laag": VatCode(Kind.LAAG),
    "hoog": VatCode(Kind.HOOG),
    "overig": VatCode(Kind.OVERIG),
    "verlegd": VatCode(Kind.GEEN, reverse=True),
}
_LEDGER_PREFIX = "grootboek:"


def parse_code(code: str) -> VatCode | None:
    """Both vocabularies are taken: ``Hoog`` and ``VerkopenHoog``. Empty gives None: the ledger decides.

    Raises Misconfigured for anything else.
    """
    plain = code.strip().lower()
    if not plain:
        return None
    if plain.startswith(_LEDGER_PREFIX) and (number := plain.removeprefix(_LEDGER_PREFIX).strip()).isdigit():
        return VatCode(Kind.GEEN, ledger=number)
    known = _KINDS.get(plain.removeprefix("verkopen"))
    if known is None:
        raise Misconfigured(
            "snelstart.vat-code",
            f"The VAT table has the code '{code}', which SnelStart does not know.",
            "Use VerkopenHoog, VerkopenLaag, VerkopenOverig, VerkopenVerlegd, Geen, or Grootboek:<number> for VAT of "
            "another country on a ledger of its own.",
        )
    return known


def btw_kind(kind: Kind) -> str:
    """The kind in the words of the ``btw`` array: ``Hoog`` there is ``VerkopenHoog``."""
    return f"Verkopen{kind}"


FUNCTION_OF_KIND = {Kind.HOOG: tables.OMZET_HOOG, Kind.LAAG: tables.OMZET_LAAG, Kind.OVERIG: tables.OMZET_OVERIG}
_FUNCTION_OF_TREATMENT = {
    Treatment.DOMESTIC: tables.OMZET_ONBELAST,
    Treatment.KOR_EXEMPT: tables.OMZET_ONBELAST,
    Treatment.ORIGIN_BELOW_THRESHOLD: tables.OMZET_ONBELAST,
    Treatment.ICS: tables.EXPORT_EU,
    Treatment.EXPORT: tables.EXPORT_NON_EU,
    Treatment.MARKETPLACE_DEEMED: tables.EXPORT_NON_EU,
    Treatment.OSS: tables.AFSTANDSVERKOPEN,
}


def default_function(kind: Kind, treatment: Treatment) -> str | None:
    """The ledger function that fits when the VAT table names no ledger; None where only the user can know."""
    return FUNCTION_OF_KIND.get(kind) or _FUNCTION_OF_TREATMENT.get(treatment)


_WITHOUT_DUTCH_VAT = frozenset(
    {Treatment.ICS, Treatment.EXPORT, Treatment.OSS, Treatment.KOR_EXEMPT, Treatment.MARKETPLACE_DEEMED}
)


def propose(treatment: Treatment, country: str, rate: str) -> VatRow | None:
    """The default cell of the VAT table. The ledger stays empty: the one active ledger with the fitting function.

    What a marketplace collects the VAT on leaves the EU when a Dutch seller sends it, so it is proposed as export.
    """
    del country
    if treatment in (Treatment.DOMESTIC, Treatment.ORIGIN_BELOW_THRESHOLD):
        code = {"21": "VerkopenHoog", "9": "VerkopenLaag", "0": "Geen"}.get(rate)
        return VatRow(code=code) if code else None
    return VatRow(code="Geen") if treatment in _WITHOUT_DUTCH_VAT else None
