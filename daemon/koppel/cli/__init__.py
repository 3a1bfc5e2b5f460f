"""The koppel command: a thin client of :mod:`koppel.operating`."""

from pathlib import Path

import click

from koppel import __version__
from koppel.cli import backfill, connections, daemon, demo, documents, sign_in, switch, vat, vat_table
from koppel.cli.frame import App


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="koppel")
@click.option("--config", "config_file", type=click.Path(path_type=Path), help="koppel.toml (default: $KOPPEL_CONFIG).")
@click.option("--debug", is_flag=True, help="Show where it went wrong, for a report.")
@click.pass_context
def main(context: click.Context, config_file: Path | None, debug: bool) -> None:
    """Orders from sales channels into bookkeeping: nothing lost, nothing doubled, right to the cent."""
    context.obj = App(config_file=config_file, debug=debug)


for command in (
    demo.demo,
    daemon.run,
    connections.apply,
    connections.export,
    connections.check,
    connections.status,
    documents.sync,
    backfill.backfill,
    documents.dry_run,
    documents.documents,
    documents.show,
    documents.retry,
    documents.log,
    switch.switch,
    connections.pause,
    connections.resume,
    connections.deactivate,
    connections.secret,
    sign_in.sign_in,
    daemon.plugins,
    daemon.sandbox,
    vat.vat,
    vat_table.rates,
):
    main.add_command(command)
vat.vat.add_command(vat_table.show)
vat.vat.add_command(vat_table.reset)
