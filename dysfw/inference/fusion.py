"""What a fusion makes of the out-of-fold votes when it, too, has not seen the patient."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..bundle.contents import OutOfFoldPredictions
from ..contracts.components import Fusion
from ..stats.folds import patient_folds
from ..types import Float32

FOLDS = 5


def cross_validated_fusion(make_fusion: Callable[[], Fusion], votes: OutOfFoldPredictions, seed: int) -> Float32:
    """Fused votes float32 [N, K]; a fusion that learns is taught on the other folds, patient-wise."""
    if not make_fusion().needs_fit:
        return make_fusion().fuse(votes.probabilities, votes.present)
    fused = np.full((len(votes.y), votes.probabilities.shape[2]), 1 / votes.probabilities.shape[2], np.float32)
    for learn, held in patient_folds(votes.y, votes.groups, FOLDS, seed):
        fusion = make_fusion()
        fusion.fit(votes.probabilities[learn], votes.present[learn], votes.y[learn], votes.groups[learn])
        fused[held] = fusion.fuse(votes.probabilities[held], votes.present[held])
    return fused
