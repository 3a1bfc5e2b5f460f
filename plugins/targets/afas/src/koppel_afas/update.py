"""What has to change so that an order in AFAS equals a draft: lines added, changed, removed (O10). Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from koppel_afas.mapper import Fields
from koppel_afas.tables import ARTICLE, TEXT_LINE
from koppel_afas.wire import amount, text

Record = Mapping[str, object]


@dataclass(frozen=True)
class Changes:
    """``change`` holds a line's GUID and the fields that differ; ``remove`` GUIDs."""

    add: tuple[Fields, ...] = ()
    change: tuple[tuple[str, Fields], ...] = ()
    remove: tuple[str, ...] = ()
    delivered: bool = False
    """Whether a line that would be changed or removed has been delivered already."""

    def __bool__(self) -> bool:
        return bool(self.add or self.change or self.remove)


def changes(wanted: Sequence[Fields], existing: Sequence[Record]) -> Changes:
    """Compare the wanted lines with those that stand (records of the use ``order_lines``).

    Equal lines are paired first, then lines of the same article in their order, so that little is touched; GUIDs say
    which line is meant, since two lines may have the same article [fact sheet 7.9]. Lines of text that somebody added
    in AFAS stay.
    """
    left = [record for record in existing if text(record.get("kind")) != TEXT_LINE]
    missing: list[Fields] = []
    pairs: list[tuple[Fields, Record]] = []
    for line in wanted:
        twin = next((record for record in left if _same_article(line, record) and not _differing(line, record)), None)
        if twin is None:
            missing.append(line)
        else:
            left.remove(twin)
    add: list[Fields] = []
    for line in missing:
        like = next((record for record in left if _same_article(line, record)), None)
        if like is None:
            add.append(line)
        else:
            left.remove(like)
            pairs.append((line, like))
    touched = [*(record for _, record in pairs), *left]
    return Changes(
        add=tuple(add),
        change=tuple((text(record["guid"]), _differing(line, record)) for line, record in pairs),
        remove=tuple(text(record["guid"]) for record in left),
        delivered=any(amount(record.get("delivered")) or Decimal(0) for record in touched),
    )


def _same_article(line: Fields, record: Record) -> bool:
    same_kind = text(record.get("kind")) in ("", ARTICLE)
    return same_kind and text(line["ItCd"]).casefold() == text(record.get("item")).casefold()


def _differing(line: Fields, record: Record) -> Fields:
    """The fields of the line that AFAS has otherwise. What the GetConnector does not show counts as equal."""
    different: Fields = {}
    for field, ours in (("QuUn", "quantity"), ("Upri", "price")):
        if amount(record.get(ours)) != line[field]:
            different[field] = line[field]
    for field, ours in (("Ds", "title"), ("VaRc", "vat_group")):
        if ours in record and line[field] is not None and text(line[field]) != text(record[ours]):
            different[field] = line[field]
    if different and line["VaRc"] is not None and "vat_group" not in record:
        different["VaRc"] = line["VaRc"]
    return different
