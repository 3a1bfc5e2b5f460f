"""A simulator of AFAS Profit: rights, GetConnectors that really filter, UpdateConnectors that really refuse."""

from koppel_afas.sandbox.app import AfasSandbox, sandbox_settings
from koppel_afas.sandbox.door import APP_TOKEN

__all__ = ["APP_TOKEN", "AfasSandbox", "sandbox_settings"]
