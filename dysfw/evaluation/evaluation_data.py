"""One pass over the photographs: embeddings, and everything that is not the face."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..audit.feature_table import Table
from ..audit.predict import ALL, kernels
from ..audit.shortcut_features import AuditSample, Row, describe
from ..cache.store import StageCache
from ..data.dataset import Dataset, Sample
from ..imaging.harmonise import harmonise
from ..inference.build import Components
from ..inference.pipeline import Pipeline
from ..recipe.model import Recipe
from ..stats.bootstrap import Float64
from ..training.embedded_dataset import EmbeddedDataset, embed_dataset
from ..training.fit import Embed
from ..types import FaceEmbedding, Float32, Int64
from ..util.progress import Progress


@dataclass(frozen=True, slots=True, eq=False)
class EvaluationData:
    """examples: the photographs whose faces could be embedded. names: of the photographs, for reports. boxes: of those faces,
    float32 [4], px. rows: their clues;
    harmonised: the same of the photographs as the recipe harmonises them, None where it does not. embed: where the recipe fits
    the trunk itself, see ``out_of_fold_votes``."""

    embedded: EmbeddedDataset
    names: tuple[str, ...]
    boxes: tuple[Float32, ...]
    rows: tuple[Row, ...]
    harmonised: tuple[Row, ...] | None
    embed: Embed | None

    def rows_of(self, chosen: Int64) -> EvaluationData:
        """Some of the photographs, by their numbers."""
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
    def kernel(self) -> Float64:
        """float64 [N, N]: how alike two photographs are in all that is not the face, as the recipe gets to see them."""
        return kernels(Table.of(self.harmonised or self.rows))[ALL]


def collect_evaluation_data(
    recipe: Recipe,
    components: Components,
    dataset: Dataset,
    samples: Sequence[Sample],
    labels: Sequence[str],
    *,
    folder: Path,
    progress: Progress,
    cache: StageCache | None,
) -> EvaluationData:
    """items: some of the data set's. folder: for temporary files. cache: of what was computed before."""
    rows: dict[str, Row] = {}
    harmonised: dict[str, Row] = {}
    boxes: dict[str, Float32] = {}

    def look(face: FaceEmbedding) -> None:
        source = face.image.source
        if source in rows:  # another face of the same photograph, of which the first counts
            return
        boxes[source] = face.face.box
        rows[source] = describe(AuditSample(Path(source).read_bytes(), face.decoded_image, face.face))
        if recipe.harmonise:
            made = harmonise(face.decoded_image, face.face, recipe.harmonise)
            harmonised[source] = describe(AuditSample(made.content, made.image, made.face))

    embedded = embed_dataset(Pipeline(recipe, components, cache=cache), samples, labels, "embedding", progress, look=look)
    sources = [str(sample.path) for sample in embedded.samples]
    return EvaluationData(
        embedded=embedded,
        names=tuple(dataset.name_of(sample) for sample in embedded.samples),
        boxes=tuple(boxes[source] for source in sources),
        rows=tuple(rows[source] for source in sources),
        harmonised=tuple(harmonised[source] for source in sources) if recipe.harmonise else None,
        embed=_tuned(recipe, components, embedded, folder, progress),
    )


def _tuned(recipe: Recipe, components: Components, embedded: EmbeddedDataset, folder: Path, progress: Progress) -> Embed | None:
    """What embeds all photographs by a trunk that was fitted to some of them."""
    if recipe.tune.mode == "none":
        return None
    from ..training.finetune.tuner import Tuner

    tuner = Tuner(recipe, components, embedded.samples, embedded.labels, folder=folder, progress=progress)
    places = {sample.path: n for n, sample in enumerate(tuner.embedded.samples)}
    order = np.array([places[sample.path] for sample in embedded.samples], np.int64)
    return lambda train_rows: tuner.embed_with(order[train_rows])[order]
