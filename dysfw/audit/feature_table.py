"""The clues of all photographs as one table."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from .shortcut_features import Row

Float64 = npt.NDArray[np.float64]

DECIMALS = 6  # ranks would make much of differences that only rounding makes
FARTHEST = 3.0  # standard deviations: what only few photographs have must not outweigh all else


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """values: float64 [N, D], finite. names, groups: of the D clues."""

    values: Float64
    names: tuple[str, ...]
    groups: tuple[str, ...]

    @classmethod
    def of(cls, rows: Sequence[Row]) -> Table:
        """rows: at least one. What cannot be told of a photograph has the median of the others, or 0 where there are none."""
        columns = [(group, name) for group, features in rows[0].items() for name in features]
        values = np.array([[row[group][name] for group, name in columns] for row in rows], np.float64).round(DECIMALS)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # of columns without a single value
            median = np.nan_to_num(np.nanmedian(values, axis=0))
        values = np.where(np.isnan(values), median, values)
        return cls(values, tuple(name for _, name in columns), tuple(group for group, _ in columns))

    def __len__(self) -> int:
        return len(self.values)

    def rows(self, chosen: npt.NDArray[np.int64]) -> Table:
        """Some of the photographs."""
        return Table(self.values[chosen], self.names, self.groups)

    def standardized_ranks(self) -> dict[str, Float64]:
        """For each group float64 [N, d]: clues as ranks, each with mean 0 and standard deviation 1, so that neither units nor a
        few extreme photographs matter. Clues that are the same in all photographs are left out; a group may have none."""
        ranks = rankdata(self.values, axis=0)
        deviation = ranks.std(axis=0)
        varies = deviation > 0
        scaled = np.clip((ranks - ranks.mean(axis=0)) / np.where(varies, deviation, 1.0), -FARTHEST, FARTHEST)
        member = np.array(self.groups)
        return {group: scaled[:, varies & (member == group)] for group in dict.fromkeys(self.groups)}
