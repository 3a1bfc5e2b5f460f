"""Fixtures of the end-to-end tests: see house.py."""

from e2e.house import anyio_backend, house

__all__ = ["anyio_backend", "house"]
