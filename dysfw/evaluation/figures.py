"""From single predictions to the figures of an evaluation."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from ..estimate import Estimate
from ..recipe.model import Recipe
from ..resampling import patient_weights
from ..types import Int64
from .collected import Collected
from .contenders import Contest
from .gathered import Gathered
from .measures import confusion
from .patients import patient_level
from .result import ClassScores, WorstError
from .trial import RECIPE
from .trusted import calibration, prediction_sets, rejection

WORST = 20


def figures(
    gathered: Gathered, collected: Collected, recipe: Recipe, *, resamples: int, unaffected: str | None
) -> dict[str, Any]:
    """All that is measured on the photographs that were judged, by field of ``Evaluation``."""
    examples, judged = gathered.examples, collected.judged
    y, groups = examples.y[judged], examples.groups[judged]
    seen = replace(
        collected,
        by_name={name: p[:, judged] for name, p in collected.by_name.items()},
        raw=collected.raw[:, judged],
        splits=collected.splits[:, judged],
        sets=collected.sets[:, judged],
        reasons=tuple(tuple(r for r, use in zip(repeat, judged, strict=True) if use) for repeat in collected.reasons),
        together=collected.together[:, judged],
        together_sets=collected.together_sets[:, judged],
    )
    weights = patient_weights(y, groups, resamples, recipe.seed)
    control = examples.labels.index(unaffected) if unaffected else None
    contest = Contest(seen.by_name, y, groups, weights, splits=seen.splits, unaffected=control)
    own = contest.measured(RECIPE)
    overall = own.overall()
    raw = (
        Contest({RECIPE: seen.raw}, y, groups, weights, splits=seen.splits, unaffected=control)
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
                photographs=int((y == k).sum()),
                patients=len(np.unique(groups[y == k])),
                measures=own.of_class(k),
            )
            for k, label in enumerate(examples.labels)
        ],
        "confusion": confusion(seen.by_name[RECIPE], y).tolist(),
        "contenders": contest.contenders(),
        "calibration": calibration(seen, y, raw, overall["ece"]),
        "sets": prediction_sets(seen.sets, y, groups, weights, wanted=recipe.reliability.coverage, labels=examples.labels),
        "rejection": rejection(seen, y, groups, weights),
        "patients": patient_level(seen, y, groups, weights, wanted=recipe.reliability.coverage, labels=examples.labels),
        "worst": _worst(gathered, collected, np.flatnonzero(judged)),
    }


def _top(overall: Mapping[str, Estimate], ending: str) -> dict[int, Estimate]:
    pattern = re.compile(rf"top_(\d+){ending}")
    return {int(found[1]): value for name, value in overall.items() if (found := pattern.fullmatch(name))}


def _worst(gathered: Gathered, collected: Collected, rows: Int64) -> list[WorstError]:
    """The errors made with the greatest confidence, by the mean over the repeats."""
    examples, mean = gathered.examples, collected.by_name[RECIPE].mean(axis=0)
    wrong = [int(n) for n in rows if mean[n].argmax() != examples.y[n]]
    wrong.sort(key=lambda n: -float(mean[n].max()))
    return [
        WorstError(
            path=gathered.names[n],
            patient=examples.items[n].patient,
            label=examples.items[n].label,
            judged=examples.labels[int(mean[n].argmax())],
            probability=float(mean[n].max()),
            probability_of_label=float(mean[n, examples.y[n]]),
            reliable=not any(repeat[n] for repeat in collected.reasons),
        )
        for n in wrong[:WORST]
    ]
