"""Scores a trunk on pairs of photographs: does it tell whether they show one person?"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..contracts.components import Backbone
from ..errors import DysfwError, ImageError
from ..imaging.decode import read_image
from ..imaging.warp import warp
from ..inference.build import Components, build
from ..recipe.check import check, load_recipe
from ..recipe.compose import overridden
from ..recipe.document import parse_document
from ..recipe.model import Recipe
from ..registry.registry import Registry
from ..training.finetune.augment import at_size
from ..training.finetune.region_frames import Found, Locator
from ..types import Failure, Float32, UInt8
from ..util.progress import Progress
from ..util.text import closest, listed
from ..weights.projection_head import BIAS, WEIGHT, ProjectionHead, projection_head_of
from ..weights.weight_file import read_metadata, read_weights
from .pairs import Pairs, find_images
from .verification_scores import Verification, cosines, verification

SUFFIX = ".safetensors"
BATCH = 64  # crops


@dataclass(frozen=True, slots=True, eq=False)
class Verified:
    """lost: pairs with a photograph in which the region was not found; they are in no score. embedding: "projection" or "backbone".
    trained: False where the trunk has random weights."""

    scores: Verification
    pairs: int
    lost: int
    images: int
    region: str
    embedding: str
    trained: bool
    failures: tuple[Failure, ...]


def open_backbone(
    source: Path, recipe: Path | None, registry: Registry, overrides: Sequence[str], *, use_projection: bool | None
) -> tuple[Recipe, ProjectionHead | None]:
    """The recipe of a weight file, of another ``recipe`` with these weights, or (source being a recipe) as it is; and the neck.

    use_neck: None takes it where there is one. Raises DysfwError.
    """
    if source.suffix.lower() != SUFFIX:
        if use_projection:
            raise DysfwError(f"--neck: {source} is a recipe; a neck is in the weight files of `dysfw pretrain`")
        return load_recipe(source, registry, overrides), None
    if not source.is_file():
        raise DysfwError(f"no such weights: {source}")
    try:
        tensors, metadata = read_weights(source), read_metadata(source)
    except ValueError as error:
        raise DysfwError(str(error)) from None
    whole = [f"backbone.weights={json.dumps(str(source.absolute()))}", *overrides]
    if recipe is not None:
        opened = load_recipe(recipe, registry, whole)
    elif "recipe" in metadata:
        opened = check(overridden(parse_document(metadata["recipe"], str(source)), whole), registry)
    else:
        raise DysfwError(f"{source} does not say what recipe it belongs to", hint="name one with --recipe")
    there = WEIGHT in tensors and BIAS in tensors
    if use_projection and not there:
        raise DysfwError(f"--neck: {source} holds none", hint="leave it out for the trunk's own embedding")
    if use_projection is False or not there:
        return opened, None
    try:
        return opened, projection_head_of(tensors, metadata)
    except ValueError as error:
        raise DysfwError(f"{source}: {error}", hint="use --trunk, or copy the file again") from None


def verify(
    recipe: Recipe, projection: ProjectionHead | None, pairs: Pairs, images: Path, *, region: str | None, progress: Progress
) -> Verified:
    """images: the folder with a folder for each person. region: None takes the face, or the segmenter's first. Raises
    DysfwError."""
    files = find_images(pairs, images)
    components = build(recipe)
    names = components.segmenter.regions
    chosen = region or ("face" if "face" in names else names[0])
    if chosen not in names:
        raise DysfwError(f"--region: the segmenter has no {chosen!r} (it has {listed(names)}){closest(chosen, names)}")
    try:
        projection = projection.of(chosen) if projection else None
    except ValueError as error:
        raise DysfwError(str(error), hint="use --trunk, or another --region") from None
    embedder = _RegionEmbedder(recipe, components, chosen)
    paths = list(files.values())
    embeddings, failures = embedder.embed(progress.track(embedder.crops(paths), "embedding", len(paths), "photographs"))
    if projection and projection.weight.shape[1] != embeddings.shape[1]:
        raise DysfwError(
            f"the neck takes {projection.weight.shape[1]} numbers, the trunk gives {embeddings.shape[1]}", hint="use --trunk"
        )
    rows = {image: row for row, image in enumerate(files)}
    index = np.array([[rows[one], rows[other]] for one, other in pairs.each], np.int64)
    found = np.isfinite(embeddings).all(axis=1)
    scored = found[index].all(axis=1)
    vectors = projection(embeddings) if projection else embeddings
    similarity = cosines(vectors[index[scored, 0]], vectors[index[scored, 1]])
    return Verified(
        scores=verification(similarity, np.array(pairs.same)[scored], np.array(pairs.fold)[scored], pairs.folds),
        pairs=len(pairs.each),
        lost=int((~scored).sum()),
        images=len(paths),
        region=chosen,
        embedding="projection" if projection else "backbone",
        trained=all(weights.trained for weights in components.backbone.weights()),
        failures=tuple(failures),
    )


class _RegionEmbedder:
    """Embeds one region of each photograph, cut as the recipe's pipeline cuts it."""

    def __init__(self, recipe: Recipe, components: Components, region: str) -> None:
        self.locator = Locator(recipe, components)
        self.backbone: Backbone = components.backbone
        self.size = components.crop_size
        self.region = components.segmenter.regions.index(region)
        self.reason = f"its region {region} was not found"

    def crops(self, paths: Sequence[Path]) -> Iterator[UInt8 | Failure]:
        """uint8 [S, S, 3] of each photograph, or why there is none."""
        for path, found in zip(paths, self.locator.locate(paths), strict=True):
            yield self._crop(path, found) if isinstance(found, Found) else found

    def embed(self, crops: Iterator[UInt8 | Failure]) -> tuple[Float32, list[Failure]]:
        """Embeddings float32 [N, dim], NaN for those without a crop, and the failures."""
        rows: list[Float32] = []
        failures: list[Failure] = []
        waiting: list[UInt8] = []

        def flush() -> None:
            if waiting:
                rows.extend(self.backbone.embed(np.stack(waiting)))
                waiting.clear()

        for crop in crops:
            if isinstance(crop, Failure):
                flush()
                failures.append(crop)
                rows.append(np.full(self.backbone.dim, np.nan, np.float32))
            else:
                waiting.append(crop)
            if len(waiting) == BATCH:
                flush()
        flush()
        return np.array(rows, np.float32).reshape(-1, self.backbone.dim), failures

    def _crop(self, path: Path, found: Found) -> UInt8 | Failure:
        if not found.present[self.region]:
            return Failure(str(path), "no_region", self.reason, found.sha256)
        try:
            return warp(read_image(path).pixels, at_size(found.frames[self.region], self.size), self.size)
        except ImageError as error:  # it could be read a moment ago
            return Failure(str(path), error.code, error.message, found.sha256)
