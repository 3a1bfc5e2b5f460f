"""The suite that every target must pass."""

from koppel.testing.targets import TargetSuite


class TestConformance(TargetSuite):
    plugin = "afas"
