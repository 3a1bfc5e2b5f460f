"""Makes the fixtures of :mod:`vat.registers` known here."""

from vat.registers import anyio_backend, registers

__all__ = ["anyio_backend", "registers"]
