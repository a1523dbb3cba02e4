"""Borda count: regions rank the conditions, and only ranks count."""

from __future__ import annotations

import numpy as np
from scipy.stats import rankdata

from ...contracts.components import Fusion
from ...types import Bool, Float32
from .pools import masked, normalised


class Borda(Fusion):
    """Each region gives K-1 points to its first condition, K-2 to its second …, ties share theirs; the mean over the regions,
    divided by its sum. Use it for the ranking: these are shares of points and not probabilities in any other sense.

    Source: Ho, Hull and Srihari, IEEE TPAMI 1994;16:66.
    """

    def fuse(self, region_probabilities: Float32, present: Bool) -> Float32:
        points = rankdata(region_probabilities, axis=2) - 1
        return normalised(np.nanmean(masked(points.astype(np.float32), present), axis=1))
