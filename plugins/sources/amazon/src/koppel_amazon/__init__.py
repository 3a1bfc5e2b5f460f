"""Amazon (Selling Partner API) as a source of orders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from koppel.plugin import SourceSpec, hookimpl
from koppel_amazon.settings import AmazonSettings
from koppel_amazon.source import AmazonSource
from koppel_amazon.tables import STATUSES

if TYPE_CHECKING:
    from koppel_amazon.sandbox import AmazonSandbox


def _sandbox(options: Any, /) -> AmazonSandbox:
    """The simulator, loaded only when somebody wants it."""
    from koppel_amazon.sandbox import AmazonSandbox

    return AmazonSandbox(options)


def sandbox_settings(url: str) -> dict[str, Any]:
    """Settings that work against a sandbox at this address."""
    from koppel_amazon.sandbox import sandbox_settings

    return sandbox_settings(url)


SPEC = SourceSpec(
    name="amazon",
    title="Amazon",
    settings=AmazonSettings,
    capabilities=frozenset({"orders"}),
    sandbox=_sandbox,
    sandbox_settings=sandbox_settings,
    open=AmazonSource,
    statuses=STATUSES,
    recommended_customers="collective-per-country",
)


@hookimpl
def koppel_source() -> SourceSpec:
    """Announce Amazon."""
    return SPEC
