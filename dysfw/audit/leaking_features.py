"""Single features that leak a condition, described in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from ..stats.auroc import Ranking
from ..stats.bootstrap import Float64
from ..types import Bool, Int64
from .feature_table import Table
from .permutation_null import ALPHA, PermutationNull
from .result import ShortcutFeature

MAX_FEATURES = 20
MAX_PER_GROUP = 4  # of one group for one condition: neighbouring background cells are redundant
COMMON_SHARE = 0.8  # a value with this share of images is reported; otherwise the median


def leaking_features(
    null_distribution: PermutationNull, table: Table, y: Int64, labels: Sequence[str]
) -> list[ShortcutFeature]:
    """Find significant features, corrected for all features and conditions.

    Each feature is reported once, for the condition that it predicts best.

    Args:
        null_distribution: The statistics under permuted labels.
        table: The features of N images.
        y: int64 [N], class of each image.
        labels: K labels.

    Returns:
        At most MAX_FEATURES features, the strongest first.
    """
    reported: list[ShortcutFeature] = []
    seen: set[int] = set()
    p = null_distribution.p_of_features()
    # Rounded, so that features of equal strength keep the order of the table: file properties come first.
    strength = np.abs(null_distribution.features).round(3)
    for flat in np.argsort(-strength, axis=None, kind="stable"):
        label, number = (int(i) for i in np.unravel_index(flat, null_distribution.features.shape))
        if p[label, number] >= ALPHA:
            break  # all others are weaker
        if number not in seen:
            seen.add(number)
            reported.append(_feature(table, number, y == label, labels[label]))
    kinds = [(feature.group, feature.label) for feature in reported]
    limited = [feature for n, feature in enumerate(reported) if kinds[:n].count(kinds[n]) < MAX_PER_GROUP]
    return sorted(limited, key=lambda feature: -abs(feature.auroc - 0.5))[:MAX_FEATURES]


def _feature(table: Table, number: int, members: Bool, label: str) -> ShortcutFeature:
    name, values = table.names[number], table.values[:, number]
    auroc = float(Ranking.of(values, members).auroc(np.ones((len(members), 1)))[0])
    return ShortcutFeature(
        name=name, group=table.groups[number], label=label, auroc=auroc, words=_words(name, values[members], values[~members])
    )


def _words(name: str, members: Float64, others: Float64) -> str:
    """Return "width (px): 128 in 150 of 150, 256 in 325 of 325 others"."""
    if name.startswith(("is ", "has ")):
        return f"{name}: {int(members.sum())} of {len(members)}, {int(others.sum())} of {len(others)} others"
    (value, times), (other_value, other_times) = _mode(members), _mode(others)
    if value != other_value and times >= COMMON_SHARE * len(members) and other_times >= COMMON_SHARE * len(others):
        other_words = f"{_number(other_value)} in {other_times} of {len(others)} others"
        return f"{name}: {_number(value)} in {times} of {len(members)}, {other_words}"
    return f"{name}: median {_number(float(np.median(members)))}, others {_number(float(np.median(others)))}"


def _mode(values: Float64) -> tuple[float, int]:
    return Counter(values.tolist()).most_common(1)[0]


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
