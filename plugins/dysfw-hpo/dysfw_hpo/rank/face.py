"""What a trained recipe says of the patient's images, and of the record beyond its signs, for the diseases that it knows.

The probability of a condition under equal priors, times the number K of conditions, is the likelihood ratio of the face: how
much more probable this face is with the condition than, on average, with the recipe's conditions.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dysfw.plugin import (
    Evidence,
    Failure,
    Notice,
    PatientPrediction,
    PatientRecord,
    Pipeline,
    Prediction,
    predict_patient,
)  # fmt: skip

from ..evidence import Hpo
from .catalog import Catalog
from .ranking import Part

Float64 = npt.NDArray[np.float64]
FACE = "face"
SIGNS = "signs"
PHANTOM = "phantom"  # how labels and names of phantoms begin
SMALLEST = 1e-12  # a probability; smaller ones are 0 by rounding


@dataclass(frozen=True, slots=True, eq=False)
class RecipeResult:
    """What a recipe adds to the ranking.

    Attributes:
        parts: The face and, if the recipe has it, other evidence than signs; empty if no image could be used.
        evidence: The evidence that reads signs.
        sign_weight: Its weight.
        known: Number of the catalog's diseases that the recipe knows by an identifier.
        labels: Its K conditions.
        unmatched: Conditions that no annotated disease stands for.
        phantoms: Conditions that are phantoms, which only imitate a disease.
        excluded: Numbers of diseases that the recipe knows, and that are outside the prediction set.
        mondo: Mondo ids of diseases by number, as the recipe's labels give them.
        prediction: The prediction for the patient; None if no image could be used.
        failures: The images that could not be used.
        notices: Warnings.
        learned_from: Number of patients from whom the weights were learned; 0 if each part counts in full.
        name: Name of the bundle.
        fingerprint: Fingerprint of the bundle.
    """

    parts: tuple[Part, ...]
    evidence: Evidence
    sign_weight: float
    known: int
    labels: tuple[str, ...]
    unmatched: tuple[str, ...]
    phantoms: tuple[str, ...]
    excluded: frozenset[int]
    mondo: dict[int, str]
    prediction: PatientPrediction | None
    failures: tuple[Failure, ...]
    notices: tuple[Notice, ...]
    learned_from: int
    name: str
    fingerprint: str


def apply_recipe(
    pipeline: Pipeline, results: Iterable[Prediction | Failure], record: PatientRecord, catalog: Catalog
) -> RecipeResult:
    """Find what a recipe says of each disease.

    Args:
        pipeline: The trained recipe.
        results: What it predicts for the patient's images, one face each.
        record: The patient's record.
        catalog: The C diseases.

    Returns:
        The result.
    """
    classifier, manifest = pipeline.classifier, pipeline.manifest
    assert classifier  # noqa: S101  # or the recipe could not be opened
    assert manifest  # noqa: S101
    kept = list(results)
    prediction = predict_patient(classifier, "patient", kept)
    numbers = [_numbers(pipeline, label, catalog) for label in classifier.labels]
    model = classifier.evidence
    signs, sign_weight = _sign_evidence(pipeline)
    parts = _other_parts(pipeline, record, numbers, catalog)
    if prediction:
        face = _log_ratio(prediction.probabilities, classifier.reliability.prior)
        parts.insert(0, Part(FACE, _spread(face, numbers, catalog), model.weights.face if model else 1.0))
    matched = [label for label, own in zip(classifier.labels, numbers, strict=True) if own]
    conditions = manifest.conditions
    return RecipeResult(
        parts=tuple(parts),
        evidence=signs,
        sign_weight=sign_weight,
        known=len({number for own in numbers for number in own}),
        labels=classifier.labels,
        unmatched=tuple(label for label in classifier.labels if label not in matched),
        phantoms=tuple(known_phantoms(pipeline, catalog)),
        excluded=_outside(pipeline, prediction, record, numbers),
        mondo={
            number: str(conditions[label].mondo)
            for label, own in zip(classifier.labels, numbers, strict=True)
            if label in conditions and conditions[label].mondo and not _is_phantom(pipeline, label)
            for number in own
        },
        prediction=prediction,
        failures=tuple(one for one in kept if isinstance(one, Failure)),
        notices=prediction.notices if prediction else pipeline.notices,
        learned_from=model.weights.patients if model else 0,
        name=manifest.name,
        fingerprint=manifest.fingerprint,
    )


def known_phantoms(pipeline: Pipeline, catalog: Catalog) -> list[str]:
    """List the labels of a recipe that are phantoms of annotated diseases.

    Args:
        pipeline: The trained recipe.
        catalog: The diseases.
    """
    labels = pipeline.classifier.labels if pipeline.classifier else ()
    return [label for label in labels if _is_phantom(pipeline, label) and _numbers(pipeline, label, catalog)]


def _sign_evidence(pipeline: Pipeline) -> tuple[Hpo, float]:
    """The evidence that reads signs, with its weight.

    What a recipe's own has learned from training patients is known of few diseases, and not comparable with the annotations of
    the others: only its parameters and its weight count.
    """
    model = pipeline.classifier.evidence if pipeline.classifier else None
    for number, one in enumerate(model.evidence.values() if model else ()):
        if model and isinstance(one, Hpo):
            return Hpo(excluded_weight=one.excluded_weight), model.weights.evidence[number] if one.annotations else 1.0
    return Hpo(), 1.0


def _other_parts(pipeline: Pipeline, record: PatientRecord, numbers: Sequence[Sequence[int]], catalog: Catalog) -> list[Part]:
    """What other evidence of the recipe says of the record, such as of the age."""
    model = pipeline.classifier.evidence if pipeline.classifier else None
    if model is None or not record:
        return []
    values = model.log_likelihoods([record])[0].astype(np.float64)
    return [
        Part(name.rpartition(":")[2], _spread(values[number], numbers, catalog), model.weights.evidence[number])
        for number, (name, one) in enumerate(model.evidence.items())
        if not isinstance(one, Hpo) and not np.isnan(values[number]).all()
    ]


def _numbers(pipeline: Pipeline, label: str, catalog: Catalog) -> list[int]:
    """The diseases that a label stands for, by its identifiers in OMIM and Orphanet."""
    condition = pipeline.manifest.conditions.get(label) if pipeline.manifest else None
    if condition is None:
        return []
    ids = [id for id in (condition.omim, condition.orpha, condition.imitates) if id]
    return sorted(catalog.having(ids))


def _outside(
    pipeline: Pipeline, prediction: PatientPrediction | None, record: PatientRecord, numbers: Sequence[Sequence[int]]
) -> frozenset[int]:
    """The diseases that the prediction set leaves out: that of face and record, if the recipe reads records."""
    if prediction is None:
        return frozenset()
    if pipeline.classifier and pipeline.classifier.evidence:
        prediction = pipeline.with_record(prediction, record)
    members = {number for k in prediction.prediction_set.members for number in numbers[k]}
    return frozenset(number for own in numbers for number in own) - members


def _is_phantom(pipeline: Pipeline, label: str) -> bool:
    condition = pipeline.manifest.conditions.get(label) if pipeline.manifest else None
    name = condition.name if condition else ""
    return bool(condition and condition.imitates) or label.startswith(PHANTOM) or name.casefold().startswith(PHANTOM)


def _log_ratio(probabilities: npt.NDArray[np.float32], prior: Float64) -> Float64:
    """Log likelihood ratios [K] of the face; NaN for conditions whose prior is 0."""
    equal = np.divide(probabilities, prior, out=np.full(len(prior), np.nan), where=prior > 0)
    return np.asarray(np.log(np.maximum(equal / np.nansum(equal), SMALLEST) * np.count_nonzero(prior > 0)))


def _spread(values: Float64, numbers: Sequence[Sequence[int]], catalog: Catalog) -> Float64:
    """Values of K labels as those of the C diseases: NaN for others; of several labels of a disease, the highest."""
    spread = np.full(len(catalog), np.nan)
    for value, own in zip(values, numbers, strict=True):
        spread[list(own)] = np.fmax(spread[list(own)], value)
    return spread
