"""Training with a trunk that is fitted to each region: faces are found once, every fit of the trunk embeds from their crops."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np

from ...contracts.components import Backbone
from ...data.dataset import Sample, patient_numbers
from ...errors import DysfwError
from ...inference.build import Components
from ...inference.embedder import embed_crops
from ...inference.loading import tuned_backbones
from ...recipe.model import Recipe
from ...reliability.quality import Quality, sharpness
from ...torch_utils import Tunable
from ...types import Float32, Int64
from ...util.progress import Progress, Silent
from ..embedded_dataset import EmbeddedDataset
from .augment import mirror_images
from .crops import Crops
from .region_frames import prepare
from .tune import Task, tune

AT_ONCE = 64  # crops that are embedded together

Differences = dict[str, dict[str, Float32]]


class Tuner:
    """The training photographs of a recipe whose trunk is tuned. folder: for temporary files, as large as the crops.

    Raises DysfwError where the backbone cannot be tuned.
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
    ) -> None:
        self.recipe, self.components = recipe, components
        if not isinstance(components.backbone, Tunable):
            raise DysfwError(
                f"tune: the backbone {recipe.nodes['backbone'].use!r} offers no trunk that can be tuned",
                hint="take another one, for example timm, or leave tune out",
            )
        prepared = prepare(recipe, components, samples, folder, progress)
        rows = progress.track(range(len(prepared.samples)), "cutting crops", len(prepared.samples), "photographs")
        self.crops = Crops(prepared, components.crop_size, folder, rows)
        regions = components.segmenter.regions
        unknown = np.full(len(prepared.samples), np.nan)
        shown = zip(self.crops.plain, prepared.present, strict=True)
        quality = Quality(np.array([sharpness(list(crops[here])) for crops, here in shown]), unknown, unknown)
        self.embedded = EmbeddedDataset(
            embeddings=np.zeros((*prepared.present.shape, components.backbone.dim), np.float32),
            present=prepared.present,
            y=np.array([labels.index(sample.label) for sample in prepared.samples], np.int64),
            groups=patient_numbers(prepared.samples),
            samples=prepared.samples,
            sha256=prepared.sha256,
            failures=prepared.failures,
            labels=tuple(labels),
            regions=regions,
            quality=quality,
        )

    def tune(self, rows: Int64, progress: Progress) -> Differences:
        """Fit the trunk to each region on some of the photographs."""
        names = self.embedded.regions
        regions = progress.track(list(enumerate(names)), "tuning", len(names), "regions")
        return {name: self._tune(region, rows) for region, name in regions}

    def embed(self, differences: Mapping[str, Mapping[str, Float32]]) -> EmbeddedDataset:
        """All photographs as the trunk so changed sees them."""
        embeddings = np.zeros_like(self.embedded.embeddings)
        for region, (name, backbone) in enumerate(tuned_backbones(self.components.backbone, differences).items()):
            assert name == self.embedded.regions[region]  # noqa: S101  # tune() keeps the order
            rows = np.flatnonzero(self.embedded.present[:, region])
            for part in np.array_split(rows, -(-len(rows) // AT_ONCE) or 1):
                embeddings[part, region] = embed_crops(backbone, np.array(self.crops.plain[part, region]))
        return replace(self.embedded, embeddings=embeddings)

    def embed_with(self, train_rows: Int64) -> Float32:
        """Embeddings float32 [N, R, dim] by a trunk that has seen the photographs ``learn`` alone."""
        return self.embed(self.tune(train_rows, Silent())).embeddings

    def _tune(self, region: int, rows: Int64) -> dict[str, Float32]:
        here = rows[self.embedded.present[rows, region]]
        task = Task(self.crops, region, here, self.embedded.y[here], self.embedded.groups[here])
        backbone: Backbone = self.components.backbone
        keys, name = self.recipe.tune, self.embedded.regions[region]
        if mirror_images([name]) is None:  # a right eye in the mirror is a left one
            keys = keys.model_copy(update={"augment": keys.augment.model_copy(update={"flip": False})})
        try:
            return tune(cast(Tunable, backbone), task, keys, self.recipe.seed)
        except ValueError as error:
            raise DysfwError(f"the trunk cannot be tuned to region {name!r} on {len(here)} photographs: {error}") from None
