"""Lightspeed eCom (C-Series) as a source of orders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from koppel.plugin import SourceSpec, hookimpl
from koppel_lightspeed.settings import LightspeedSettings
from koppel_lightspeed.source import LightspeedSource
from koppel_lightspeed.tables import STATUSES, VENDOR

if TYPE_CHECKING:
    from koppel_lightspeed.sandbox import LightspeedSandbox


def _sandbox(options: Any, /) -> LightspeedSandbox:
    """The simulator, loaded only when somebody wants it."""
    from koppel_lightspeed.sandbox import LightspeedSandbox

    return LightspeedSandbox(options)


def sandbox_settings(url: str) -> dict[str, Any]:
    """Settings that work against a sandbox at this address."""
    from koppel_lightspeed.sandbox import sandbox_settings

    return sandbox_settings(url)


SPEC = SourceSpec(
    name=VENDOR,
    title="Lightspeed eCom",
    settings=LightspeedSettings,
    capabilities=frozenset({"orders", "order_changes"}),
    sandbox=_sandbox,
    sandbox_settings=sandbox_settings,
    open=LightspeedSource,
    statuses=STATUSES,
)


@hookimpl
def koppel_source() -> SourceSpec:
    """Announce Lightspeed eCom."""
    return SPEC
