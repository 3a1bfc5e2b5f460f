"""What a person reads: every sentence in both languages of the user interface."""

import re

from msgspec import Struct

_PLACEHOLDER = re.compile(r"\{(\w+)\}")


class Sentence(Struct, frozen=True):
    """One sentence for a person, in both languages of the user interface."""

    nl: str
    en: str

    def read(self, language: str) -> str:
        """The sentence in ``nl`` or ``en``; any other language reads English."""
        return self.nl if language == "nl" else self.en

    def fill(self, **values: object) -> "Sentence":
        """Both sentences with these ``{placeholders}`` filled in; braces that mean nothing stay as they are."""

        def put(text: str) -> str:
            return _PLACEHOLDER.sub(lambda match: str(values.get(match[1], match[0])), text)

        return Sentence(put(self.nl), put(self.en))

    def then(self, other: "Sentence") -> "Sentence":
        """This sentence followed by another."""
        return Sentence(f"{self.nl} {other.nl}", f"{self.en} {other.en}")
