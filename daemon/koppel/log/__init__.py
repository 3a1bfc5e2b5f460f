"""Logging: where it goes, and what must never be in it."""
