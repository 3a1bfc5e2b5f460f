"""AFAS Profit as target: sales orders, sales relations and articles over the REST connectors."""

from koppel.plugin import TargetSpec, VatRow, hookimpl
from koppel.vat.treatment import Treatment
from koppel_afas.adapter import AfasTarget
from koppel_afas.choices import KINDS
from koppel_afas.sandbox import AfasSandbox, sandbox_settings
from koppel_afas.settings import Settings
from koppel_afas.tables import VAT_GROUP_LENGTH

_WITHOUT_VAT = frozenset({Treatment.ICS, Treatment.EXPORT, Treatment.KOR_EXEMPT, Treatment.MARKETPLACE_DEEMED})


def propose(treatment: Treatment, country: str, rate: str) -> VatRow | None:
    """The default cell of the VAT table.

    Btw-tariefgroepen differ in every environment and no list of them can be read, so that the proposal is a name that
    says what it means (``NL21``, ``DE19``, ``FI25`` for 25.5): AFAS refuses it loudly until somebody makes the group
    or chooses another, where a guessed ``1`` or ``2`` would book the wrong VAT in silence. Without VAT the btw-plicht
    decides.
    """
    if treatment in _WITHOUT_VAT:
        return VatRow()
    code = f"{country}{rate.partition('.')[0]}"
    return VatRow(code=code) if 0 < len(code) <= VAT_GROUP_LENGTH else None


@hookimpl
def koppel_target() -> TargetSpec:
    """Announce AFAS Profit."""
    return TargetSpec(
        name="afas",
        title="AFAS Profit",
        settings=Settings,
        capabilities=frozenset({"orders", "customers", "articles", "choices", "updates"}),
        sandbox=AfasSandbox,
        sandbox_settings=sandbox_settings,
        open=AfasTarget,
        propose=propose,
        choices=KINDS,
    )
