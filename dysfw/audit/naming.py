"""Single clues that give a condition away, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from ..auroc import Ranking
from ..resampling import Float64
from ..types import Bool, Int64
from .null import LEVEL, Null
from .result import Clue
from .table import Table

MOST = 20
OF_A_KIND = 4  # of one group for one condition: neighbouring cells of a background say the same
COMMON = 0.8  # a value that so many share is named; otherwise the median is


def giveaways(null: Null, table: Table, y: Int64, labels: Sequence[str]) -> list[Clue]:
    """Clues that are beyond chance, corrected for all clues and conditions, the strongest first; at most MOST.

    Each is named for the condition that it tells best: what sets one apart is, more weakly, what all others have in common.
    """
    named: list[Clue] = []
    told: set[int] = set()
    strength = np.abs(null.clues).round(3)  # equal ones, rounding apart, in the order of the table: plain facts come first
    for flat in np.argsort(-strength, axis=None, kind="stable"):
        label, number = (int(i) for i in np.unravel_index(flat, null.clues.shape))
        if null.p_of_clue(label, number) >= LEVEL:
            break  # what follows is weaker
        if number not in told:
            told.add(number)
            named.append(_clue(table, number, y == label, labels[label]))
    kinds = [(clue.group, clue.label) for clue in named]
    few = [clue for n, clue in enumerate(named) if kinds[:n].count(kinds[n]) < OF_A_KIND]
    return sorted(few, key=lambda clue: -abs(clue.auroc - 0.5))[:MOST]


def _clue(table: Table, number: int, own: Bool, label: str) -> Clue:
    name, values = table.names[number], table.values[:, number]
    auroc = float(Ranking.of(values, own).auroc(np.ones((len(own), 1)))[0])
    return Clue(name=name, group=table.groups[number], label=label, auroc=auroc, words=_words(name, values[own], values[~own]))


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
