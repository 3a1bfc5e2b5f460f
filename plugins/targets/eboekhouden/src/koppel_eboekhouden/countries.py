"""Countries as e-Boekhouden.nl writes them: free text, in Dutch or English [9]."""

_NAMES = {
    "AT": ("Oostenrijk", "Austria"),
    "BE": ("België", "Belgium"),
    "BG": ("Bulgarije", "Bulgaria"),
    "CH": ("Zwitserland", "Switzerland"),
    "CY": ("Cyprus", "Cyprus"),
    "CZ": ("Tsjechië", "Czech Republic"),
    "DE": ("Duitsland", "Germany"),
    "DK": ("Denemarken", "Denmark"),
    "EE": ("Estland", "Estonia"),
    "ES": ("Spanje", "Spain"),
    "FI": ("Finland", "Finland"),
    "FR": ("Frankrijk", "France"),
    "GB": ("Verenigd Koninkrijk", "United Kingdom"),
    "GR": ("Griekenland", "Greece"),
    "HR": ("Kroatië", "Croatia"),
    "HU": ("Hongarije", "Hungary"),
    "IE": ("Ierland", "Ireland"),
    "IT": ("Italië", "Italy"),
    "LT": ("Litouwen", "Lithuania"),
    "LU": ("Luxemburg", "Luxembourg"),
    "LV": ("Letland", "Latvia"),
    "MT": ("Malta", "Malta"),
    "NL": ("Nederland", "Netherlands"),
    "NO": ("Noorwegen", "Norway"),
    "PL": ("Polen", "Poland"),
    "PT": ("Portugal", "Portugal"),
    "RO": ("Roemenië", "Romania"),
    "SE": ("Zweden", "Sweden"),
    "SI": ("Slovenië", "Slovenia"),
    "SK": ("Slowakije", "Slovakia"),
    "US": ("Verenigde Staten", "United States"),
}
COUNTRIES = frozenset(_NAMES)
_COLUMN = {"nl": 0, "en": 1}


def country_name(code: str | None, language: str) -> str | None:
    """The name, or the code itself where there is none or codes are wanted."""
    if not code or language not in _COLUMN or code not in _NAMES:
        return code
    return _NAMES[code][_COLUMN[language]]


def names_of(code: str) -> tuple[str, ...]:
    """All that a ledger's description may call a country."""
    return _NAMES.get(code, ())
