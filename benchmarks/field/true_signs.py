"""The reference "true signs": ranks conditions by exactly which signs are drawn, which no image shows without error.

Naive Bayes: signs are taken as independent within a condition. Of each sign it is known whether it is drawn, not how marked it
is. Frequencies are those of the gallery's patients, shrunk as ``gallery`` says.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from dysfw_phantom.terms import terms
from gallery import Float64, Gallery, true_columns

from dysfw.evaluation.protocol.protocol import GallerySplit, ProtocolPlan


class TrueSigns:
    """Ranks conditions by the drawn signs."""

    def __init__(self, data: Path, names: tuple[str, ...]) -> None:
        """Read the signs.

        Args:
            data: The data set.
            names: N paths of images as in the manifest.
        """
        self.drawn = (true_columns(data, names, [f"term:{id}" for id in terms()]) > 0).astype(np.float64)

    def predict(self, plan: ProtocolPlan, split: GallerySplit) -> Float64:
        """Rank the candidates of a split.

        Args:
            plan: The plan.
            split: The split.

        Returns:
            float64 [M, K], the logarithm of the likelihood; NaN for conditions that are no candidates.
        """
        gallery = Gallery.of(plan, split)
        frequency = gallery.frequencies(self.drawn[gallery.rows])
        tested = self.drawn[split.test_rows]
        return gallery.scores(plan, tested @ np.log(frequency).T + (1 - tested) @ np.log(1 - frequency).T)
