"""Base of the vendors' simulators: what ``koppel demo``, the tests and a third party's developer run against."""

from koppel.sandbox.base import Options, Sandbox, SandboxOrder, SourceSandbox
from koppel.sandbox.faults import Fault, FaultKind, Faults
from koppel.sandbox.journal import Call, Entry, Journal
from koppel.sandbox.meter import BucketMeter, Meter, WindowMeter
from koppel.sandbox.server import serve

__all__ = [
    "BucketMeter",
    "Call",
    "Entry",
    "Fault",
    "FaultKind",
    "Faults",
    "Journal",
    "Meter",
    "Options",
    "Sandbox",
    "SandboxOrder",
    "SourceSandbox",
    "WindowMeter",
    "serve",
]
