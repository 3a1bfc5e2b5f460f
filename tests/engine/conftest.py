"""Fixtures of the engine's tests: see hall.py."""

from engine.hall import anyio_backend, hall

__all__ = ["anyio_backend", "hall"]
