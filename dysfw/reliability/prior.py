"""How common each condition is among those who will be judged, and what that makes of probabilities.

Heads weigh every condition the same, so their probabilities hold where all are equally common. Elsewhere each is multiplied by
how much more common its condition is (Saerens, Latinne and Decaestecker, Neural Computation 2002;14:21), and the sum made 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from ..errors import DysfwError
from ..stats.quantile import patient_shares
from ..types import Float32, Int64
from ..util.text import closest, listed

Float64 = npt.NDArray[np.float64]
UNIFORM = "uniform"
ROUNDING = 1e-6  # by which shares that people write may miss 1


def prior_of(wanted: str | Mapping[str, float], labels: Sequence[str], y: Int64, groups: Int64) -> Float64:
    """float64 [K], sum 1: the share of each condition.

    wanted: "uniform"; "data", the shares of the patients; or shares by label, those not named having what is left in equal
    parts. y int [N]: conditions; groups int [N]: patients. Raises DysfwError for an unknown label and for impossible shares.
    """
    if wanted == UNIFORM:
        return np.full(len(labels), 1 / len(labels))
    if isinstance(wanted, str):  # "data"
        counted = np.bincount(y, patient_shares(y, groups), minlength=len(labels))
        return np.asarray(counted / counted.sum(), np.float64)
    unknown = [label for label in wanted if label not in labels]
    if unknown:
        raise DysfwError(
            f"prior: no condition is called {unknown[0]!r} (there are {listed(labels)}){closest(unknown[0], labels)}"
        )
    named = sum(wanted.values())
    others = [label for label in labels if label not in wanted]
    if named > 1 + ROUNDING or (not others and named < 1 - ROUNDING):
        allowed = "at most 1" if others else "exactly 1, as all conditions are named"
        raise DysfwError(f"prior: the shares sum to {named:g}; allowed is {allowed}")
    left = max(0.0, 1 - named) / max(1, len(others))
    shares = np.array([wanted.get(label, left) for label in labels], np.float64)
    return np.asarray(shares / shares.sum(), np.float64)


def reweighed(probabilities: Float32, prior: Float64) -> Float32:
    """probabilities [N, K] that assume equal shares -> float32 [N, K] at the shares of ``prior``."""
    if np.ptp(prior) == 0:
        return probabilities
    scaled = probabilities.astype(np.float64) * prior
    total = scaled.sum(axis=1, keepdims=True)
    return np.where(total > 0, scaled / np.where(total > 0, total, 1), prior).astype(np.float32)


def described(prior: Float64, labels: Sequence[str]) -> str:
    """ "unaffected 90 %, each of 13 others 0.77 %": the shares in words, the largest first."""
    order = np.argsort(-prior, kind="stable")
    values, numbers = np.unique(np.round(prior, 12), return_counts=True)
    common = values[np.argmax(numbers)] if numbers.max() > 1 else -1.0
    apart = [f"{labels[k]} {100 * prior[k]:.3g} %" for k in order if round(float(prior[k]), 12) != common]
    rest = [f"each of {numbers.max()} others {100 * common:.3g} %"] if common >= 0 else []
    return listed([*apart, *rest], 20)
