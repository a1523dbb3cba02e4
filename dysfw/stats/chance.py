"""Tests whether a classifier was shown to beat chance.

The measure is the balanced accuracy of out-of-fold predictions. Under the null hypothesis the predictions say nothing of the
condition, so any other assignment of the patients' conditions to the predictions would be as likely. The test permutes the
conditions between patients, keeps the predictions, and asks how often the balanced accuracy is as high as measured (Good,
Permutation, Parametric and Bootstrap Tests of Hypotheses, 2005; Ojala & Garriga, J Mach Learn Res 2010;11:1833-1863). It
assumes nothing of how often each condition is predicted, is exact for few patients, where an interval is not, and costs
milliseconds, so it can be computed from any bundle.

Fitting the heads again for each permutation would be stricter: the folds share training images, so cross-validated scores vary
more than independent predictions do (Noirhomme et al., NeuroImage Clin 2014;4:687-694). That is why ``ALPHA`` is half of the
usual 0.05. Of 2,000 classifiers of random vectors, 3.6 % then pass: 1 to 7 %, depending on the data and the head
(``benchmarks/validation/chance.py``).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from pydantic import BaseModel, ConfigDict

from ..types import Float32, Int64
from .bootstrap import Float64
from .estimate import Estimate

ALPHA = 0.025  # one-sided, like one end of a 95 % interval
PERMUTATIONS = 999
BLOCK = 4_000_000  # permuted patients in memory at once, 32 MB
TOLERANCE = 1e-9  # sums of the same numbers in another order differ in their last digits


class ChanceTest(BaseModel):
    """Whether a classifier was shown to beat chance.

    Attributes:
        balanced_accuracy: Mean sensitivity over the conditions present.
        chance: Balanced accuracy of guessing, 1/K.
        p: Share of the permutations whose balanced accuracy is at least as high. The measured one counts among them (Phipson &
            Smyth, Stat Appl Genet Mol Biol 2010;9:39), so p is at least 1 / (1 + permutations).
        patients: Number of patients.
        permutations: Number of permutations.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    balanced_accuracy: Estimate
    chance: float
    p: float
    patients: int
    permutations: int

    @property
    def shown(self) -> bool:
        """Whether the classifier was shown to beat chance."""
        return self.p <= ALPHA

    def __str__(self) -> str:
        """Return "cross-validated balanced accuracy 0.118 [0.071, 0.169], chance 0.125, p = 0.613"."""
        return f"cross-validated balanced accuracy {self.balanced_accuracy}, chance {self.chance:.3f}, p = {self.p:.3f}"


def compare_with_chance(probabilities: Float32, y: Int64, groups: Int64, measured: Estimate | None = None) -> ChanceTest:
    """Test whether out-of-fold predictions beat chance.

    Args:
        probabilities: float32 [N, K], of a classifier that did not see the image's patient.
        y: int64 [N], the true classes; N >= 1.
        groups: int64 [N], the patients. A patient with several conditions counts once with each.
        measured: The balanced accuracy with its interval, if it is known.

    Returns:
        The test. Without ``measured``, its balanced accuracy has no interval.
    """
    predicted, classes = probabilities.argmax(axis=1), probabilities.shape[1]
    units, unit = np.unique(groups * classes + y, return_inverse=True)
    by_class = np.argsort(units % classes, kind="stable")
    places = units[by_class] % classes  # the condition at each place; permutations move the patients
    starts = np.flatnonzero(np.diff(places, prepend=-1))
    right = np.bincount(unit * classes + predicted, minlength=len(units) * classes).reshape(-1, classes)[by_class]
    images = np.bincount(unit)[by_class]

    def balanced_accuracy(orders: Int64) -> Float64:
        """Of permutations, int64 [b, U], the patient at each place; float64 [b]."""
        correct = np.add.reduceat(right[orders, places], starts, axis=1)
        return np.asarray((correct / np.add.reduceat(images[orders], starts, axis=1)).mean(axis=1))

    value = float(balanced_accuracy(np.arange(len(units))[None])[0])
    as_high = sum(int(np.count_nonzero(balanced_accuracy(one) >= value - TOLERANCE)) for one in _orders(len(units)))
    return ChanceTest(
        balanced_accuracy=measured or Estimate(value=value),
        chance=1 / classes,
        p=(1 + as_high) / (1 + PERMUTATIONS),
        patients=len(np.unique(groups)),
        permutations=PERMUTATIONS,
    )


def _orders(number: int) -> Iterator[Int64]:
    """Random orders of the patients, in blocks int64 [b, U]; the same at each call."""
    rng = np.random.default_rng(0)
    step = max(1, min(PERMUTATIONS, BLOCK // number))
    for start in range(0, PERMUTATIONS, step):
        rows = min(step, PERMUTATIONS - start)
        yield rng.permuted(np.broadcast_to(np.arange(number), (rows, number)), axis=1)
