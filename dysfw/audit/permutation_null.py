"""Null distribution of an audit: every statistic with the original and with permuted labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
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


@dataclass(frozen=True, eq=False)
class PermutationNull:
    """Statistics with the original and with permuted labels.

    p-values count the original labels among the permutations (Phipson & Smyth, Stat Appl Genet Mol Biol 2010;9:39), so the
    minimum is 1 / (1 + B). The maximum of the standardised statistics corrects for multiple testing (max-T: Westfall & Young,
    Resampling-Based Multiple Testing, 1993).

    Attributes:
        statistics: M statistics, SINGLE last.
        values: float64 [1 + B, M]; row 0 with the original labels, then B permutations.
        features: float64 [K, D], standardised rank sum of each single feature for each condition, with the original labels.
        floors: float64 [M] or [1], deviations that count as none in the unit of each statistic, see ``_standardised``.
    """

    statistics: tuple[Statistic, ...]
    values: Float64
    features: Float64
    floors: Float64 = field(default_factory=lambda: np.zeros(1))

    @cached_property
    def p(self) -> float:
        """p-value of the whole audit, corrected for all statistics."""
        return float(self._p_of_all.min())

    def most_significant(self) -> Statistic:
        """Return the statistic farthest from its null distribution."""
        return self.statistics[int(self._all[0].argmax())]

    def p_of(self, statistic: Statistic) -> float:
        """Return the uncorrected p-value of a statistic."""
        return float(self.p_among([statistic])[0])

    def p_among(self, family: Sequence[Statistic]) -> Float64:
        """Return the p-value of each statistic of a family, corrected for the whole family; float64 [F]."""
        columns = [self._position[statistic] for statistic in family]
        z = _standardised(self.values[:, columns], np.broadcast_to(self.floors, len(self.statistics))[columns])
        return _shares_reaching(z[0], z.max(axis=1))

    def significant(self) -> list[Statistic]:
        """Return the statistics that are significant, corrected for all statistics."""
        return [self.statistics[n] for n in np.flatnonzero(self._p_of_all < ALPHA)]

    def p_of_features(self) -> Float64:
        """Return the p-value of each single feature, corrected for all features and conditions; float64 [K, D]."""
        strength = np.abs(self.features)
        p = _shares_reaching(strength.ravel(), self.values[:, self._position[SINGLE]])
        return np.asarray(p.reshape(strength.shape))

    def detectable(self, statistics: Sequence[Statistic]) -> Float64:
        """Return the smallest value of each statistic that would be significant, corrected for all statistics; float64 [F]."""
        limit = np.quantile(self._all[1:].max(axis=1), 1 - ALPHA, method="higher")
        columns = [self._position[statistic] for statistic in statistics]
        values, floors = self.values[1:, columns], np.broadcast_to(self.floors, len(self.statistics))[columns]
        return np.asarray(values.mean(axis=0) + limit * np.hypot(values.std(axis=0), floors))

    @cached_property
    def _position(self) -> Mapping[Statistic, int]:
        return {statistic: n for n, statistic in enumerate(self.statistics)}

    @cached_property
    def _all(self) -> Float64:
        return _standardised(self.values, self.floors)

    @cached_property
    def _p_of_all(self) -> Float64:
        return _shares_reaching(self._all[0], self._all.max(axis=1))


def _standardised(values: Float64, floors: Float64) -> Float64:
    """Subtract the mean of each column, and divide by its standard deviation and its floor, added as independent errors."""
    deviation = np.hypot(values.std(axis=0), floors)
    return np.asarray((values - values.mean(axis=0)) / np.where(deviation > 0, deviation, 1.0))


def _shares_reaching(values: Float64, all_values: Float64) -> Float64:
    """Return for each value the share of ``all_values`` that reach it, up to rounding errors."""
    reached = values - 1e-9 * np.maximum(1.0, np.abs(values))
    number = len(all_values)
    return np.asarray((number - np.searchsorted(np.sort(all_values), reached, side="left")) / number)
