"""All splits together: for each contender what it said of every photograph."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..types import Bool, Float32, Int64, Notice
from .fold_runner import RECIPE, FoldResult

Array = npt.NDArray[np.generic]


@dataclass(frozen=True, slots=True, eq=False)
class PooledPredictions:
    """Of P repeats, N photographs, K conditions. by_name: float32 [P, N, K] for each contender, NaN where it said nothing. raw:
    float32 [P, N, K], the recipe before calibration. splits: int64 [P, N], the split in which each was judged, -1 in none.
    sets: bool [P, N, K]. reasons: [P][N] for the recipe's predictions. judged: bool [N], False where no split holds the
    photograph. temperatures: of each split. together: float32 [P, N, K], what the recipe said of the photograph's patient;
    together_sets: bool [P, N, K]."""

    by_name: Mapping[str, Float32]
    raw: Float32
    splits: Int64
    sets: Bool
    reasons: tuple[tuple[tuple[Notice, ...], ...], ...]
    evaluated: Bool
    temperatures: tuple[float, ...]
    per_patient: Float32
    per_patient_sets: Bool


def pool_folds(runner: Sequence[FoldResult], images: int) -> PooledPredictions:
    """Every photograph that is judged at all is judged once in each repeat."""
    repeats = 1 + max(fold.split.repeat for fold in runner)

    def stacked(part: Callable[[FoldResult], Array], fill: float | bool) -> Array:
        first = part(runner[0])
        whole = np.full((repeats, images, *first.shape[1:]), fill, first.dtype)
        for fold in runner:
            whole[fold.split.repeat, fold.split.test_rows] = part(fold)
        return whole

    by_name = {name: stacked(lambda t, n=name: t.by_name[n], np.nan) for name in runner[0].by_name}  # type: ignore[misc]
    reasons: list[list[tuple[Notice, ...]]] = [[()] * images for _ in range(repeats)]
    splits = np.full((repeats, images), -1, np.int64)
    for number, fold in enumerate(runner):
        splits[fold.split.repeat, fold.split.test_rows] = number
        for row, found in zip(fold.split.test_rows, fold.reasons, strict=True):
            reasons[fold.split.repeat][row] = found
    return PooledPredictions(
        by_name=by_name,  # type: ignore[arg-type]
        raw=stacked(lambda t: t.raw, np.nan),  # type: ignore[arg-type]
        splits=splits,
        sets=stacked(lambda t: t.sets, False),  # type: ignore[arg-type]
        reasons=tuple(map(tuple, reasons)),
        evaluated=~np.isnan(by_name[RECIPE]).any(axis=(0, 2)),
        temperatures=tuple(fold.temperature for fold in runner),
        per_patient=stacked(lambda t: t.per_patient, np.nan),  # type: ignore[arg-type]
        per_patient_sets=stacked(lambda t: t.per_patient_sets, False),  # type: ignore[arg-type]
    )
