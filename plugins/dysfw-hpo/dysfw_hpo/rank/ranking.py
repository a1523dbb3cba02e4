"""Ranks all diseases by how well they explain what is known of one patient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dysfw.plugin import Bool, DysfwError, Float32, Int64, listed

from .catalog import Catalog
from .panel import Panel
from .prior import Prior

Float64 = npt.NDArray[np.float64]
DECIMALS = 6  # log ratios that are equal so far are equal: they differ only by rounding


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A part of what is known, such as the signs or the face.

    Attributes:
        name: What results call it.
        log_ratio: float64 [C], natural logarithms of likelihood ratios; NaN for diseases that it does not know.
        weight: Its weight in the sum.
    """

    name: str
    log_ratio: Float64
    weight: float = 1.0

    @property
    def known(self) -> Bool:
        """Which diseases it knows, bool [C]."""
        return ~np.isnan(self.log_ratio)


@dataclass(frozen=True, slots=True, eq=False)
class Ranking:
    """The ranking of the C diseases.

    Attributes:
        parts: What the ranking is based on.
        log_ratio: float64 [C], the weighted sum of the parts' log ratios, those that are not known being 0; NaN for diseases
            that are not ranked: neither are signs of them annotated, nor does a part know them.
        posterior: float64 [C], sum 1, if the user gave a prior; 0 for diseases that are not ranked.
        prior: That prior.
        order: int64 [M], the ranked diseases from the first to the last; equal ones by OMIM number.
        rank: int64 [C], 1 for the first; equal diseases share a rank; 0 for those that are not ranked.
        panel: The gene panel, if there is one.
        panel_order: int64 [P], ``order`` without the diseases outside the panel.
        panel_rank: int64 [C], rank among the diseases of the panel; 0 for others.
    """

    parts: tuple[Part, ...]
    log_ratio: Float64
    posterior: Float64 | None
    prior: Prior | None
    order: Int64
    rank: Int64
    panel: Panel | None
    panel_order: Int64
    panel_rank: Int64


def rank_diseases(catalog: Catalog, parts: Sequence[Part], prior: Prior | None = None, panel: Panel | None = None) -> Ranking:
    """Rank diseases by their likelihood ratio or, if there is a prior, by their posterior probability.

    Args:
        catalog: The C diseases.
        parts: What is known of the patient; at least one.
        prior: Prior probabilities of the diseases.
        panel: A gene panel.

    Returns:
        The ranking.

    Raises:
        DysfwError: The prior of all ranked diseases is 0.
    """
    # A disease with annotated signs is ranked also if no part knows it, as if only the face counts: then nothing speaks for or
    # against it. Without such diseases, those of the recipe would share the whole probability.
    known = np.any([catalog.annotated, *(part.known for part in parts)], axis=0)
    total = np.sum([part.weight * np.nan_to_num(part.log_ratio) for part in parts], axis=0)
    log_ratio = np.where(known, total, np.nan)
    if prior is not None:
        _check_prior(catalog, prior, known)
    posterior = None if prior is None else posterior_of(log_ratio, prior)
    if posterior is None:
        score = log_ratio
    else:
        with np.errstate(divide="ignore"):
            score = np.log(posterior)
    order, rank = _ranks(score, known)
    inside = np.zeros(len(catalog), bool)
    if panel:
        inside[list(catalog.having(panel.diseases))] = True
    panel_order, panel_rank = _ranks(score, known & inside)
    return Ranking(tuple(parts), log_ratio, posterior, prior, order, rank, panel, panel_order, panel_rank)


def posterior_of(log_ratio: Float64, prior: Prior) -> Float64:
    """Compute posterior probabilities with Bayes' theorem.

    Args:
        log_ratio: float64 [C] or [N, C], NaN for diseases that are not ranked.
        prior: Prior probabilities of the diseases; at least one ranked disease must have one above 0.

    Returns:
        float64 of the same shape; each row has the sum 1.
    """
    with np.errstate(divide="ignore"):
        logs = np.log(prior.probabilities) + np.where(np.isnan(log_ratio), -np.inf, log_ratio)
    weight = np.exp(logs - logs.max(axis=-1, keepdims=True))
    return np.asarray(weight / weight.sum(axis=-1, keepdims=True), np.float64)


def _check_prior(catalog: Catalog, prior: Prior, ranked: Bool) -> None:
    if not prior.probabilities[ranked].any():
        ids = [catalog[int(number)].id for number in np.flatnonzero(prior.probabilities)]
        raise DysfwError(
            f"--prior: {prior.name}: all of the probability is on {listed(ids, 3)}, which cannot be ranked since no signs are "
            "annotated",
            hint="leave some probability to diseases that can be ranked, or leave --prior out",
        )


def _ranks(score: Float64, ranked: Bool) -> tuple[Int64, Int64]:
    """The order of the ranked diseases, and the rank of each: 1 plus the number of those with a higher score."""
    rounded = np.round(score, DECIMALS)
    numbers = np.flatnonzero(ranked)
    order = numbers[np.argsort(-rounded[numbers], kind="stable")]
    sorted_score = rounded[order]
    new = np.concatenate([[True], sorted_score[1:] != sorted_score[:-1]]) if len(order) else np.empty(0, bool)
    first = np.maximum.accumulate(np.where(new, np.arange(len(order)), 0)) if len(order) else np.empty(0, np.int64)
    rank = np.zeros(len(score), np.int64)
    rank[order] = first + 1
    return order.astype(np.int64), rank


def to_log10(log_ratio: float | Float32 | Float64) -> Float64:
    """Convert natural logarithms to decimal ones."""
    return np.asarray(np.asarray(log_ratio, np.float64) / np.log(10))


def posterior_text(probability: float, digits: int) -> str:
    """Write a posterior probability with significant digits, but never a 1 that is none.

    Args:
        probability: From 0 to 1.
        digits: Number of digits.

    Returns:
        Such as "0.042", "1.2e-05" or ">0.99".
    """
    text = f"{probability:.{digits}g}"
    return f">{1 - 10**-digits:.{digits}f}" if text == "1" and probability < 1 else text
