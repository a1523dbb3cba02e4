"""One pass over the photographs: embeddings, and everything that is not the face."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..audit.clues import Row, Seen, describe
from ..audit.predict import ALL, kernels
from ..audit.table import Table
from ..cache.store import StageCache
from ..data.dataset import Dataset, Item
from ..engine.build import Components
from ..engine.pipeline import Pipeline
from ..imaging.harmonise import harmonise
from ..progress import Progress
from ..recipe.model import Recipe
from ..resampling import Float64
from ..training.examples import Examples, embed_examples
from ..training.fit import Embed
from ..types import Embedded, Float32, Int64


@dataclass(frozen=True, slots=True, eq=False)
class Gathered:
    """examples: the photographs whose faces could be embedded. names: of the photographs, for reports. boxes: of those faces,
    float32 [4], px. rows: their clues;
    harmonised: the same of the photographs as the recipe harmonises them, None where it does not. embed: where the recipe fits
    the trunk itself, see ``out_of_fold_votes``."""

    examples: Examples
    names: tuple[str, ...]
    boxes: tuple[Float32, ...]
    rows: tuple[Row, ...]
    harmonised: tuple[Row, ...] | None
    embed: Embed | None

    def rows_of(self, chosen: Int64) -> Gathered:
        """Some of the photographs, by their numbers."""
        embed = self.embed
        return Gathered(
            examples=self.examples.rows(chosen),
            names=tuple(self.names[n] for n in chosen),
            boxes=tuple(self.boxes[n] for n in chosen),
            rows=tuple(self.rows[n] for n in chosen),
            harmonised=tuple(self.harmonised[n] for n in chosen) if self.harmonised else None,
            embed=(lambda learn: embed(chosen[learn])[chosen]) if embed else None,
        )

    @property
    def kernel(self) -> Float64:
        """float64 [N, N]: how alike two photographs are in all that is not the face, as the recipe gets to see them."""
        return kernels(Table.of(self.harmonised or self.rows))[ALL]


def gather(
    recipe: Recipe,
    components: Components,
    dataset: Dataset,
    items: Sequence[Item],
    labels: Sequence[str],
    *,
    folder: Path,
    progress: Progress,
    cache: StageCache | None,
) -> Gathered:
    """items: some of the data set's. folder: for temporary files. cache: of what was computed before."""
    rows: dict[str, Row] = {}
    harmonised: dict[str, Row] = {}
    boxes: dict[str, Float32] = {}

    def look(face: Embedded) -> None:
        source = face.image.source
        if source in rows:  # another face of the same photograph, of which the first counts
            return
        boxes[source] = face.face.box
        rows[source] = describe(Seen(Path(source).read_bytes(), face.opened, face.face))
        if recipe.harmonise:
            made = harmonise(face.opened, face.face, recipe.harmonise)
            harmonised[source] = describe(Seen(made.content, made.image, made.face))

    examples = embed_examples(Pipeline(recipe, components, cache=cache), items, labels, "embedding", progress, look=look)
    sources = [str(item.path) for item in examples.items]
    return Gathered(
        examples=examples,
        names=tuple(dataset.name_of(item) for item in examples.items),
        boxes=tuple(boxes[source] for source in sources),
        rows=tuple(rows[source] for source in sources),
        harmonised=tuple(harmonised[source] for source in sources) if recipe.harmonise else None,
        embed=_tuned(recipe, components, examples, folder, progress),
    )


def _tuned(recipe: Recipe, components: Components, examples: Examples, folder: Path, progress: Progress) -> Embed | None:
    """What embeds all photographs by a trunk that was fitted to some of them."""
    if recipe.tune.mode == "none":
        return None
    from ..training.tuner import Tuner

    tuner = Tuner(recipe, components, examples.items, examples.labels, folder=folder, progress=progress)
    places = {item.path: n for n, item in enumerate(tuner.examples.items)}
    order = np.array([places[item.path] for item in examples.items], np.int64)
    return lambda learn: tuner.embedded_by(order[learn])[order]
