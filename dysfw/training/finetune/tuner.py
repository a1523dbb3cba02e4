"""Training with a backbone that is fine-tuned for each region."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np

from ...contracts.components import Backbone
from ...data.conditions import Condition
from ...data.dataset import Sample, patient_numbers
from ...errors import DysfwError
from ...inference.build import Components
from ...inference.embedder import embed_crops
from ...inference.loading import tuned_backbones
from ...inference.notices import several_faces
from ...recipe.model import Recipe
from ...reliability.quality import Quality, sharpness
from ...runtime.torch_utils import Tunable
from ...types import Float32, Int64
from ...util.progress import Progress, Silent
from ..embedded_dataset import EmbeddedDataset
from .augment import mirror_indices
from .crops import CropStore
from .region_frames import find_region_frames
from .tune import Task, tune

BATCH_SIZE = 64  # crops

WeightDeltas = dict[str, dict[str, Float32]]


class Tuner:
    """Fine-tunes the backbone of a recipe on subsets of its training images.

    Faces are detected and crops are cut once; every fine-tuned backbone embeds the same crops.

    Args:
        recipe: The recipe, with a section ``tune``.
        components: Its components.
        samples: The training images.
        labels: The conditions, in the order of their numbers.
        folder: Folder for temporary files, as large as the crops.
        progress: Progress display.

    Attributes:
        recipe: The recipe.
        components: Its components.
        crops: The crops of all usable images.
        embedded: The usable images, with embeddings of zeros until ``embed`` computes them.

    Raises:
        DysfwError: The backbone cannot be tuned.
    """

    def __init__(
        self,
        recipe: Recipe,
        components: Components,
        samples: Sequence[Sample],
        labels: Sequence[str],
        *,
        folder: Path,
        progress: Progress,
        conditions: Mapping[str, Condition] | None = None,
    ) -> None:
        self.recipe, self.components = recipe, components
        if not isinstance(components.backbone, Tunable):
            raise DysfwError(
                f"tune: the backbone {recipe.nodes['backbone'].use!r} cannot be tuned",
                hint="use another backbone, for example timm, or remove tune from the recipe",
            )
        region_frames = find_region_frames(recipe, components, samples, folder, progress)
        rows = progress.track(range(len(region_frames.samples)), "cutting crops", len(region_frames.samples), "images")
        self.crops = CropStore(region_frames, components.crop_size, folder, rows)
        regions = components.segmenter.regions
        unknown = np.full(len(region_frames.samples), np.nan)
        per_image = zip(self.crops.plain, region_frames.present, strict=True)
        quality = Quality(np.array([sharpness(list(crops[present])) for crops, present in per_image]), unknown, unknown)
        self.embedded = EmbeddedDataset(
            embeddings=np.zeros((*region_frames.present.shape, components.backbone.dim), np.float32),
            present=region_frames.present,
            y=np.array([labels.index(sample.label) for sample in region_frames.samples], np.int64),
            groups=patient_numbers(region_frames.samples),
            samples=region_frames.samples,
            sha256=region_frames.sha256,
            failures=region_frames.failures,
            labels=tuple(labels),
            regions=regions,
            quality=quality,
            conditions=conditions or {},
            notices={
                str(sample.path): (several_faces(faces),)
                for sample, faces in zip(region_frames.samples, region_frames.faces, strict=True)
                if faces > 1
            },
        )

    def tune(self, rows: Int64, progress: Progress) -> WeightDeltas:
        """Fine-tune the backbone for each region.

        Args:
            rows: int64, the images to train on.
            progress: Progress display.

        Returns:
            Weight deltas by region and tensor name.
        """
        names = self.embedded.regions
        regions = progress.track(list(enumerate(names)), "tuning", len(names), "regions")
        return {name: self._tune(region, rows) for region, name in regions}

    def embed(self, weight_deltas: Mapping[str, Mapping[str, Float32]]) -> EmbeddedDataset:
        """Embed all images with the fine-tuned backbones that ``tune`` returned."""
        embeddings = np.zeros_like(self.embedded.embeddings)
        for region, (name, backbone) in enumerate(tuned_backbones(self.components.backbone, weight_deltas).items()):
            assert name == self.embedded.regions[region]  # noqa: S101  # tune() keeps the order
            rows = np.flatnonzero(self.embedded.present[:, region])
            for part in np.array_split(rows, -(-len(rows) // BATCH_SIZE) or 1):
                embeddings[part, region] = embed_crops(backbone, np.array(self.crops.plain[part, region]))
        return replace(self.embedded, embeddings=embeddings)

    def embed_with(self, train_rows: Int64) -> Float32:
        """Return embeddings float32 [N, R, dim] of all images by a backbone that is fine-tuned on ``train_rows`` only."""
        return self.embed(self.tune(train_rows, Silent())).embeddings

    def _tune(self, region: int, rows: Int64) -> dict[str, Float32]:
        rows = rows[self.embedded.present[rows, region]]
        task = Task(self.crops, region, rows, self.embedded.y[rows], self.embedded.split_groups[rows])
        backbone: Backbone = self.components.backbone
        config, name = self.recipe.tune, self.embedded.regions[region]
        if mirror_indices([name]) is None:  # a mirrored right eye looks like a left one
            config = config.model_copy(update={"augment": config.augment.model_copy(update={"flip": False})})
        try:
            return tune(cast(Tunable, backbone), task, config, self.recipe.seed)
        except ValueError as error:
            raise DysfwError(f"the backbone cannot be tuned for region {name!r} on {len(rows)} images: {error}") from None
