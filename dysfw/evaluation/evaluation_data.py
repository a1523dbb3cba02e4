"""Collects what an evaluation needs, embeddings and shortcut features, in one pass over the images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..audit.feature_table import Table
from ..audit.predict import Kernel
from ..audit.shortcut_features import AuditSample, Row, describe
from ..cache.store import StageCache
from ..data.checks import CheckedDataset
from ..data.dataset import Dataset, Sample
from ..inference.build import Components
from ..inference.jobs import ImageJob
from ..inference.pipeline import Pipeline
from ..recipe.model import Recipe
from ..training.embedded_dataset import EmbeddedDataset
from ..training.fit import Embed
from ..training.preparation import SignatureObserver, embed_and_check
from ..types import Float32, Int64
from ..util.progress import Progress


@dataclass(frozen=True, slots=True, eq=False)
class EvaluationData:
    """The images whose faces could be embedded.

    Attributes:
        embedded: Their embeddings.
        names: Their names, for reports.
        boxes: The boxes of their faces, float32 [4], px.
        rows: Their shortcut features.
        harmonised: The same after the recipe harmonised the images; None if it does not.
        embed: If the recipe fine-tunes the backbone: embeds all images by a backbone trained on some rows.
    """

    embedded: EmbeddedDataset
    names: tuple[str, ...]
    boxes: tuple[Float32, ...]
    rows: tuple[Row, ...]
    harmonised: tuple[Row, ...] | None
    embed: Embed | None = None

    def rows_of(self, chosen: Int64) -> EvaluationData:
        """Some of the images, by their row numbers."""
        embed = self.embed
        return EvaluationData(
            embedded=self.embedded.rows(chosen),
            names=tuple(self.names[n] for n in chosen),
            boxes=tuple(self.boxes[n] for n in chosen),
            rows=tuple(self.rows[n] for n in chosen),
            harmonised=tuple(self.harmonised[n] for n in chosen) if self.harmonised else None,
            embed=(lambda train_rows: embed(chosen[train_rows])[chosen]) if embed else None,
        )

    @property
    def kernel(self) -> Kernel:
        """The similarity of two images in their shortcut features, as the recipe sees them."""
        return Kernel.of(Table.of(self.harmonised or self.rows))


class EvaluationObserver:
    """Computes signature, face box and shortcut features of each image while its pixels are in memory."""

    def __init__(self, signatures: SignatureObserver) -> None:
        """Create an observer.

        Args:
            signatures: Collects the images' signatures.
        """
        self.boxes: dict[str, Float32] = {}
        self.rows: dict[str, Row] = {}
        self.harmonised: dict[str, Row] = {}
        self._signatures = signatures

    def needs(self, sha256: str) -> bool:
        """Every image is needed."""
        self._signatures.needs(sha256)
        return True

    def observe(self, job: ImageJob) -> None:
        """Describe the image, and the harmonised image if there is one; the first chosen face counts."""
        assert job.image and job.content is not None  # noqa: PT018, S101  # only such images are observed
        if job.image.sha256 not in self._signatures.signatures:
            self._signatures.observe(job)
        if not job.face_jobs:
            return
        face = job.face_jobs[0]
        self.boxes[job.source] = face.face.box
        self.rows[job.source] = describe(AuditSample(job.content, job.image, face.face))
        if made := face.harmonised:
            self.harmonised[job.source] = describe(AuditSample(made.content, made.image, made.face))


@dataclass(frozen=True, slots=True, eq=False)
class CollectedImages:
    """All images of a data set after one pass, before it is decided which are used."""

    embedded: EmbeddedDataset
    observer: EvaluationObserver

    def select(self, dataset: Dataset, samples: Sequence[Sample], labels: tuple[str, ...]) -> EvaluationData:
        """The data of some samples.

        Args:
            dataset: Gives the images their names.
            samples: Samples of the data set, with their final labels and patients.
            labels: The conditions among them.
        """
        embedded = self.embedded.select(samples, labels)
        sources = [str(sample.path) for sample in embedded.samples]
        seen = self.observer
        return EvaluationData(
            embedded=embedded,
            names=tuple(dataset.name_of(sample) for sample in embedded.samples),
            boxes=tuple(seen.boxes[source] for source in sources),
            rows=tuple(seen.rows[source] for source in sources),
            harmonised=tuple(seen.harmonised[source] for source in sources) if seen.harmonised else None,
        )


def collect_images(
    recipe: Recipe, components: Components, dataset: Dataset, progress: Progress, cache: StageCache | None
) -> tuple[CheckedDataset, CollectedImages]:
    """Read, check, embed and describe all images in one pass.

    Args:
        recipe: The recipe that embeds.
        components: Its components.
        dataset: As it was read.
        progress: Where the work is shown.
        cache: Where results of the pipeline's stages are kept.

    Raises:
        DysfwError: If no image can be read.
    """
    signatures = SignatureObserver(cache)
    observer = EvaluationObserver(signatures)
    pipeline = Pipeline(recipe, components, cache=cache)
    checked, embedded = embed_and_check(pipeline, dataset, progress, signatures, observer)
    return checked, CollectedImages(embedded, observer)


def finetuned_embed(
    recipe: Recipe, components: Components, embedded: EmbeddedDataset, folder: Path, progress: Progress
) -> Embed | None:
    """What embeds all images by a backbone that was fine-tuned on some rows; None if the recipe does not fine-tune.

    Args:
        recipe: The recipe.
        components: Its components.
        embedded: The images.
        folder: For temporary files.
        progress: Where the work is shown.
    """
    if recipe.tune.mode == "none":
        return None
    from ..training.finetune.tuner import Tuner

    tuner = Tuner(recipe, components, embedded.samples, embedded.labels, folder=folder, progress=progress)
    row_of = {sample.path: n for n, sample in enumerate(tuner.embedded.samples)}
    order = np.array([row_of[sample.path] for sample in embedded.samples], np.int64)
    return lambda train_rows: tuner.embed_with(order[train_rows])[order]
