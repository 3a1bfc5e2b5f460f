"""koppel vat table, koppel vat reset, koppel rates import: the tables that booking looks things up in."""

from pathlib import Path

import click

from koppel.booking import VatTable
from koppel.cli.frame import App, table, with_workshop
from koppel.engine.daemon import Workshop
from koppel.errors import Misconfigured
from koppel.operating import vat_table


def _rows(cells: VatTable) -> list[dict[str, str]]:
    return [
        {"row": name, "rate": rate, "code": cell.code, "ledger": cell.ledger}
        for name, by_rate in cells.items()
        for rate, cell in by_rate.items()
    ]


def _emit(app: App, cells: VatTable) -> None:
    rows = _rows(cells)
    app.emit(rows, table([("row", "rate", "code", "ledger"), *(tuple(row.values()) for row in rows)]))


@click.command("table")
@click.argument("name")
@with_workshop
async def show(app: App, workshop: Workshop, name: str) -> None:
    """Show a connection's VAT table; an empty ledger is the target's own choice."""
    _emit(app, await vat_table.vat_table(workshop, name))


@click.command()
@click.argument("name")
@with_workshop
async def reset(app: App, workshop: Workshop, name: str) -> None:
    """Fill a connection's VAT table anew with today's EU rates, as the target proposes them."""
    _emit(app, await vat_table.reset_vat_table(workshop, name))


@click.group()
def rates() -> None:
    """The ECB's reference rates, for orders in a currency that the target cannot book."""


@rates.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@with_workshop
async def import_rates(app: App, workshop: Workshop, file: Path) -> None:
    """Take over one of the ECB's files (XML, CSV, zipped CSV), where the daemon cannot reach the ECB."""
    try:
        content = file.read_bytes()  # noqa: ASYNC240 - a command that does nothing else
    except OSError as error:
        raise Misconfigured("config.unreadable", f"{file} cannot be read: {error.strerror}.") from error
    count = await workshop.facts.ecb.import_file(content)
    app.emit({"rates": count}, f"{count} rates kept.")
