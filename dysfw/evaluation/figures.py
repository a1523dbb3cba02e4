"""Computes the measures of an evaluation from single predictions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..recipe.model import Recipe
from ..stats.bootstrap import patient_weights
from ..stats.estimate import Estimate
from ..stats.fixed_specificity import MeanSensitivityAt, sensitivities
from ..stats.intervals import calibration_error
from ..stats.metrics import confusion
from ..stats.roc import RocCurves, roc_curves
from ..types import Int64
from .baselines import BaselineComparison
from .calibration import calibration, prediction_sets, rejection
from .evaluation_data import EvaluationData
from .fold_runner import RECIPE
from .patients import patient_level
from .pooled_predictions import PooledPredictions
from .result import Calibration, ClassScores, EvaluatedModel, PatientLevel, PredictionSets, Rejection, WorstError

MAX_WORST = 20


@dataclass(frozen=True, slots=True, eq=False)
class Figures:
    """The fields of ``Evaluation`` that are measured on predictions."""

    measures: dict[str, Estimate]
    top: dict[int, Estimate]
    top_macro: dict[int, Estimate]
    classes: list[ClassScores]
    at_specificity: list[MeanSensitivityAt]
    roc: RocCurves
    confusion: list[tuple[int, int, float]]
    models: list[EvaluatedModel]
    calibration: Calibration
    prediction_sets: PredictionSets
    rejection: Rejection
    patients: PatientLevel | None
    worst: list[WorstError]


def measure_figures(
    data: EvaluationData, pooled: PooledPredictions, recipe: Recipe, *, resamples: int, unaffected: str | None
) -> Figures:
    """Compute all measures on the images that were tested.

    Args:
        data: The images.
        pooled: The predictions of all splits.
        recipe: The evaluated recipe.
        resamples: Number of bootstrap resamples.
        unaffected: Label of people without a condition, if any.
    """
    embedded, tested = data.embedded, pooled.only_evaluated()
    y, groups = embedded.y[pooled.evaluated], embedded.groups[pooled.evaluated]
    weights = patient_weights(y, groups, resamples, recipe.seed)
    control = embedded.labels.index(unaffected) if unaffected else None
    coverage = recipe.reliability.coverage
    comparison = BaselineComparison(tested.by_name, y, groups, weights, splits=tested.splits, unaffected=control)
    recipe_measures = comparison.measured(RECIPE)
    overall = recipe_measures.overall()
    at_specificity, mean_at_specificity = sensitivities(tested.by_name[RECIPE], y, groups, weights, tested.splits)
    return Figures(
        measures=overall,
        top=_top(overall, ""),
        top_macro=_top(overall, "_macro"),
        classes=[
            ClassScores(
                label=label,
                images=int((y == k).sum()),
                patients=len(np.unique(groups[y == k])),
                measures=recipe_measures.of_class(k),
                at_specificity=at_specificity[k],
            )
            for k, label in enumerate(embedded.labels)
        ],
        at_specificity=mean_at_specificity,
        roc=roc_curves(tested.by_name[RECIPE], y, tested.splits, embedded.labels),
        confusion=_confusion(tested, y),
        models=comparison.models(),
        calibration=calibration(tested, y, calibration_error(tested.raw, y, weights), overall["ece"]),
        prediction_sets=prediction_sets(tested.sets, y, groups, weights, target_coverage=coverage, labels=embedded.labels),
        rejection=rejection(tested, y, groups, weights),
        patients=patient_level(tested, y, groups, weights, target_coverage=coverage, labels=embedded.labels),
        worst=_worst(data, pooled, np.flatnonzero(pooled.evaluated)),
    )


def _confusion(pooled: PooledPredictions, y: Int64) -> list[tuple[int, int, float]]:
    """The cells of the confusion matrix that are not 0."""
    counts = confusion(pooled.by_name[RECIPE], y)
    return [(int(label), int(predicted), float(counts[label, predicted])) for label, predicted in np.argwhere(counts)]


def _top(overall: Mapping[str, Estimate], ending: str) -> dict[int, Estimate]:
    pattern = re.compile(rf"top_(\d+){ending}")
    return {int(match[1]): value for name, value in overall.items() if (match := pattern.fullmatch(name))}


def _worst(data: EvaluationData, pooled: PooledPredictions, rows: Int64) -> list[WorstError]:
    """The errors with the greatest confidence, by the mean over the repeats."""
    embedded, mean = data.embedded, pooled.by_name[RECIPE].mean(axis=0)
    wrong = [int(n) for n in rows if mean[n].argmax() != embedded.y[n]]
    wrong.sort(key=lambda n: -float(mean[n].max()))
    return [
        WorstError(
            path=data.names[n],
            patient=embedded.samples[n].patient,
            label=embedded.samples[n].label,
            predicted=embedded.labels[int(mean[n].argmax())],
            probability=float(mean[n].max()),
            probability_of_label=float(mean[n, embedded.y[n]]),
            reliable=not any(repeat[n] for repeat in pooled.reasons),
        )
        for n in wrong[:MAX_WORST]
    ]
