"""What a plugin owes as a whole, whatever it registers: that every command of dysfw stays fast and quiet with it installed."""

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
from ..registry.compatibility import wanted_core
from ..registry.hookspecs import ComponentSpec
from ..registry.host import Plugin
from ..registry.registry import Entry, Registry
from ..util.text import count, error_text, listed, shown
from .outcome import ContractViolation, NotApplicableError, require

LONGEST = 0.5  # s of processor time to load the plugin, beyond the core
ANY_LATER = "9999"
SUMMARY = 120  # characters
HANGS = 20.0  # s
# Libraries that take a tenth of a second and more to import.
HEAVY = frozenset(
    """cv2 dlib faiss fastai imageio insightface jax keras lightning matplotlib mediapipe numba numpy onnx onnxruntime open_clip
    pandas PIL polars pyarrow ray scipy skimage sklearn tensorflow tflite_runtime timm torch torchaudio torchvision
    transformers""".split()  # noqa: SIM905  # a list would take thirty lines
)


@dataclass(frozen=True, eq=False)
class PluginSubject:
    """An installed plugin, in the registry of its environment."""

    plugin: Plugin
    registry: Registry

    @property
    def components(self) -> list[Entry[ComponentSpec]]:
        return [e for kind in KINDS for e in self.registry.components[kind] if e.plugin == self.plugin]

    @property
    def title(self) -> str:
        """With the entry point where the distribution has several."""
        several = sum(p.distribution == self.plugin.distribution for p in self.registry.plugins) > 1
        return f"plugin {self.plugin.distribution}" + (f" ({self.plugin.name})" if several else "")

    @property
    def probe(self) -> dict[str, Any]:
        """What loading it does in a process of its own. Raises BrokenError, NotApplicableError."""
        if self.plugin.error:
            raise NotApplicableError("it cannot be loaded")
        if self._probed is None:
            found = f"nothing after {HANGS:g} s, or an end of the process"
            raise ContractViolation("to be loaded in a process of its own", found, "commands wait for it")
        return self._probed

    @functools.cached_property
    def _probed(self) -> dict[str, Any] | None:
        with tempfile.TemporaryDirectory() as folder:
            answer = Path(folder) / "answer.json"
            # As a file: as a module it would bring this package, and with it what is looked for. -P: no other file of it.
            command = [sys.executable, "-P", str(Path(__file__).with_name("probe.py")), self.plugin.target, str(answer)]
            with contextlib.suppress(subprocess.TimeoutExpired):
                subprocess.run(command, capture_output=True, check=False, timeout=HANGS)  # noqa: S603
            found: dict[str, Any] | None = json.loads(answer.read_text("utf-8")) if answer.exists() else None
            return found


def loads(subject: PluginSubject) -> None:
    error = subject.plugin.error
    require(
        error is None,
        "to be imported and to register",
        found=error_text(error) if error else "",
        why="else nothing of it can be used",
    )


def registers_something(subject: PluginSubject) -> None:
    if subject.plugin.error:
        raise NotApplicableError("it cannot be loaded")
    registry = subject.registry
    others: list[list[Entry[Any]]] = [[*registry.commands], [*registry.bundles], [*registry.weights], [*registry.runners]]
    owners = [e.plugin for entries in others for e in entries]
    require(
        subject.components or subject.plugin in owners,
        "a component, command, bundle, weight file or runner",
        found="nothing: a hook may lack @hookimpl, or its name may not begin with dysfw_",
        why="a plugin is there to offer something",
    )


def imports_nothing_heavy(subject: PluginSubject) -> None:
    heavy = sorted(HEAVY & set(subject.probe["imported"]))
    require(
        not heavy,
        "its module to import nothing heavy: components are named by text and imported on first use",
        found=f"imports of {listed(heavy)}",
        why="it is imported whenever dysfw starts, for `dysfw --help` too",
    )


def imports_fast(subject: PluginSubject) -> None:
    seconds = subject.probe["seconds"]
    require(
        seconds <= LONGEST,
        f"to be loaded within {LONGEST} s of processor time",
        found=f"{seconds:.1f} s",
        why="it is imported whenever dysfw starts",
    )


def is_quiet_when_imported(subject: PluginSubject) -> None:
    said, threads, network = (subject.probe[key] for key in ("said", "threads", "network"))
    require(not said, "nothing printed when it is imported", found=shown(said), why="programs read what dysfw prints")
    require(
        not threads, "no thread started when it is imported", found=count(threads, "thread"), why="commands that do not use it"
    )
    require(not network, "no use of the network when it is imported", found=listed(network), why="nobody has asked for it")


def says_which_core_it_is_built_for(subject: PluginSubject) -> None:
    try:
        wanted = wanted_core(metadata.requires(subject.plugin.distribution) or [])
    except metadata.PackageNotFoundError:
        raise NotApplicableError("it belongs to no installed distribution") from None
    if subject.plugin.distribution == "dysfw":
        raise NotApplicableError("it is the core's own")
    require(
        wanted is not None and not wanted.contains(ANY_LATER),
        'a requirement of its distribution like "dysfw>=0.1,<0.2"',
        found="no requirement of dysfw" if wanted is None else f"dysfw {wanted or 'of any version'}, however late",
        why="a core that has changed then says so, instead of failing somewhere inside",
    )


def takes_no_name_of_another(subject: PluginSubject) -> None:
    doubled = [
        f"{what} {name} ({', '.join(p.distribution for p in owners if p != subject.plugin) or 'twice'})"
        for (what, name), owners in subject.registry.doubled().items()
        if subject.plugin in owners
    ]
    require(
        not doubled,
        "names that no other plugin here has",
        found=listed(doubled),
        why="recipes that use the short name stop working for everybody who installs both",
    )


def describes_each_component_in_a_line(subject: PluginSubject) -> None:
    if not subject.components:
        raise NotApplicableError("it registers no component")
    for entry in subject.components:
        summary = entry.spec.summary
        require(
            summary and "\n" not in summary and len(summary) < SUMMARY,
            f"a summary of {entry.spec.name} in one line of fewer than {SUMMARY} characters",
            found=repr(summary),
            why="`dysfw components` shows it",
        )


def can_import_each_component(subject: PluginSubject) -> None:
    if not subject.components:
        raise NotApplicableError("it registers no component")
    for entry in subject.components:
        try:
            subject.registry.load(entry.spec.kind, entry.full_name)
        except DysfwError as error:
            raise ContractViolation(
                f"{entry.spec.kind} {entry.spec.name} to be found at {entry.spec.target}", error.message, "recipes name it"
            ) from None


PluginCheck = Callable[[PluginSubject], None]
PLUGIN_CHECKS: tuple[PluginCheck, ...] = (
    loads,
    registers_something,
    imports_nothing_heavy,
    imports_fast,
    is_quiet_when_imported,
    says_which_core_it_is_built_for,
    takes_no_name_of_another,
    describes_each_component_in_a_line,
    can_import_each_component,
)
