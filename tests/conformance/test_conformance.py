"""Our own plugins take the suite that third parties take."""

from koppel.testing.sources import SourceSuite
from koppel.testing.targets import TargetSuite


class TestAmazon(SourceSuite):
    plugin = "amazon"


class TestLightspeed(SourceSuite):
    plugin = "lightspeed"


class TestSnelStartBooking(TargetSuite):
    plugin = "snelstart"


class TestSnelStartOrder(TargetSuite):
    plugin = "snelstart"
    target = {"mode": "order"}  # noqa: RUF012 - the suite declares it


class TestExact(TargetSuite):
    plugin = "exact"


class TestAfas(TargetSuite):
    plugin = "afas"
