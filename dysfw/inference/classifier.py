"""The fitted parts of a pipeline: a head for each region, the fusion, and the reliability model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..contracts.components import Fusion, Head
from ..types import Bool, Float32
from .evidence import EvidenceModel
from .reliability_model import ReliabilityModel
from .retrieval import GalleryIndex


@dataclass(frozen=True, slots=True, eq=False)
class Classifier:
    """Predicts conditions from embeddings.

    Attributes:
        labels: K conditions.
        heads: Fitted heads by region, in the segmenter's order.
        fusion: The fitted fusion.
        reliability: Calibrates probabilities and decides which predictions are reliable.
        gallery: The gallery cases that the heads keep, if any.
        evidence: Reads the patient's record, if the recipe does.
    """

    labels: tuple[str, ...]
    heads: Mapping[str, Head]
    fusion: Fusion
    reliability: ReliabilityModel
    gallery: GalleryIndex | None = None
    evidence: EvidenceModel | None = None

    def predict(self, embeddings: Sequence[Float32], present: Sequence[Bool]) -> tuple[Float32, Float32]:
        """Predict region probabilities and fuse them.

        Args:
            embeddings: float32 [R, dim] for each of N faces.
            present: bool [R] for each face.

        Returns:
            float32 [N, R, K], region probabilities, NaN for absent regions; and float32 [N, K], fused and not calibrated.
        """
        if not embeddings:
            return np.empty((0, len(self.heads), len(self.labels)), np.float32), np.empty((0, len(self.labels)), np.float32)
        return predict_and_fuse(self.heads, self.fusion, len(self.labels), np.stack(embeddings), np.stack(present))

    def calibrated_probabilities(self, region_probabilities: Float32, present: Bool) -> Float32:
        """Fuse and calibrate region probabilities.

        Args:
            region_probabilities: float32 [N, R, K].
            present: bool [N, R], the regions to use. Rows without any get the prior.

        Returns:
            float32 [N, K].
        """
        fused = np.full((len(region_probabilities), len(self.labels)), 1 / len(self.labels), np.float32)
        some = present.any(axis=1)
        if some.any():
            fused[some] = self.fusion.fuse(np.nan_to_num(region_probabilities[some]), present[some])
        return self.reliability.reported(fused)


def predict_and_fuse(
    heads: Mapping[str, Head], fusion: Fusion, classes: int, embeddings: Float32, present: Bool
) -> tuple[Float32, Float32]:
    """Predict region probabilities and fuse them.

    Args:
        heads: R fitted heads, in the segmenter's order.
        fusion: The fitted fusion.
        classes: Number of conditions, K.
        embeddings: float32 [N, R, dim].
        present: bool [N, R].

    Returns:
        float32 [N, R, K], region probabilities, NaN for absent regions; and float32 [N, K], fused and not calibrated.
    """
    region_probabilities = np.full((*present.shape, classes), np.nan, np.float32)
    for r, head in enumerate(heads.values()):
        rows = present[:, r]
        if rows.any():
            region_probabilities[rows, r] = head.predict(embeddings[rows, r])
    return region_probabilities, fusion.fuse(np.nan_to_num(region_probabilities), present)
