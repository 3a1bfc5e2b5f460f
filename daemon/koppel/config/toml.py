"""TOML into typed settings, with errors that name the file and the place."""

import re
import tomllib
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from koppel.errors import Misconfigured
from koppel.plugin.spec import Secret

T = TypeVar("T")

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file. Raises Misconfigured that names file, line and column."""
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        raise Misconfigured("config.missing", f"There is no file {path}.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured("config.unreadable", f"{path} cannot be read: {error}.") from error
    return parse_toml(text, str(path))


def parse_toml(text: str, origin: str) -> dict[str, Any]:
    """Parse TOML text; ``origin`` names it in errors."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Misconfigured("config.toml", f"{origin} is not valid TOML: {error}.") from error


def convert_toml(data: Mapping[str, Any], into: type[T], origin: str, section: str = "") -> T:
    """Convert parsed TOML into a Struct. Raises Misconfigured that names file, section and key; never a value."""
    try:
        return msgspec.convert(data, into, dec_hook=_decode)
    except Misconfigured as error:
        raise Misconfigured(error.code, f"{origin}, {error.message}", error.suggestion) from error
    except msgspec.ValidationError as error:
        message, place = str(error), section
        if match := re.search(r" - at `\$(.*)`$", message):
            message = message[: match.start()]
            place = f"{section}{match.group(1)}".lstrip(".")
        where = f"[{place}]" if place else "the top level"
        raise Misconfigured("config.value", f"{origin}, {where}: {message}.") from error


def _decode(expected: type, value: object) -> object:
    if expected is Secret and isinstance(value, str):
        return Secret(value)
    raise NotImplementedError(f"Expected `{expected.__name__}`")


def parse_duration(text: str) -> timedelta:
    """``90s``, ``15m``, ``1h``, ``14d``. Raises ValueError."""
    match = re.fullmatch(r"(\d+)([smhd])", text)
    if not match:
        raise ValueError(f"{text!r} is no duration like 90s, 15m, 1h or 14d")
    try:
        return timedelta(**{_UNITS[match.group(2)]: int(match.group(1))})
    except OverflowError:
        raise ValueError(f"{text!r} is too long") from None


def parse_size(text: str) -> int:
    """``512KiB``, ``2GiB`` in bytes. Raises ValueError."""
    match = re.fullmatch(r"(\d+)(KiB|MiB|GiB)", text)
    if not match:
        raise ValueError(f"{text!r} is no size like 512MiB")
    return int(match.group(1)) << {"KiB": 10, "MiB": 20, "GiB": 30}[match.group(2)]
