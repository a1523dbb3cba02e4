"""Definitions of the measures and terms of a report, with the chance level of each measure."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Term:
    """A measure or another term of a report.

    Attributes:
        title: Title in tables.
        words: Definition in plain words.
        chance: Value of random guessing among K conditions as a function of K, if known.
        lower: Whether lower values are better.
    """

    title: str
    words: str
    chance: Callable[[int], float] | None = None
    lower: bool = False


def _one_of(classes: int) -> float:
    return 1 / classes


def _half(_classes: int) -> float:
    return 0.5


MEASURES = {
    "accuracy": Term(
        "Accuracy (top 1)",
        "Share of images whose condition is ranked first. It favours models that recognise only common conditions.",
        _one_of,
    ),
    "balanced_accuracy": Term(
        "Balanced accuracy",
        "Share of images classified correctly, computed for each condition and then averaged. Rare conditions count as much as "
        "common ones.",
        _one_of,
    ),
    "auroc_macro": Term(
        "AUROC, mean over conditions",
        "Probability that an image of a condition scores higher for it than an image of another condition in the same test "
        "fold, averaged over conditions. 0.5 is chance, 1 is perfect.",
        _half,
    ),
    "auroc_affected": Term(
        "AUROC, affected vs unaffected",
        "Probability that an affected patient's image scores lower for “unaffected” than an unaffected person's image. "
        "0.5 is chance, 1 is perfect.",
        _half,
    ),
    "log_loss": Term(
        "Log loss",
        "Mean of −ln(probability of the true condition). It is large if the true condition was considered very unlikely.",
        math.log,
        lower=True,
    ),
    "brier": Term(
        "Brier score",
        "Squared difference between predicted probabilities and the truth, summed over conditions and averaged over images. "
        "0 is perfect, 2 is the worst.",
        lambda classes: 1 - 1 / classes,
        lower=True,
    ),
    "ece": Term(
        "Expected calibration error",
        "Mean gap between confidence and accuracy. 0 means that predictions with 80 % confidence are correct in 80 % of cases.",
        lower=True,
    ),
    "sensitivity": Term("Sensitivity", "Share of the images of a condition that are classified as this condition.", _one_of),
    "specificity": Term("Specificity", "Share of the images of other conditions that are not classified as this condition."),
    "precision": Term(
        "Precision",
        "Share of the images classified as a condition that show it. It depends on how common the condition is in this data.",
    ),
    "auroc": Term(
        "AUROC",
        "Probability that an image of the condition scores higher for it than an image of another condition in the same test "
        "fold. 0.5 is chance, 1 is perfect.",
        _half,
    ),
}  # fmt: skip
TOP = Term("Top n", "Share of images whose condition is among the first n of the ranking. Chance grows with n, too.")
MACRO = Term("Micro and macro", "Micro: every image has the same weight. Macro: every condition has the same weight.")
AT_SPECIFICITY = Term(
    "ROC curve, sensitivity at a fixed specificity",
    "The curve shows, for every threshold on the probability of a condition, the sensitivity against 1 − specificity. At a "
    "specificity of 0.95, the threshold lets at most 5 % of the images of other conditions pass; the sensitivity is the share "
    "of the images of the condition that pass.",
)
GENERAL = (
    Term(
        "95 % interval",
        "Range of the central 95 % of scores when patients (images, if the patients are unknown) are resampled with "
        "replacement (bootstrap). It does not include the effect of other clinics, cameras or training runs.",
    ),
    Term(
        "Paired difference",
        "Difference between two models on the same images in the same resamples. If its interval excludes 0, the choice of "
        "patients does not explain it; if it includes 0, either model may be better.",
    ),
    Term(
        "p",
        "Share of label permutations between patients that were predicted at least as well as the true labels. A small p means "
        "that the features are associated with the condition.",
    ),
    Term(
        "Chance, most frequent condition, shortcut features",
        "Baselines: random guessing; always predicting the most frequent condition; and a model trained in the same folds on "
        "shortcut features alone. A score is meaningful only as far as it exceeds these.",
    ),
    Term(
        "Shortcut feature",
        "Property of an image other than the face, such as format, size, border or background. A model that uses it has "
        "learned about cameras, not about patients.",
    ),
    Term(
        "Leakage",
        "Association between shortcut features and the condition. With leakage, a model can score well without the face.",
    ),
    Term(
        "Harmonisation",
        "Giving all images a common size, encoding, background and colour before prediction, to remove shortcut features.",
    ),
    Term(
        "Out of fold",
        "Each image is predicted by a model trained on other patients only. The same holds for calibration and thresholds.",
    ),
    Term(
        "Calibration, temperature",
        "A single number, fitted on images outside the training set, makes probabilities less extreme (above 1) or more "
        "extreme (below 1). The ranking does not change.",
    ),
    Term(
        "Prediction set",
        "Set of conditions that contains the true one with the target probability, provided that new images are similar to "
        "those measured (conformal prediction).",
    ),
    Term("Coverage", "Share of images whose prediction set contains the true condition."),
)


def describe(measure: str) -> Term:
    """Look up a measure.

    Args:
        measure: Name in ``metrics.json``, such as "top_3".

    Returns:
        Its term. An unknown measure is its own title.
    """
    if measure in MEASURES:
        return MEASURES[measure]
    if match := re.fullmatch(r"top_(\d+)(_macro)?", measure):
        n = int(match[1])
        title = f"Top {n}, mean over conditions" if match[2] else f"Top {n}"
        return Term(title, TOP.words, lambda classes: min(1.0, n / classes))
    return Term(measure.replace("_", " ").capitalize(), "")


def glossary(measures: Iterable[str]) -> list[Term]:
    """Collect the terms that a report must define.

    Args:
        measures: Names of the measures that it shows.

    Returns:
        Each term once.
    """
    shown = set(measures)
    return [*(term for name, term in MEASURES.items() if name in shown), TOP, MACRO, *GENERAL]


def lowered(title: str) -> str:
    """Return a title as it is written within a sentence: "balanced accuracy", but "AUROC"."""
    return title if title[:2].isupper() else title[:1].lower() + title[1:]
