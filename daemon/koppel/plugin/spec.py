"""The descriptions that plugins hand to the core: what they are called, need, can do, and how they are opened."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol

from msgspec import Struct

from koppel.booking.settings import VatRow
from koppel.clock import Clock
from koppel.plugin.source import Source, Status
from koppel.plugin.target import Target
from koppel.vat.treatment import Treatment
from koppel.vendor import TokenSignIn, Vendor


class Secret(str):
    """A setting that is a secret: in a file only as ``env:NAME``, ``file:PATH`` or absent (``koppel secret set``)."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "Secret(***)"


class SandboxFactory(Protocol):
    """Makes the vendor's sandbox; see :mod:`koppel.sandbox`."""

    def __call__(self, options: Any, /) -> Any:
        """``options`` is a :class:`koppel.sandbox.Options`, the result a :class:`koppel.sandbox.Sandbox`."""
        ...


@dataclass(frozen=True, kw_only=True)
class Consent:
    """Sign-in that a person starts in a browser: pure functions over the plugin's settings, secrets resolved.

    ``address(settings, state)`` is where he gives consent; ``state`` is random and must come back.
    ``code(pasted, state)`` finds the code in the address that the browser was sent to, and raises SignInNeeded if there
    is none or if the address does not hold this state. ``exchange(settings, clock, code)`` is the sign-in whose token
    request turns the code into the first token, under the key of the plugin's own sign-in; its form is sent once.
    ``lasts``: how long consent stands while nobody renews the token; None = until it is withdrawn.
    """

    address: Callable[[Any, str], str]
    code: Callable[[str, str], str]
    exchange: Callable[[Any, Clock, str], TokenSignIn]
    lasts: timedelta | None = None


@dataclass(frozen=True, kw_only=True)
class PluginSpec:
    """What sources and targets have in common.

    ``settings`` is a frozen msgspec Struct (``forbid_unknown_fields=True``) whose fields carry
    ``Annotated[T, msgspec.Meta(title=..., description=..., extra={"title_nl": ...})]``: the TOML check and the
    dashboard's form come from it. Fields of type
    :class:`Secret` are secrets. Vendor addresses are settings with the real ones as defaults. ``capabilities`` are
    names of Protocols
    in :mod:`koppel.plugin`. ``sandbox_settings`` turns a sandbox's address (``http://127.0.0.1:8501``) into settings,
    secrets included, that work against it. ``consent`` is for vendors that want a person in a browser first.
    """

    name: str
    title: str
    settings: type[Struct]
    capabilities: frozenset[str]
    sandbox: SandboxFactory
    sandbox_settings: Callable[[str], Mapping[str, Any]]
    consent: Consent | None = None


@dataclass(frozen=True, kw_only=True)
class SourceSpec(PluginSpec):
    """A sales channel."""

    open: Callable[[Any, Vendor], Source]
    statuses: tuple[Status, ...]
    default_date: str = "order"
    """Which date is the tax date unless configured: ``order``, ``shipment`` or ``payment`` (V5)."""
    recommended_customers: str = "individual"


@dataclass(frozen=True, kw_only=True)
class TargetSpec(PluginSpec):
    """A bookkeeping system.

    ``propose`` gives the default cell of the VAT table for a treatment, country and rate (percentage as text,
    ``"21"``, ``"0"``), or
    None where only the user can know. ``choices`` names the kinds that :class:`OffersChoices` knows.
    """

    open: Callable[[Any, Vendor], Target]
    propose: Callable[[Treatment, str, str], VatRow | None]
    choices: tuple[str, ...] = field(default=())
