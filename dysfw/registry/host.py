"""Finds plugins through the entry-point group ``dysfw`` and loads each alone, so that a broken one hurts nobody else."""

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
    """An entry point of the group. hooks is None where loading failed (``error``) or was not allowed (``excluded``). said: what
    it printed meanwhile, which nobody asked for."""

    name: str
    distribution: str
    version: str
    target: str
    hooks: pluggy.HookRelay | None = None
    error: Exception | None = None
    excluded: bool = False
    captured: str = ""

    @property
    def origin(self) -> str:
        return f"{self.distribution} {self.version}"


def load_plugins(
    only: Collection[str] | None = None, entry_points: Iterable[metadata.EntryPoint] | None = None
) -> list[Plugin]:
    """All plugins by name, the core's own first.

    only: entry-point or distribution names that may be loaded; the rest is listed without being imported. The built-in
    components belong to the core and are always there. entry_points: for tests; normally those of the environment.
    Raises DysfwError where ``only`` names something that is not installed.
    """
    points = metadata.entry_points(group=hookspecs.GROUP) if entry_points is None else entry_points
    found = dict(map(_describe, points))  # an editable install can list its entry point twice
    if only is not None:
        _refuse_unknown(only, found)
    return [
        _load(plugin, found[plugin]) if _allowed(plugin, only) else replace(plugin, excluded=True)
        for plugin in sorted(found, key=lambda p: (p.name != BUILTIN, p.name, p.distribution))
    ]


def _describe(point: metadata.EntryPoint) -> tuple[Plugin, metadata.EntryPoint]:
    name, version = (point.dist.name, point.dist.version) if point.dist else ("unknown", "?")
    return Plugin(point.name, name, version, point.value), point


def _allowed(plugin: Plugin, only: Collection[str] | None) -> bool:
    return only is None or plugin.name == BUILTIN or plugin.name in only or plugin.distribution in only


def _load(plugin: Plugin, point: metadata.EntryPoint) -> Plugin:
    """Import one entry point under a plugin manager of its own, which checks its hooks' names and arguments."""
    if reason := mismatch((point.dist.requires if point.dist else None) or ()):
        hint = f"install a version of {plugin.distribution} for this dysfw, or the dysfw that it asks for"
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
    """A plugin's own code runs inside: what it prints goes to ``said``, for stdout is for what was asked for; that it ends the
    program, or does not come to an end, becomes an error like any other."""
    try:
        with contextlib.redirect_stdout(captured), with_time_limit(TIME_LIMIT):
            yield
    except SystemExit as error:
        raise RuntimeError(f"the plugin called sys.exit({error.code!r}) while {doing}") from None
    except PluginTimeoutError:
        raise RuntimeError(f"the plugin was still {doing} after {TIME_LIMIT:g} s, and was interrupted") from None
    except (Exception, Interrupted, KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as error:  # the panics of extensions, for example
        raise RuntimeError(f"{error_text(error)}, while {doing}") from None


def _refuse_unknown(only: Collection[str], plugins: Collection[Plugin]) -> None:
    names = {n for p in plugins for n in (p.name, p.distribution)}
    for name in only:
        if name not in names:
            raise DysfwError(
                f"no installed plugin is called {name!r}{closest(name, names)}",
                hint=f"--plugins and DYSFW_PLUGINS take names from: {listed(sorted({p.name for p in plugins}))}",
            )
