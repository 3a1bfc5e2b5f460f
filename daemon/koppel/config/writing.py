"""Plain values into TOML text: for connection files that a program makes."""

from collections.abc import Mapping
from typing import Any, cast

import msgspec


def toml_text(data: Mapping[str, Mapping[str, Any]]) -> str:
    """TOML of sections, inline tables and sub-sections. JSON's strings, numbers, lists and booleans are TOML's too."""
    lines: list[str] = []
    for name, section in data.items():
        _write(lines, name, msgspec.to_builtins(section))
    return "\n".join(lines)


def _write(lines: list[str], name: str, section: Mapping[str, Any]) -> None:
    nested = {key: value for key, value in section.items() if _is_section(value)}
    lines.append(f"[{name}]")
    lines.extend(f"{_key(key)} = {_value(value)}" for key, value in section.items() if key not in nested)
    lines.append("")
    for key, value in nested.items():
        _write(lines, f"{name}.{_key(key)}", value)


def _is_section(value: object) -> bool:
    return isinstance(value, dict) and any(isinstance(each, dict) for each in cast("dict[str, object]", value).values())


def _key(key: str) -> str:
    return key if key.replace("-", "").replace("_", "").isalnum() and key.isascii() else _value(key)


def _value(value: object) -> str:
    if isinstance(value, dict):
        pairs = cast("dict[str, object]", value)
        return "{ " + ", ".join(f"{_key(key)} = {_value(each)}" for key, each in pairs.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, cast("list[object]", value))) + "]"
    return msgspec.json.encode(value).decode()
