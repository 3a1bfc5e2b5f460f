"""A connection's VAT table: shown, and filled anew with the EU's rates as the target proposes them (V1)."""

import re

from koppel.booking import VatTable
from koppel.booking.table import default_vat_table
from koppel.clock import AMSTERDAM
from koppel.config.connection import parse_connection
from koppel.config.writing import toml_text
from koppel.engine.daemon import Workshop
from koppel.operating.applying import apply_connection, known_connection

_SECTION = re.compile(r"^\s*\[")
_VAT_SECTION = re.compile(r"^\s*\[\s*vat\s*[.\]]")


async def vat_table(workshop: Workshop, name: str) -> VatTable:
    """The table as configured."""
    record = await known_connection(workshop, name)
    return parse_connection(record.config, f"connection {name}", workshop.plugins).booking.vat


async def reset_vat_table(workshop: Workshop, name: str) -> VatTable:
    """Replace the table by the proposal of today; everything else of the connection's file stays as it is."""
    record = await known_connection(workshop, name)
    settings = parse_connection(record.config, f"connection {name}", workshop.plugins)
    today = workshop.clock.now().astimezone(AMSTERDAM).date()
    table = default_vat_table(settings.booking.seller, today, settings.target_spec.propose)
    text = f"{without_vat_table(record.config).rstrip()}\n\n{vat_table_text(table)}"
    await apply_connection(workshop, text, f"connection {name}")
    return table


def vat_table_text(table: VatTable) -> str:
    """The ``[vat.*]`` sections of a connection file."""
    return toml_text({f"vat.{row}": cells for row, cells in table.items()})


def without_vat_table(text: str) -> str:
    """A connection file without its ``[vat.*]`` sections, comments elsewhere kept."""
    kept: list[str] = []
    inside = False
    for line in text.splitlines():
        if _SECTION.match(line):
            inside = bool(_VAT_SECTION.match(line))
        if not inside:
            kept.append(line)
    return "\n".join(kept) + "\n"
