"""Fixtures of the vendor layer's tests: see ground.py."""

from vendor.ground import anyio_backend, ground

__all__ = ["anyio_backend", "ground"]
