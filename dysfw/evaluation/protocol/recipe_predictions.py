"""Predictions of a recipe for the tests of a protocol: images are embedded once, and heads are fitted on each gallery."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ...cache.keys import array_key, key_of
from ...cache.serialization import deserialize, serialize
from ...data.dataset import refuse_too_small
from ...data.findings import Finding
from ...errors import DysfwError
from ...inference.build import Makers
from ...inference.classifier import predict_and_fuse
from ...inference.pipeline import Pipeline
from ...training.embedded_dataset import EmbeddedDataset
from ...training.fit import Fitting
from ...training.preparation import SignatureObserver, embed_and_check
from ...training.refuse_finetuning import refuse_finetuning_without_torch
from ...training.train import check_labels
from ...types import Failure, Float32, Int64
from ...util.progress import Progress
from ...util.text import count
from ..evaluate import Candidate
from ..evaluation_data import finetuned_embed
from ..fold_cache import digest_of
from ..machines import HINT, Software, check_machines, differences_from, software_of
from ..task_runner import TaskRunner
from .protocol import GallerySplit, ProtocolPlan
from .record_scores import LearnedWeights, add_records, learn_weights
from .scores import Float64

FORMAT = "protocol 1"
STAGE = "galleries"
GUESS, NO_GALLERY = 0.0, -1.0  # scores of an image that cannot be used, and of a condition whose gallery cannot


@dataclass(frozen=True, slots=True, eq=False)
class RecipePredictions:
    """What a recipe predicts.

    Attributes:
        predictions: For each split of the plan float64 [M, K], NaN for conditions that are no candidate.
        guessed: Number of test images that could not be used: all their candidates have the same score.
        failures: Images that could not be used, and why.
        findings: What was found in the images.
    """

    predictions: list[Float64]
    guessed: int
    failures: tuple[Failure, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Gallery:
    """One gallery, and all images that are ranked by it, whatever the setting.

    Attributes:
        gallery_rows: int64 [G], rows of the embedded images.
        test_rows: int64 [M], rows of the embedded images.
    """

    gallery_rows: Int64
    test_rows: Int64


@dataclass(frozen=True, slots=True, eq=False)
class GalleryWork:
    """What all galleries have in common, in a form that can be sent to other machines.

    Attributes:
        makers: What makes heads and fusion.
        embedded: All images.
        software: What must be installed where a gallery is fitted; nothing if that is here.
    """

    makers: Makers
    embedded: EmbeddedDataset
    software: Software = ()

    def run(self, gallery: Gallery) -> Float32:
        """Fit the heads on a gallery, and rank its conditions for the test images.

        Args:
            gallery: The gallery.

        Returns:
            float32 [M, K], NaN for conditions without an image in the gallery.

        Raises:
            DysfwError: A head cannot be fitted, or this machine has other software.
        """
        if different := differences_from(self.software):
            raise DysfwError(f"its software differs from that of the machine that evaluates: {different}", hint=HINT)
        embedded = self.embedded
        samples = [embedded.samples[n] for n in gallery.gallery_rows]
        labels = tuple(sorted({sample.label for sample in samples}))
        fitting = Fitting(self.makers.make_head, embedded.select(samples, labels))
        rows = np.arange(len(samples))
        heads = {region: fitting.head(r, rows) for r, region in enumerate(embedded.regions)}
        embeddings, present = embedded.embeddings[gallery.test_rows], embedded.present[gallery.test_rows]
        fused = np.full((len(embeddings), len(labels)), GUESS, np.float32)
        shown = present.any(axis=1)
        if shown.any():
            _, fused[shown] = predict_and_fuse(heads, self.makers.make_fusion(), len(labels), embeddings[shown], present[shown])
        scores = np.full((len(embeddings), len(embedded.labels)), np.nan, np.float32)
        scores[:, [embedded.labels.index(label) for label in labels]] = fused
        return scores


@dataclass(frozen=True, slots=True, eq=False)
class FaceScores:
    """What a recipe predicts from faces alone, for all galleries of a plan.

    Attributes:
        embedded: All images that could be used.
        galleries: The different galleries, by the bytes of their rows in the data set.
        scores: float32 [M, K] for each gallery; NaN for conditions without an image in it.
        training_rows: int64, rows of the embedded images that the plan gives for training.
        number: int64 [N], the embedded row of each image of the data set; -1 if it could not be used.
        failures: Images that could not be used, and why.
        findings: What was found in the images.
    """

    embedded: EmbeddedDataset
    galleries: Mapping[bytes, Gallery]
    scores: Sequence[Float32]
    training_rows: Int64
    number: Int64
    failures: tuple[Failure, ...]
    findings: tuple[Finding, ...]


def predict_plan(candidate: Candidate, plan: ProtocolPlan, progress: Progress, tasks: TaskRunner) -> RecipePredictions:
    """Rank the conditions of each gallery for its test images, by their faces and, if the recipe has evidence, their records.

    Probabilities of faces alone are not calibrated, which changes no ranking. A recipe that fine-tunes its backbone does so
    once, on the plan's training rows.

    Args:
        candidate: The recipe.
        plan: The tests, on a data set whose images are there.
        progress: Where the work is shown.
        tasks: Fits the galleries. It is connected.

    Raises:
        DysfwError: The recipe cannot be used with galleries, or too few images can be used.
    """
    faces = score_faces(candidate, plan, progress, tasks)
    if not candidate.recipe.evidence:
        return predictions_of(plan, faces)
    with progress.stage("reading records"):
        return predictions_of(plan, with_records(candidate, faces, learn(candidate, faces)))


def score_faces(candidate: Candidate, plan: ProtocolPlan, progress: Progress, tasks: TaskRunner) -> FaceScores:
    """Fit the recipe's heads on each gallery, and score its test images by their faces alone.

    Args:
        candidate: The recipe.
        plan: The tests, on a data set whose images are there.
        progress: Where the work is shown.
        tasks: Fits the galleries. It is connected.

    Raises:
        DysfwError: The recipe cannot be used with galleries, or too few images can be used.
    """
    recipe, components = candidate.recipe, candidate.components
    refuse_finetuning_without_torch(recipe)
    _refuse_fitted_fusion(candidate)
    check_labels(recipe, components, plan.labels)
    if tasks.remote:
        with progress.stage("checking the machines of the cluster"):
            check_machines(tasks, [recipe])
    findings, embedded, failures = _embedded(candidate, plan, progress)
    rows = _Rows(plan, embedded)
    if recipe.tune.mode != "none":
        embedded = _finetuned(candidate, embedded, rows.of(plan.training_rows), progress)
    galleries = _galleries(plan, rows)
    work = GalleryWork(components.makers, embedded, software_of([recipe]) if tasks.remote else ())
    scores = _run(work, list(galleries.values()), _GalleryCache(candidate, embedded), tasks, progress)
    return FaceScores(embedded, galleries, scores, rows.of(plan.training_rows), rows.number, failures, findings)


def learn(candidate: Candidate, faces: FaceScores) -> LearnedWeights:
    """Learn how face and record are combined, on the images that the plan gives for training.

    Args:
        candidate: The recipe, with evidence.
        faces: What it predicts from faces.
    """
    return learn_weights(candidate.recipe, candidate.components, faces.embedded, faces.training_rows, candidate.cache)


def with_records(candidate: Candidate, faces: FaceScores, learned: LearnedWeights) -> FaceScores:
    """Combine the scores of faces with the records of the patients.

    Args:
        candidate: The recipe, with evidence.
        faces: What it predicts from faces.
        learned: How both are combined.
    """
    make_evidence = candidate.components.make_evidence
    scores = [
        add_records(
            of_face, faces.embedded, gallery_rows=one.gallery_rows, test_rows=one.test_rows, make_evidence=make_evidence,
            learned=learned,
        )
        for one, of_face in zip(faces.galleries.values(), faces.scores, strict=True)
    ]  # fmt: skip
    return replace(faces, scores=scores)


def predictions_of(plan: ProtocolPlan, faces: FaceScores) -> RecipePredictions:
    """Arrange scores by the splits of a plan, complete: also for images and galleries that could not be used.

    Args:
        plan: The tests.
        faces: The scores of its galleries.
    """
    pairs = zip(faces.galleries.items(), faces.scores, strict=True)
    by_gallery = {key: (gallery, each) for (key, gallery), each in pairs}
    predictions = [_of_split(plan, split, faces.number, *by_gallery[split.gallery_rows.tobytes()]) for split in plan.splits]
    tested = {row for split in plan.splits for row in split.test_rows.tolist()}
    guessed = sum(faces.number[row] < 0 or not faces.embedded.present[faces.number[row]].any() for row in tested)
    return RecipePredictions(predictions, int(guessed), faces.failures, faces.findings)


def _embedded(
    candidate: Candidate, plan: ProtocolPlan, progress: Progress
) -> tuple[tuple[Finding, ...], EmbeddedDataset, tuple[Failure, ...]]:
    """Read, check and embed the images of the plan in one pass."""
    parts = [plan.training_rows, *(rows for split in plan.splits for rows in (split.gallery_rows, split.test_rows))]
    samples = tuple(plan.dataset.samples[row] for row in np.unique(np.concatenate(parts)))
    pipeline = Pipeline(candidate.recipe, candidate.components, cache=candidate.cache)
    signatures = SignatureObserver(candidate.cache)
    checked, everything = embed_and_check(pipeline, replace(plan.dataset, samples=samples), progress, signatures)
    embedded = everything.select(samples, plan.labels)
    if not len(embedded):
        refuse_too_small(embedded.samples, plan.dataset.origin, embedded.failures)
    return tuple(_kept(checked.findings, everything.failures)), embedded, everything.failures


def _refuse_fitted_fusion(candidate: Candidate) -> None:
    if candidate.components.make_fusion().needs_fit:
        raise DysfwError(
            f"the fusion {candidate.recipe.nodes['fusion'].use!r} is fitted to patients that the heads have not seen, and "
            "galleries of rare conditions have none to spare",
            hint="use a fusion that is not fitted, for example --set fusion.use=mean",
        )


class _Rows:
    """Translates rows of the data set into rows of the embedded images.

    Attributes:
        number: int64 [N], the embedded row of each image; -1 if it could not be used.
    """

    def __init__(self, plan: ProtocolPlan, embedded: EmbeddedDataset) -> None:
        row_of = {sample.path: row for row, sample in enumerate(embedded.samples)}
        self.number = np.array([row_of.get(sample.path, -1) for sample in plan.dataset.samples], np.int64)

    def of(self, rows: Int64) -> Int64:
        """Return the embedded rows of images, without those that could not be used."""
        found = self.number[rows]
        return np.asarray(found[found >= 0])


def _finetuned(candidate: Candidate, embedded: EmbeddedDataset, training_rows: Int64, progress: Progress) -> EmbeddedDataset:
    """Embed all images by a backbone that is fine-tuned on some."""
    with tempfile.TemporaryDirectory(prefix="dysfw-") as folder:
        embed = finetuned_embed(candidate.recipe, candidate.components, embedded, Path(folder), progress)
        assert embed  # noqa: S101  # the recipe fine-tunes
        with progress.stage(f"fine-tuning on {count(len(training_rows), 'image')}"):
            return embedded.with_embeddings(embed(training_rows))


def _galleries(plan: ProtocolPlan, rows: _Rows) -> dict[bytes, Gallery]:
    """Each different gallery with the images of all splits that use it, so that none is fitted twice."""
    tests: dict[bytes, list[Int64]] = {}
    gallery_rows: dict[bytes, Int64] = {}
    for split in plan.splits:
        key = split.gallery_rows.tobytes()
        gallery_rows[key] = rows.of(split.gallery_rows)
        tests.setdefault(key, []).append(rows.of(split.test_rows))
    return {key: Gallery(own, np.unique(np.concatenate(tests[key]))) for key, own in gallery_rows.items()}


def _of_split(plan: ProtocolPlan, split: GallerySplit, row_number: Int64, gallery: Gallery, scores: Float32) -> Float64:
    candidates = plan.candidates(split)
    values = np.full((len(split.test_rows), len(plan.labels)), np.nan)
    values[:, candidates] = GUESS
    number = row_number[split.test_rows]
    usable = np.flatnonzero(number >= 0)
    found = scores[np.searchsorted(gallery.test_rows, number[usable])][:, candidates]
    values[np.ix_(usable, candidates)] = np.nan_to_num(found, nan=NO_GALLERY)
    return values


def _kept(findings: Sequence[Finding], failures: Sequence[Failure]) -> Iterator[Finding]:
    """The findings of the checks. Images that an evaluation would exclude are used, since a protocol defines its images."""
    unusable = {failure.code for failure in failures}
    for finding in findings:
        if finding.severity != "exclusion":
            yield finding
        elif finding.code not in unusable:
            yield replace(finding, severity="warning", message=f"{finding.message}. The protocol uses all of them")


class _GalleryCache:
    """Keeps the scores of each gallery, so that an evaluation resumes after an interruption."""

    def __init__(self, candidate: Candidate, embedded: EmbeddedDataset) -> None:
        self._cache = candidate.cache
        face_alone = replace(candidate.recipe, evidence=())  # records are added to what is kept
        self._base = digest_of([face_alone], embedded, [FORMAT]) if candidate.cache else b""

    def get(self, gallery: Gallery) -> Float32 | None:
        content = self._cache.get(self._key(gallery)) if self._cache else None
        try:
            return None if content is None else np.asarray(deserialize(content)[0]["scores"], np.float32)
        except (ValueError, KeyError):  # written by another version, in spite of its key
            return None

    def put(self, gallery: Gallery, scores: Float32) -> None:
        if self._cache:
            self._cache.put(STAGE, {self._key(gallery): serialize({"scores": scores}, {})})

    def _key(self, gallery: Gallery) -> bytes:
        return key_of([self._base, array_key(gallery.gallery_rows), array_key(gallery.test_rows)])


def _run(
    work: GalleryWork, galleries: Sequence[Gallery], known: _GalleryCache, tasks: TaskRunner, progress: Progress
) -> list[Float32]:
    """Fit all galleries on all processors or a cluster."""
    scores: dict[int, Float32] = {n: found for n, one in enumerate(galleries) if (found := known.get(one)) is not None}
    missing = [n for n in range(len(galleries)) if n not in scores]
    if scores:
        progress.note(f"{count(len(scores), 'gallery', 'galleries')} of {len(galleries)} known from an earlier evaluation")
    items = [galleries[n] for n in missing]
    fitted = tasks.map(GalleryWork.run, work, items, progress.note) if items else iter(())
    for item, found in progress.track(fitted, "ranking conditions", len(galleries), "galleries", start=len(scores)):
        scores[missing[item]] = found
        known.put(items[item], found)
    return [scores[n] for n in range(len(galleries))]
