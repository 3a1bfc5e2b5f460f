"""The conformance suite, for each API and document."""

from collections.abc import Mapping
from typing import Any, ClassVar

from koppel.testing.targets import TargetSuite


class TestEBoekhouden(TargetSuite):
    plugin = "eboekhouden"


class TestInvoices(TargetSuite):
    plugin = "eboekhouden"
    target: ClassVar[Mapping[str, Any]] = {"document": "both"}


class TestSoap(TargetSuite):
    plugin = "eboekhouden"
    target: ClassVar[Mapping[str, Any]] = {"api": "soap"}
