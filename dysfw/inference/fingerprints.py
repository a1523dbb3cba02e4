"""Hashes what shapes a stage's result apart from the image: components, parameters, weights, versions and source code.

A cached result is reused only if its hash is the same.
"""

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
from ..util.remembered import known_sha256
from .build import Components

LARGE = 64 * 2**20  # bytes
CODE = (".py", ".yaml", ".json", ".toml")  # files of a package that shape its results


@dataclass(frozen=True, slots=True)
class Fingerprints:
    """Hex digests of the stages. "" means that the stage must not be cached.

    Attributes:
        faces: Of the detector.
        regions: Of harmonisation and segmenter.
        embeddings: Of crop and backbone.
    """

    faces: str
    regions: str
    embeddings: str


NOTHING = Fingerprints("", "", "")


def fingerprints_of(recipe: Recipe, components: Components, tuned: str | None) -> Fingerprints:
    """Compute the fingerprints of a pipeline.

    Args:
        recipe: The recipe.
        components: Its components.
        tuned: Hash of the fine-tuned weights; "" if there are none, None if it is unknown.
    """
    harmonisation = asdict(recipe.harmonise) if recipe.harmonise else None
    faces = _component(recipe, "detector", components.detector, components)
    regions = _component(recipe, "segmenter", components.segmenter, components)
    backbone = _component(recipe, "backbone", components.backbone, components) if tuned is not None else None
    alignment = asdict(components.alignment) if components.alignment else None
    crop = [asdict(recipe.crop), components.crop_size, alignment, harmonisation, components.segmenter.regions, tuned]
    return Fingerprints(
        faces=_digest(faces) if faces else "",
        regions=_digest([regions, harmonisation]) if regions else "",
        embeddings=_digest([backbone, crop]) if backbone else "",
    )


def _component(recipe: Recipe, kind: Kind, component: Component, components: Components) -> list[object] | None:
    """Everything that shapes a component's result; None if it is not cacheable, because it depends on more than its input."""
    nodes = list(nodes_of(recipe.nodes[kind]))
    if not all(node.component.cacheable for node in nodes):
        return None
    distributions = {node.origin.partition(" ")[0] for node in nodes}
    packages = {"dysfw", *(node.component.__module__.partition(".")[0] for node in nodes)}
    return [
        recipe.nodes[kind].portable(),
        [_content(path) for path in _files(nodes)],
        [weights.sha256 for weights in component.weights()],
        component.runtimes(),
        versions(distributions),
        [source_hash(package) for package in sorted(packages)],
        # Arithmetic differs between kinds of device, not between devices of one kind.
        [_supplied(node, "device", components.device).partition(":")[0] for node in nodes],
        [_supplied(node, "precision", components.precision) for node in nodes],
        [str(node.params.get("compile", "")) for node in nodes],  # changes rounding
        recipe.seed,
    ]


def _supplied(node: Node, name: str, recipe_value: str) -> str:
    """The value of a parameter that the recipe supplies; "" if the component does not have it."""
    if name not in signature_of(node.component).names:
        return ""
    own = node.params.get(name)
    return recipe_value if own in (None, "auto") else str(own)


def _files(nodes: list[Node]) -> Iterator[Path]:
    """The files that parameters name, whose content may change under the same name."""
    for node in nodes:
        for value in node.params.values():
            for one in value if isinstance(value, list) else [value]:
                if isinstance(one, Path) and one.is_file():
                    yield one


def _content(path: Path) -> str:
    """Hash of a file; of large ones, which are usually weights and hashed by their component, only size and time."""
    status = path.stat()
    return known_sha256(path) if status.st_size <= LARGE else f"{status.st_size} {status.st_mtime_ns}"


@cache
def source_hash(package: str) -> str:
    """Hash of a package's source, which changes during development while its version does not.

    Args:
        package: Name of an imported package or module.

    Returns:
        Hex digest.
    """
    module = sys.modules[package]
    file = getattr(module, "__file__", None)
    folders = [Path(folder) for folder in getattr(module, "__path__", ())]
    files = [path for folder in folders for path in folder.rglob("*") if path.suffix in CODE] or ([Path(file)] if file else [])
    return _digest([[path.name, sha256_of(path)] for path in sorted(files)])


def _digest(parts: object) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()
