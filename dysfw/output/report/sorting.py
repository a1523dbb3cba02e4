"""Order of measures and recipes in reports."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from ...evaluation.comparison_result import Entry
from .measure_glossary import MEASURES, Term, describe

SYNONYMS = ("top_1", "top_1_macro")  # of accuracy and balanced accuracy


def in_order(names: Iterable[str]) -> list[tuple[str, Term]]:
    """Order measures: balanced accuracy first, then top 1, 2, 3 …, then the others.

    Args:
        names: Names of measures.

    Returns:
        Each measure once, with its term.
    """
    fixed = ["balanced_accuracy", *MEASURES]

    def position(name: str) -> tuple[float, str]:
        if name.startswith("top_"):
            return fixed.index("accuracy") + 0.5, f"{name:>12}"
        return (fixed.index(name) if name in fixed else len(fixed)), name

    return [(name, describe(name)) for name in sorted(set(names).difference(SYNONYMS), key=position)]


def compared_measure(differences: Iterable[Mapping[str, object]]) -> str:
    """Choose the measure whose differences are shown.

    Args:
        differences: Differences by measure, for each model.

    Returns:
        The balanced accuracy if it was measured, else the first measure.
    """
    names = [name for difference in differences for name in difference]
    return "balanced_accuracy" if "balanced_accuracy" in names or not names else names[0]


def ranked(entries: Sequence[Entry], measure: str) -> list[Entry]:
    """Return the recipes from best to worst; those without a value last."""

    def value(entry: Entry) -> float:
        estimate = entry.measures.get(measure)
        return estimate.value if estimate and math.isfinite(estimate.value) else -math.inf

    return sorted(entries, key=value, reverse=True)
