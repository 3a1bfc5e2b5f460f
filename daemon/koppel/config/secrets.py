"""Secrets in settings: never in a file as such, but as ``env:NAME``, ``file:PATH``, or kept in the vault."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar, get_args

import msgspec

from koppel.errors import Misconfigured
from koppel.plugin.spec import Secret

S = TypeVar("S", bound=msgspec.Struct)


def secret_fields(settings: type[msgspec.Struct]) -> tuple[str, ...]:
    """Names of the settings that are secrets."""
    return tuple(field.encode_name for field in msgspec.structs.fields(settings) if _is_secret(field.type))


def _is_secret(annotation: object) -> bool:
    return annotation is Secret or any(_is_secret(argument) for argument in get_args(annotation))


def refuse_literal_secrets(settings: type[msgspec.Struct], section: Mapping[str, Any], origin: str, name: str) -> None:
    """A secret written into a file is refused, so that it never gets into backups and repositories by accident."""
    for key in secret_fields(settings):
        value = section.get(key)
        if isinstance(value, str) and value and not value.startswith(("env:", "file:")):
            raise Misconfigured(
                "config.literal-secret",
                f"{origin}, [{name}]: {key} is a secret and may not stand in the file.",
                f'Write {key} = "env:NAME" or "file:PATH", or leave it out and use `koppel secret set`.',
            )


def complete_secrets(settings: type[msgspec.Struct], section: Mapping[str, Any]) -> dict[str, Any]:
    """Secrets that the file leaves out are looked up in the vault: they count as given."""
    absent = {key: "" for key in secret_fields(settings) if key not in section}
    return {**absent, **section}


def resolve_secrets(settings: S, section: str, kept: Callable[[str], str | None], connection: str) -> S:
    """The settings with real secrets. ``kept`` looks up ``source.client_secret`` in the vault.

    Optional secrets (default empty) may stay empty; for the others raises Misconfigured that names the key.
    """
    values: dict[str, Any] = {}
    for field in msgspec.structs.fields(type(settings)):
        if _is_secret(field.type):
            reference = getattr(settings, field.name) or ""
            found = _find(str(reference), f"{section}.{field.encode_name}", kept, connection)
            if not found and field.required:
                raise Misconfigured(
                    "secret.missing",
                    f"Connection {connection}: the secret {section}.{field.encode_name} is not set.",
                    f"Run: koppel secret set {connection} {section}.{field.encode_name}",
                )
            values[field.name] = Secret(found)
    return msgspec.structs.replace(settings, **values)


def _find(reference: str, key: str, kept: Callable[[str], str | None], connection: str) -> str:
    scheme, _, rest = reference.partition(":")
    if scheme == "env" and rest:
        value = os.environ.get(rest)
        if value is None:
            raise Misconfigured(
                "secret.missing", f"Connection {connection}: {key} refers to the environment variable {rest}, not set."
            )
        return value.strip()
    if scheme == "file" and rest:
        try:
            return Path(rest).read_text("utf-8").strip()
        except OSError as error:
            raise Misconfigured(
                "secret.missing", f"Connection {connection}: {key} refers to the file {rest}: {error.strerror}."
            ) from error
    return kept(key) or ""
