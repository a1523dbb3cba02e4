"""The patients of a gallery, and how frequent a sign is in a condition of which few patients are known."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from pyarrow import parquet

from dysfw.data.dataset import patient_numbers
from dysfw.evaluation.protocol.protocol import GallerySplit, ProtocolPlan
from dysfw.types import Int64

# Set beforehand, not tuned.
PSEUDO_PATIENTS = 1.0  # patients added to each condition, who have a sign as frequently as all conditions do
PSEUDO_CONDITIONS = 1.5  # added to all conditions, so that no sign is impossible: half a condition has the sign, one has not

Float64 = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Gallery:
    """The gallery of a split, each patient once.

    Attributes:
        rows: int64 [P], rows of the data set: one image of each patient of each condition, by condition.
        classes: int64 [C], indices into the labels of the plan, ascending: the candidates.
        starts: int64 [C], where each candidate's patients start in ``rows``.
        counts: int64 [C], its number of patients.
    """

    rows: Int64
    classes: Int64
    starts: Int64
    counts: Int64

    @classmethod
    def of(cls, plan: ProtocolPlan, split: GallerySplit) -> Gallery:
        """Find the patients of a split's gallery.

        Args:
            plan: The plan.
            split: The split.
        """
        keys = np.stack([plan.y, patient_numbers(plan.dataset.samples)], axis=1)[split.gallery_rows]
        once, first = np.unique(keys, axis=0, return_index=True)
        classes, starts, counts = np.unique(once[:, 0], return_index=True, return_counts=True)
        return cls(split.gallery_rows[first], classes, starts, counts)

    def frequencies(self, signs: Float64) -> Float64:
        """Estimate how frequent each sign is in each condition, shrunk to its frequency in all of them.

        Args:
            signs: float64 [P, F], how probable it is that each patient has each sign.

        Returns:
            float64 [C, F], from 0 to 1, without 0 and 1. All conditions together: each counts equally, with
            ``PSEUDO_CONDITIONS`` more; one condition: each patient counts equally, with ``PSEUDO_PATIENTS`` more.
        """
        sums = np.add.reduceat(signs, self.starts, axis=0)
        number = self.counts[:, None]
        overall = ((sums / number).sum(axis=0) + PSEUDO_CONDITIONS / 3) / (len(number) + PSEUDO_CONDITIONS)
        return np.asarray((sums + PSEUDO_PATIENTS * overall) / (number + PSEUDO_PATIENTS))

    def scores(self, plan: ProtocolPlan, of_candidates: Float64) -> Float64:
        """Place the scores of the candidates among all conditions of a plan.

        Args:
            plan: The plan.
            of_candidates: float64 [M, C].

        Returns:
            float64 [M, K]; NaN for conditions that are no candidates.
        """
        scores = np.full((len(of_candidates), len(plan.labels)), np.nan)
        scores[:, self.classes] = of_candidates
        return scores


def true_columns(data: Path, names: tuple[str, ...], columns: list[str]) -> Float64:
    """Read columns of the truth.

    Args:
        data: The data set.
        names: N paths of images as in the manifest.
        columns: F columns of ``truth.parquet``.

    Returns:
        float64 [N, F].
    """
    table = parquet.read_table(data / "truth.parquet", columns=["path", *columns])
    row_of = {path: row for row, path in enumerate(table["path"].to_pylist())}
    values = np.column_stack([table[name].to_numpy() for name in columns])
    return np.asarray(values[[row_of[name] for name in names]], np.float64)
