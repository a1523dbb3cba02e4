"""The recipe beside everything that it must be better than, on the same photographs in the same folds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np

from ..stats.bootstrap import Float64
from ..stats.intervals import Measured, measured
from ..types import Bool, Float32, Int64
from .fold_runner import FUSION, RECIPE, REGION
from .result import EvaluatedModel


class BaselineComparison:
    """y, groups: int64 [N]; weights: float64 [B, N], of the bootstrap; by_name: float32 [P, N, K] for each contender, NaN where
    it said nothing. All N photographs were judged by the recipe. splits: int64 [P, N], in which split. unaffected: that
    condition, where there is one."""

    def __init__(
        self,
        by_name: Mapping[str, Float32],
        y: Int64,
        groups: Int64,
        weights: Float64,
        *,
        splits: Int64,
        unaffected: int | None,
    ) -> None:
        self.by_name = by_name
        self.splits = splits
        self.y, self.groups, self.weights, self.unaffected = y, groups, weights, unaffected
        self._of_recipe: dict[bytes, Measured] = {}

    def measured(self, name: str, rows: Bool | None = None) -> Measured:
        """One contender on some of the photographs, or on all."""
        use = np.ones(len(self.y), bool) if rows is None else rows
        if name == RECIPE and use.tobytes() in self._of_recipe:
            return self._of_recipe[use.tobytes()]
        found = measured(
            self.by_name[name][:, use],
            self.y[use],
            self.groups[use],
            self.weights[:, use],
            self.unaffected,
            splits=self.splits[:, use],
        )
        if name == RECIPE:
            self._of_recipe[use.tobytes()] = found
        return found

    def models(self) -> list[EvaluatedModel]:
        """The recipe first. A region that is absent everywhere is left out."""
        found = []
        for name, probabilities in self.by_name.items():
            rows = ~np.isnan(probabilities).any(axis=(0, 2))
            if rows.any():
                found.append(self._evaluate_model(name, rows))
        return found

    def _evaluate_model(self, name: str, rows: Bool) -> EvaluatedModel:
        own = self.measured(name, rows)
        return EvaluatedModel(
            name=name.removeprefix(REGION).removeprefix(FUSION),
            kind=_kind(name),
            images=int(rows.sum()),
            measures=own.overall(),
            difference={} if name == RECIPE else own.minus(self.measured(RECIPE, rows)),
        )


def _kind(name: str) -> Literal["recipe", "region", "fusion", "baseline"]:
    if name == RECIPE:
        return "recipe"
    return "region" if name.startswith(REGION) else "fusion" if name.startswith(FUSION) else "baseline"
