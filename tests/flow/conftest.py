"""Fixtures of the flows' tests: see desk.py."""

from flow.desk import anyio_backend, desk

__all__ = ["anyio_backend", "desk"]
