"""Scores a backbone on face verification: whether two images show the same person."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..contracts.components import Backbone
from ..errors import DysfwError
from ..imaging.warp import warp
from ..inference.batches import decoded_batches
from ..inference.build import Components, build
from ..inference.jobs import ImageJob
from ..recipe.check import check, load_recipe
from ..recipe.compose import apply_overrides
from ..recipe.document import parse_document
from ..recipe.model import Recipe
from ..registry.registry import Registry
from ..training.finetune.augment import at_size
from ..training.finetune.region_frames import ImageFrames, RegionLocator
from ..types import Failure, Float32, UInt8
from ..util import background
from ..util.concurrency import pipelined
from ..util.progress import Progress
from ..util.text import closest, listed
from ..weights.projection_head import BIAS, WEIGHT, ProjectionHead, projection_head_of
from ..weights.weight_file import read_metadata, read_weights
from .pairs import Pairs, find_images
from .verification_scores import VerificationScores, cosines, score_pairs

SUFFIX = ".safetensors"


@dataclass(frozen=True, slots=True, eq=False)
class VerificationResult:
    """The scores of a backbone and what they are based on.

    Attributes:
        scores: The scores.
        pairs: Number of pairs.
        skipped: Number of pairs without a score, because the region was not found in one of the images.
        images: Number of images.
        region: The region that was compared.
        embedding: "projection" or "backbone".
        trained: False if the backbone has random weights.
        failures: Images that could not be used.
    """

    scores: VerificationScores
    pairs: int
    skipped: int
    images: int
    region: str
    embedding: str
    trained: bool
    failures: tuple[Failure, ...]


def open_backbone(
    source: Path, recipe: Path | None, registry: Registry, overrides: Sequence[str], *, use_projection: bool | None
) -> tuple[Recipe, ProjectionHead | None]:
    """Load the recipe and the projection head of a weight file.

    Args:
        source: A weight file, or a recipe, which has no projection head.
        recipe: Recipe to use with the weight file; None uses the one in the file.
        registry: The registry.
        overrides: Overrides of the recipe.
        use_projection: Whether to use the projection head; None uses it if there is one.

    Returns:
        The recipe with the weights, and the projection head or None.

    Raises:
        DysfwError: The weight file or the recipe is invalid, or there is no projection head.
    """
    if source.suffix.lower() != SUFFIX:
        if use_projection:
            raise DysfwError(
                f"--projection: {source} is a recipe; only weight files of `dysfw pretrain` have a projection head"
            )
        return load_recipe(source, registry, overrides), None
    if not source.is_file():
        raise DysfwError(f"no such weight file: {source}")
    try:
        tensors, metadata = read_weights(source), read_metadata(source)
    except ValueError as error:
        raise DysfwError(str(error)) from None
    all_overrides = [f"backbone.weights={json.dumps(str(source.absolute()))}", *overrides]
    if recipe is not None:
        loaded = load_recipe(recipe, registry, all_overrides)
    elif "recipe" in metadata:
        loaded = check(apply_overrides(parse_document(metadata["recipe"], str(source)), all_overrides), registry)
    else:
        raise DysfwError(f"{source} does not contain a recipe", hint="give one with --recipe")
    has_projection = WEIGHT in tensors and BIAS in tensors
    if use_projection and not has_projection:
        raise DysfwError(f"--projection: {source} has no projection head", hint="use --backbone")
    if use_projection is False or not has_projection:
        return loaded, None
    try:
        return loaded, projection_head_of(tensors, metadata)
    except ValueError as error:
        raise DysfwError(f"{source}: {error}", hint="use --backbone, or copy the file again") from None


def verify(
    recipe: Recipe, projection: ProjectionHead | None, pairs: Pairs, images: Path, *, region: str | None, progress: Progress
) -> VerificationResult:
    """Score a backbone on pairs of images.

    Args:
        recipe: The recipe.
        projection: The projection head; None compares the backbone's embeddings.
        pairs: The pairs.
        images: A folder with one subfolder per identity.
        region: Region to compare; None takes the face, or else the segmenter's first region.
        progress: Progress display.

    Raises:
        DysfwError: Images are missing, the region is unknown, or the projection head does not fit.
    """
    files = find_images(pairs, images)
    components = build(recipe)
    names = components.segmenter.regions
    chosen = region or ("face" if "face" in names else names[0])
    if chosen not in names:
        raise DysfwError(
            f"--region: the segmenter has no region {chosen!r}{closest(chosen, names)}", hint=f"regions: {listed(names)}"
        )
    try:
        projection = projection.of(chosen) if projection else None
    except ValueError as error:
        raise DysfwError(str(error), hint="use --backbone, or another --region") from None
    embedder = _RegionEmbedder(recipe, components, chosen)
    paths = list(files.values())
    results = list(progress.track(embedder.rows(paths), "embedding", len(paths), "images"))
    failures = [result for result in results if isinstance(result, Failure)]
    missing = np.full(components.backbone.dim, np.nan, np.float32)
    embeddings = np.stack([missing if isinstance(result, Failure) else result for result in results])
    if projection and projection.weight.shape[1] != embeddings.shape[1]:
        raise DysfwError(
            f"the projection head expects embeddings of {projection.weight.shape[1]} numbers, the backbone outputs "
            f"{embeddings.shape[1]}",
            hint="use --backbone",
        )
    rows = {image: row for row, image in enumerate(files)}
    index = np.array([[rows[one], rows[other]] for one, other in pairs.image_pairs], np.int64)
    embedded = np.asarray(np.isfinite(embeddings).all(axis=1))
    scored = embedded[index].all(axis=1)
    vectors = projection(embeddings) if projection else embeddings
    similarity = cosines(vectors[index[scored, 0]], vectors[index[scored, 1]])
    return VerificationResult(
        scores=score_pairs(similarity, np.array(pairs.same)[scored], np.array(pairs.fold)[scored], pairs.folds),
        pairs=len(pairs.image_pairs),
        skipped=int((~scored).sum()),
        images=len(paths),
        region=chosen,
        embedding="projection" if projection else "backbone",
        trained=all(weights.trained for weights in components.backbone.weights()),
        failures=tuple(failures),
    )


@dataclass(slots=True, eq=False)
class _Batch:
    """Decoded images on their way to embeddings.

    Attributes:
        jobs: The images; their pixels are dropped once the crops are cut.
        located: For each image, where its regions are, or why they are unknown.
        crops: For each image the crop uint8 [S, S, 3], or the reason why there is none.
        rows: For each image the embedding float32 [dim], or the reason why there is none.
    """

    jobs: Sequence[ImageJob]
    located: Sequence[ImageFrames | Failure] = ()
    crops: Sequence[UInt8 | Failure] = ()
    rows: Sequence[Float32 | Failure] = ()


class _RegionEmbedder:
    """Embeds one region of each image, cut as the recipe's pipeline cuts it. Its stages work at the same time."""

    def __init__(self, recipe: Recipe, components: Components, region: str) -> None:
        self.locator = RegionLocator(recipe, components)
        self.backbone: Backbone = components.backbone
        self.size = components.crop_size
        self.region = components.segmenter.regions.index(region)
        self.reason = f"its region {region} was not found"

    def rows(self, paths: Sequence[Path]) -> Iterator[Float32 | Failure]:
        """Yield for each image its embedding float32 [dim], or the reason why there is none. Images are decoded once."""
        components = self.locator.components
        for component in (components.detector, components.segmenter, components.backbone):
            background.start(component.load, f"load {component.kind}")
        for batch in pipelined(map(_Batch, decoded_batches(paths)), [self._locate, self._cut, self._embed]):
            yield from batch.rows

    def _locate(self, batch: _Batch) -> _Batch:
        batch.located = self.locator.locate_batch(batch.jobs)
        return batch

    def _cut(self, batch: _Batch) -> _Batch:
        batch.crops = [self._crop(job, located) for job, located in zip(batch.jobs, batch.located, strict=True)]
        for job in batch.jobs:
            job.drop_pixels()
        return batch

    def _crop(self, job: ImageJob, located: ImageFrames | Failure) -> UInt8 | Failure:
        if isinstance(located, Failure):
            return located
        if not located.present[self.region]:
            return Failure(job.source, "no_region", self.reason, located.sha256)
        assert job.image  # noqa: S101  # or it could not be located
        return warp(job.image.pixels, at_size(located.frames[self.region], self.size), self.size)

    def _embed(self, batch: _Batch) -> _Batch:
        crops = [crop for crop in batch.crops if not isinstance(crop, Failure)]
        embedded = iter(self.backbone.embed(np.stack(crops)) if crops else ())
        batch.rows = [crop if isinstance(crop, Failure) else next(embedded) for crop in batch.crops]
        return batch
