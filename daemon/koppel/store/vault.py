"""Sealing and fingerprints; the key file they stand on."""

import hmac
import os
import re
import secrets
from hashlib import sha256
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from sqlalchemy import select

from koppel.errors import Misconfigured
from koppel.store.database import Database, insert
from koppel.store.schema import meta

_FINGERPRINT = re.compile(r"fp1:[0-9a-f]{40}")
_META_ROW = "fingerprint_key"


class Vault:
    """Seals what must not be readable in a stolen database file, and makes keyed hashes of personal data."""

    def __init__(self, keys: MultiFernet, fingerprint_key: bytes) -> None:
        self._keys = keys
        self._fingerprint_key = fingerprint_key

    def seal(self, data: bytes) -> bytes:
        """Encrypt and authenticate."""
        return self._keys.encrypt(data)

    def open(self, sealed: bytes) -> bytes:
        """The reverse of :meth:`seal`. Misconfigured ``store.wrong-key`` if no key fits."""
        return _open(self._keys, sealed)

    def reseal(self, sealed: bytes) -> bytes:
        """Seal with the first key what any of the keys had sealed."""
        return self.seal(self.open(sealed))

    def fingerprint(self, text: str) -> str:
        """A keyed hash of the text exactly as given, stable when keys rotate. Of a fingerprint: itself."""
        if _FINGERPRINT.fullmatch(text):
            return text
        return "fp1:" + hmac.new(self._fingerprint_key, text.encode(), sha256).hexdigest()[:40]


async def open_vault(database: Database, key_file: Path | None) -> Vault:
    """Read the key file, or make it for a database that has nothing sealed yet. Misconfigured if it does not fit."""
    if key_file is None:
        if database.place.path is None:
            raise Misconfigured(
                "store.key-file",
                "A PostgreSQL database needs a key file that is named.",
                "Set [security] key_file, for example /var/lib/koppel/koppel.key.",
            )
        key_file = database.place.path.with_name("koppel.key")
    sealed = await _fingerprint_key(database)
    if sealed is None and not key_file.exists():
        _make_key(key_file)
    keys = _read_keys(key_file)
    if sealed is None:
        row = {"name": _META_ROW, "value": keys.encrypt(secrets.token_bytes(32))}
        await database.write(insert(database.dialect, meta).on_conflict_do_nothing(), row)
        sealed = await _fingerprint_key(database)  # another process may have been first
    return Vault(keys, _open(keys, sealed or b""))


async def _fingerprint_key(database: Database) -> bytes | None:
    rows = await database.rows(select(meta.c.value).where(meta.c.name == _META_ROW))
    return rows[0]["value"] if rows else None


def _open(keys: MultiFernet, sealed: bytes) -> bytes:
    try:
        return keys.decrypt(sealed)
    except InvalidToken:
        raise Misconfigured(
            "store.wrong-key",
            "The key file does not belong to this database.",
            "Put back the key file that was made with the database (koppel.key); without it secrets must be set anew.",
        ) from None


def _make_key(path: Path) -> None:
    """Complete or not at all, on the disk before anything is sealed with it; the first of two processes wins."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            os.write(descriptor, Fernet.generate_key() + b"\n")
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        try:
            path.hardlink_to(draft)
        except FileExistsError:
            return
        finally:
            draft.unlink()
        directory = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
    except OSError as error:
        raise Misconfigured(
            "store.key-file",
            f"The key file {path} cannot be made: {error.strerror}.",
            "See that its directory exists and belongs to the user of koppel.",
        ) from error


def _read_keys(path: Path) -> MultiFernet:
    try:
        mode = path.stat().st_mode
        lines = path.read_text(encoding="ascii").split()
    except FileNotFoundError:
        raise Misconfigured(
            "store.key-missing",
            f"The key file {path} is missing, and the database was sealed with it.",
            "Put it back from your backup; a new one cannot open what is sealed.",
        ) from None
    except OSError as error:
        raise Misconfigured(
            "store.key-file",
            f"The key file {path} cannot be read: {error.strerror}.",
            "Let the user of koppel read it.",
        ) from error
    except UnicodeDecodeError:
        raise _no_keys(path) from None
    if mode & 0o007:
        raise Misconfigured(
            "store.key-readable", f"Everybody on this machine may use the key file {path}.", f"Run: chmod 600 {path}"
        )
    try:
        return MultiFernet([Fernet(line) for line in lines])
    except ValueError:
        raise _no_keys(path) from None


def _no_keys(path: Path) -> Misconfigured:
    return Misconfigured(
        "store.key-file",
        f"The key file {path} holds something else than keys.",
        "It has one key a line, as koppel made it; put it back from your backup.",
    )
