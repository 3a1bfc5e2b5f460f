"""A SnelStart that stands here: see :class:`SnelStartSandbox`."""

from koppel_snelstart.sandbox.app import SnelStartSandbox, sandbox_settings

__all__ = ["SnelStartSandbox", "sandbox_settings"]
