"""The one way data flows: decode, detect, segment, crop, embed, and, where trained, judge."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from ..bundle.contents import Manifest
from ..components import Backbone
from ..errors import DysfwError
from ..recipe.model import Recipe
from ..types import Embedded, Failure, Notice, Prediction
from .batches import batches
from .build import Components
from .embedder import Embedder
from .judge import Judge


class Pipeline:
    """A recipe at work. judge and manifest are None where it is not trained; notices hold for every prediction. tuned: regions
    that have a backbone of their own."""

    def __init__(
        self,
        recipe: Recipe,
        components: Components,
        judge: Judge | None = None,
        manifest: Manifest | None = None,
        *,
        notices: tuple[Notice, ...] = (),
        tuned: Mapping[str, Backbone] | None = None,
    ) -> None:
        self.recipe = recipe
        self.components = components
        self.embedder = Embedder(components, recipe.crop, tuned)
        self.judge = judge
        self.manifest = manifest
        self.notices = notices

    def embed(self, sources: Iterable[Path], *, all_faces: bool = False) -> Iterator[Embedded | Failure]:
        """For each image, in order, one result for each face that is chosen (or, with ``all_faces``, found)."""
        for batch in batches(sources):
            yield from self.embedder.embed(batch, all_faces=all_faces)

    def predict(self, sources: Iterable[Path], *, all_faces: bool = False) -> Iterator[Prediction | Failure]:
        """As ``embed``, judged. Raises DysfwError where the pipeline is not trained."""
        if self.judge is None:
            raise DysfwError(f"the recipe {self.recipe.name!r} is not trained")
        for batch in batches(sources):
            yield from self._judged(self.embedder.embed(batch, all_faces=all_faces), self.judge)

    def _judged(self, results: list[Embedded | Failure], judge: Judge) -> Iterator[Prediction | Failure]:
        """Judge a batch together."""
        subjects = [result for result in results if isinstance(result, Embedded)]
        started = time.perf_counter()
        votes, fused = judge.judge([s.embeddings for s in subjects], [s.present for s in subjects])
        milliseconds = (time.perf_counter() - started) * 1000 / max(1, len(subjects))
        judged = iter(zip(votes, fused, strict=True))
        for result in results:
            if isinstance(result, Failure):
                yield result
            else:
                vote, probabilities = next(judged)
                subject = replace(result, timings_ms={**result.timings_ms, "judge": milliseconds})
                notices = (*self.notices, *subject.notices)
                reliable = False if any(n.code == "random_weights" for n in notices) else None
                yield Prediction(subject, judge.labels, tuple(judge.heads), probabilities, vote, reliable, notices)
