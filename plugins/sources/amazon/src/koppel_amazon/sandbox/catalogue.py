"""What the simulated shop sells, to whom, and with which VAT."""

from dataclasses import dataclass
from decimal import Decimal
from random import Random

from stdnum.be import vat as be_vat
from stdnum.de import vat as de_vat
from stdnum.nl import btw as nl_vat

STANDARD = "standard"
BOOK = "books_printed"


@dataclass(frozen=True)
class Product:
    """A product with its consumer price in euro, VAT included."""

    sku: str
    asin: str
    title: str
    price: Decimal
    category: str = STANDARD


PRODUCTS = (
    Product("THEE-001", "B000000010", 'Theepot "Bloem" – wit & blauw, 1,2 L', Decimal("24.95")),
    Product("REGAL-80", "B000000011", "Bücherregal weiß 80 cm | Größe L", Decimal("49.99")),
    Product("KABEL-2M", "B000000012", "Kabel USB-C 2 m 🔌 zwart", Decimal("9.99")),
    Product("MOK/ROOD 1", "B000000013", "Mok\trood, emaille", Decimal("12.50")),
    Product("LAMP+LED", "B000000014", "Lampe de bureau à LED <réglable>", Decimal("34.90")),
    Product("007-SOK", "B000000015", "Sokken, 3 paar " + "extra zacht " * 40 + "wol", Decimal("14.49")),
    Product("TAS-GROEN", "B000000016", "Boodschappentas groen", Decimal("7.77")),
    Product("BOOK-NL-1", "B000000017", "Kookboek: de Hollandse keuken", Decimal("19.95"), BOOK),
    Product("BOOK-DE-2", "B000000018", "Wörterbuch Niederländisch–Deutsch", Decimal("29.90"), BOOK),
)

RATES = {
    "NL": {STANDARD: Decimal(21), BOOK: Decimal(9)},
    "DE": {STANDARD: Decimal(19), BOOK: Decimal(7)},
    "BE": {STANDARD: Decimal(21), BOOK: Decimal(6)},
    "FR": {STANDARD: Decimal(20), BOOK: Decimal("5.5")},
    "AT": {STANDARD: Decimal(20), BOOK: Decimal(10)},
    "IT": {STANDARD: Decimal(22), BOOK: Decimal(4)},
    "ES": {STANDARD: Decimal(21), BOOK: Decimal(4)},
    "PL": {STANDARD: Decimal(23), BOOK: Decimal(5)},
    "SE": {STANDARD: Decimal(25), BOOK: Decimal(6)},
    "GB": {STANDARD: Decimal(20)},
}
"""VAT percentages that hold from 2022 on (IT, FR and others far longer). [eu_vat_rates.csv; GB: gov.uk]"""


@dataclass(frozen=True)
class Place:
    """A town to deliver to."""

    country: str
    postcode: str
    city: str
    street: str


PLACES = {
    "NL": (
        Place("NL", "3511 AB", "Utrecht", "Voorbeeldstraat 12-A"),
        Place("NL", "1012 JS", "Amsterdam", "Dam 1 hs"),
        Place("NL", "9712 HW", "Groningen", "Grote Markt 7"),
    ),
    "DE": (Place("DE", "50667", "Köln", "Musterweg 1"), Place("DE", "10115", "Berlin", "Invalidenstraße 40/41")),
    "BE": (Place("BE", "2000", "Antwerpen", "Meir 5 bus 3"), Place("BE", "4000", "Liège", "Rue de l'Église 2")),
    "FR": (Place("FR", "75011", "Paris", "12 bis, rue d'Exemple"),),
    "AT": (Place("AT", "1010", "Wien", "Musterplatz 3/2/8"),),
    "IT": (Place("IT", "20121", "Milano", "Via Esempio 9"),),
    "ES": (Place("ES", "28013", "Madrid", "Calle de Ejemplo 4, 2º izq."),),
    "PL": (Place("PL", "00-001", "Warszawa", "ul. Przykładowa 5 m. 6"),),
    "SE": (Place("SE", "111 20", "Stockholm", "Exempelgatan 8"),),
    "GB": (Place("GB", "M1 2AB", "Manchester", "123 High Street"),),
}

NAMES = ("Voorbeeld Klant", "Zoë Öztürk", "Jan-Peter van der Berg", "Ærøe Łukasz", "M. O'Neill", "王 小明")
COMPANIES = {"NL": "Voorbeeld B.V.", "DE": "Beispiel GmbH & Co. KG", "BE": "Exemple SRL"}


def vat_number(country: str, rng: Random) -> str:
    """A number that passes the country's check digits (NL, DE, BE)."""
    while True:
        match country:
            case "NL":
                number = f"NL{rng.randrange(10**9):09d}B{rng.randrange(1, 100):02d}"
                valid = nl_vat.is_valid(number)
            case "DE":
                number = f"DE{rng.randrange(10**8, 10**9)}"
                valid = de_vat.is_valid(number)
            case _:
                number = f"BE0{rng.randrange(10**8, 10**9)}"
                valid = be_vat.is_valid(number)
        if valid:
            return number
