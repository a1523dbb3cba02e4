"""What chance does: every statistic of an audit, as the labels are and as they are after each permutation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Float64 = npt.NDArray[np.float64]

LEVEL = 0.05


class Statistic(NamedTuple):
    """What was measured. label: the index of a condition for its AUROC, None for the balanced accuracy. group: of clues, or
    "all"; None for the single clue that tells any condition best."""

    group: str | None
    label: int | None


SINGLE = Statistic(None, None)


@dataclass(frozen=True, slots=True, eq=False)
class PermutationNull:
    """statistics: M, SINGLE the last. values: float64 [1 + B, M], row 0 with the labels as they are, then B permutations.
    clues: float64 [K, D], the standardised rank sum of each single clue for each condition, with the labels as they are.

    A p counts the labels as they are among the permutations (Phipson & Smyth, Stat Appl Genet Mol Biol 2010;9:39), so it is at
    least 1 / (1 + B). Several statistics are corrected for by the largest of them, each standardised by its own mean and
    standard deviation (max-T: Westfall & Young, Resampling-Based Multiple Testing, 1993).
    """

    statistics: tuple[Statistic, ...]
    values: Float64
    features: Float64

    @property
    def p(self) -> float:
        """Of everything that was measured, together."""
        return self.p_among(self.clearest(), self.statistics)

    def clearest(self) -> Statistic:
        """What is farthest beyond chance."""
        return self.statistics[int(self._standardised(self.statistics)[0].argmax())]

    def p_of(self, statistic: Statistic) -> float:
        """Of one statistic, corrected for nothing."""
        return self.p_among(statistic, [statistic])

    def p_among(self, statistic: Statistic, family: Sequence[Statistic]) -> float:
        """Of one statistic, corrected for all of its family."""
        z = self._standardised(family)
        return _share_reaching(z[0, list(family).index(statistic)], z.max(axis=1))

    def p_of_feature(self, label: int, feature: int) -> float:
        """Of a single clue for one condition, corrected for all clues and conditions."""
        return _share_reaching(abs(self.features[label, feature]), self.values[:, self.statistics.index(SINGLE)])

    def noticed(self, statistic: Statistic) -> float:
        """The value from which on a statistic would have been beyond chance, corrected for everything: what so much data can
        show."""
        largest = self._standardised(self.statistics)[1:].max(axis=1)
        own = self.values[1:, self.statistics.index(statistic)]
        return float(own.mean() + np.quantile(largest, 1 - LEVEL, method="higher") * own.std())

    def _standardised(self, family: Sequence[Statistic]) -> Float64:
        own = self.values[:, [self.statistics.index(statistic) for statistic in family]]
        deviation = own.std(axis=0)
        return np.asarray((own - own.mean(axis=0)) / np.where(deviation > 0, deviation, 1.0))


def _share_reaching(value: float, all_values: Float64) -> float:
    """Equal values, but for rounding, count as reaching."""
    return float((all_values >= value - 1e-9 * max(1.0, abs(value))).mean())
