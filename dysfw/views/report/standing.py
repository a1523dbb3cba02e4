"""Whether a recipe adds anything to what can be known without a look at the face."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from ...estimate import Estimate
from ...evaluation.result import Evaluation
from ...text import listed
from .numbers import apart, interval, signed, turned

MEASURE = "balanced_accuracy"
WITHOUT_FACE, COMMONEST = "everything but the face", "commonest condition"  # the baselines, by their names


@dataclass(frozen=True, slots=True)
class Standing:
    """A sentence, and whether it says that the recipe is shown to be better."""

    words: str
    shown: bool


def standings(evaluation: Evaluation) -> list[Standing]:
    """The recipe beside what sees all but the face, and beside guessing where it is not shown to be better than that."""
    found = []
    above = lead(evaluation, WITHOUT_FACE)
    if above:
        words = "beats" if _beats(above) else "is not shown to do better than"
        found.append(Standing(f"The recipe {words} the model that sees {WITHOUT_FACE}: {_written(above)}.", _beats(above)))
    above = lead(evaluation, COMMONEST)
    if above and not _beats(above):
        words = f"It is not shown to do better than guessing, here always the {COMMONEST}: {_written(above)}."
        found.append(Standing(words, shown=False))
    return found


def standing_of_all(evaluations: Mapping[str, Evaluation]) -> Standing | None:
    """Which of several recipes are not shown to do better than what sees all but the face; None where that was not measured."""
    leads = {name: above for name, one in evaluations.items() if (above := lead(one, WITHOUT_FACE))}
    short = [name for name, above in leads.items() if not _beats(above)]
    if short:
        return Standing(f"Not shown to do better than the model that sees {WITHOUT_FACE}: {listed(short)}.", shown=False)
    return Standing(f"Every recipe beats the model that sees {WITHOUT_FACE}.", shown=True) if leads else None


def lead(evaluation: Evaluation, baseline: str) -> Estimate | None:
    """By how much the recipe's balanced accuracy is above that of a baseline; None where that was not measured."""
    for contender in evaluation.contenders:
        difference = contender.difference.get(MEASURE)
        if (contender.kind, contender.name) == ("baseline", baseline) and difference and math.isfinite(difference.value):
            return turned(difference)
    return None


def _beats(above: Estimate) -> bool:
    return apart(above) and above.value > 0


def _written(above: Estimate) -> str:
    return f"difference in balanced accuracy {signed(above.value)} {interval(above)}".rstrip()
