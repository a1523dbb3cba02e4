"""Compares a recipe with baselines, single regions and other fusions on the same images."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np

from ..stats.bootstrap import Float64
from ..stats.intervals import Measured, measured
from ..types import Bool, Float32, Int64
from .fold_runner import FUSION, RECIPE, REGION
from .records import FACE, RECORD
from .result import EvaluatedModel


class BaselineComparison:
    """Measures several models on the same N images."""

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
        """Create a comparison.

        Args:
            by_name: float32 [P, N, K] for each model, NaN if it made no prediction. The recipe predicted all images.
            y: int64 [N], classes.
            groups: int64 [N], patients.
            weights: float64 [B, N], weights of the bootstrap resamples.
            splits: int64 [P, N], the split in which each image was tested.
            unaffected: Class of people without a condition, if there is one.
        """
        self.by_name = by_name
        self.splits = splits
        self.y, self.groups, self.weights, self.unaffected = y, groups, weights, unaffected
        self._recipe_by_rows: dict[bytes, Measured] = {}

    def measured(self, name: str, rows: Bool | None = None) -> Measured:
        """Measure one model.

        Args:
            name: A key of ``by_name``.
            rows: bool [N], the images to use; None uses all.
        """
        use = np.ones(len(self.y), bool) if rows is None else rows
        if name == RECIPE and use.tobytes() in self._recipe_by_rows:
            return self._recipe_by_rows[use.tobytes()]
        chosen: Bool | slice = slice(None) if use.all() else use  # a slice does not copy the weights of all resamples
        result = measured(
            self.by_name[name][:, chosen],
            self.y[chosen],
            self.groups[chosen],
            self.weights[:, chosen],
            self.unaffected,
            splits=self.splits[:, chosen],
        )
        if name == RECIPE:
            self._recipe_by_rows[use.tobytes()] = result
        return result

    def models(self) -> list[EvaluatedModel]:
        """All models, the recipe first. A region that is absent in every image is left out."""
        evaluated = []
        for name, probabilities in self.by_name.items():
            rows = np.asarray(~np.isnan(probabilities).any(axis=(0, 2)))
            if rows.any():
                evaluated.append(self._evaluate_model(name, rows))
        return evaluated

    def _evaluate_model(self, name: str, rows: Bool) -> EvaluatedModel:
        model = self.measured(name, rows)
        return EvaluatedModel(
            name=name.removeprefix(REGION).removeprefix(FUSION),
            kind=_kind(name),
            images=int(rows.sum()),
            measures=model.overall(),
            difference={} if name == RECIPE else model.minus(self.measured(RECIPE, rows)),
        )


def _kind(name: str) -> Literal["recipe", "input", "region", "fusion", "baseline"]:
    if name == RECIPE:
        return "recipe"
    if name in (FACE, RECORD):
        return "input"
    return "region" if name.startswith(REGION) else "fusion" if name.startswith(FUSION) else "baseline"
