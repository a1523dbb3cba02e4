"""Features of all images as one table."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from .shortcut_features import Row

Float64 = npt.NDArray[np.float64]

DECIMALS = 6  # ranks would amplify rounding errors
MAX_DEVIATION = 3.0  # standard deviations: a rare property must not outweigh everything else


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Features of N images.

    Attributes:
        values: float64 [N, D], finite.
        names: Names of the D features.
        groups: Group of each feature.
    """

    values: Float64
    names: tuple[str, ...]
    groups: tuple[str, ...]

    @classmethod
    def of(cls, rows: Sequence[Row]) -> Table:
        """Make a table.

        Args:
            rows: The features of each image, at least one.

        Returns:
            The table. A missing value becomes the median of the feature, or 0 if all are missing.
        """
        columns = [(group, name) for group, features in rows[0].items() for name in features]
        values = np.array([[row[group][name] for group, name in columns] for row in rows], np.float64).round(DECIMALS)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # columns without any value
            median = np.nan_to_num(np.nanmedian(values, axis=0))
        values = np.where(np.isnan(values), median, values)
        return cls(values, tuple(name for _, name in columns), tuple(group for group, _ in columns))

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self.values)

    def rows(self, chosen: npt.NDArray[np.int64]) -> Table:
        """Return the table of some of the images. chosen: int64, their rows."""
        return Table(self.values[chosen], self.names, self.groups)

    def standardized_ranks(self) -> dict[str, Float64]:
        """Return the ranks of each feature with mean 0 and standard deviation 1.

        Ranks make the result independent of units and of a few extreme images.

        Returns:
            For each group float64 [N, d]. Constant features are left out, so d may be 0.
        """
        ranks = rankdata(self.values, axis=0)
        deviation = ranks.std(axis=0)
        varies = deviation > 0
        scaled = np.clip((ranks - ranks.mean(axis=0)) / np.where(varies, deviation, 1.0), -MAX_DEVIATION, MAX_DEVIATION)
        member = np.array(self.groups)
        return {group: scaled[:, varies & (member == group)] for group in dict.fromkeys(self.groups)}
