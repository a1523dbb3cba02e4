"""The predictions of all splits together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ..types import Bool, Float32, Int64, Notice
from .fold_runner import RECIPE, FoldResult

Array = npt.NDArray[np.generic]


@dataclass(frozen=True, slots=True, eq=False)
class PooledPredictions:
    """Predictions of P repeats on N images of K conditions.

    Attributes:
        by_name: float32 [P, N, K] for each model; NaN if it made no prediction.
        raw: float32 [P, N, K], the recipe before calibration.
        splits: int64 [P, N], the split in which each image was tested; -1 if in none.
        sets: bool [P, N, K], prediction sets.
        reasons: [P][N], why the recipe's predictions are not reliable.
        evaluated: bool [N], whether the image was tested.
        temperatures: Of each split.
        per_patient: float32 [P, N, K], the recipe's prediction for the image's patient, from all their test images.
        per_patient_sets: bool [P, N, K].
    """

    by_name: Mapping[str, Float32]
    raw: Float32
    splits: Int64
    sets: Bool
    reasons: tuple[tuple[tuple[Notice, ...], ...], ...]
    evaluated: Bool
    temperatures: tuple[float, ...]
    per_patient: Float32
    per_patient_sets: Bool

    def only_evaluated(self) -> PooledPredictions:
        """The predictions on the images that were tested."""
        rows = self.evaluated
        if rows.all():
            return self
        return replace(
            self,
            by_name={name: probabilities[:, rows] for name, probabilities in self.by_name.items()},
            raw=self.raw[:, rows],
            splits=self.splits[:, rows],
            sets=self.sets[:, rows],
            reasons=tuple(tuple(r for r, use in zip(repeat, rows, strict=True) if use) for repeat in self.reasons),
            evaluated=rows[rows],
            per_patient=self.per_patient[:, rows],
            per_patient_sets=self.per_patient_sets[:, rows],
        )


def pool_folds(folds: Sequence[FoldResult], images: int) -> PooledPredictions:
    """Pool the results of all splits. Every image that is tested at all is tested once in each repeat."""
    repeats = 1 + max(fold.split.repeat for fold in folds)

    def stacked(part: Callable[[FoldResult], Array], fill: float | bool) -> Array:
        first = part(folds[0])
        whole = np.full((repeats, images, *first.shape[1:]), fill, first.dtype)
        for fold in folds:
            whole[fold.split.repeat, fold.split.test_rows] = part(fold)
        return whole

    by_name = {name: stacked(lambda fold, n=name: fold.by_name[n], np.nan) for name in folds[0].by_name}  # type: ignore[misc]
    reasons: list[list[tuple[Notice, ...]]] = [[()] * images for _ in range(repeats)]
    splits = np.full((repeats, images), -1, np.int64)
    for number, fold in enumerate(folds):
        splits[fold.split.repeat, fold.split.test_rows] = number
        for row, notices in zip(fold.split.test_rows, fold.reasons, strict=True):
            reasons[fold.split.repeat][row] = notices
    return PooledPredictions(
        by_name=by_name,  # type: ignore[arg-type]
        raw=stacked(lambda fold: fold.raw, np.nan),  # type: ignore[arg-type]
        splits=splits,
        sets=stacked(lambda fold: fold.sets, False),  # type: ignore[arg-type]
        reasons=tuple(map(tuple, reasons)),
        evaluated=np.asarray(~np.isnan(by_name[RECIPE]).any(axis=(0, 2))),
        temperatures=tuple(fold.temperature for fold in folds),
        per_patient=stacked(lambda fold: fold.per_patient, np.nan),  # type: ignore[arg-type]
        per_patient_sets=stacked(lambda fold: fold.per_patient_sets, False),  # type: ignore[arg-type]
    )
