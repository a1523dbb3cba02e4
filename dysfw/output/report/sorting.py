"""What comes first: measures as a reader wants them, and the best recipe on top."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from ...evaluation.comparison_result import Entry
from .measure_glossary import MEASURES, Term, describe

TWICE = ("top_1", "top_1_macro")  # other names of the accuracy and the balanced accuracy


def in_order(names: Iterable[str]) -> list[tuple[str, Term]]:
    """Measures with their terms, each once: the balanced accuracy first, then top 1, 2, 3 …, then the others."""
    fixed = ["balanced_accuracy", *MEASURES]

    def place(name: str) -> tuple[float, str]:
        if name.startswith("top_"):
            return fixed.index("accuracy") + 0.5, f"{name:>12}"
        return (fixed.index(name) if name in fixed else len(fixed)), name

    return [(name, describe(name)) for name in sorted(set(names).difference(TWICE), key=place)]


def compared_measure(differences: Iterable[Mapping[str, object]]) -> str:
    """The measure whose differences are drawn: the balanced accuracy, where it is there."""
    names = [name for difference in differences for name in difference]
    return "balanced_accuracy" if "balanced_accuracy" in names or not names else names[0]


def ranked(entries: Sequence[Entry], measure: str) -> list[Entry]:
    """The best first; those without a figure last."""

    def value(entry: Entry) -> float:
        estimate = entry.measures.get(measure)
        return estimate.value if estimate and math.isfinite(estimate.value) else -math.inf

    return sorted(entries, key=value, reverse=True)
