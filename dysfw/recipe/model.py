"""A checked recipe: which components with which parameters, and the little that is not a component."""

from __future__ import annotations

import hashlib
import json
import pathlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field

from ..contracts.components import Component
from ..contracts.kinds import KINDS, Kind
from ..imaging.harmonise import Harmony
from ..registry.hookspecs import WeightsSpec
from ..registry.registry import Entry
from ..types import Crop
from .problems import Path, Position
from .sections import UNIFORM, Pretrain, Prior, Reliability, Tune

FORMAT = 1
HOW = ("device", "precision", "compile")  # parameters that say how a component computes, not what


@dataclass(frozen=True, slots=True)
class Registered:
    """Weights that a plugin brings, where a parameter takes a path."""

    entry: Entry[WeightsSpec]

    @property
    def name(self) -> str:
        """In full, "distribution:name"."""
        return self.entry.full_name


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """A component as a recipe names it. params: every parameter with its value, defaults included (but for ``device``,
    ``precision`` and ``seed``, which stand here only where the recipe sets them for this component alone); a nested
    component is a Node, several are a list of them. path: where in the recipe it stands."""

    kind: Kind
    use: str
    origin: str
    component: type[Component]
    params: Mapping[str, object]
    path: Path

    def to_dict(self) -> dict[str, object]:
        """As the recipe says it."""
        return {"use": self.use} | {name: _plain(value, Node.to_dict, str) for name, value in self.params.items()}

    def resolved(self) -> dict[str, object]:
        """With full names: what a bundle keeps, so that no plugin installed later can make a name ambiguous."""
        return {"use": self.full_name} | {name: _plain(value, Node.resolved, str) for name, value in self.params.items()}

    @property
    def full_name(self) -> str:
        """ "distribution:name", which no other plugin can take."""
        return f"{self.origin.partition(' ')[0]}:{self.use.rpartition(':')[2]}"

    def portable(self) -> dict[str, object]:
        """What it means for the result: by full name, without where it runs, and with paths by their file names."""
        shaping = {name: value for name, value in self.params.items() if name not in HOW}
        return {"use": self.full_name} | {
            name: _plain(value, Node.portable, lambda path: path.name) for name, value in shaping.items()
        }


@dataclass(frozen=True, slots=True, eq=False)
class Recipe:
    """What ``check`` makes of a recipe file. device and precision are as written ("auto" …). folder: what ``bundle`` is
    relative to. positions: where each value was written, for errors that show only later. pretrain: how its trunk is trained,
    where the recipe says so. tune: how its trunk is fitted to each region. reliability: when a prediction is to be believed.
    harmonise: how photographs are made alike, where the recipe says so. prior: how common each condition is."""

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
    harmonise: Harmony | None = None
    prior: Prior = UNIFORM

    def resolved(self) -> dict[str, object]:
        """The recipe as a bundle keeps it: full names, no bundle, and nothing of how its trunk was trained."""
        kept = {key: value for key, value in self.to_dict().items() if key not in ("bundle", "pretrain")}
        return kept | {kind: node.resolved() for kind, node in self.nodes.items()}

    def to_dict(self) -> dict[str, object]:
        """The recipe with nothing left to defaults, in the order in which people write it."""
        head: dict[str, object] = {
            "version": FORMAT, "name": self.name, "device": self.device, "precision": self.precision, "seed": self.seed,
        }  # fmt: skip
        parts = {kind: self.nodes[kind].to_dict() for kind in KINDS}
        ordered: dict[str, object] = {}
        for kind in KINDS:
            if kind == "backbone":
                ordered["crop"] = asdict(self.crop)
            ordered[kind] = parts[kind]
        tune = {"tune": self.tune.model_dump(mode="json")} if self.tune.mode != "none" else {}
        pretrain = {"pretrain": self.pretrain.model_dump(mode="json")} if self.pretrain else {}
        harmonise = {"harmonise": asdict(self.harmonise)} if self.harmonise else {}
        reliability = {"reliability": self.reliability.model_dump(mode="json")}
        bundle = {"bundle": self.bundle} if self.bundle else {}
        prior: dict[str, object] = {"prior": self.prior} if self.prior != UNIFORM else {}
        return head | ordered | harmonise | tune | prior | reliability | pretrain | bundle

    def every_node(self) -> Iterator[Node]:
        """Every component, also those nested in others."""
        for node in self.nodes.values():
            yield from nodes_of(node)

    def values(self) -> Iterator[object]:
        """The value of every parameter, also of nested components and inside lists and mappings."""
        for node in self.nodes.values():
            yield from _leaves(node)

    @property
    def fingerprint(self) -> str:
        """sha256 over what shapes the result: components, parameters, crop, seed, harmonising, tuning, prior and what of
        reliability is not left to its defaults; not name, device, precision, bundle or pretraining. A path counts by its file
        name: what weight files hold is fingerprinted by itself."""
        shaping: dict[str, object] = {kind: node.portable() for kind, node in self.nodes.items()}
        shaping |= {"version": FORMAT, "seed": self.seed, "crop": asdict(self.crop)}
        if self.tune.mode != "none":
            shaping["tune"] = self.tune.model_dump(mode="json")
        if own := self.reliability.model_dump(mode="json", exclude_defaults=True):
            shaping["reliability"] = own
        if self.prior != UNIFORM:
            shaping["prior"] = self.prior
        if self.harmonise:
            shaping["harmonise"] = asdict(self.harmonise)
        return hashlib.sha256(json.dumps(shaping, sort_keys=True).encode()).hexdigest()


def nodes_of(value: object) -> Iterator[Node]:
    """A component, and every one nested in it."""
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
