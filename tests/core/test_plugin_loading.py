"""A bad plugin is a message, never a crash of the others."""

import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from types import ModuleType
from typing import Any

import pytest

from koppel.plugin import hookimpl
from koppel.plugin.loading import Plugins, load_plugins

GOOD = EntryPoint(name="snelstart", value="koppel_snelstart", group="koppel")


@pytest.fixture
def modules() -> Iterator[dict[str, ModuleType]]:
    made: dict[str, ModuleType] = {}
    yield made
    for name in made:
        sys.modules.pop(name, None)


def entry(modules: dict[str, ModuleType], name: str, **members: Any) -> EntryPoint:
    module = ModuleType(f"foreign_{name}")
    vars(module).update(members)
    sys.modules[module.__name__] = modules[module.__name__] = module
    return EntryPoint(name=name, value=module.__name__, group="koppel")


def problem(plugins: Plugins, name: str) -> str:
    return next(info.problem for info in plugins.infos if info.name == name)


def test_only_allowed_plugins_load() -> None:
    plugins = load_plugins([], [GOOD])
    assert not plugins.targets
    assert problem(plugins, "snelstart") == "not in [plugins] allow"


def test_each_way_to_be_wrong_is_named_and_stops_nobody_else(modules: dict[str, ModuleType]) -> None:
    async def koppel_source() -> None: ...

    def koppel_sorce() -> None: ...

    def raises() -> None:
        raise RuntimeError("no licence")

    raises.__name__ = "koppel_source"
    wrong = {
        "missing": EntryPoint(name="missing", value="no_such_module", group="koppel"),
        "async": entry(modules, "async", koppel_source=hookimpl(koppel_source)),
        "misspelt": entry(modules, "misspelt", koppel_sorce=hookimpl(koppel_sorce)),
        "raises": entry(modules, "raises", koppel_source=hookimpl(raises)),
        "nonsense": entry(modules, "nonsense", koppel_target=hookimpl(_returns_text)),
    }
    plugins = load_plugins([*wrong, "snelstart"], [*wrong.values(), GOOD])
    assert "no_such_module" in problem(plugins, "missing")
    assert "async" in problem(plugins, "async")
    assert "koppel_sorce" in problem(plugins, "misspelt")
    assert "no licence" in problem(plugins, "raises")
    assert "str" in problem(plugins, "nonsense")
    assert problem(plugins, "snelstart") == ""
    assert set(plugins.targets) == {"snelstart"}
    assert not plugins.sources


def _returns_text() -> str:
    return "a target"


_returns_text.__name__ = "koppel_target"
