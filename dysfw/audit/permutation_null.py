"""Null distribution of an audit: every statistic with the original and with permuted labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Float64 = npt.NDArray[np.float64]

ALPHA = 0.05


class Statistic(NamedTuple):
    """Name of a statistic.

    Attributes:
        group: Group of features, or "all"; None for the best single feature of any condition.
        label: Index of the condition for its AUROC; None for the balanced accuracy.
    """

    group: str | None
    label: int | None


SINGLE = Statistic(None, None)


@dataclass(frozen=True, slots=True, eq=False)
class PermutationNull:
    """Statistics with the original and with permuted labels.

    p-values count the original labels among the permutations (Phipson & Smyth, Stat Appl Genet Mol Biol 2010;9:39), so the
    minimum is 1 / (1 + B). The maximum of the standardised statistics corrects for multiple testing (max-T: Westfall & Young,
    Resampling-Based Multiple Testing, 1993).

    Attributes:
        statistics: M statistics, SINGLE last.
        values: float64 [1 + B, M]; row 0 with the original labels, then B permutations.
        features: float64 [K, D], standardised rank sum of each single feature for each condition, with the original labels.
    """

    statistics: tuple[Statistic, ...]
    values: Float64
    features: Float64

    @property
    def p(self) -> float:
        """p-value of the whole audit, corrected for all statistics."""
        return self.p_among(self.most_significant(), self.statistics)

    def most_significant(self) -> Statistic:
        """Return the statistic farthest from its null distribution."""
        return self.statistics[int(self._standardised(self.statistics)[0].argmax())]

    def p_of(self, statistic: Statistic) -> float:
        """Return the uncorrected p-value of a statistic."""
        return self.p_among(statistic, [statistic])

    def p_among(self, statistic: Statistic, family: Sequence[Statistic]) -> float:
        """Return the p-value of a statistic, corrected for all statistics of its family."""
        z = self._standardised(family)
        return _share_reaching(z[0, list(family).index(statistic)], z.max(axis=1))

    def p_of_feature(self, label: int, feature: int) -> float:
        """Return the p-value of a single feature for one condition, corrected for all features and conditions."""
        return _share_reaching(abs(self.features[label, feature]), self.values[:, self.statistics.index(SINGLE)])

    def detectable(self, statistic: Statistic) -> float:
        """Return the smallest value of a statistic that would be significant, corrected for all statistics."""
        maxima = self._standardised(self.statistics)[1:].max(axis=1)
        values = self.values[1:, self.statistics.index(statistic)]
        return float(values.mean() + np.quantile(maxima, 1 - ALPHA, method="higher") * values.std())

    def _standardised(self, family: Sequence[Statistic]) -> Float64:
        values = self.values[:, [self.statistics.index(statistic) for statistic in family]]
        deviation = values.std(axis=0)
        return np.asarray((values - values.mean(axis=0)) / np.where(deviation > 0, deviation, 1.0))


def _share_reaching(value: float, all_values: Float64) -> float:
    """Return the share of values that reach ``value``, up to rounding errors."""
    return float((all_values >= value - 1e-9 * max(1.0, abs(value))).mean())
