"""Cross-validates a fusion on out-of-fold predictions."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..bundle.contents import OutOfFoldPredictions
from ..contracts.components import Fusion
from ..stats.folds import patient_folds
from ..types import Float32

FOLDS = 5


def cross_validated_fusion(make_fusion: Callable[[], Fusion], out_of_fold: OutOfFoldPredictions, seed: int) -> Float32:
    """Fuse out-of-fold predictions. A fusion that is fitted is fitted on other patients than it fuses.

    Args:
        make_fusion: Makes an unfitted fusion.
        out_of_fold: Region probabilities of N images.
        seed: Random seed of the folds.

    Returns:
        float32 [N, K], not calibrated.
    """
    probabilities, present, y, groups = out_of_fold.probabilities, out_of_fold.present, out_of_fold.y, out_of_fold.split_groups
    if not make_fusion().needs_fit:
        return make_fusion().fuse(probabilities, present)
    fused = np.full((len(y), probabilities.shape[2]), 1 / probabilities.shape[2], np.float32)
    for train, test in patient_folds(y, groups, FOLDS, seed):
        fusion = make_fusion()
        fusion.fit(probabilities[train], present[train], y[train], groups[train])
        fused[test] = fusion.fuse(probabilities[test], present[test])
    return fused
