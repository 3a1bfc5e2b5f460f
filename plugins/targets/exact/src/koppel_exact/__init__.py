"""Exact Online (Netherlands) as target: sales orders, sales invoices or sales entries in one administration."""

from collections.abc import Mapping
from typing import Any

from koppel.plugin import Consent, TargetSpec, hookimpl
from koppel_exact import tables
from koppel_exact.adapter import ExactTarget
from koppel_exact.authorise import code_from, consent_address, exchange
from koppel_exact.proposals import propose
from koppel_exact.registers import KINDS
from koppel_exact.settings import ExactSettings


def make_sandbox(options: Any) -> Any:
    """See :class:`koppel.plugin.SandboxFactory`."""
    from koppel_exact.sandbox import ExactSandbox

    return ExactSandbox(options)


def sandbox_settings(url: str) -> Mapping[str, Any]:
    """Settings, secrets included, that work against this plugin's sandbox at ``url``."""
    from koppel_exact.sandbox.seed import CLIENT_ID, CLIENT_SECRET, DIVISION, FIRST_REFRESH_TOKEN, REDIRECT_URI

    return {
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "refresh_token": FIRST_REFRESH_TOKEN,
        "redirect_uri": REDIRECT_URI,
        "division": DIVISION,
        "document": "sales_order",
        "payment_condition": "30",
        "item_group": "WEB",
        "endpoint": url,
        "token_url": f"{url}/api/oauth2/token",
        "consent_url": f"{url}/api/oauth2/auth",
    }


@hookimpl
def koppel_target() -> TargetSpec:
    """Announce Exact Online."""
    return TargetSpec(
        name="exact",
        title="Exact Online",
        settings=ExactSettings,
        capabilities=frozenset({"orders", "customers", "articles", "choices"}),
        sandbox=make_sandbox,
        sandbox_settings=sandbox_settings,
        open=ExactTarget,
        propose=propose,
        choices=KINDS,
        consent=Consent(address=consent_address, code=code_from, exchange=exchange, lasts=tables.REFRESH_LIFE),
    )
