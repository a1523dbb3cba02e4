"""The pipeline: decode, detect, segment, crop, embed and, if trained, classify."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import TypeVar

import numpy as np

from ..bundle.composites import Composite
from ..bundle.contents import TUNED, Manifest
from ..cache.store import StageCache
from ..contracts.components import Backbone
from ..decoding.files import Source
from ..errors import DysfwError
from ..recipe.model import Recipe
from ..reliability.quality import quality_of
from ..types import (
    BasePrediction,
    FaceEmbedding,
    Failure,
    Float32,
    Neighbor,
    Notice,
    PatientRecord,
    Prediction,
    PredictionSet,
)
from .build import Components
from .classifier import Classifier
from .embedder import Embedder, Observer
from .evidence import EvidenceModel, add_record
from .fingerprints import NOTHING, Fingerprints, fingerprints_of
from .jobs import ImageJob
from .notices import OF_THE_BUNDLE
from .reliability_model import ReliabilityModel
from .retrieval import find_neighbors
from .stage_cache import CachedStages

P = TypeVar("P", bound=BasePrediction)


class Pipeline:
    """Embeds images by a recipe and, if it is trained, predicts conditions.

    Attributes:
        recipe: The recipe.
        components: Its components.
        embedder: Computes embeddings.
        classifier: Predicts conditions from them; None if the recipe is not trained.
        manifest: The manifest of the bundle; None if the recipe is not trained.
        notices: Warnings that apply to every prediction.
        composites: Average faces of training patients, by label, read when they are asked for; empty for most bundles.
        card: The model card of the bundle, Markdown, which people may have edited; "" if there is none.
    """

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
        composites: Mapping[str, Composite] | None = None,
        card: str = "",
    ) -> None:
        """Create a pipeline.

        Args:
            recipe: The recipe.
            components: Its components.
            classifier: The fitted parts, if the recipe is trained.
            manifest: The manifest of the bundle, if the recipe is trained.
            notices: Warnings that apply to every prediction.
            tuned: Fine-tuned backbones by region.
            cache: Where results of the stages are found and kept.
            composites: Those of the bundle.
            card: The model card of the bundle.
        """
        self.recipe = recipe
        self.components = components
        cached_stages = CachedStages(cache, _fingerprints(recipe, components, tuned, manifest) if cache else NOTHING)
        self.embedder = Embedder(components, recipe.crop, cached_stages, tuned, recipe.harmonise)
        self.classifier = classifier
        self.manifest = manifest
        self.notices = notices
        self.card = card
        self.composites: Mapping[str, Composite] = composites or {}
        self._case_ids = {case.sha256: case.id for case in manifest.gallery_cases} if manifest else {}

    def embed(
        self,
        sources: Iterable[Source],
        *,
        all_faces: bool = False,
        pixels: bool = False,
        observer: Observer | None = None,
    ) -> Iterator[FaceEmbedding | Failure]:
        """Embed images.

        Several batches are processed at the same time, so another thread reads ``sources`` some way ahead. The work stops when
        the iterator is closed.

        Args:
            sources: The images.
            all_faces: Whether every face is embedded, not only the one that the detector chose.
            pixels: Whether the results hold their image's pixels.
            observer: Sees each image that it needs.

        Yields:
            For each image, in order, one result for each face that is embedded, or a failure.
        """
        for batch in self.embedder.embed(sources, all_faces=all_faces, pixels=pixels, observer=observer):
            for results in batch:
                yield from results

    def predict(
        self, sources: Iterable[Source], *, all_faces: bool = False, pixels: bool = False
    ) -> Iterator[Prediction | Failure]:
        """Predict conditions from images.

        Args:
            sources: The images.
            all_faces: Whether every face is predicted, not only the one that the detector chose.
            pixels: Whether the results hold their image's pixels.

        Yields:
            For each image, in order, one prediction for each face, or a failure.

        Raises:
            DysfwError: If the pipeline is not trained.
        """
        for results in self.predict_each(sources, all_faces=all_faces, pixels=pixels):
            yield from results

    def predict_each(
        self, sources: Iterable[Source], *, all_faces: bool = False, pixels: bool = False
    ) -> Iterator[list[Prediction | Failure]]:
        """Predict conditions from images, with the results grouped by image.

        Args:
            sources: The images.
            all_faces: Whether every face is predicted, not only the one that the detector chose.
            pixels: Whether the results hold their image's pixels.

        Returns:
            An iterator of lists: for each image, in order, its predictions or its failure.

        Raises:
            DysfwError: If the pipeline is not trained.
        """
        return self._predict_each(self.embedder.embed(sources, all_faces=all_faces, pixels=pixels))

    def predict_decoded(
        self, batches: Iterable[Sequence[ImageJob]], *, all_faces: bool = False
    ) -> Iterator[list[Prediction | Failure]]:
        """Predict conditions from images that are already decoded.

        Args:
            batches: Batches from ``dysfw.inference.batches``.
            all_faces: Whether every face is predicted, not only the one that the detector chose.

        Returns:
            An iterator of lists: for each image, in order, its predictions or its failure.

        Raises:
            DysfwError: If the pipeline is not trained.
        """
        return self._predict_each(self.embedder.embed_decoded(batches, all_faces=all_faces))

    def with_record(self, result: P, record: PatientRecord) -> P:
        """Combine a prediction with the record of its patient.

        Args:
            result: The prediction for a face or a patient, from images alone.
            record: What is known of the patient beside the images. An empty one changes nothing.

        Returns:
            The combined prediction.

        Raises:
            DysfwError: If the recipe reads no records.
        """
        if not record:
            return result
        model = self.evidence
        assert self.classifier  # noqa: S101  # it has the evidence
        return add_record(model, self.classifier.reliability, result, record)

    @property
    def evidence(self) -> EvidenceModel:
        """What reads records.

        Raises:
            DysfwError: If the recipe reads no records.
        """
        if self.classifier is None or self.classifier.evidence is None:
            raise DysfwError(
                f"the recipe {self.recipe.name!r} reads no records of patients: it has no evidence",
                hint="add the list `evidence` to the recipe, or --set 'evidence=[{use: hpo}]'; `dysfw components evidence` "
                "lists what there is",
            )
        return self.classifier.evidence

    def _predict_each(self, embedded: Iterable[list[list[FaceEmbedding | Failure]]]) -> Iterator[list[Prediction | Failure]]:
        if self.classifier is None:
            raise DysfwError(f"the recipe {self.recipe.name!r} is not trained")
        for batch in embedded:
            predictions = self._classify([result for results in batch for result in results], self.classifier)
            for results in batch:
                yield list(islice(predictions, len(results)))

    def _classify(self, results: Sequence[FaceEmbedding | Failure], classifier: Classifier) -> Iterator[Prediction | Failure]:
        """Classify the embedded faces of a batch together; failures pass through."""
        faces = [result for result in results if isinstance(result, FaceEmbedding)]
        started = time.perf_counter()
        region_probabilities, fused = classifier.predict([one.embeddings for one in faces], [one.present for one in faces])
        assessed = _assess(classifier.reliability, fused, faces)
        neighbors = _find_neighbors(classifier, faces)
        milliseconds = (time.perf_counter() - started) * 1000 / max(1, len(faces))
        of_the_bundle = tuple(notice for notice in self.notices if notice.code in OF_THE_BUNDLE)
        rows = iter(zip(region_probabilities, assessed, neighbors, strict=True))
        for result in results:
            if isinstance(result, Failure):
                yield result
                continue
            by_region, (probabilities, prediction_set, unreliable), nearest = next(rows)
            unreliable += self._gallery_notice(result.image.sha256)
            face_embedding = replace(result, timings_ms={**result.timings_ms, "classify": milliseconds})
            reasons, notices = (*of_the_bundle, *unreliable), (*self.notices, *face_embedding.notices, *unreliable)
            yield Prediction(
                face_embedding=face_embedding,
                labels=classifier.labels,
                regions=tuple(classifier.heads),
                probabilities=probabilities,
                region_probabilities=by_region,
                reliable=not reasons,
                reasons=reasons,
                prediction_set=prediction_set,
                notices=notices,
                neighbors=nearest,
            )

    def _gallery_notice(self, sha256: str) -> tuple[Notice, ...]:
        """An image that is itself a gallery case was in training, so its prediction means nothing."""
        if sha256 not in self._case_ids:
            return ()
        message = f"this image is itself a gallery case ({self._case_ids[sha256]}), so the prediction means nothing"
        return (Notice("gallery_case", message),)


def _fingerprints(
    recipe: Recipe, components: Components, tuned: Mapping[str, Backbone] | None, manifest: Manifest | None
) -> Fingerprints:
    sha256 = (manifest.files.get(TUNED) if manifest else None) if tuned else ""
    return fingerprints_of(recipe, components, sha256)


def _find_neighbors(classifier: Classifier, faces: Sequence[FaceEmbedding]) -> list[tuple[Neighbor, ...]]:
    if classifier.gallery is None or not faces:
        return [()] * len(faces)
    embeddings, present = np.stack([one.embeddings for one in faces]), np.stack([one.present for one in faces])
    return find_neighbors(classifier.heads, classifier.gallery, embeddings, present)


AssessedProbabilities = tuple[Float32, PredictionSet, tuple[Notice, ...]]


def _assess(reliability: ReliabilityModel, fused: Float32, faces: Sequence[FaceEmbedding]) -> list[AssessedProbabilities]:
    """For each face the calibrated probabilities, the prediction set, and why the prediction is not reliable."""
    if not faces:
        return []
    embeddings, present = np.stack([one.embeddings for one in faces]), np.stack([one.present for one in faces])
    assessed = reliability.assess(fused, embeddings, present, quality_of(faces))
    return list(zip(assessed.probabilities, map(reliability.set_of, assessed.sets), assessed.reasons, strict=True))
