"""A draft as a bookkeeper reads it: lines, ledgers, VAT per rate, the reasons, the total."""

from collections.abc import Sequence
from decimal import Decimal
from itertools import groupby

from koppel.booking.draft import CustomerKind, Draft, DraftLine
from koppel.model import round_money
from koppel.vat.verdict import plain

_WORDS = {
    "nl": {
        "document": "Verkoop",
        "date": "datum",
        "customer": "Debiteur",
        "collective": "verzameldebiteur",
        "individual": "eigen debiteur",
        "line": "regel",
        "quantity": "aantal",
        "price": "prijs",
        "gross": "incl. btw",
        "net": "excl. btw",
        "vat": "btw",
        "code": "btw-code",
        "ledger": "grootboek",
        "article": "artikel",
        "total": "Totaal",
        "paid": "Betaald door de koper",
        "withheld": "btw ingehouden door de marktplaats",
        "voucher": "betaald met cadeaubon",
        "rate": "ECB-koers",
        "outside": "buiten de btw",
        "why": "Waarom",
        "mind": "Let op",
    },
    "en": {
        "document": "Sale",
        "date": "date",
        "customer": "Customer",
        "collective": "collective",
        "individual": "own debtor",
        "line": "line",
        "quantity": "quantity",
        "price": "price",
        "gross": "incl. VAT",
        "net": "excl. VAT",
        "vat": "VAT",
        "code": "VAT code",
        "ledger": "ledger",
        "article": "article",
        "total": "Total",
        "paid": "Paid by the buyer",
        "withheld": "VAT kept by the marketplace",
        "voucher": "paid by gift card",
        "rate": "ECB rate",
        "outside": "outside VAT",
        "why": "Why",
        "mind": "Mind",
    },
}

Row = tuple[str, ...]


def render(draft: Draft, language: str) -> str:
    """The draft as text, in ``nl`` or ``en``. It names the debtor: for the screen, never for a log."""
    words = _WORDS["nl" if language == "nl" else "en"]
    kind = words["collective" if draft.customer.kind is CustomerKind.COLLECTIVE else "individual"]
    head = [
        f"{words['document']} {draft.reference}  {words['date']} {draft.document_date}  {draft.currency}",
        draft.description,
        f"{words['customer']}: {draft.customer.name} ({kind})",
    ]
    blocks = [
        head,
        _columns(_line_rows(draft, words), left={0, 4, 5, 6, 7}),
        _columns(_vat_rows(draft, words), left={0, 3}),
        _sums(draft, words),
        _reasons(draft, words, language),
        [f"{words['mind']}: {warning.read(language)}" for warning in draft.warnings],
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block)


def _line_rows(draft: Draft, words: dict[str, str]) -> list[Row]:
    keys = ("line", "quantity", "price", "gross", "vat", "code", "ledger", "article")
    head = tuple(words[key] for key in keys)
    return [head, *(_line_row(line, draft, words) for line in draft.lines)]


def _line_row(line: DraftLine, draft: Draft, words: dict[str, str]) -> Row:
    return (
        line.title[:40],
        f"{line.quantity.normalize():f}",
        _money(line.unit_price, draft),
        _money(line.gross, draft),
        _whose(line.country, line.rate, line.treatment, words),
        line.vat_code or "-",
        line.ledger or "-",
        line.code or "-",
    )


def _vat_rows(draft: Draft, words: dict[str, str]) -> list[Row]:
    rows: list[Row] = [(words["vat"], words["net"], words["vat"], words["code"])]
    for total in draft.vat:
        whose = _whose(total.country, total.rate, total.treatment, words)
        rows.append((whose, _money(total.net, draft), _money(total.vat, draft), total.vat_code or "-"))
    return rows


def _sums(draft: Draft, words: dict[str, str]) -> list[str]:
    rows: list[Row] = [(words["total"], _money(draft.total, draft), draft.currency)]
    if draft.withheld:
        rows.append((words["withheld"], _money(draft.withheld, draft), draft.currency))
    if draft.paid_by_voucher:
        rows.append((words["voucher"], _money(-draft.paid_by_voucher, draft), draft.currency))
    rows.append((words["paid"], _money(draft.buyer_total, draft), draft.currency))
    if draft.original_total is not None:
        original = draft.original_total
        rows.append((words["paid"], str(round_money(original.amount, original.currency)), original.currency))
    if draft.rate_to_eur is not None:
        rows.append((words["rate"], str(draft.rate_to_eur), ""))
    return _columns(rows, left={0, 2})


def _reasons(draft: Draft, words: dict[str, str], language: str) -> list[str]:
    """Each different trail once, with the lines it is for."""

    def trail(line: DraftLine) -> str:
        return " ".join(sentence.read(language) for sentence in line.trail)

    ordered = sorted(draft.lines, key=trail)
    return [
        f"{words['why']} ({', '.join(dict.fromkeys(line.title[:40] for line in lines))}): {reason}"
        for reason, lines in groupby(ordered, key=trail)
        if reason
    ]


def _whose(country: str | None, rate: Decimal | None, treatment: str, words: dict[str, str]) -> str:
    if rate is None:
        return words["outside"]
    return " ".join(filter(None, (country, f"{plain(rate)} %", f"({treatment})")))


def _money(amount: Decimal, draft: Draft) -> str:
    return str(round_money(amount, draft.currency))


def _columns(rows: Sequence[Row], left: set[int]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(
            cell.ljust(width) if column in left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
