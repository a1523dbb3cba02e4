"""Whether a recipe adds anything to what can be known without a look at the face."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from ...evaluation.result import Evaluation
from ...stats.estimate import Estimate
from ...util.text import listed
from .formatting import apart, interval, signed, turned

MEASURE = "balanced_accuracy"
WITHOUT_FACE, COMMONEST = "everything but the face", "commonest condition"  # the baselines, by their names


@dataclass(frozen=True, slots=True)
class BaselineVerdict:
    """A sentence, and whether it says that the recipe is shown to be better."""

    words: str
    shown: bool


def baseline_verdicts(evaluation: Evaluation) -> list[BaselineVerdict]:
    """The recipe beside what sees all but the face, and beside guessing where it is not shown to be better than that."""
    found = []
    above = lead(evaluation, WITHOUT_FACE)
    if above:
        words = "beats" if _beats(above) else "is not shown to do better than"
        found.append(
            BaselineVerdict(f"The recipe {words} the model that sees {WITHOUT_FACE}: {_written(above)}.", _beats(above))
        )
    above = lead(evaluation, COMMONEST)
    if above and not _beats(above):
        words = f"It is not shown to do better than guessing, here always the {COMMONEST}: {_written(above)}."
        found.append(BaselineVerdict(words, shown=False))
    return found


def overall_baseline_verdict(evaluations: Mapping[str, Evaluation]) -> BaselineVerdict | None:
    """Which of several recipes are not shown to do better than what sees all but the face; None where that was not measured."""
    leads = {name: above for name, one in evaluations.items() if (above := lead(one, WITHOUT_FACE))}
    short = [name for name, above in leads.items() if not _beats(above)]
    if short:
        return BaselineVerdict(f"Not shown to do better than the model that sees {WITHOUT_FACE}: {listed(short)}.", shown=False)
    return BaselineVerdict(f"Every recipe beats the model that sees {WITHOUT_FACE}.", shown=True) if leads else None


def lead(evaluation: Evaluation, baseline: str) -> Estimate | None:
    """By how much the recipe's balanced accuracy is above that of a baseline; None where that was not measured."""
    for model in evaluation.models:
        difference = model.difference.get(MEASURE)
        if (model.kind, model.name) == ("baseline", baseline) and difference and math.isfinite(difference.value):
            return turned(difference)
    return None


def _beats(above: Estimate) -> bool:
    return apart(above) and above.value > 0


def _written(above: Estimate) -> str:
    return f"difference in balanced accuracy {signed(above.value)} {interval(above)}".rstrip()
