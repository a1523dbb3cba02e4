"""Checks of a plugin as a whole: every command of dysfw must stay fast and quiet while it is installed."""

from __future__ import annotations

import contextlib
import functools
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from ..contracts.kinds import KINDS
from ..errors import DysfwError
from ..registry.compatibility import required_core
from ..registry.hookspecs import ComponentSpec
from ..registry.host import Plugin
from ..registry.registry import Entry, Registry
from ..util.text import count, error_text, listed, quoted
from .outcome import ContractViolationError, NotApplicableError, require

MAX_SECONDS = 0.5  # processor time to load the plugin, beyond dysfw
FUTURE_VERSION = "9999"
MAX_SUMMARY = 120  # characters
TIMEOUT = 20.0  # s
# Libraries whose import takes 0.1 s or more.
HEAVY = frozenset(
    """cv2 dlib faiss fastai imageio insightface jax keras lightning matplotlib mediapipe numba numpy onnx onnxruntime open_clip
    pandas PIL polars pyarrow ray scipy skimage sklearn tensorflow tflite_runtime timm torch torchaudio torchvision
    transformers""".split()  # noqa: SIM905  # a list would take thirty lines
)


@dataclass(frozen=True, eq=False)
class PluginSubject:
    """An installed plugin.

    Attributes:
        plugin: The plugin.
        registry: The registry of its environment.
    """

    plugin: Plugin
    registry: Registry

    @property
    def components(self) -> list[Entry[ComponentSpec]]:
        """The components that it registers."""
        return [e for kind in KINDS for e in self.registry.components[kind] if e.plugin == self.plugin]

    @property
    def title(self) -> str:
        """Its name in reports, with the entry point if the distribution has several."""
        several = sum(p.distribution == self.plugin.distribution for p in self.registry.plugins) > 1
        return f"plugin {self.plugin.distribution}" + (f" ({self.plugin.name})" if several else "")

    @property
    def probe(self) -> dict[str, Any]:
        """What loading it does in a process of its own.

        Raises:
            ContractViolationError: If it does not load there.
            NotApplicableError: If it does not load here, which the check ``loads`` reports.
        """
        if self.plugin.error:
            raise NotApplicableError("it cannot be loaded")
        if self._probed is None:
            found = f"no result after {TIMEOUT:g} s, or an exit of the process"
            raise ContractViolationError("an import that finishes in a process of its own", found, "every command imports it")
        return self._probed

    @functools.cached_property
    def _probed(self) -> dict[str, Any] | None:
        with tempfile.TemporaryDirectory() as folder:
            output = Path(folder) / "result.json"
            # Run as a file: as a module it would import this package, with heavy libraries. -P keeps its folder off sys.path.
            command = [sys.executable, "-P", str(Path(__file__).with_name("probe.py")), self.plugin.target, str(output)]
            with contextlib.suppress(subprocess.TimeoutExpired):
                subprocess.run(command, capture_output=True, check=False, timeout=TIMEOUT)  # noqa: S603
            result: dict[str, Any] | None = json.loads(output.read_text("utf-8")) if output.exists() else None
            return result


def loads(subject: PluginSubject) -> None:
    """The plugin is imported and its hooks are called without an error."""
    error = subject.plugin.error
    require(
        error is None,
        "an import and registration without errors",
        found=error_text(error) if error else "",
        why="nothing of it can be used otherwise",
    )


def registers_something(subject: PluginSubject) -> None:
    """The plugin registers at least one component, command, bundle, weight file, runner, decoder or protocol."""
    if subject.plugin.error:
        raise NotApplicableError("it cannot be loaded")
    registry = subject.registry
    others: list[Entry[Any]] = [
        *registry.commands,
        *registry.bundles,
        *registry.weights,
        *registry.runners,
        *registry.runtimes,
        *registry.decoders,
        *registry.protocols,
    ]
    owners = [entry.plugin for entry in others]
    require(
        subject.components or subject.plugin in owners,
        "a component, command, bundle, weight file, runner, decoder or protocol",
        found="nothing: is a hook not marked with @hookimpl, or does its name not begin with dysfw_?",
        why="the plugin has no effect",
    )


def imports_nothing_heavy(subject: PluginSubject) -> None:
    """The plugin's module does not import libraries that take long to import."""
    heavy = sorted(HEAVY & set(subject.probe["imported"]))
    require(
        not heavy,
        "a plugin module without heavy imports: components are named as text and imported on first use",
        found=f"imports of {listed(heavy)}",
        why="it is imported whenever dysfw starts, even for `dysfw --help`",
    )


def imports_fast(subject: PluginSubject) -> None:
    """The plugin's module is imported in half a second of processor time."""
    seconds = subject.probe["seconds"]
    require(
        seconds <= MAX_SECONDS,
        f"an import within {MAX_SECONDS} s of processor time",
        found=f"{seconds:.1f} s",
        why="it is imported whenever dysfw starts",
    )


def is_silent_on_import(subject: PluginSubject) -> None:
    """The import prints nothing, starts no thread and does not use the network."""
    printed, threads, network = (subject.probe[key] for key in ("printed", "threads", "network"))
    require(not printed, "nothing printed on import", found=quoted(printed), why="other programs read dysfw's output")
    require(
        not threads,
        "no thread started on import",
        found=count(threads, "thread"),
        why="commands that do not use the plugin would start it too",
    )
    require(not network, "no network access on import", found=listed(network), why="dysfw uses the network only on request")


def declares_the_supported_dysfw_versions(subject: PluginSubject) -> None:
    """The distribution requires a range of dysfw versions with an upper bound."""
    try:
        wanted = required_core(metadata.requires(subject.plugin.distribution) or [])
    except metadata.PackageNotFoundError:
        raise NotApplicableError("it does not belong to an installed distribution") from None
    if subject.plugin.distribution == "dysfw":
        raise NotApplicableError("it is built in")
    require(
        wanted is not None and not wanted.contains(FUTURE_VERSION),
        'a requirement with an upper bound, such as "dysfw>=0.1,<0.2"',
        found="no requirement of dysfw" if wanted is None else f"dysfw {wanted or 'of any version'}, without an upper bound",
        why="an incompatible version of dysfw is then reported as such, instead of as another error",
    )


def uses_unique_names(subject: PluginSubject) -> None:
    """No other installed plugin registers the same names."""
    duplicates = [
        f"{what} {name} ({', '.join(p.distribution for p in owners if p != subject.plugin) or 'twice'})"
        for (what, name), owners in subject.registry.duplicates().items()
        if subject.plugin in owners
    ]
    require(
        not duplicates,
        "names that no other installed plugin uses",
        found=listed(duplicates),
        why="recipes with the short name fail if both plugins are installed",
    )


def has_one_line_summaries(subject: PluginSubject) -> None:
    """Each component has a short summary on one line."""
    if not subject.components:
        raise NotApplicableError("it registers no component")
    for entry in subject.components:
        summary = entry.spec.summary
        require(
            summary and "\n" not in summary and len(summary) < MAX_SUMMARY,
            f"a summary of {entry.spec.name} on one line, shorter than {MAX_SUMMARY} characters",
            found=repr(summary),
            why="`dysfw components` shows it",
        )


def components_can_be_imported(subject: PluginSubject) -> None:
    """Each component's class can be imported and is of the registered kind."""
    if not subject.components:
        raise NotApplicableError("it registers no component")
    for entry in subject.components:
        try:
            subject.registry.load(entry.spec.kind, entry.full_name)
        except DysfwError as error:
            raise ContractViolationError(
                f"{entry.spec.kind} {entry.spec.name} at {entry.spec.target}", error.message, "recipes use it"
            ) from None


PluginCheck = Callable[[PluginSubject], None]
PLUGIN_CHECKS: tuple[PluginCheck, ...] = (
    loads,
    registers_something,
    imports_nothing_heavy,
    imports_fast,
    is_silent_on_import,
    declares_the_supported_dysfw_versions,
    uses_unique_names,
    has_one_line_summaries,
    components_can_be_imported,
)
