"""Lists that the user chooses from, as this environment has them (V4)."""

from collections import Counter
from collections.abc import Sequence

from koppel.plugin import Choice
from koppel_afas.reader import Reader, Record
from koppel_afas.settings import Settings
from koppel_afas.wire import amount, flag, text

KINDS = ("administrations", "journals", "warehouses", "article_groups", "ledgers", "currencies", "vat_codes")
"""``vat_codes`` are btw-tariefgroepen: AFAS has no list of them to read, so that they are counted from the articles."""

ARTICLES_COUNTED = 5000


async def choices(reader: Reader, settings: Settings, kind: str) -> Sequence[Choice]:
    """What can be chosen; nothing for an unknown kind and where the app connector does not grant the list."""
    if kind not in KINDS:
        return []
    use = "articles" if kind == "vat_codes" else kind
    if not await reader.granted(use):
        return []
    if kind == "vat_codes":
        return _vat_groups(await reader.all(use, limit=ARTICLES_COUNTED))
    records = [record for record in await reader.all(use) if _usable(record, settings)]
    return [Choice(code=text(record["code"]), title=text(record["title"])) for record in records]


def _usable(record: Record, settings: Settings) -> bool:
    unit = amount(record.get("administration"))
    elsewhere = settings.administration is not None and unit is not None and unit != settings.administration
    return not elsewhere and not flag(record.get("blocked"))


def _vat_groups(articles: Sequence[Record]) -> list[Choice]:
    counts = Counter(text(article.get("vat_group")) for article in articles)
    return [
        Choice(code=code, title=f"Btw-tariefgroep {code}", hint=f"{count} artikelen")
        for code, count in sorted(counts.items())
        if code
    ]
