"""How Profit says no: HTTP 500 with a text in the caller's language [fact sheet 6]."""

import hashlib

VALUE_UNKNOWN = -2147220469
UNEXPECTED = -2147180999

LABELS = {
    "OrNu": ("Nummer", "Number"),
    "DbId": ("Verkooprelatie", "Sales contact"),
    "ItCd": ("Itemcode", "Itemcode"),
    "War": ("Magazijn", "Warehouse"),
    "PaCd": ("Betalingsvoorwaarde", "Payment condition"),
    "PaTp": ("Betaalwijze", "Payment method"),
    "ColA": ("Verzamelrekening", "Summary account"),
    "CuId": ("Valuta", "Currency"),
    "Grp": ("Artikelgroep", "Article group"),
    "BiUn": ("Eenheid", "Unit"),
    "VaRc": ("Btw-tariefgroep", "VAT rate group"),
    "JoCo": ("Dagboek factuur", "Journal invoice"),
    "CoId": ("Land", "Country"),
    "Unit": ("Administratie", "Administration"),
    "PrId": ("Project", "Project"),
    "SaCh": ("Verkoopkanaal", "Sales channel"),
    "VaDu": ("Btw-plicht", "VAT duty"),
    "BcCo": ("Nummer", "Number"),
    "DlAd": ("Afleveradres", "Delivery address"),
    "Nm": ("Naam", "Name"),
    "LaNm": ("Achternaam", "Last name"),
    "QuUn": ("Aantal eenheden", "Number of units"),
    "VaIt": ("Type item", "Item type"),
}
"""Field -> its label in Dutch and in English; others are called by their id."""


class ProfitError(Exception):
    """A functional error: ``dutch`` and ``english`` say the same."""

    def __init__(self, dutch: str, english: str, number: int = -2147024809) -> None:
        super().__init__(english)
        self.dutch = dutch
        self.english = english
        self.number = number

    def body(self, language: str) -> dict[str, object]:
        """The answer's body, in the language of ``Accept-Language``."""
        message = self.english if language.casefold().startswith("en") else self.dutch
        reference = hashlib.md5(message.encode(), usedforsecurity=False).hexdigest().upper()
        return {"externalMessage": message, "errorNumber": self.number, "profitLogReference": reference}


def unknown_value(field: str) -> ProfitError:
    """The value of a field refers to nothing."""
    dutch, english = LABELS.get(field, (field, field))
    return ProfitError(
        f"De ingevulde waarde bij '{dutch}' bestaat niet.",
        f"The entered value for '{english}' does not exist.",
        VALUE_UNKNOWN,
    )


def missing_value(field: str) -> ProfitError:
    """A field that must be filled is not."""
    dutch, english = LABELS.get(field, (field, field))
    return ProfitError(f"Vul een waarde in bij '{dutch}'.", f"Enter a value for '{english}'.")


def exists(field: str) -> ProfitError:
    """A unique value is taken."""
    dutch, english = LABELS.get(field, (field, field))
    return ProfitError(f"De waarde bij '{dutch}' bestaat al.", f"The value for '{english}' already exists.")
