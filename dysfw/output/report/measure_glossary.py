"""The measures in plain words, one sentence each, with what guessing gives."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Term:
    """title: as tables show it. words: one sentence. chance: what guessing among K conditions gives, where that is known.
    lower: True where less is better."""

    title: str
    words: str
    chance: Callable[[int], float] | None = None
    lower: bool = False


def _guess(classes: int) -> float:
    return 1 / classes


def _half(_classes: int) -> float:
    return 0.5


MEASURES = {
    "accuracy": Term(
        "Accuracy (top 1)",
        "Share of photographs whose condition was ranked first; it rewards a judge that is good at common conditions only.",
        _guess,
    ),
    "balanced_accuracy": Term(
        "Balanced accuracy",
        "Share of photographs judged right, computed for each condition and then averaged, so that rare conditions count as "
        "much as common ones (top 1, mean over conditions).",
        _guess,
    ),
    "auroc_macro": Term(
        "AUROC, mean over conditions",
        "How often a photograph of a condition gets a higher probability of it than a photograph without it that was judged in "
        "the same split, averaged over the conditions; 0.5 is guessing and 1 is perfect.",
        _half,
    ),
    "auroc_affected": Term(
        "AUROC, affected against unaffected",
        "How often an affected patient's photograph gets a lower probability of “unaffected” than an unaffected patient's; "
        "0.5 is guessing.",
        _half,
    ),
    "log_loss": Term(
        "Log loss",
        "The mean of −ln(probability given to the true condition): small where the truth was thought likely, very large where "
        "it was all but excluded.",
        math.log,
        lower=True,
    ),
    "brier": Term(
        "Brier score",
        "The squared distance between the probabilities and the truth, summed over the conditions and averaged over the "
        "photographs; 0 is perfect and 2 the worst.",
        lambda classes: 1 - 1 / classes,
        lower=True,
    ),
    "ece": Term(
        "Expected calibration error",
        "The mean gap between how sure the judgement was and how often it was right; 0 means that “80 % sure” is right in 80 % "
        "of cases.",
        lower=True,
    ),
    "sensitivity": Term("Sensitivity", "Share of the photographs of a condition that were judged to show it.", _guess),
    "specificity": Term(
        "Specificity", "Share of the photographs without a condition that were not judged to show it."
    ),
    "precision": Term(
        "Precision",
        "Share of the photographs judged to show a condition that do show it; it holds only for the mixture of conditions in "
        "this data.",
    ),
    "auroc": Term(
        "AUROC",
        "How often a photograph of the condition gets a higher probability of it than a photograph without it that was judged "
        "in the same split; 0.5 is guessing and 1 is perfect.",
        _half,
    ),
}  # fmt: skip
TOP = Term(
    "Top n", "Share of photographs whose condition is among the first n of the ranking; it grows with n for guessing too."
)
MACRO = Term(
    "Micro and macro",
    "Micro: every photograph counts the same; macro: every condition counts the same, however many photographs it has.",
)
GENERAL = (
    Term(
        "95 % interval",
        "The range that holds the middle 95 % of the values obtained when patients are drawn anew, with replacement, from "
        "those measured (bootstrap; photographs, where patients are not named); it does not contain what other clinics, "
        "cameras or training runs would change.",
    ),
    Term(
        "Paired difference",
        "The difference between two ways of judging the same photographs in the same resamples; an interval without 0 says "
        "that it is more than the chance of which patients were looked at, one with 0 leaves open which of the two is better.",
    ),
    Term(
        "p",
        "How often labels shuffled between patients were predicted at least as well as the true ones; small means that the "
        "clue really goes with the condition.",
    ),
    Term(
        "Guessing, commonest condition, everything but the face",
        "What drawing lots would give, what always naming the commonest condition gives, and what can be learned in the same "
        "folds without a look at a face: a score means only what it adds to these.",
    ),
    Term(
        "Clue",
        "Something about a photograph that is not the face, such as its format, size, border or background: a model that uses "
        "it has learned about cameras and not about patients.",
    ),
    Term(
        "Harmonising",
        "Bringing all photographs to a common size, encoding, background and colour before they are judged, so that fewer "
        "clues are left.",
    ),
    Term(
        "Out of fold",
        "A photograph is judged by a model that has learned from other patients only, and so are the calibration and the "
        "thresholds.",
    ),
    Term(
        "Calibration, temperature",
        "Probabilities are made less extreme (temperature above 1) or more extreme (below 1) by one number, learned from "
        "photographs that were not trained on; the ranking stays.",
    ),
    Term(
        "Prediction set",
        "The conditions that cannot be ruled out: the true one is among them in the wanted share of cases, as long as new "
        "photographs are like those measured (conformal prediction).",
    ),
    Term("Coverage", "Share of photographs whose prediction set holds their condition."),
)


def describe(measure: str) -> Term:
    """The term for a measure's name; a name that is not known is its own title."""
    if measure in MEASURES:
        return MEASURES[measure]
    if found := re.fullmatch(r"top_(\d+)(_macro)?", measure):
        n = int(found[1])
        title = f"Top {n}, mean over conditions" if found[2] else f"Top {n}"
        return Term(title, TOP.words, lambda classes: min(1.0, n / classes))
    return Term(measure.replace("_", " ").capitalize(), "")


def glossary(measures: Iterable[str]) -> list[Term]:
    """What a report that shows these measures must explain, each term once."""
    known = [MEASURES[name] for name in MEASURES if name in set(measures)]
    return [*known, TOP, MACRO, *GENERAL]


def lowered(title: str) -> str:
    """A title within a sentence: "balanced accuracy", but "AUROC"."""
    return title if title[:2].isupper() else title[:1].lower() + title[1:]
