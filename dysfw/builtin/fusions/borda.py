"""The fusion ``borda``."""

from __future__ import annotations

import numpy as np
from scipy.stats import rankdata

from ...contracts.components import Fusion
from ...types import Bool, Float32
from .pools import mask_absent, normalize_rows


class Borda(Fusion):
    """Borda count of the regions' rankings (Ho, Hull and Srihari, IEEE TPAMI 1994;16:66).

    Each region gives K-1 points to its most probable condition, K-2 to the next, and so on; ties share their points. The result
    is the mean over the regions, divided by its sum. It ranks conditions, but its values are shares of points, not calibrated
    probabilities.
    """

    def fuse(self, region_probabilities: Float32, present: Bool) -> Float32:
        """Combine the probabilities of the regions that are present."""
        points = rankdata(region_probabilities, axis=2) - 1
        return normalize_rows(np.nanmean(mask_absent(points.astype(np.float32), present), axis=1))
