"""The hooks a plugin may implement, and the records they return.

A plugin is a distribution with an entry point in the group ``dysfw``. The entry point names a light module that imports the
names it needs from ``dysfw.plugin`` and nothing heavy. The module defines some of the functions below, decorated with
``@hookimpl``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import pluggy

from ..contracts.kinds import Kind

Panel = Literal["predict", "data", "train", "evaluate", "extend", "maintain"]
PANELS: tuple[Panel, ...] = get_args(Panel)
GROUP = "dysfw"
hookspec = pluggy.HookspecMarker("dysfw")
hookimpl = pluggy.HookimplMarker("dysfw")

Signature = tuple[tuple[int, bytes], ...]  # (offset, bytes) pairs, all of which are in a file of the format


@dataclass(frozen=True, slots=True)
class ComponentSpec:
    """A component, imported on first use.

    Attributes:
        kind: detector, segmenter, backbone, head, fusion or evidence.
        name: Name that recipes write in ``use``.
        target: "package.module:Class".
        summary: One line for listings.
        extra: Optional extra of the plugin's distribution that installs the modules in ``needs``, for a component that most
            users of the plugin do not need.
        needs: Modules that the component imports from this extra.
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
    """A trained bundle that ships with a plugin.

    Attributes:
        name: Name that recipes write in ``bundle``.
        folder: "package:path/inside/it".
        summary: One line for listings.
    """

    name: str
    folder: str
    summary: str


@dataclass(frozen=True, slots=True)
class WeightsSpec:
    """A weight file that recipes may name instead of a path: an entry of a plugin's weights manifest.

    Attributes:
        name: Name that recipes write instead of a path.
        file: "package:path/inside/it" for a file that ships with the plugin or with a distribution it requires. Otherwise the
            name of the file, which is published at ``address`` or ``hub``.
        summary: One line for listings.
        sha256: Hex digest. It may be "" for a file that ships, or for one on the hub, whose own hash is then checked.
        size: Size in bytes; 0 if unknown.
        exact_size: False if the size is approximate.
        licence: SPDX id, or "unstated".
        conditions: What the licence requires and what is unknown about it, in a sentence.
        trained_on: Training data.
        citation: Publication to cite.
        address: https address of the file.
        hub: "owner/repository" on the Hugging Face hub, where ``file`` may include a folder.
        revision: Revision of the repository on the hub.
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
        """Whether the file ships with a distribution, and so is never downloaded."""
        return ":" in self.file

    @property
    def exact_bytes(self) -> int:
        """Size in bytes, or 0 if it is not known exactly."""
        return self.size if self.exact_size else 0

    @property
    def source(self) -> str:
        """Where the file comes from, for people."""
        return self.address or (f"https://huggingface.co/{self.hub}" if self.hub else f"package {self.file.partition(':')[0]}")


@dataclass(frozen=True, slots=True)
class RunnerSpec:
    """A runner that executes the work of commands, such as on a cluster. It has a class for each kind of work that it can do.

    Attributes:
        name: Name that ``--runner`` takes.
        summary: One line for listings.
        batch: "package.module:Class", a subclass of ``dysfw.plugin.BatchRunner``, for ``dysfw batch``; "" if it has none.
        tasks: "package.module:Class", a subclass of ``dysfw.plugin.TaskRunner``, for the splits of ``dysfw evaluate`` and
            ``dysfw compare``; "" if it has none.
    """

    name: str
    summary: str
    batch: str = ""
    tasks: str = ""


@dataclass(frozen=True, slots=True)
class DecoderSpec:
    """A decoder of one image format, imported when a file of this format is read.

    Attributes:
        name: Name of the decoder, usually that of its format in lower case.
        target: "package.module:function". The function takes the bytes of a file and returns a
            ``dysfw.plugin.DecodedImage``.
        title: Usual name of the format, for messages.
        signatures: How files of the format begin: alternatives, each of (offset, bytes) pairs that must all match. They lie
            within the first 4,096 bytes.
        extensions: Extensions of files that a listing of a folder takes for images, in lower case with a dot. "" means that
            files without extension are opened to look for the signature. A file that is read is always recognised by its
            signature, never by its extension.
        environment: Environment variables that change what the decoder returns. They are part of the keys of cached results.
    """

    name: str
    target: str
    title: str
    signatures: tuple[Signature, ...]
    extensions: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()

    @property
    def summary(self) -> str:
        """One line for listings."""
        return f"decodes {self.title}"


@dataclass(frozen=True, slots=True)
class RuntimeSpec:
    """A runtime that executes networks in the ONNX format, imported on first use.

    Attributes:
        name: Name that recipes write in ``runtime``.
        target: "package.module:Class", a subclass of ``dysfw.plugin.Runtime``.
        summary: One line for listings.
        speeds: What the runtime supports, and how fast it is: by kind of device and precision, such as ("cpu", "float32"), its
            speed relative to torch. ``runtime: auto`` uses the fastest.
        distributions: Distributions that may install its library. The first that is installed gives the runtime's version, so
            that nothing is imported for it. Without them the class is asked.
    """

    name: str
    target: str
    summary: str
    speeds: Mapping[tuple[str, str], float]
    distributions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ProtocolSpec:
    """An evaluation protocol: which images are compared with which galleries. It is imported when it is used.

    Attributes:
        name: Name that ``--protocol`` takes.
        target: "package.module:Class", a subclass of ``dysfw.plugin.EvaluationProtocol`` whose constructor has no arguments.
        summary: One line for listings.
    """

    name: str
    target: str
    summary: str


@dataclass(frozen=True, slots=True)
class OntologySpec:
    """A phenotype ontology, imported when it is used. `dysfw serve` looks up signs and diseases in it.

    Attributes:
        name: Its name, such as "hpo".
        target: "package.module:Class", a subclass of ``dysfw.plugin.PhenotypeOntology`` whose constructor has no arguments.
        summary: One line for listings.
    """

    name: str
    target: str
    summary: str


@dataclass(frozen=True, slots=True)
class FaceGeneratorSpec:
    """A generator of synthetic faces with the signs of a condition, imported when it is used.

    Attributes:
        name: Its name, such as "phantom".
        target: "package.module:Class", a subclass of ``dysfw.plugin.FaceGenerator`` whose constructor has no arguments.
        summary: One line for listings.
    """

    name: str
    target: str
    summary: str


@hookspec
def dysfw_components() -> list[ComponentSpec]:  # type: ignore[empty-body]
    """Return components that recipes may name in ``use``."""


@hookspec
def dysfw_commands() -> list[CommandSpec]:  # type: ignore[empty-body]
    """Return commands of the ``dysfw`` program."""


@hookspec
def dysfw_bundles() -> list[BundleSpec]:  # type: ignore[empty-body]
    """Return bundles that recipes may name in ``bundle``."""


@hookspec
def dysfw_weights() -> list[WeightsSpec]:  # type: ignore[empty-body]
    """Return weight files that recipes may name wherever a parameter of a component takes a path."""


@hookspec
def dysfw_runners() -> list[RunnerSpec]:  # type: ignore[empty-body]
    """Return runners that ``--runner`` of ``dysfw batch``, ``dysfw evaluate`` and ``dysfw compare`` may name."""


@hookspec
def dysfw_runtimes() -> list[RuntimeSpec]:  # type: ignore[empty-body]
    """Return runtimes that recipes may name in ``runtime``."""


@hookspec
def dysfw_decoders() -> list[DecoderSpec]:  # type: ignore[empty-body]
    """Return decoders of image formats."""


@hookspec
def dysfw_protocols() -> list[ProtocolSpec]:  # type: ignore[empty-body]
    """Return protocols that ``--protocol`` of ``dysfw evaluate`` and ``dysfw data splits`` may name."""


@hookspec
def dysfw_ontologies() -> list[OntologySpec]:  # type: ignore[empty-body]
    """Return phenotype ontologies, which `dysfw serve` uses for signs and for the ranking of all diseases."""


@hookspec
def dysfw_face_generators() -> list[FaceGeneratorSpec]:  # type: ignore[empty-body]
    """Return generators of synthetic faces, which `dysfw serve` uses to show typical faces of a condition."""
