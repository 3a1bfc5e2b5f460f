"""The conformance suite, in both modes, orders with prices of both kinds."""

from collections.abc import Mapping
from typing import Any, ClassVar

from koppel.testing.targets import TargetSuite


class TestBookings(TargetSuite):
    plugin = "snelstart"


class TestOrders(TargetSuite):
    plugin = "snelstart"
    target: ClassVar[Mapping[str, Any]] = {"mode": "order", "vat_entry": "inclusive"}


class TestOrdersExclusive(TargetSuite):
    plugin = "snelstart"
    target: ClassVar[Mapping[str, Any]] = {"mode": "order"}
