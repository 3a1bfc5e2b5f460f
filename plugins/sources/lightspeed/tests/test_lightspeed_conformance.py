"""koppel's own suite for sources."""

from koppel.testing.sources import SourceSuite


class TestLightspeedConformance(SourceSuite):
    plugin = "lightspeed"
