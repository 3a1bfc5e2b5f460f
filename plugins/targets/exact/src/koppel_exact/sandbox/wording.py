"""The vendor's error texts, Dutch and English, by the user's language. `code` and `lang` stay empty."""

from collections.abc import Mapping

import msgspec
from starlette.responses import Response

_TEXTS: Mapping[str, tuple[str, str]] = {
    "mandatory": ("Verplicht: {}", "Mandatory: {}"),
    "invalid": ("Ongeldig: {}", "Invalid: {}"),
    "reference": ("Ongeldige referentie: {}", "Invalid reference: {}"),
    "exists": ("Gegeven bestaat reeds.", "Data already exists"),
    "order_number": ("Verkoopordernummer: Bestaat reeds", "Sales order number: Already exists"),
    "entry_number": ("In gebruik: Boekstuknummer", "In use: Entry number"),
    "closed": ("Periode is afgesloten: {}", "Period is closed: {}"),
    "year": ("Onbekend: Boekjaar (Periode-datum tabel)", "Unknown: Fiscal year (Period - date table)."),
    "not_allowed": ("Niet toegestaan: {}", "Not allowed: {}"),
    "processed": ("Reeds verwerkt", "Already processed"),
}

GENERIC = "A problem has occurred. The cause of this issue will be investigated as soon as possible."
QUERY = "Bad Request - Error in query syntax."


class Rejected(Exception):
    """What the vendor refuses. ``key`` names a business text (500); without one ``text`` is said as it is."""

    def __init__(self, status: int, text: str = "", *, key: str = "", about: str = "") -> None:
        super().__init__(text or key)
        self.status = status
        self.text = text
        self.key = key
        self.about = about

    def said(self, language: str) -> str:
        """The text in the user's language."""
        if not self.key:
            return self.text
        dutch, english = _TEXTS[self.key]
        return (english if language == "en" else dutch).format(self.about)


def business(key: str, about: str = "") -> Rejected:
    """A business rule's refusal: a 500 with the reason in its text."""
    return Rejected(500, key=key, about=about)


def error_body(status: int, text: str) -> Response:
    """The vendor's error shape."""
    body = {"error": {"code": "", "message": {"lang": "", "value": text}}}
    return Response(msgspec.json.encode(body), status, media_type="application/json")
