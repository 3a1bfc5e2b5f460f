"""What the tests of the Lightspeed plugin share."""

import pytest

from .lightspeed_rig import Open, open_shop


@pytest.fixture(name="open_shop")
def _open_shop() -> Open:
    """Opens a shop and a source that reads it."""
    return open_shop


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
