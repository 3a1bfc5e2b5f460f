"""e-Boekhouden.nl as target: mutations, invoices, or both, by REST or SOAP."""

from collections.abc import Mapping
from typing import Any

from koppel.plugin import TargetSpec, hookimpl
from koppel_eboekhouden.offers import KINDS
from koppel_eboekhouden.proposals import propose
from koppel_eboekhouden.settings import Settings
from koppel_eboekhouden.target import EBoekhouden


def make_sandbox(options: Any) -> Any:
    """See :class:`koppel.plugin.SandboxFactory`."""
    from koppel_eboekhouden.sandbox import EBoekhoudenSandbox

    return EBoekhoudenSandbox(options)


def sandbox_settings(url: str) -> Mapping[str, Any]:
    """Settings, secrets included, that work against this plugin's sandbox at ``url``, by either API."""
    from koppel_eboekhouden.sandbox import seed

    return {
        "token": seed.TOKEN,
        "username": seed.USERNAME,
        "security_code_1": seed.SECURITY_CODE_1,
        "security_code_2": seed.SECURITY_CODE_2,
        "document": "mutation",
        "template": seed.TEMPLATE,
        "endpoint": url,
        "soap_endpoint": f"{url}/soap.asmx",
    }


@hookimpl
def koppel_target() -> TargetSpec:
    """Announce e-Boekhouden.nl."""
    return TargetSpec(
        name="eboekhouden",
        title="e-Boekhouden.nl",
        settings=Settings,
        capabilities=frozenset({"orders", "customers", "choices"}),
        sandbox=make_sandbox,
        sandbox_settings=sandbox_settings,
        open=EBoekhouden,
        propose=propose,
        choices=KINDS,
    )
