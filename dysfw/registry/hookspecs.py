"""The hooks a plugin may implement, and the records they return. This is all that a plugin has to know of the core's host.

A plugin is a distribution with an entry point in the group ``dysfw`` that names a light module: one that imports
``dysfw.registry.hookspecs`` and nothing heavy, and defines some of the functions below, decorated with ``@hookimpl``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import pluggy

from ..contracts.kinds import Kind

Panel = Literal["predict", "data", "train", "evaluate", "extend", "maintain"]
PANELS: tuple[Panel, ...] = get_args(Panel)
GROUP = "dysfw"
hookspec = pluggy.HookspecMarker("dysfw")
hookimpl = pluggy.HookimplMarker("dysfw")


@dataclass(frozen=True, slots=True)
class ComponentSpec:
    """A component by name, imported on first use.

    kind: detector, segmenter, backbone, head or fusion. name: what recipes write in ``use``. target: "package.module:Class".
    summary: one line for listings. extra: the optional extra of the plugin's distribution that brings the modules in ``needs``,
    for a component that most users of the plugin can do without. needs: modules that the component imports from it.
    """

    kind: Kind
    name: str
    target: str
    summary: str
    extra: str | None = None
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CommandSpec:
    """A command ``dysfw NAME``, imported when it is called.

    Attributes:
        name: Name of the command.
        target: "package.module:function" (a typer-style function) or "package.module:app" (a ``typer.Typer``, for a
            command with subcommands).
        summary: One line for ``dysfw --help``, at most 66 characters.
        panel: Heading under which ``dysfw --help`` lists the command.
    """

    name: str
    target: str
    summary: str
    panel: Panel = "extend"


@dataclass(frozen=True, slots=True)
class BundleSpec:
    """A trained bundle that ships inside a plugin.

    name: what recipes write in ``bundle``. folder: "package:path/inside/it". summary: one line for listings.
    """

    name: str
    folder: str
    summary: str


@dataclass(frozen=True, slots=True)
class WeightsSpec:
    """A weight file that recipes may name wherever a component's parameter takes a path: an entry of a plugin's manifest.

    name: what recipes write where a path is taken. file: "package:path/inside/it" of one that ships with the plugin or with a
    distribution it requires; of any other its own name, and one of address and hub says where it is published. summary: one
    line for listings. sha256: hex digest; "" only of a file that ships, or of one of the hub, where the hub's own statement is
    then checked. size: bytes; 0 unknown. exact_size: False where the size is only about right. licence: an SPDX id, or
    "unstated". conditions: what the licence asks for, and what is not known, in a sentence. trained_on: on what. citation: of
    the work that it comes from. address: https. hub: "owner/repository" on the Hugging Face hub, where file may lie in a
    folder. revision: of the hub's repository.
    """

    name: str
    file: str
    summary: str
    sha256: str = ""
    size: int = 0
    exact_size: bool = True
    licence: str = "unstated"
    conditions: str = ""
    trained_on: str = ""
    citation: str = ""
    address: str = ""
    hub: str = ""
    revision: str = "main"

    @property
    def ships(self) -> bool:
        """Whether it comes with a distribution, and so is never fetched."""
        return ":" in self.file

    @property
    def exact_bytes(self) -> int:
        """The size where it is known to the byte, else 0."""
        return self.size if self.exact_size else 0

    @property
    def source(self) -> str:
        """Where it comes from, for people."""
        return self.address or (f"https://huggingface.co/{self.hub}" if self.hub else f"package {self.file.partition(':')[0]}")


@dataclass(frozen=True, slots=True)
class RunnerSpec:
    """Who does the work of ``dysfw batch``.

    name: what ``--runner`` takes. target: "package.module:Class", a subclass of ``dysfw.batch.runner.BatchRunner``. summary: one
    line for listings.
    """

    name: str
    target: str
    summary: str


@hookspec
def dysfw_components() -> list[ComponentSpec]:  # type: ignore[empty-body]
    """Components that recipes may name in ``use``."""


@hookspec
def dysfw_commands() -> list[CommandSpec]:  # type: ignore[empty-body]
    """Commands of the ``dysfw`` program."""


@hookspec
def dysfw_bundles() -> list[BundleSpec]:  # type: ignore[empty-body]
    """Bundles that recipes may name in ``bundle``."""


@hookspec
def dysfw_weights() -> list[WeightsSpec]:  # type: ignore[empty-body]
    """Weight files that recipes may name wherever a component's parameter takes a path."""


@hookspec
def dysfw_runners() -> list[RunnerSpec]:  # type: ignore[empty-body]
    """Runners that ``dysfw batch --runner`` may name."""
