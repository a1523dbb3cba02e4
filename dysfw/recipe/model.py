"""Checked recipes: components with their parameters, and other settings."""

from __future__ import annotations

import hashlib
import json
import pathlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field

from ..contracts.components import Component
from ..contracts.kinds import PIPELINE_KINDS, Kind
from ..imaging.harmonise import HarmonisationConfig
from ..registry.hookspecs import WeightsSpec
from ..registry.registry import Entry
from ..types import Crop
from .problems import Path, Position
from .sections import UNIFORM, Pretrain, Prior, Reliability, Tune

FORMAT = 1
EXECUTION_PARAMETERS = ("device", "precision", "runtime", "compile")  # do not define what a component computes


@dataclass(frozen=True, slots=True)
class Registered:
    """Weights registered by a plugin, as the value of a path parameter.

    Attributes:
        entry: The registration.
    """

    entry: Entry[WeightsSpec]

    @property
    def name(self) -> str:
        """Full name, "distribution:name"."""
        return self.entry.full_name


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """A component in a recipe.

    Attributes:
        kind: Its kind.
        use: Its name, as written in the recipe.
        origin: Distribution and version of its plugin.
        component: Its class.
        params: Value of each parameter, including defaults. ``device``, ``precision``, ``runtime`` and ``seed`` are included
            only if the recipe sets them for this component. Nested components are nodes or lists of nodes.
        path: Its place in the recipe.
    """

    kind: Kind
    use: str
    origin: str
    component: type[Component]
    params: Mapping[str, object]
    path: Path

    def to_dict(self) -> dict[str, object]:
        """Convert to plain values, with names as written in the recipe."""
        return {"use": self.use} | {name: _plain(value, Node.to_dict, str) for name, value in self.params.items()}

    def resolved(self) -> dict[str, object]:
        """Convert to plain values with full names, which plugins installed later cannot make ambiguous."""
        return {"use": self.full_name} | {name: _plain(value, Node.resolved, str) for name, value in self.params.items()}

    @property
    def full_name(self) -> str:
        """Full name, "distribution:name", which is unique."""
        return f"{self.origin.partition(' ')[0]}:{self.use.rpartition(':')[2]}"

    def portable(self) -> dict[str, object]:
        """Convert to the plain values that define its results: full names, no execution parameters, file names for paths."""
        params = {name: value for name, value in self.params.items() if name not in EXECUTION_PARAMETERS}
        return {"use": self.full_name} | {
            name: _plain(value, Node.portable, lambda path: path.name) for name, value in params.items()
        }


@dataclass(frozen=True, slots=True, eq=False)
class Recipe:
    """A checked recipe.

    Attributes:
        name: Its name.
        device: Device, as written: "auto" …
        precision: Precision, as written: "auto" …
        seed: Random seed.
        nodes: Component of each kind of the pipeline.
        crop: How regions are cropped.
        bundle: Name or path of a bundle, if there is one.
        folder: Folder that ``bundle`` is relative to.
        positions: Position of each value, for errors that occur later.
        pretrain: How the backbone is pretrained, if the recipe sets it.
        tune: How the backbone is fine-tuned for each region.
        reliability: When a prediction is flagged as unreliable.
        harmonise: How images are harmonised, if the recipe sets it.
        prior: Prior probability of each condition.
        runtime: What executes networks, as written: "auto" …
        evidence: Components that read the patient's record.
    """

    name: str
    device: str
    precision: str
    seed: int
    nodes: Mapping[Kind, Node]
    crop: Crop
    bundle: str | None
    folder: pathlib.Path
    positions: Mapping[Path, Position] = field(default_factory=dict, repr=False)
    pretrain: Pretrain | None = None
    tune: Tune = field(default_factory=Tune)
    reliability: Reliability = field(default_factory=Reliability)
    harmonise: HarmonisationConfig | None = None
    prior: Prior = UNIFORM
    runtime: str = "auto"
    evidence: tuple[Node, ...] = ()

    def resolved(self) -> dict[str, object]:
        """Convert to the plain values that a bundle stores: full names, without ``bundle`` and ``pretrain``."""
        kept = {key: value for key, value in self.to_dict().items() if key not in ("bundle", "pretrain")}
        kept |= {kind: node.resolved() for kind, node in self.nodes.items()}
        return kept | ({"evidence": [node.resolved() for node in self.evidence]} if self.evidence else {})

    def to_dict(self) -> dict[str, object]:
        """Convert to plain values, including defaults, in the usual order of keys."""
        head: dict[str, object] = {
            "version": FORMAT, "name": self.name, "device": self.device, "precision": self.precision,
            "runtime": self.runtime, "seed": self.seed,
        }  # fmt: skip
        parts = {kind: self.nodes[kind].to_dict() for kind in PIPELINE_KINDS}
        ordered: dict[str, object] = {}
        for kind in PIPELINE_KINDS:
            if kind == "backbone":
                ordered["crop"] = asdict(self.crop)
            ordered[kind] = parts[kind]
        if self.evidence:
            ordered["evidence"] = [node.to_dict() for node in self.evidence]
        tune = {"tune": self.tune.model_dump(mode="json")} if self.tune.mode != "none" else {}
        pretrain = {"pretrain": self.pretrain.model_dump(mode="json")} if self.pretrain else {}
        harmonise = {"harmonise": asdict(self.harmonise)} if self.harmonise else {}
        reliability = {"reliability": self.reliability.model_dump(mode="json")}
        bundle = {"bundle": self.bundle} if self.bundle else {}
        prior: dict[str, object] = {"prior": self.prior} if self.prior != UNIFORM else {}
        return head | ordered | harmonise | tune | prior | reliability | pretrain | bundle

    def every_node(self) -> Iterator[Node]:
        """Iterate over all components, including nested ones."""
        for node in (*self.nodes.values(), *self.evidence):
            yield from nodes_of(node)

    @property
    def evidence_names(self) -> list[str]:
        """The names of its evidence in results: short ones, unless two plugins have the same."""
        short = [node.use.rpartition(":")[2] for node in self.evidence]
        return [node.full_name if short.count(name) > 1 else name for name, node in zip(short, self.evidence, strict=True)]

    @property
    def distributions(self) -> set[str]:
        """The distributions of its components, nested ones left out."""
        return {node.origin.partition(" ")[0] for node in (*self.nodes.values(), *self.evidence)}

    def values(self) -> Iterator[object]:
        """Iterate over the values of all parameters, including those in nested components, lists and mappings."""
        for node in (*self.nodes.values(), *self.evidence):
            yield from _leaves(node)

    @property
    def fingerprint(self) -> str:
        """Sha256 over everything that defines the results.

        This includes components, parameters, crop, seed, harmonisation, fine-tuning, prior and the reliability settings that
        differ from their defaults. It excludes name, device, precision, runtime, bundle and pretraining. Paths count by file
        name, because the contents of weight files have their own fingerprints.
        """
        content: dict[str, object] = {kind: node.portable() for kind, node in self.nodes.items()}
        content |= {"version": FORMAT, "seed": self.seed, "crop": asdict(self.crop)}
        if self.tune.mode != "none":
            content["tune"] = self.tune.model_dump(mode="json")
        if changed := self.reliability.model_dump(mode="json", exclude_defaults=True):
            content["reliability"] = changed
        if self.prior != UNIFORM:
            content["prior"] = self.prior
        if self.evidence:
            content["evidence"] = [node.portable() for node in self.evidence]
        if self.harmonise:
            content["harmonise"] = asdict(self.harmonise)
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def nodes_of(value: object) -> Iterator[Node]:
    """Iterate over a component and those nested in it.

    Args:
        value: A node, a list, or any other value, which has no nodes.

    Yields:
        The nodes.
    """
    if isinstance(value, Node):
        yield value
        for part in value.params.values():
            yield from nodes_of(part)
    elif isinstance(value, list):
        for part in value:
            yield from nodes_of(part)


def _leaves(value: object) -> Iterator[object]:
    inner = value.params if isinstance(value, Node) else value
    if isinstance(inner, Mapping | list | tuple):
        for part in inner.values() if isinstance(inner, Mapping) else inner:
            yield from _leaves(part)
    else:
        yield value


def _plain(value: object, of_node: Callable[[Node], object], of_path: Callable[[pathlib.Path], str]) -> object:
    if isinstance(value, Node):
        return of_node(value)
    if isinstance(value, list | tuple):
        return [_plain(item, of_node, of_path) for item in value]
    if isinstance(value, Mapping):
        return {key: _plain(item, of_node, of_path) for key, item in value.items()}
    if isinstance(value, Registered):
        return value.name
    return of_path(value) if isinstance(value, pathlib.Path) else value
