"""The ECB's own files of reference rates: daily, 90 days, whole history; XML, CSV, zipped CSV."""

import csv
import io
import zipfile
from collections.abc import Iterator
from datetime import date
from decimal import Decimal, InvalidOperation
from xml.parsers import expat

from msgspec import Struct

LARGEST_FILE = 64 * 1024 * 1024
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


class DayRate(Struct, frozen=True):
    """One reference rate: units of the currency for one euro."""

    day: date
    currency: str
    rate: Decimal


def read_rates(content: bytes) -> Iterator[DayRate]:
    """The rates in one of the ECB's files, whichever form. Raises ValueError for anything else."""
    if content.startswith(b"PK"):
        content = _unzipped(content)
    text = content.lstrip(b"\xef\xbb\xbf \t\r\n")
    yield from _read_xml(text) if text.startswith(b"<") else _read_csv(text.decode("utf-8"))


def _unzipped(content: bytes) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entry = archive.infolist()[0]
            if entry.file_size > LARGEST_FILE:
                raise ValueError("the zipped file is too large")
            return archive.read(entry)
    except (zipfile.BadZipFile, IndexError) as error:
        raise ValueError("the zip file is damaged") from error


def _read_csv(text: str) -> Iterator[DayRate]:
    rows = csv.reader(io.StringIO(text), skipinitialspace=True)
    header = [name.strip() for name in next(rows, list[str]())]
    if not header or header[0] != "Date":
        raise ValueError("the first column is not Date")
    for row in rows:
        if row and row[0].strip():
            day = _day(row[0].strip())
            for currency, cell in zip(header[1:], row[1:], strict=False):
                if currency and (rate := _rate(cell)):
                    yield DayRate(day, currency, rate)


def _read_xml(content: bytes) -> Iterator[DayRate]:
    """``<Cube time=…><Cube currency=… rate=…/>``, whatever stands around it; a DTD, and so any entity, is refused."""
    found: list[DayRate] = []
    days: list[date] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        if name.rpartition(":")[2] != "Cube":
            return
        if "time" in attributes:
            days.append(_day(attributes["time"]))
        elif "currency" in attributes and days and (rate := _rate(attributes.get("rate", ""))):
            found.append(DayRate(days[-1], attributes["currency"], rate))

    def refuse(*_: object) -> None:
        raise ValueError("a DTD is not allowed")

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        raise ValueError(f"no XML: {error}") from error
    return iter(found)


def _day(text: str) -> date:
    """``2026-11-20`` or, in the daily CSV, ``20 November 2026``."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        day, month, year = text.split()
        return date(int(year), _MONTHS.index(month.lower()[:3]) + 1, int(day))


def _rate(text: str) -> Decimal | None:
    """The rate, or None for ``N/A`` and empty cells. Raises ValueError for nonsense."""
    if text.strip() in ("", "N/A"):
        return None
    try:
        rate = Decimal(text.strip())
    except InvalidOperation:
        raise ValueError(f"{text.strip()[:20]!r} is no rate") from None
    if not rate.is_finite() or rate <= 0:
        raise ValueError(f"{text.strip()[:20]!r} is no rate")
    return rate
