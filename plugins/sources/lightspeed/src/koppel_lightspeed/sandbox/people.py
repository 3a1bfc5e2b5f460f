"""Who buys in the sandbox: invented people and firms, with what breaks careless code (accents, quotes, ampersands)."""

from dataclasses import dataclass
from random import Random


@dataclass(frozen=True)
class Land:
    """A country that the sandbox sells to. Rates are fractions: standard, and for books."""

    code: str
    code3: str
    title: str
    number: int
    standard: str
    books: str
    streets: tuple[str, ...]
    towns: tuple[tuple[str, str], ...]


LANDS = {
    land.code: land
    for land in (
        Land(
            "nl", "nld", "Netherlands, The", 150, "0.21", "0.09",
            ("Voorbeeldstraat", "Laan van 't Voorbeeld", "Kade 1e zijstraat"),
            (("1012 AB", "Amsterdam"), ("3511 CD", "Utrecht"), ("5211 EF", "'s-Hertogenbosch"), ("9711GH", "Haren")),
        ),
        Land(
            "be", "bel", "Belgium", 22, "0.21", "0.06",
            ("Kerkstraat", "Rue de l'Église"), (("1000", "Brussel"), ("9000", "Gent"), ("4000", "Liège")),
        ),
        Land(
            "de", "deu", "Germany", 80, "0.19", "0.07",
            ("Hauptstraße", "Am Mühlenweg"), (("10115", "Berlin"), ("80331", "München"), ("50667", "Köln")),
        ),
        Land(
            "fr", "fra", "France", 73, "0.2", "0.055",
            ("Rue de l'Exemple", "Avenue Ça-Ira"), (("75001", "Paris"), ("69001", "Lyon"), ("31000", "Toulouse")),
        ),
    )
}  # fmt: skip

FIRST_NAMES = ("Zoë", "Jan", "Anaïs", "Łukasz", "Françoise", "Jürgen", "Siân", "Fatma", "D'Arcy", "Bé")
MIDDLE_NAMES = ("", "", "", "van der", "de", "in 't", "von")
LAST_NAMES = ("Voorbeeld", "O'Neill", "Müller-Lüdenscheidt", "Ağaoğlu", "Dûpont", "Jansen & Zn.", "Němcová", "Peeters")
FIRMS = ("Voorbeeld B.V.", "Bakkerij 't Hoekje", "Müller & Söhne GmbH", "Éts. Dupont <Lyon>")

DOMESTIC_VAT_IDS = ("NL004495445B01", "NL123456782B90")
"""Numbers with right check digits, of nobody."""
FOREIGN_VAT_IDS = {"be": "BE0123456749", "de": "DE136695976", "fr": "FR40303265045"}


@dataclass(frozen=True)
class Place:
    """An address."""

    street: str
    number: str
    extension: str
    zipcode: str
    city: str
    land: Land


@dataclass(frozen=True)
class Person:
    """A buyer. ``vat_id`` empty: a consumer, or a firm that did not give one."""

    firstname: str
    middlename: str
    lastname: str
    email: str
    phone: str
    firm: str = ""
    vat_id: str = ""

    @property
    def name(self) -> str:
        """As on a parcel."""
        return " ".join(part for part in (self.firstname, self.middlename, self.lastname) if part)


def draw_place(random: Random, land: Land) -> Place:
    """An address in this country; sometimes the number stands in the street too, as buyers type it."""
    street, number = random.choice(land.streets), str(random.randint(1, 250))
    zipcode, city = random.choice(land.towns)
    extension = random.choice(("", "", "", "B-2", "bus 3", "hs"))
    if random.random() < 0.1:
        street = f"{street} {number} {extension}".strip()
    return Place(street, number, extension, zipcode, city, land)


def draw_person(random: Random, mailbox: str, *, firm: bool = False, vat_id: str = "") -> Person:
    """A buyer. Some come back: the same mailbox, written otherwise."""
    return Person(
        firstname=random.choice(FIRST_NAMES),
        middlename=random.choice(MIDDLE_NAMES),
        lastname=random.choice(LAST_NAMES),
        email=random.choice(("{}@example.com", "{}@Example.COM")).format(mailbox),
        phone=random.choice(("+31 20 555 0100", "020-5550100", "")),
        firm=random.choice(FIRMS) if firm else "",
        vat_id=vat_id,
    )
