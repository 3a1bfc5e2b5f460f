"""The simulator of a Lightspeed shop."""

from koppel_lightspeed.sandbox.about import KEY, SECRET
from koppel_lightspeed.sandbox.app import LightspeedSandbox, OrderRecord, sandbox_settings

__all__ = ["KEY", "SECRET", "LightspeedSandbox", "OrderRecord", "sandbox_settings"]
