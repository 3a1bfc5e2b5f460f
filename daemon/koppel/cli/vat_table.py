"""The VAT table of a connection as text: shown, and filled anew. The commands around it are the CLI's."""

from collections.abc import Iterable
from datetime import date

from koppel.booking import BookingSettings, SellerSettings, VatTable, default_vat_table
from koppel.booking.table import Propose


def show_table(settings: BookingSettings) -> list[dict[str, str]]:
    """The connection's VAT table, a dictionary for each cell: ``row``, ``rate``, ``code``, ``ledger``."""
    return [
        {"row": name, "rate": rate, "code": cell.code, "ledger": cell.ledger}
        for name, cells in settings.vat.items()
        for rate, cell in cells.items()
    ]


def reset_table(seller: SellerSettings, on: date, propose: Propose) -> tuple[VatTable, str]:
    """The table with the EU's rates of a day as the target proposes it, and the same as TOML for a connection file."""
    table = default_vat_table(seller, on, propose)
    return table, table_toml(table)


def table_toml(table: VatTable) -> str:
    """The ``[vat.*]`` sections of a connection file."""
    return "\n".join(_sections(table))


def _sections(table: VatTable) -> Iterable[str]:
    for name, cells in table.items():
        yield f"[vat.{name}]"
        for rate, cell in cells.items():
            key = f'"{rate}"' if "." in rate else rate
            yield f"{key} = {{ code = {_quoted(cell.code)}, ledger = {_quoted(cell.ledger)} }}"
        yield ""


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
