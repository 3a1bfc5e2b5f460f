"""The hooks. Synchronous, and they only describe: asynchronous work lives behind the Protocols that a spec opens."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from koppel.booking.draft import Draft
    from koppel.model import Order
    from koppel.plugin.spec import SourceSpec, TargetSpec

PROJECT = "koppel"
"""Name of the entry-point group and of the pluggy project."""

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def koppel_source() -> SourceSpec:  # type: ignore[empty-body]
    """Announce one sales channel. Called once, at start, before any network is touched."""


@hookspec
def koppel_target() -> TargetSpec:  # type: ignore[empty-body]
    """Announce one bookkeeping system. Called once, at start, before any network is touched."""


@hookspec
def koppel_draft(connection: str, order: Order, draft: Draft) -> Draft | None:
    """Bend a draft before it is booked; None leaves it. Called for each due order; the total may not change."""


@hookspec
def koppel_document_changed(connection: str, reference: str, state: str, code: str) -> None:
    """Told after a document's change of state was committed. No personal data is in the arguments."""


@hookspec
def koppel_flow_failed(connection: str, flow: str, code: str, message: str) -> None:
    """Told once when a flow starts to fail, not at each try."""
