"""Finds plugins through the entry-point group ``dysfw`` and loads each in isolation, so that a broken one affects no other."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from importlib import metadata

import pluggy

from ..errors import DysfwError, Interrupted
from ..util.text import closest, error_text, listed
from . import hookspecs
from .compatibility import mismatch
from .time_limit import TIME_LIMIT, PluginTimeoutError, with_time_limit

BUILTIN = "builtin"


@dataclass(frozen=True, slots=True)
class Plugin:
    """An entry point of the group.

    Attributes:
        name: Name of the entry point.
        distribution: Name of the distribution.
        version: Version of the distribution.
        target: Module that the entry point names.
        hooks: The hooks; None if loading failed or was not allowed.
        error: Why loading failed.
        excluded: Whether loading was not allowed.
        captured: What the plugin printed while it was loaded.
    """

    name: str
    distribution: str
    version: str
    target: str
    hooks: pluggy.HookRelay | None = None
    error: Exception | None = None
    excluded: bool = False
    captured: str = ""

    def __reduce__(self) -> tuple[type[Plugin], tuple[object, ...]]:
        """Copies for worker processes have no hooks, which are modules: what these returned was registered before."""
        return Plugin, (self.name, self.distribution, self.version, self.target, None, None, self.excluded, self.captured)

    @property
    def origin(self) -> str:
        """Distribution and version."""
        return f"{self.distribution} {self.version}"

    @property
    def is_builtin(self) -> bool:
        """Whether it registers what comes with the core."""
        return self.name == BUILTIN and self.distribution == "dysfw"


def load_plugins(
    only: Collection[str] | None = None, entry_points: Iterable[metadata.EntryPoint] | None = None
) -> list[Plugin]:
    """Load all plugins.

    Args:
        only: Names of entry points or distributions that may be loaded; all others are listed without being imported. The
            built-in components are always loaded. None allows all.
        entry_points: Entry points, for tests; by default those of the environment.

    Returns:
        The plugins by name, the built-in one first.

    Raises:
        DysfwError: ``only`` contains a name that is not installed.
    """
    points = metadata.entry_points(group=hookspecs.GROUP) if entry_points is None else entry_points
    entry_point_of = dict(map(_describe, points))  # an editable install can list its entry point twice
    if only is not None:
        _refuse_unknown(only, entry_point_of)
    return [
        _load(plugin, entry_point_of[plugin]) if _allowed(plugin, only) else replace(plugin, excluded=True)
        for plugin in sorted(entry_point_of, key=lambda p: (p.name != BUILTIN, p.name, p.distribution))
    ]


def _describe(point: metadata.EntryPoint) -> tuple[Plugin, metadata.EntryPoint]:
    name, version = (point.dist.name, point.dist.version) if point.dist else ("unknown", "?")
    return Plugin(point.name, name, version, point.value), point


def _allowed(plugin: Plugin, only: Collection[str] | None) -> bool:
    return only is None or plugin.name == BUILTIN or plugin.name in only or plugin.distribution in only


def _load(plugin: Plugin, point: metadata.EntryPoint) -> Plugin:
    """Import one entry point with a separate plugin manager, which checks the names and arguments of its hooks."""
    if reason := mismatch((point.dist.requires if point.dist else None) or ()):
        hint = f"install a version of {plugin.distribution} for this dysfw, or the dysfw that it requires"
        return replace(plugin, error=DysfwError(reason, hint=hint))
    manager = pluggy.PluginManager("dysfw")
    manager.add_hookspecs(hookspecs)
    captured = io.StringIO()
    try:
        with captured_output("importing", captured):
            manager.register(point.load(), plugin.name)
        manager.check_pending()
    except Exception as error:
        return replace(plugin, error=error, captured=captured.getvalue())
    return replace(plugin, hooks=manager.hook, captured=captured.getvalue())


@contextlib.contextmanager
def captured_output(doing: str, captured: io.StringIO) -> Iterator[None]:
    """Run the code of a plugin: capture its output, limit its time, and turn an attempt to exit into an error.

    Args:
        doing: What the plugin does, for messages.
        captured: Receives what the plugin prints.

    Yields:
        Nothing.

    Raises:
        RuntimeError: The plugin exits, takes too long, or raises something that is not an Exception.
    """
    try:
        with contextlib.redirect_stdout(captured), with_time_limit(TIME_LIMIT):
            yield
    except SystemExit as error:
        raise RuntimeError(f"the plugin called sys.exit({error.code!r}) while {doing}") from None
    except PluginTimeoutError:
        raise RuntimeError(f"the plugin was still {doing} after {TIME_LIMIT:g} s, and was interrupted") from None
    except (Exception, Interrupted, KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as error:  # such as a panic in an extension module
        raise RuntimeError(f"{error_text(error)}, while {doing}") from None


def _refuse_unknown(only: Collection[str], plugins: Collection[Plugin]) -> None:
    names = {n for p in plugins for n in (p.name, p.distribution)}
    for name in only:
        if name not in names:
            raise DysfwError(
                f"no installed plugin is called {name!r}{closest(name, names)}",
                hint=f"--plugins and DYSFW_PLUGINS take names from: {listed(sorted({p.name for p in plugins}))}",
            )
