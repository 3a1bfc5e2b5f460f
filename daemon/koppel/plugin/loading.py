"""Loading plugins one by one: what fails is quarantined and named, and never takes the daemon down."""

import inspect
from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from types import ModuleType

import pluggy

from koppel.plugin import hooks
from koppel.plugin.hooks import PROJECT
from koppel.plugin.spec import PluginSpec, SourceSpec, TargetSpec


@dataclass(frozen=True, kw_only=True)
class PluginInfo:
    """One installed plugin, for ``koppel plugins``. ``problem`` is empty for a plugin that works."""

    name: str
    kind: str
    title: str
    distribution: str
    version: str
    capabilities: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True)
class Plugins:
    """All plugins that loaded, by name, and what is known of those that did not."""

    sources: dict[str, SourceSpec] = field(default_factory=dict[str, SourceSpec])
    targets: dict[str, TargetSpec] = field(default_factory=dict[str, TargetSpec])
    infos: list[PluginInfo] = field(default_factory=list[PluginInfo])
    manager: pluggy.PluginManager = field(default_factory=lambda: pluggy.PluginManager(PROJECT))

    def spec(self, name: str) -> PluginSpec | None:
        """The source or target of this name."""
        return self.sources.get(name) or self.targets.get(name)


def load_plugins(allow: Iterable[str], found: Iterable[EntryPoint] | None = None) -> Plugins:
    """Load the installed plugins whose entry-point name is allowed; the others are only listed.

    ``found`` replaces the installed entry points (tests, embedders).
    """
    plugins = Plugins()
    plugins.manager.add_hookspecs(hooks)
    allowed = set(allow)
    for entry in sorted(found if found is not None else entry_points(group=PROJECT), key=lambda each: each.name):
        if entry.name not in allowed:
            plugins.infos.append(_info(entry, problem="not in [plugins] allow"))
            continue
        try:
            plugins.infos.append(_load(entry, plugins))
        except Exception as error:  # noqa: BLE001 - whatever a foreign package raises must not stop the others
            plugins.infos.append(_info(entry, problem=f"{type(error).__name__}: {error}"))
    return plugins


def _load(entry: EntryPoint, plugins: Plugins) -> PluginInfo:
    module = entry.load()
    _refuse_coroutines(module)
    plugins.manager.register(module, name=entry.name)
    try:
        plugins.manager.check_pending()
        spec = _announce(entry.name, plugins)
    except BaseException:
        plugins.manager.unregister(name=entry.name)
        raise
    if spec is None:
        return _info(entry, kind="hooks", title=entry.name)
    kind = "source" if isinstance(spec, SourceSpec) else "target"
    return _info(entry, kind=kind, title=spec.title, capabilities=tuple(sorted(spec.capabilities)))


def _announce(name: str, plugins: Plugins) -> SourceSpec | TargetSpec | None:
    for hook in (plugins.manager.hook.koppel_source, plugins.manager.hook.koppel_target):
        for implementation in hook.get_hookimpls():
            if implementation.plugin_name != name:
                continue
            spec = implementation.function()
            if isinstance(spec, SourceSpec):
                plugins.sources[spec.name] = spec
            elif isinstance(spec, TargetSpec):
                plugins.targets[spec.name] = spec
            else:
                raise TypeError(f"{hook.name} returned {type(spec).__name__}, not a SourceSpec or TargetSpec")
            return spec
    return None


def _refuse_coroutines(module: ModuleType) -> None:
    """Pluggy would call an async hook, get a coroutine and drop it: silence where an error belongs."""
    for name, member in vars(module).items():
        if inspect.iscoroutinefunction(member) and hasattr(member, f"{PROJECT}_impl"):
            raise TypeError(f"hook {name} is async; hooks only describe, the work belongs behind the Protocols")


def _info(
    entry: EntryPoint,
    *,
    kind: str = "",
    title: str = "",
    capabilities: tuple[str, ...] = (),
    problem: str = "",
) -> PluginInfo:
    distribution = entry.dist
    return PluginInfo(
        name=entry.name,
        kind=kind,
        title=title,
        distribution=distribution.name if distribution else entry.value,
        version=distribution.version if distribution else "",
        capabilities=capabilities,
        problem=problem,
    )
