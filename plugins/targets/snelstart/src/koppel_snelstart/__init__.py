"""SnelStart (B2B API v2) as target: orders become verkoopboekingen or verkooporders."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from koppel.plugin import TargetSpec, hookimpl
from koppel_snelstart.offers import KINDS
from koppel_snelstart.settings import Settings
from koppel_snelstart.target import SnelStart
from koppel_snelstart.vat import propose

if TYPE_CHECKING:
    from koppel.sandbox import Options, Sandbox


def _sandbox(options: "Options") -> "Sandbox":
    from koppel_snelstart.sandbox import SnelStartSandbox

    return SnelStartSandbox(options)


def _sandbox_settings(url: str) -> Mapping[str, Any]:
    from koppel_snelstart.sandbox import sandbox_settings

    return sandbox_settings(url)


@hookimpl
def koppel_target() -> TargetSpec:
    """SnelStart."""
    return TargetSpec(
        name="snelstart",
        title="SnelStart",
        settings=Settings,
        capabilities=frozenset({"orders", "customers", "articles", "choices"}),
        sandbox=_sandbox,
        sandbox_settings=_sandbox_settings,
        open=SnelStart,
        propose=propose,
        choices=KINDS,
    )
