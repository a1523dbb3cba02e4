"""The trained half of a pipeline: a head for each region, and the fusion of their votes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..contracts.components import Fusion, Head
from ..types import Bool, Float32
from .reliability import ReliabilityModel
from .retrieval import GalleryIndex


@dataclass(frozen=True, slots=True, eq=False)
class Classifier:
    """labels: K conditions. heads: by region, in the order of the votes. fusion: ready to fuse. trust: what to believe of its
    judgements; None where the bundle does not say what its training was like. known: the cases that the heads keep, if any."""

    labels: tuple[str, ...]
    heads: Mapping[str, Head]
    fusion: Fusion
    reliability: ReliabilityModel
    known: GalleryIndex | None = None

    def predict(self, embeddings: Sequence[Float32], present: Sequence[Bool]) -> tuple[Float32, Float32]:
        """embeddings N times float32 [R, dim], present N times bool [R] -> votes float32 [N, R, K], NaN where absent, and the
        fused probabilities float32 [N, K], not calibrated."""
        if not embeddings:
            return np.empty((0, len(self.heads), len(self.labels)), np.float32), np.empty((0, len(self.labels)), np.float32)
        return self._predict(np.stack(embeddings), np.stack(present))

    def calibrated_probabilities(self, region_probabilities: Float32, present: Bool) -> Float32:
        """What is reported of votes [N, R, K] where only ``present`` bool [N, R] speak -> float32 [N, K]; where none does, what
        is believed beforehand: the prior, which is uniform unless the recipe says otherwise."""
        fused = np.full((len(region_probabilities), len(self.labels)), 1 / len(self.labels), np.float32)
        some = present.any(axis=1)
        if some.any():
            fused[some] = self.fusion.fuse(np.nan_to_num(region_probabilities[some]), present[some])
        return self.reliability.reported(fused)

    def _predict(self, embeddings: Float32, present: Bool) -> tuple[Float32, Float32]:
        region_probabilities = np.full((*present.shape, len(self.labels)), np.nan, np.float32)
        for r, head in enumerate(self.heads.values()):
            rows = present[:, r]
            if rows.any():
                region_probabilities[rows, r] = head.predict(embeddings[rows, r])
        return region_probabilities, self.fusion.fuse(np.nan_to_num(region_probabilities), present)
