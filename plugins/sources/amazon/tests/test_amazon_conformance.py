"""The suite that every source must pass; again for a shop that sees no personal data and gets amounts without VAT."""

from collections.abc import Mapping
from typing import ClassVar

from koppel.testing.sources import SourceSuite


class TestConformance(SourceSuite):
    plugin = "amazon"


class TestConformanceWithoutPersonalData(SourceSuite):
    plugin = "amazon"
    switches: ClassVar[Mapping[str, str]] = {"roles": "none", "money": "net", "discount": "negative"}
