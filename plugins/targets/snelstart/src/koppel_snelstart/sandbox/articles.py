"""POST /artikelen in the sandbox, with the rules of ART-* [fact sheet 7.4]."""

from decimal import Decimal

from koppel_snelstart import tables
from koppel_snelstart.sandbox import body as wire
from koppel_snelstart.sandbox.body import Body
from koppel_snelstart.sandbox.books import Books, Record
from koppel_snelstart.sandbox.refusal import business


def create(books: Books, body: Body) -> Record:
    """Make an article. Its code is unique."""
    wire.refuse_id(body)
    codes: list[str] = []
    code = (wire.text(body, "artikelcode") or "").strip()
    codes += _code_rules(books, code)
    text = wire.text(body, "omschrijving")
    if text is None:
        codes.append("ART-0006")
    elif len(text) > tables.ARTICLE_TEXT:
        codes.append("ART-0007")
    group = wire.reference(body, "artikelomzetgroep")
    if group is None:
        codes.append("ART-0008")
    elif books.by_id("groups", group) is None:
        codes.append("ART-0009")
    if codes:
        raise business(*codes)
    return books.add(
        "articles", code.casefold(), article(books, code, text or "", group or "", wire.amount(body, "verkoopprijs"))
    )


def article(books: Books, code: str, text: str, group: str, price: Decimal | None = None) -> Record:
    """An article with nothing else filled in."""
    return {
        "isHoofdartikel": False,
        "subartikelen": [],
        "artikelcode": code,
        "omschrijving": text,
        "artikelOmzetgroep": books.ref("groups", group),
        "verkoopprijs": price or Decimal(0),
        "inkoopprijs": Decimal(0),
        "eenheid": None,
        "relatie": None,
        "isNonActief": False,
        "voorraadControle": False,
        "technischeVoorraad": Decimal(0),
        "vrijeVoorraad": Decimal(0),
        "extraVelden": [],
    }


def _code_rules(books: Books, code: str) -> list[str]:
    if not code:
        return ["ART-0002"]
    if any(record["artikelcode"].casefold() == code.casefold() for record in books.records["articles"]):
        return ["ART-0005"]
    if books.company["artikelcodeSoort"] == "Numeriek" and not (code.isascii() and code.isdigit()):
        return ["ART-0003"]
    too_long = len(code) > books.company["artikelcodeMaxLengte"]
    too_large = books.company["artikelcodeSoort"] == "Numeriek" and int(code) > tables.NUMERIC_CODE_MAX
    return ["ART-0004"] if too_long or too_large else []
