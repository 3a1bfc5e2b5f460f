"""The README's connection file is one that works, and every setting is told."""

import re
from pathlib import Path

from koppel.config.connection import parse_connection
from koppel.testing.bench import with_scripted
from koppel.testing.scripted import ScriptedSource
from koppel_eboekhouden import tables
from koppel_eboekhouden.settings import Settings

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def test_the_connection_file_is_read() -> None:
    found = re.search(r"```toml\n(.*?)```", README, re.DOTALL)
    assert found
    plugins = with_scripted("eboekhouden", source=ScriptedSource())
    connection = parse_connection(found[1].replace('"amazon"', '"scripted-source"'), "README.md", plugins)
    assert isinstance(connection.target, Settings)
    assert connection.target.foreign_vat_ledgers["DE"] == "1641"
    for cells in connection.booking.vat.values():
        assert all(cell.code in tables.VAT_CODES for cell in cells.values())


def test_every_setting_is_told() -> None:
    for name in Settings.__struct_fields__:
        assert f"`{name}`" in README
