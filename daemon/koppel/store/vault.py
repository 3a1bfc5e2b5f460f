"""Sealing and fingerprints."""


class Vault:
    """Seals what must not be readable in a stolen database file, and makes keyed hashes of personal data."""

    def seal(self, data: bytes) -> bytes:
        """Encrypt and authenticate."""
        raise NotImplementedError

    def open(self, sealed: bytes) -> bytes:
        """The reverse of :meth:`seal`. Misconfigured ``store.wrong-key`` if no key fits."""
        raise NotImplementedError

    def fingerprint(self, text: str) -> str:
        """A keyed hash of the text exactly as given, stable when keys rotate. Of a fingerprint: itself."""
        raise NotImplementedError
