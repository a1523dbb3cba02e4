"""From single predictions to the figures of an evaluation."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from ..recipe.model import Recipe
from ..stats.bootstrap import patient_weights
from ..stats.estimate import Estimate
from ..stats.metrics import confusion
from ..types import Int64
from .baselines import BaselineComparison
from .evaluation_data import EvaluationData
from .fold_runner import RECIPE
from .patients import patient_level
from .pooled_predictions import PooledPredictions
from .reliability import calibration, prediction_sets, rejection
from .result import ClassScores, WorstError

WORST = 20


def figures(
    evaluation_data: EvaluationData, pooled: PooledPredictions, recipe: Recipe, *, resamples: int, unaffected: str | None
) -> dict[str, Any]:
    """All that is measured on the photographs that were judged, by field of ``Evaluation``."""
    embedded, evaluated = evaluation_data.embedded, pooled.evaluated
    y, groups = embedded.y[evaluated], embedded.groups[evaluated]
    seen = replace(
        pooled,
        by_name={name: p[:, evaluated] for name, p in pooled.by_name.items()},
        raw=pooled.raw[:, evaluated],
        splits=pooled.splits[:, evaluated],
        sets=pooled.sets[:, evaluated],
        reasons=tuple(tuple(r for r, use in zip(repeat, evaluated, strict=True) if use) for repeat in pooled.reasons),
        per_patient=pooled.per_patient[:, evaluated],
        per_patient_sets=pooled.per_patient_sets[:, evaluated],
    )
    weights = patient_weights(y, groups, resamples, recipe.seed)
    control = embedded.labels.index(unaffected) if unaffected else None
    comparison = BaselineComparison(seen.by_name, y, groups, weights, splits=seen.splits, unaffected=control)
    own = comparison.measured(RECIPE)
    overall = own.overall()
    raw = (
        BaselineComparison({RECIPE: seen.raw}, y, groups, weights, splits=seen.splits, unaffected=control)
        .measured(RECIPE)
        .overall()["ece"]
    )
    return {
        "measures": overall,
        "top": _top(overall, ""),
        "top_macro": _top(overall, "_macro"),
        "classes": [
            ClassScores(
                label=label,
                images=int((y == k).sum()),
                patients=len(np.unique(groups[y == k])),
                measures=own.of_class(k),
            )
            for k, label in enumerate(embedded.labels)
        ],
        "confusion": confusion(seen.by_name[RECIPE], y).tolist(),
        "models": comparison.models(),
        "calibration": calibration(seen, y, raw, overall["ece"]),
        "prediction_sets": prediction_sets(
            seen.sets, y, groups, weights, target_coverage=recipe.reliability.coverage, labels=embedded.labels
        ),
        "rejection": rejection(seen, y, groups, weights),
        "patients": patient_level(
            seen, y, groups, weights, target_coverage=recipe.reliability.coverage, labels=embedded.labels
        ),
        "worst": _worst(evaluation_data, pooled, np.flatnonzero(evaluated)),
    }


def _top(overall: Mapping[str, Estimate], ending: str) -> dict[int, Estimate]:
    pattern = re.compile(rf"top_(\d+){ending}")
    return {int(found[1]): value for name, value in overall.items() if (found := pattern.fullmatch(name))}


def _worst(evaluation_data: EvaluationData, pooled: PooledPredictions, rows: Int64) -> list[WorstError]:
    """The errors made with the greatest confidence, by the mean over the repeats."""
    embedded, mean = evaluation_data.embedded, pooled.by_name[RECIPE].mean(axis=0)
    wrong = [int(n) for n in rows if mean[n].argmax() != embedded.y[n]]
    wrong.sort(key=lambda n: -float(mean[n].max()))
    return [
        WorstError(
            path=evaluation_data.names[n],
            patient=embedded.samples[n].patient,
            label=embedded.samples[n].label,
            predicted=embedded.labels[int(mean[n].argmax())],
            probability=float(mean[n].max()),
            probability_of_label=float(mean[n, embedded.y[n]]),
            reliable=not any(repeat[n] for repeat in pooled.reasons),
        )
        for n in wrong[:WORST]
    ]
