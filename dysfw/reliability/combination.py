"""Combines the face with the evidence of a patient's record.

With calibrated probabilities of the face under equal priors, p, and log-likelihoods of the record, L:

    log q = log prior + a log p + b_1 L_1 + b_2 L_2 + … + constant

With a = b = 1 this is Bayes' theorem for a face and a record that are independent given the condition. They are not: the face
shows some of the recorded signs, and annotations are not probabilities. So a and b, at least 0, are fitted to out-of-fold
predictions of training patients: a logarithmic opinion pool (Genest and Zidek, Statistical Science 1986;1:114).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..stats.quantile import patient_shares
from ..types import Bool, Float32, Int64
from .temperature import MIN_PROBABILITY

Float64 = npt.NDArray[np.float64]

MAX_WEIGHT = 20.0


@dataclass(frozen=True, slots=True)
class CombinationWeights:
    """Weights of the face and of each kind of evidence.

    Attributes:
        face: Weight of the face, a.
        evidence: Weight of each kind of evidence, b.
        patients: Number of patients that they were fitted to; 0 if they are the weights of Bayes' theorem.
    """

    face: float
    evidence: tuple[float, ...]
    patients: int = 0


def known_rows(log_likelihoods: Float32) -> Bool:
    """Find the rows of which any evidence knows something.

    Args:
        log_likelihoods: float32 [N, E, K], NaN for what is not known.

    Returns:
        bool [N].
    """
    return np.asarray(~np.isnan(log_likelihoods).all(axis=(1, 2)))


def combine(face: Float32, log_likelihoods: Float32, prior: Float64, weights: CombinationWeights) -> Float32:
    """Combine the face with evidence. What evidence does not know counts as a likelihood ratio of 1.

    Args:
        face: float32 [N, K], calibrated, under this prior.
        log_likelihoods: float32 [N, E, K], NaN for what is not known.
        prior: float64 [K], sum 1.
        weights: The weights.

    Returns:
        float32 [N, K]. Rows without any evidence are those of the face.
    """
    rows = known_rows(log_likelihoods)
    combined = face.copy()
    if rows.any():
        log_prior = np.log(np.maximum(prior, MIN_PROBABILITY))
        parts = _parts(face[rows], log_likelihoods[rows], log_prior)
        logits = log_prior + np.einsum("p,npk->nk", [weights.face, *weights.evidence], parts)
        logits -= logits.max(axis=1, keepdims=True)
        exponentials = np.exp(logits)
        combined[rows] = exponentials / exponentials.sum(axis=1, keepdims=True)
    return combined


def fit_combination(face: Float32, log_likelihoods: Float32, y: Int64, groups: Int64) -> CombinationWeights:
    """Find the weights that minimise the penalised log loss of out-of-fold predictions.

    Conditions count equally, and patients within a condition, as for the temperature. A penalty on the squared distance from 1,
    with the weight of one patient for each weight, keeps them near those of Bayes' theorem if there are few patients. The loss
    is convex.

    Args:
        face: float32 [N, K], calibrated, under equal priors.
        log_likelihoods: float32 [N, E, K], NaN for what is not known.
        y: int64 [N], the conditions.
        groups: int64 [N], the patients.

    Returns:
        The weights; those of Bayes' theorem if no patient has a record.
    """
    rows, ones = known_rows(log_likelihoods), np.ones(1 + log_likelihoods.shape[1])
    patients = len(np.unique(groups[rows]))
    if not patients:
        return CombinationWeights(1.0, tuple(ones[1:].tolist()))
    from scipy.optimize import minimize  # takes a while to import

    parts, y = _parts(face[rows], log_likelihoods[rows], np.zeros(face.shape[1])), y[rows]
    importance = patient_shares(y, groups[rows])
    importance /= np.bincount(y, importance)[y]
    importance /= importance.sum()
    of_truth = parts[np.arange(len(y)), :, y]

    def loss(weights: Float64) -> tuple[float, Float64]:
        logits = np.einsum("p,npk->nk", weights, parts)
        top = logits.max(axis=1, keepdims=True)
        exponentials = np.exp(logits - top)
        total = exponentials.sum(axis=1, keepdims=True)
        losses = (top + np.log(total)).ravel() - of_truth @ weights
        expected = np.einsum("nk,npk->np", exponentials / total, parts)
        penalty, slope = ((weights - 1) ** 2).sum() / patients, 2 * (weights - 1) / patients
        return float(importance @ losses + penalty), importance @ (expected - of_truth) + slope

    found = minimize(loss, ones, jac=True, method="L-BFGS-B", bounds=[(0, MAX_WEIGHT)] * len(ones))
    return CombinationWeights(float(found.x[0]), tuple(found.x[1:].tolist()), patients)


def _parts(face: Float32, log_likelihoods: Float32, log_prior: Float64) -> Float64:
    """The logarithms that are weighted, float64 [N, 1 + E, K]: of the face under equal priors, and of each evidence."""
    of_face = np.log(np.maximum(face.astype(np.float64), MIN_PROBABILITY)) - log_prior
    return np.concatenate([of_face[:, None], np.nan_to_num(log_likelihoods.astype(np.float64))], axis=1)
