"""Each plugin's scorecard is complete, and what it calls done is done."""

import importlib.util
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from koppel.plugin import (
    BooksOrders,
    HasArticles,
    HasCustomers,
    NamesAdministration,
    OffersChoices,
    PluginSpec,
    ReadsOrders,
    SourceSpec,
    TargetSpec,
    UpdatesBookings,
)
from koppel.plugin.loading import load_plugins
from koppel.testing.sources import SourceSuite
from koppel.testing.targets import TargetSuite

ROOT = Path(__file__).parents[2]
CARDS = sorted(ROOT.glob("plugins/*/*/pyproject.toml"))
SECTIONS = {
    "readme_needs": r"^## (What (it|you) needs? at|What the AFAS consultant does)",
    "readme_example": r"^```toml$",
    "readme_limits": r"^## (Limits|Calls)",
    "readme_uncertain": r"^## (What is n|N)ot certain",
    "readme_sandbox": r"^## (The s|S)andbox",
}
PROTOCOLS: dict[str, type] = {
    "customers": HasCustomers,
    "articles": HasArticles,
    "choices": OffersChoices,
    "updates": UpdatesBookings,
    "administration": NamesAdministration,
}
SOURCE = {"orders", "order_changes", "consent", "catalogue", "stock", "returns", "settlements"}
TARGET = {"orders", "consent", "stock", "credits", "settlements", *PROTOCOLS}


def folder(card: Path) -> str:
    return card.parent.name


@pytest.fixture(params=CARDS, ids=folder)
def plugin(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param.parent
    return path


def card(plugin: Path) -> dict[str, dict[str, Any]]:
    return tomllib.loads((plugin / "quality.toml").read_text("utf-8"))


def spec(plugin: Path) -> PluginSpec:
    found = load_plugins([plugin.name]).spec(plugin.name)
    assert found is not None
    return found


def suite(plugin: Path) -> type:
    return SourceSuite if plugin.parent.name == "sources" else TargetSuite


def rules_of(suite: type) -> set[str]:
    return {name.removeprefix("test_") for name in vars(suite) if name.startswith("test_")}


def classes(plugin: Path) -> list[type]:
    """The plugin's own conformance classes, as pytest would collect them."""
    found: list[type] = []
    for file in plugin.glob("tests/test_*.py"):
        if "Suite" not in file.read_text("utf-8"):
            continue
        module_spec = importlib.util.spec_from_file_location(f"scorecard_{file.stem}", file)
        assert module_spec
        assert module_spec.loader
        module = importlib.util.module_from_spec(module_spec)
        module_spec.loader.exec_module(module)
        found += [
            each
            for name, each in vars(module).items()
            if name.startswith("Test") and isinstance(each, type) and issubclass(each, suite(plugin))
            if each is not suite(plugin)
        ]
    return found


def test_every_plugin_is_found() -> None:
    assert {folder(each) for each in CARDS} == {"afas", "amazon", "eboekhouden", "exact", "lightspeed", "snelstart"}


def test_every_entry_is_done_or_exempt_with_a_reason(plugin: Path) -> None:
    for section, rules in card(plugin).items():
        for rule, value in rules.items():
            assert value == "done" or re.fullmatch(r"\{'exempt': .{12,}\}", str(value)), (
                f"{plugin.name}, [{section}] {rule}"
            )


def test_every_rule_of_the_suite_is_listed(plugin: Path) -> None:
    listed = card(plugin)
    assert set(listed) == {"suite", "house", "capabilities"}
    assert set(listed["suite"]) == rules_of(suite(plugin))
    assert set(listed["house"]) == {"typed", *SECTIONS}
    assert set(listed["capabilities"]) == (SOURCE if suite(plugin) is SourceSuite else TARGET)


def test_what_is_done_really_runs(plugin: Path) -> None:
    own = classes(plugin)
    assert own
    assert {each.plugin for each in own} == {plugin.name}  # type: ignore[attr-defined]
    for rule, value in card(plugin)["suite"].items():
        runs = [each for each in own if getattr(each, f"test_{rule}") is vars(suite(plugin))[f"test_{rule}"]]
        skipped = [mark.name for each in own for mark in marks(each) if mark.name in ("skip", "skipif", "xfail")]
        assert bool(runs) == (value == "done"), rule
        assert not skipped


def marks(owner: type) -> list[pytest.Mark]:
    found: Any = vars(owner).get("pytestmark", [])
    return list(found) if isinstance(found, list) else [found.mark]  # pyright: ignore[reportUnknownArgumentType]


def test_capabilities_are_what_the_plugin_declares_and_implements(plugin: Path) -> None:
    announced, listed = spec(plugin), card(plugin)["capabilities"]
    opened = opened_type(announced)
    source = isinstance(announced, SourceSpec)
    assert methods(ReadsOrders if source else BooksOrders) <= set(dir(opened))
    assert (listed["consent"] == "done") == (announced.consent is not None)
    for name, value in listed.items():
        if name in ("orders", "order_changes", "updates"):
            assert (value == "done") == (name in announced.capabilities), name
        if name in PROTOCOLS:
            assert (value == "done") == (methods(PROTOCOLS[name]) <= set(dir(opened))), name


def opened_type(announced: PluginSpec) -> type:
    assert isinstance(announced, SourceSpec | TargetSpec)
    assert isinstance(announced.open, type)
    return announced.open


def methods(protocol: type) -> set[str]:
    return {name for name in vars(protocol) if not name.startswith("_")}


def test_the_house_rules(plugin: Path) -> None:
    readme = (plugin / "README.md").read_text("utf-8")
    for rule, value in card(plugin)["house"].items():
        if rule == "typed":
            assert (value == "done") == any(plugin.glob("src/*/py.typed"))
        else:
            assert (value == "done") == bool(re.search(SECTIONS[rule], readme, re.MULTILINE)), rule
