"""koppel: brings orders from sales channels into bookkeeping systems."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("koppel")
except PackageNotFoundError:  # pragma: no cover - a source tree that was never installed
    __version__ = "0.0.0"

__all__ = ["__version__"]
