"""Single clues that give a condition away, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from ..stats.auroc import Ranking
from ..stats.bootstrap import Float64
from ..types import Bool, Int64
from .feature_table import Table
from .permutation_null import LEVEL, PermutationNull
from .result import ShortcutFeature

MOST = 20
OF_A_KIND = 4  # of one group for one condition: neighbouring cells of a background say the same
COMMON = 0.8  # a value that so many share is named; otherwise the median is


def leaking_features(
    null_distribution: PermutationNull, table: Table, y: Int64, labels: Sequence[str]
) -> list[ShortcutFeature]:
    """Clues that are beyond chance, corrected for all clues and conditions, the strongest first; at most MOST.

    Each is named for the condition that it tells best: what sets one apart is, more weakly, what all others have in common.
    """
    named: list[ShortcutFeature] = []
    told: set[int] = set()
    strength = np.abs(null_distribution.features).round(
        3
    )  # equal ones, rounding apart, in the order of the table: plain facts come first
    for flat in np.argsort(-strength, axis=None, kind="stable"):
        label, number = (int(i) for i in np.unravel_index(flat, null_distribution.features.shape))
        if null_distribution.p_of_feature(label, number) >= LEVEL:
            break  # what follows is weaker
        if number not in told:
            told.add(number)
            named.append(_feature(table, number, y == label, labels[label]))
    kinds = [(feature.group, feature.label) for feature in named]
    few = [feature for n, feature in enumerate(named) if kinds[:n].count(kinds[n]) < OF_A_KIND]
    return sorted(few, key=lambda feature: -abs(feature.auroc - 0.5))[:MOST]


def _feature(table: Table, number: int, own: Bool, label: str) -> ShortcutFeature:
    name, values = table.names[number], table.values[:, number]
    auroc = float(Ranking.of(values, own).auroc(np.ones((len(own), 1)))[0])
    return ShortcutFeature(
        name=name, group=table.groups[number], label=label, auroc=auroc, words=_words(name, values[own], values[~own])
    )


def _words(name: str, own: Float64, others: Float64) -> str:
    """ "width (px): 128 in 150 of 150, 256 in 325 of 325 others" """
    if name.startswith(("is ", "has ")):
        return f"{name}: {int(own.sum())} of {len(own)}, {int(others.sum())} of {len(others)} others"
    (mine, times), (theirs, their_times) = _commonest(own), _commonest(others)
    if mine != theirs and times >= COMMON * len(own) and their_times >= COMMON * len(others):
        here, there = f"{_number(mine)} in {times} of {len(own)}", f"{_number(theirs)} in {their_times} of {len(others)} others"
        return f"{name}: {here}, {there}"
    return f"{name}: median {_number(float(np.median(own)))}, others {_number(float(np.median(others)))}"


def _commonest(values: Float64) -> tuple[float, int]:
    return Counter(values.tolist()).most_common(1)[0]


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
