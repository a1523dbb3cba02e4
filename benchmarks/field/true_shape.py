"""The reference "true shape": ranks conditions by the true value on each axis and trait, which no image shows without error.

A value is natural variation, or natural variation with a sign at one end of the axis added to it. Which of them, nobody tells:
that is estimated for each gallery patient, together with how frequent a sign at each end is in each condition
(expectation–maximisation; Dempster, Laird and Rubin, J R Stat Soc B 1977;39:1-38). Frequencies are shrunk as ``gallery`` says.
Axes are taken as independent within a condition.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from dysfw_phantom.axes import Axis, axes, traits
from dysfw_phantom.patient import LIMIT, OPPOSED
from dysfw_phantom.phantom import PUBLISHED_SEVERITY
from gallery import Float64, Gallery, true_columns
from scipy.stats import norm, truncnorm

from dysfw.evaluation.protocol.protocol import GallerySplit, ProtocolPlan

START, ITERATIONS = 0.1, 20  # frequency from which the estimation starts, and its steps
TINY = 1e-12  # so that no value is impossible


class TrueShape:
    """Ranks conditions by the true shape.

    Attributes:
        likelihood: float64 [3, N, A], how probable each value is without a sign, and with one at the positive and negative end.
    """

    def __init__(self, data: Path, names: tuple[str, ...]) -> None:
        """Read the shape.

        Args:
            data: The data set.
            names: N paths of images as in the manifest.
        """
        known = [(f"attribute:{axis.name}", axis) for axis in axes().values()]
        known += [(f"attribute:trait.{trait.name}", trait) for trait in traits().values()]
        known = [(column, axis) for column, axis in known if axis.terms or axis.later_terms]  # of others, nothing follows
        x = true_columns(data, names, [column for column, _ in known])
        self.likelihood = np.stack([_likelihood(x[:, n], axis) for n, (_, axis) in enumerate(known)], axis=2)

    def predict(self, plan: ProtocolPlan, split: GallerySplit) -> Float64:
        """Rank the candidates of a split.

        Args:
            plan: The plan.
            split: The split.

        Returns:
            float64 [M, K], the logarithm of the likelihood; NaN for conditions that are no candidates.
        """
        gallery = Gallery.of(plan, split)
        plus, minus = self._frequencies(gallery)
        without, with_plus, with_minus = (each[:, None] for each in self.likelihood[:, split.test_rows])
        mixed = without * (1 - plus - minus) + with_plus * plus + with_minus * minus  # [M, C, A]
        return gallery.scores(plan, np.log(mixed).sum(axis=2))

    def _frequencies(self, gallery: Gallery) -> Float64:
        """float64 [2, C, A], how frequent signs at the positive and negative end are."""
        without, *ends = self.likelihood[:, gallery.rows]
        frequencies = np.full((2, len(gallery.classes), without.shape[1]), START)
        for _ in range(ITERATIONS):
            plus, minus = np.repeat(frequencies, gallery.counts, axis=1)
            parts = np.stack([ends[0] * plus, ends[1] * minus])
            having = parts / (without * (1 - plus - minus) + parts.sum(axis=0))
            frequencies = np.stack([gallery.frequencies(each) for each in having])
        return frequencies


def _likelihood(x: Float64, axis: Axis) -> Float64:
    """Compute how probable values are.

    With a sign, half of the natural variation is towards it and the other half, which is against it, is drawn reduced to
    ``OPPOSED``. The sum with the severity is taken as normal, with its mean and standard deviation.

    Args:
        x: float64 [N], standard deviations.
        axis: The axis.

    Returns:
        float64 [3, N], densities; if there is no natural variation, 1 for exactly 0 without a sign, and 0 with one.
    """
    half, mean, sd = np.sqrt(2 / np.pi), *PUBLISHED_SEVERITY
    match axis.natural:
        case "none":
            without = (x == 0).astype(np.float64)
            moved, second = 0.0, 0.0
        case "positive":
            without = 2 * truncnorm.pdf(x, -LIMIT, LIMIT) * (x >= 0)
            moved, second = half, 1.0
        case "both":
            without = truncnorm.pdf(x, -LIMIT, LIMIT)
            moved, second = half * (1 - OPPOSED) / 2, (1 + OPPOSED**2) / 2
    spread = np.sqrt(sd**2 + second - moved**2)
    named = {sign for _, _, sign in (*axis.terms, *axis.later_terms)}
    ends = [norm.pdf(sign * x, mean + moved, spread) * (sign in named) for sign in (1, -1)]
    if axis.natural == "none":
        ends = [end * (x != 0) for end in ends]
    return np.stack([without, *ends]) + TINY
