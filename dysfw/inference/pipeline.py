"""The one way data flows: decode, detect, segment, crop, embed, and, where trained, judge."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice

import numpy as np

from ..bundle.contents import TUNED, Manifest
from ..cache.store import StageCache
from ..contracts.components import Backbone
from ..errors import DysfwError
from ..imaging.decode import Source
from ..recipe.model import Recipe
from ..reliability.quality import quality_of
from ..types import FaceEmbedding, Failure, Float32, Neighbor, Notice, Prediction, PredictionSet
from .build import Components
from .classifier import Classifier
from .embedder import Embedder, Observer
from .fingerprints import NOTHING, Fingerprints, fingerprints_of
from .jobs import ImageJob
from .reliability import ReliabilityModel
from .retrieval import find_neighbors
from .stage_cache import CachedStages


class Pipeline:
    """A recipe at work. judge and manifest are None where it is not trained; notices hold for every prediction. tuned: regions
    that have a backbone of their own. cache: what was computed before is taken from it, what is computed now goes into it."""

    def __init__(
        self,
        recipe: Recipe,
        components: Components,
        classifier: Classifier | None = None,
        manifest: Manifest | None = None,
        *,
        notices: tuple[Notice, ...] = (),
        tuned: Mapping[str, Backbone] | None = None,
        cache: StageCache | None = None,
    ) -> None:
        self.recipe = recipe
        self.components = components
        cached_stages = CachedStages(cache, _fingerprints(recipe, components, tuned, manifest) if cache else NOTHING)
        self.embedder = Embedder(components, recipe.crop, cached_stages, tuned, recipe.harmonise)
        self.classifier = classifier
        self.manifest = manifest
        self.notices = notices
        self._cases = {case.sha256: case.id for case in manifest.gallery_cases} if manifest else {}

    def embed(
        self,
        sources: Iterable[Source],
        *,
        all_faces: bool = False,
        pixels: bool = False,
        observer: Observer | None = None,
    ) -> Iterator[FaceEmbedding | Failure]:
        """For each photograph, in order, one result for each face that is chosen (or, with ``all_faces``, found).

        pixels: whether results hold their photograph's. Several batches are under way at a time, so that ``sources`` is read
        some way ahead, by another thread; results that are no longer taken end the work.
        """
        for batch in self.embedder.embed(sources, all_faces=all_faces, pixels=pixels, observer=observer):
            for results in batch:
                yield from results

    def predict(
        self, sources: Iterable[Source], *, all_faces: bool = False, pixels: bool = False
    ) -> Iterator[Prediction | Failure]:
        """As ``embed``, judged. Raises DysfwError where the pipeline is not trained."""
        for results in self.predict_each(sources, all_faces=all_faces, pixels=pixels):
            yield from results

    def predict_each(
        self, sources: Iterable[Source], *, all_faces: bool = False, pixels: bool = False
    ) -> Iterator[list[Prediction | Failure]]:
        """As ``predict``, a list for each photograph: a photograph has one result or more."""
        return self._predict_each(self.embedder.embed(sources, all_faces=all_faces, pixels=pixels))

    def predict_decoded(
        self, batches: Iterable[Sequence[ImageJob]], *, all_faces: bool = False
    ) -> Iterator[list[Prediction | Failure]]:
        """As ``predict_each``, of photographs that were decoded elsewhere. batches: what ``dysfw.inference.batches`` makes."""
        return self._predict_each(self.embedder.embed_decoded(batches, all_faces=all_faces))

    def _predict_each(self, embedded: Iterable[list[list[FaceEmbedding | Failure]]]) -> Iterator[list[Prediction | Failure]]:
        if self.classifier is None:
            raise DysfwError(f"the recipe {self.recipe.name!r} is not trained")
        for batch in embedded:
            judged = self._judged([result for results in batch for result in results], self.classifier)
            for results in batch:
                yield list(islice(judged, len(results)))

    def _judged(self, results: Sequence[FaceEmbedding | Failure], classifier: Classifier) -> Iterator[Prediction | Failure]:
        """Judge a batch together."""
        subjects = [result for result in results if isinstance(result, FaceEmbedding)]
        started = time.perf_counter()
        region_probabilities, fused = classifier.predict([s.embeddings for s in subjects], [s.present for s in subjects])
        assessed = _assess(classifier.reliability, fused, subjects)
        neighbors = iter(_find_neighbors(classifier, subjects))
        milliseconds = (time.perf_counter() - started) * 1000 / max(1, len(subjects))
        worthless = tuple(notice for notice in self.notices if notice.code == "random_weights")
        judged = iter(zip(region_probabilities, assessed, strict=True))
        for result in results:
            if isinstance(result, Failure):
                yield result
                continue
            vote, (probabilities, prediction_set, found) = next(judged)
            found += self._known(result.image.sha256)
            subject = replace(result, timings_ms={**result.timings_ms, "classify": milliseconds})
            reasons, notices = (*worthless, *found), (*self.notices, *subject.notices, *found)
            yield Prediction(
                subject=subject,
                labels=classifier.labels,
                regions=tuple(classifier.heads),
                probabilities=probabilities,
                region_probabilities=vote,
                reliable=not reasons,
                reasons=reasons,
                prediction_set=prediction_set,
                notices=notices,
                neighbors=next(neighbors),
            )

    def _known(self, sha256: str) -> tuple[Notice, ...]:
        """A photograph that is itself a known case is recognised, not judged."""
        if sha256 not in self._cases:
            return ()
        message = f"this very photograph is one of the known cases ({self._cases[sha256]}): that it is like itself says nothing"
        return (Notice("gallery_case", message),)


def _fingerprints(
    recipe: Recipe, components: Components, tuned: Mapping[str, Backbone] | None, manifest: Manifest | None
) -> Fingerprints:
    differences = (manifest.files.get(TUNED) if manifest else None) if tuned else ""
    return fingerprints_of(recipe, components, differences)


def _find_neighbors(classifier: Classifier, subjects: Sequence[FaceEmbedding]) -> list[tuple[Neighbor, ...]]:
    if classifier.known is None or not subjects:
        return [()] * len(subjects)
    embeddings, present = np.stack([s.embeddings for s in subjects]), np.stack([s.present for s in subjects])
    return find_neighbors(classifier.heads, classifier.known, embeddings, present)


AssessedProbabilities = tuple[Float32, PredictionSet, tuple[Notice, ...]]


def _assess(reliability: ReliabilityModel, fused: Float32, subjects: Sequence[FaceEmbedding]) -> list[AssessedProbabilities]:
    """For each face the probabilities to report, the prediction set, and why not to believe either."""
    if not subjects:
        return []
    embeddings, present = np.stack([s.embeddings for s in subjects]), np.stack([s.present for s in subjects])
    assessed = reliability.assess(fused, embeddings, present, quality_of(subjects))
    return list(zip(assessed.probabilities, map(reliability.set_of, assessed.sets), assessed.reasons, strict=True))
