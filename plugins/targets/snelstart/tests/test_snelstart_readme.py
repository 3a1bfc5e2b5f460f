"""The README's connection file is one that works."""

import re
from pathlib import Path

import msgspec

from koppel.config.connection import parse_connection
from koppel.testing.bench import with_scripted
from koppel.testing.scripted import ScriptedSource
from koppel_snelstart.settings import Settings

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def test_the_connection_file_is_read() -> None:
    found = re.search(r"```toml\n(.*?)```", README, re.DOTALL)
    assert found
    plugins = with_scripted("snelstart", source=ScriptedSource())
    connection = parse_connection(found[1].replace('"amazon"', '"scripted-source"'), "README.md", plugins)
    settings = msgspec.to_builtins(connection.target, enc_hook=str)
    assert settings["mode"] == "booking"
    assert connection.booking.vat["DE"]["7"].ledger == ""


def test_every_setting_is_told() -> None:
    for name in Settings.__struct_fields__:
        assert f"`{name}`" in README
