"""Comparison of a recipe with the baselines that do not see the face."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from ...evaluation.result import Evaluation
from ...stats.estimate import Estimate
from ...util.text import listed
from .formatting import excludes_zero, interval, negated, signed

MEASURE = "balanced_accuracy"
SHORTCUT_FEATURES, MOST_FREQUENT = "shortcut features", "most frequent condition"  # names of the baselines


@dataclass(frozen=True, slots=True)
class BaselineVerdict:
    """Result of a comparison with a baseline.

    Attributes:
        words: A sentence.
        better: Whether the recipe is significantly better.
    """

    words: str
    better: bool


def baseline_verdicts(evaluation: Evaluation) -> list[BaselineVerdict]:
    """Compare a recipe with the baselines.

    Args:
        evaluation: The evaluation of the recipe.

    Returns:
        The comparison with the baseline that does not see the face; also with the most frequent condition if the recipe is not
        significantly better than that.
    """
    verdicts = []
    difference = advantage(evaluation, SHORTCUT_FEATURES)
    if difference:
        better = _is_better(difference)
        start = "The recipe beats" if better else "No evidence that the recipe beats"
        verdicts.append(BaselineVerdict(f"{start} the baseline that uses {SHORTCUT_FEATURES}: {_written(difference)}.", better))
    difference = advantage(evaluation, MOST_FREQUENT)
    if difference and not _is_better(difference):
        words = f"No evidence that it beats always predicting the {MOST_FREQUENT}: {_written(difference)}."
        verdicts.append(BaselineVerdict(words, better=False))
    return verdicts


def overall_baseline_verdict(evaluations: Mapping[str, Evaluation]) -> BaselineVerdict | None:
    """Compare several recipes with the baseline that does not see the face.

    Args:
        evaluations: The evaluations by recipe.

    Returns:
        The result; None if the baseline was not measured.
    """
    differences = {name: found for name, one in evaluations.items() if (found := advantage(one, SHORTCUT_FEATURES))}
    if not differences:
        return None
    not_better = [name for name, difference in differences.items() if not _is_better(difference)]
    if not_better:
        words = f"No evidence of an advantage over the baseline that uses {SHORTCUT_FEATURES}: {listed(not_better)}."
        return BaselineVerdict(words, better=False)
    return BaselineVerdict(f"Every recipe beats the baseline that uses {SHORTCUT_FEATURES}.", better=True)


def advantage(evaluation: Evaluation, baseline: str) -> Estimate | None:
    """Compute the advantage of a recipe over a baseline.

    Args:
        evaluation: The evaluation of the recipe.
        baseline: Name of the baseline.

    Returns:
        Balanced accuracy of the recipe minus that of the baseline; None if it was not measured.
    """
    for model in evaluation.models:
        difference = model.difference.get(MEASURE)
        if (model.kind, model.name) == ("baseline", baseline) and difference and math.isfinite(difference.value):
            return negated(difference)
    return None


def _is_better(difference: Estimate) -> bool:
    return excludes_zero(difference) and difference.value > 0


def _written(difference: Estimate) -> str:
    return f"difference in balanced accuracy {signed(difference.value)} {interval(difference)}".rstrip()
