"""Default cells of the VAT table [7.8]. Ledgers stay empty: the connection's revenue ledger is taken."""

from koppel.plugin import VatRow
from koppel.vat.treatment import Treatment
from koppel_eboekhouden import tables

_DUTCH = {"21": "HOOG_VERK_21", "9": "LAAG_VERK_9", "0": tables.NO_VAT}
_FIXED = {
    Treatment.OSS: tables.DISTANCE,
    Treatment.ICS: "BI_EU_VERK",
    Treatment.EXPORT: "BU_EU_VERK",
    Treatment.KOR_EXEMPT: tables.NO_VAT,
    Treatment.MARKETPLACE_DEEMED: tables.NO_VAT,
}


def propose(treatment: Treatment, country: str, rate: str) -> VatRow | None:
    """See :class:`koppel.plugin.TargetSpec`; None for foreign VAT outside OSS, which an adviser must place."""
    if treatment in _FIXED:
        return VatRow(code=_FIXED[treatment])
    if treatment in (Treatment.DOMESTIC, Treatment.ORIGIN_BELOW_THRESHOLD) and country == "NL" and rate in _DUTCH:
        return VatRow(code=_DUTCH[rate])
    return None
