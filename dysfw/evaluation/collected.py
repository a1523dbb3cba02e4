"""All splits together: for each contender what it said of every photograph."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..types import Bool, Float32, Int64, Notice
from .trial import RECIPE, Trial

Array = npt.NDArray[np.generic]


@dataclass(frozen=True, slots=True, eq=False)
class Collected:
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
    judged: Bool
    temperatures: tuple[float, ...]
    together: Float32
    together_sets: Bool


def collect(trials: Sequence[Trial], photographs: int) -> Collected:
    """Every photograph that is judged at all is judged once in each repeat."""
    repeats = 1 + max(trial.split.repeat for trial in trials)

    def stacked(part: Callable[[Trial], Array], fill: float | bool) -> Array:
        first = part(trials[0])
        whole = np.full((repeats, photographs, *first.shape[1:]), fill, first.dtype)
        for trial in trials:
            whole[trial.split.repeat, trial.split.held] = part(trial)
        return whole

    by_name = {name: stacked(lambda t, n=name: t.by_name[n], np.nan) for name in trials[0].by_name}  # type: ignore[misc]
    reasons: list[list[tuple[Notice, ...]]] = [[()] * photographs for _ in range(repeats)]
    splits = np.full((repeats, photographs), -1, np.int64)
    for number, trial in enumerate(trials):
        splits[trial.split.repeat, trial.split.held] = number
        for row, found in zip(trial.split.held, trial.reasons, strict=True):
            reasons[trial.split.repeat][row] = found
    return Collected(
        by_name=by_name,  # type: ignore[arg-type]
        raw=stacked(lambda t: t.raw, np.nan),  # type: ignore[arg-type]
        splits=splits,
        sets=stacked(lambda t: t.sets, False),  # type: ignore[arg-type]
        reasons=tuple(map(tuple, reasons)),
        judged=~np.isnan(by_name[RECIPE]).any(axis=(0, 2)),
        temperatures=tuple(trial.temperature for trial in trials),
        together=stacked(lambda t: t.together, np.nan),  # type: ignore[arg-type]
        together_sets=stacked(lambda t: t.together_sets, False),  # type: ignore[arg-type]
    )
