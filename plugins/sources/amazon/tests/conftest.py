"""Fixtures of the Amazon plugin's tests."""

from pathlib import Path

import pytest

from .amazon_rig import ABSENT, SHARED, Open, open_rig


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def rig() -> Open:
    """Opens a sandbox and a source: ``async with rig(size=250, limits=True, money="net") as r``."""
    return open_rig


@pytest.fixture
def shared() -> Path:
    """The vendor's specs and samples, or skip."""
    if not SHARED.is_dir():
        pytest.skip(ABSENT)
    return SHARED
