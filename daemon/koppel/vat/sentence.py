"""What a person reads: every sentence in both languages of the user interface."""

from msgspec import Struct


class Sentence(Struct, frozen=True):
    """One sentence for a person, in both languages of the user interface."""

    nl: str
    en: str

    def read(self, language: str) -> str:
        """The sentence in ``nl`` or ``en``; any other language reads English."""
        return self.nl if language == "nl" else self.en

    def fill(self, **values: object) -> "Sentence":
        """Both sentences with their ``{placeholders}`` filled in."""
        return Sentence(self.nl.format(**values), self.en.format(**values))

    def then(self, other: "Sentence") -> "Sentence":
        """This sentence followed by another."""
        return Sentence(f"{self.nl} {other.nl}", f"{self.en} {other.en}")
