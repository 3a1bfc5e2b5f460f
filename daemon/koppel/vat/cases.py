"""A bookkeeper's own cases: rows of a CSV file, each decided or refused with the reason. Text in, text out."""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import TypeVar

from msgspec import Struct

from koppel.model import minor_units
from koppel.vat.currencies import COUNTED_WHOLE, CURRENCIES
from koppel.vat.facts import Charged, Decision, Facts, Seller, Transaction
from koppel.vat.rules import decide
from koppel.vat.sentence import Sentence
from koppel.vat.taxday import dutch_day
from koppel.vat.treatment import Treatment
from koppel.vat.verdict import plain
from koppel.vat.vies import ViesState

T = TypeVar("T")

MAY_LACK = frozenset({"buyer_postcode", "buyer_vat_id", "vies_status", "channel_vat"})
"""Columns that a file may leave out: an empty cell says the same."""

COLUMNS = (
    "id",
    "seller_country",
    "sender_country",
    "buyer_country",
    "buyer_postcode",
    "buyer_vat_id",
    "channel",
    "deemed_supplier",
    "product_category",
    "gross",
    "currency",
    "date",
    "seller_oss_registered",
    "txn_type",
    "vies_status",
    "threshold_exceeded",
    "kor",
    "channel_vat",
)
RESULT = ("id", "treatment", "rate", "net", "vat", "reason")

MARKETPLACES = {"amazon": True, "amazon_fba": True, "lightspeed": False, "": True}
SUBJECTS = ("shipping", "shipping_share", "gift_wrap", "promotion")
"""What an amount may be for, before the category of the goods it follows: ``shipping:books_printed``."""

_AMOUNT = re.compile(r"-?\d{1,15}(?:\.(\d+))?", re.ASCII)
"""Fifteen digits before the dot: no sale is larger, and all arithmetic on it stays exact."""
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})")


class Outcome(Struct, frozen=True, kw_only=True):
    """The answer to one row, as text. ``extra`` are the file's other columns. Empty = none is booked."""

    id: str
    treatment: str
    rate: str
    net: str
    vat: str
    reason: str
    extra: dict[str, str]


class Unreadable(Exception):
    """The file as a whole cannot be read; ``line`` is where."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line
        self.reason = reason


class BadCell(Exception):
    """A cell that cannot be understood: the row is not decided."""

    def __init__(self, nl: str, en: str) -> None:
        super().__init__(en)
        self.sentence = Sentence(nl, en)


def decide_cases(text: str, language: str) -> Iterator[Outcome]:
    """Decide every row of a CSV text (comma or semicolon, a header line with :data:`COLUMNS` in any order).

    A row with anything wrong becomes REVIEW with the reason. Raises Unreadable when there is no table to read.
    """
    lines = io.StringIO(text.removeprefix("\ufeff"), newline="")
    first = lines.readline()
    reader = csv.reader(_from_start(lines), delimiter=";" if first.count(";") > first.count(",") else ",", strict=True)
    try:
        header = [name.strip().lower() for name in next(reader, list[str]())]
        if "id" not in header:
            raise Unreadable(1, "the first line must name the columns, among them id")
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield _outcome(header, cells, language)
    except csv.Error as error:
        raise Unreadable(reader.line_num, str(error)) from error


def write_cases(outcomes: Sequence[Outcome]) -> str:
    """The outcomes as CSV: the result columns, then the extra columns of the file."""
    extra = list(outcomes[0].extra) if outcomes else []
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow([*RESULT, *extra])
    for each in outcomes:
        writer.writerow([*(getattr(each, name) for name in RESULT), *(each.extra[name] for name in extra)])
    return file.getvalue()


def facts_of_row(row: Mapping[str, str]) -> Facts:
    """The facts of one row. Raises BadCell for the first cell that cannot be understood."""
    for name in COLUMNS:
        if name not in row and name not in MAY_LACK:
            raise BadCell(f"De kolom {name} ontbreekt.", f"The column {name} is missing.")
    cell = {name: (row.get(name) or "").strip() for name in COLUMNS}
    transaction = _word(cell, "txn_type", {str(each): each for each in Transaction})
    transfer = transaction is Transaction.TRANSFER
    currency = cell["currency"].upper() or ("EUR" if transfer else "")
    if currency not in CURRENCIES:
        raise BadCell(f"Onbekende valuta: {currency or '-'}.", f"Unknown currency: {currency or '-'}.")
    return Facts(
        seller=Seller(
            country=cell["seller_country"],
            oss=_yes(cell, "seller_oss_registered"),
            kor=_yes(cell, "kor") or False,
            above_threshold=_yes(cell, "threshold_exceeded"),
        ),
        departure=cell["sender_country"],
        arrival=cell["buyer_country"],
        postcode=cell["buyer_postcode"],
        on=_day(cell["date"]),
        transaction=transaction,
        category=_category(cell["product_category"]),
        gross=None if transfer else _amount(cell["gross"], currency),
        currency=currency,
        whole_units=currency in COUNTED_WHOLE and "." not in cell["gross"],
        buyer_vat_id=cell["buyer_vat_id"] or None,
        vies=_word(cell, "vies_status", {**{str(each): each for each in ViesState}, "": None}),
        marketplace=_word(cell, "channel", MARKETPLACES),
        marketplace_collects=_yes(cell, "deemed_supplier") or False,
        channel_vat=_word(cell, "channel_vat", {**{str(each): each for each in Charged}, "": None}),
    )


def _from_start(lines: io.StringIO) -> io.StringIO:
    lines.seek(0)
    return lines


def _outcome(header: Sequence[str], cells: Sequence[str], language: str) -> Outcome:
    row = dict(zip(header, cells, strict=False))
    extra = {name: row.get(name, "") for name in header if name not in COLUMNS and name not in RESULT}
    try:
        _check_width(header, cells)
        decision = decide(facts_of_row(row))
    except BadCell as problem:
        reason = problem.sentence.read(language)
        return Outcome(
            id=row.get("id", ""), treatment=Treatment.REVIEW, rate="", net="", vat="", reason=reason, extra=extra
        )
    return Outcome(
        id=row["id"],
        treatment=decision.treatment,
        rate="" if decision.rate is None else plain(decision.rate),
        net=_money(decision.net),
        vat=_money(decision.vat),
        reason=reason_of(decision, language),
        extra=extra,
    )


def _check_width(header: Sequence[str], cells: Sequence[str]) -> None:
    if len(cells) != len(header):
        raise BadCell(
            f"De regel heeft {len(cells)} velden, de kop {len(header)}.",
            f"The row has {len(cells)} fields, the header {len(header)}.",
        )


def reason_of(decision: Decision, language: str) -> str:
    """The whole trail as one text, warnings and suggestion last."""
    sentences = [*decision.trail, *decision.warnings, *([decision.suggestion] if decision.suggestion else [])]
    return " ".join(sentence.read(language) for sentence in sentences)


def _money(amount: Decimal | None) -> str:
    return "" if amount is None else str(amount)


def _word(cell: Mapping[str, str], name: str, known: Mapping[str, T]) -> T:
    text = cell[name].lower()
    if text not in known:
        words = ", ".join(word for word in known if word)
        raise BadCell(
            f"{name}: {cell[name] or '-'} is geen van {words}.", f"{name}: {cell[name] or '-'} is none of {words}."
        )
    return known[text]


def _yes(cell: Mapping[str, str], name: str) -> bool | None:
    return _word(cell, name, {"yes": True, "no": False, "": None})


def _category(text: str) -> str:
    subject, colon, category = text.lower().partition(":")
    return category.strip() if colon and subject.strip() in SUBJECTS else text.lower()


def _amount(text: str, currency: str) -> Decimal:
    """The amount with the sign it was written with, so that net and VAT add up to what the row says."""
    match = _AMOUNT.fullmatch(text)
    if match is None or len(match[1] or "") > minor_units(currency):
        raise BadCell(
            f"Bedrag {text or '-'} is geen bedrag in {currency} (met een punt, zonder scheiding van duizendtallen).",
            f"Amount {text or '-'} is no amount in {currency} (with a dot, without thousands separators).",
        )
    return Decimal(text)


def _day(text: str) -> date:
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text)
        if _MOMENT.fullmatch(text):
            return dutch_day(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        pass
    raise BadCell(f"Datum {text or '-'} is geen dag (2026-03-01).", f"Date {text or '-'} is no day (2026-03-01).")
