"""Prior probabilities of the conditions, and their effect on predicted probabilities.

Heads weight all conditions equally, so their probabilities assume that all are equally common. For other priors, each
probability is multiplied by its prior and the row is normalised (Saerens, Latinne and Decaestecker, Neural Computation
2002;14:21).
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
TOLERANCE = 1e-6  # for the sum of priors, which people round


def prior_of(prior: str | Mapping[str, float], labels: Sequence[str], y: Int64, groups: Int64) -> Float64:
    """Compute the prior probability of each condition.

    Args:
        prior: "uniform"; "data", the shares of the patients; or probabilities by label. Labels not named share the remainder
            equally.
        labels: The K labels.
        y: int64 [N], the conditions of the training images.
        groups: int64 [N], their patients.

    Returns:
        float64 [K], sum 1.

    Raises:
        DysfwError: A label is unknown, or the probabilities do not sum to 1.
    """
    if prior == UNIFORM:
        return np.full(len(labels), 1 / len(labels))
    if isinstance(prior, str):  # "data"
        counts = np.bincount(y, patient_shares(y, groups), minlength=len(labels))
        return np.asarray(counts / counts.sum(), np.float64)
    unknown = [label for label in prior if label not in labels]
    if unknown:
        raise DysfwError(
            f"prior: no condition is called {unknown[0]!r} (there are {listed(labels)}){closest(unknown[0], labels)}"
        )
    total = sum(prior.values())
    others = [label for label in labels if label not in prior]
    if total > 1 + TOLERANCE or (not others and total < 1 - TOLERANCE):
        allowed = "at most 1" if others else "exactly 1, because all conditions are named"
        raise DysfwError(f"prior: the probabilities sum to {total:g}, but must sum to {allowed}")
    remainder = max(0.0, 1 - total) / max(1, len(others))
    shares = np.array([prior.get(label, remainder) for label in labels], np.float64)
    return np.asarray(shares / shares.sum(), np.float64)


def apply_prior(probabilities: Float32, prior: Float64) -> Float32:
    """Adjust probabilities to a prior.

    Args:
        probabilities: float32 [N, K], under equal priors.
        prior: float64 [K], sum 1.

    Returns:
        float32 [N, K], under this prior.
    """
    if np.ptp(prior) == 0:
        return probabilities
    scaled = probabilities.astype(np.float64) * prior
    total = scaled.sum(axis=1, keepdims=True)
    return np.where(total > 0, scaled / np.where(total > 0, total, 1), prior).astype(np.float32)


def describe_prior(prior: Float64, labels: Sequence[str]) -> str:
    """Describe a prior in words, such as "unaffected 90 %, each of 13 others 0.77 %".

    Args:
        prior: float64 [K], sum 1.
        labels: The K labels.

    Returns:
        The labels by decreasing prior; those with the most frequent value are counted at the end.
    """
    order = np.argsort(-prior, kind="stable")
    values, counts = np.unique(np.round(prior, 12), return_counts=True)
    common = values[np.argmax(counts)] if counts.max() > 1 else -1.0
    named = [f"{labels[k]} {100 * prior[k]:.3g} %" for k in order if round(float(prior[k]), 12) != common]
    others = [f"each of {counts.max()} others {100 * common:.3g} %"] if common >= 0 else []
    return listed([*named, *others], 20)
