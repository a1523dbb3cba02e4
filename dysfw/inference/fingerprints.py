"""What a stage's result depends on beside the photograph, as one hash: so that a cached result is used only where the same
components, in the same versions, with the same parameters and weights would compute it again."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from ..contracts.components import Component
from ..contracts.kinds import Kind
from ..recipe.model import Node, Recipe, nodes_of
from ..recipe.signature import signature_of
from ..util.environment import versions
from ..util.files import sha256_of
from .build import Components

LARGE = 64 * 2**20  # bytes
CODE = (".py", ".yaml", ".json", ".toml")  # what decides what a package computes, beside its weights


@dataclass(frozen=True, slots=True)
class Fingerprints:
    """Hex digests. faces: of decoding and detector; regions: of harmonising and segmenter; embeddings: of crop and backbone. ""
    where a component asks not to be cached, or what it computes with is not known."""

    faces: str
    regions: str
    embeddings: str


NOTHING = Fingerprints("", "", "")


def fingerprints_of(recipe: Recipe, components: Components, tuned: str | None) -> Fingerprints:
    """tuned: hash of what the trunk's regional copies differ in, "" where there are none, None where it is not known."""
    harmony = asdict(recipe.harmonise) if recipe.harmonise else None
    faces = _component(recipe, "detector", components.detector, components)
    regions = _component(recipe, "segmenter", components.segmenter, components)
    backbone = _component(recipe, "backbone", components.backbone, components) if tuned is not None else None
    alignment = asdict(components.alignment) if components.alignment else None
    cut = [asdict(recipe.crop), components.crop_size, alignment, harmony, components.segmenter.regions, tuned]
    return Fingerprints(
        faces=_digest(faces) if faces else "",
        regions=_digest([regions, harmony]) if regions else "",
        embeddings=_digest([backbone, cut]) if backbone else "",
    )


def _component(recipe: Recipe, kind: Kind, component: Component, components: Components) -> list[object] | None:
    """All that a component's result depends on; None where it says that it looks at more than its input."""
    nodes = list(nodes_of(recipe.nodes[kind]))
    if not all(node.component.cacheable for node in nodes):
        return None
    distributions = {node.origin.partition(" ")[0] for node in nodes}
    packages = {"dysfw", *(node.component.__module__.partition(".")[0] for node in nodes)}
    return [
        recipe.nodes[kind].portable(),
        [_content(path) for path in _files(nodes)],
        [weights.sha256 for weights in component.weights()],
        versions(distributions),
        [_code(package) for package in sorted(packages)],
        # Arithmetic differs between kinds of device; which of several like it makes no difference.
        [_supplied(node, "device", components.device).partition(":")[0] for node in nodes],
        [_supplied(node, "precision", components.precision) for node in nodes],
        [str(node.params.get("compile", "")) for node in nodes],  # other rounding
        recipe.seed,
    ]


def _supplied(node: Node, name: str, of_recipe: str) -> str:
    """What a component that has such a parameter gets; "" where it has none."""
    if name not in signature_of(node.component).names:
        return ""
    own = node.params.get(name)
    return of_recipe if own in (None, "auto") else str(own)


def _files(nodes: list[Node]) -> Iterator[Path]:
    """Those that parameters name: two of one name may hold different things."""
    for node in nodes:
        for value in node.params.values():
            for one in value if isinstance(value, list) else [value]:
                if isinstance(one, Path) and one.is_file():
                    yield one


def _content(path: Path) -> str:
    """Weights are hashed by their component already, and may be large."""
    status = path.stat()
    return sha256_of(path) if status.st_size <= LARGE else f"{status.st_size} {status.st_mtime_ns}"


@cache
def _code(package: str) -> str:
    """Hash of a package's own source: while somebody works on a plugin, its version stays the same."""
    module = sys.modules[package]
    file = getattr(module, "__file__", None)
    folders = [Path(folder) for folder in getattr(module, "__path__", ())]
    files = [path for folder in folders for path in folder.rglob("*") if path.suffix in CODE] or ([Path(file)] if file else [])
    return _digest([[path.name, sha256_of(path)] for path in sorted(files)])


def _digest(parts: object) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()
