"""The ages of the patients of each condition, as distributions that are shrunken towards that of all patients."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ...types import Int64

Float64 = npt.NDArray[np.float64]

MIN_PATIENTS = 3  # with fewer, a fitted distribution would show the age or sex of one person
# Rates of the exponential hyperpriors of 1/kappa and 1/nu. With them, conditions of equal ages lose nothing by their chance
# differences, even with five patients each; without, up to 0.04 nats a record.
MEAN_RATE, VARIANCE_RATE = 4.0, 8.0
MIN_VARIANCE = 0.01  # of log(age + 1): ages are often written in whole years
_log_gamma = np.vectorize(math.lgamma, otypes=[float])  # importing scipy takes longer than loading a bundle
# Beyond so many standard deviations from the mean of all patients, the tails of the distributions decide, and they are unknown.
REACH = 2.5


@dataclass(frozen=True, slots=True, eq=False)
class AgeModel:
    """Normal distributions of log(age + 1), with the age in years, one for each condition.

    Mean and variance of a condition have a normal-inverse-gamma prior (Gelman et al., Bayesian Data Analysis, 3rd ed. 2013,
    section 3.3), whose four parameters maximise the marginal likelihood of all conditions (empirical Bayes). A new patient's
    age has then Student's t distribution. If conditions do not differ in age, the prior becomes narrow and all distributions
    become equal.

    Attributes:
        prior: float64 [4], the location mu, the number of patients kappa that it counts for, the degrees of freedom nu and the
            squared scale: those of a patient of whom nothing is known.
        posterior: float64 [K, 4], the same of each condition; NaN for one with fewer than ``MIN_PATIENTS`` patients whose age
            is known.
    """

    prior: Float64
    posterior: Float64

    @classmethod
    def fit(cls, ages: Float64, y: Int64, shares: Float64, conditions: int) -> AgeModel:
        """Fit the distributions.

        Args:
            ages: float64 [N], years, 0 or more.
            y: int64 [N], the conditions.
            shares: float64 [N], the weights of the rows; those of one patient add up to 1.
            conditions: Number K of conditions.

        Returns:
            The model.
        """
        x = np.log1p(ages)
        counts, sums = weighted_counts(y, shares, conditions), weighted_counts(y, shares * x, conditions)
        means = sums / np.maximum(counts, 1e-9)
        squares = weighted_counts(y, shares * (x - means[y]) ** 2, conditions)
        seen = counts > 0
        if not seen.any():
            return cls(np.full(4, np.nan), np.full((conditions, 4), np.nan))
        prior = _fit_prior(counts[seen], means[seen], squares[seen])
        posterior = np.stack(_update(prior, counts, means, squares), axis=1)
        return cls(prior, np.where((counts > MIN_PATIENTS - 0.5)[:, None], posterior, np.nan))  # shares may add up to 2.9999

    def log_ratios(self, ages: Float64, rows: Int64) -> Float64:
        """Compare conditions by how well they explain ages.

        Args:
            ages: float64 [N], years; NaN if unknown.
            rows: int64 [M], numbers of conditions.

        Returns:
            float64 [N, M]: the logarithm of the density with the condition, divided by that with an unknown one.
        """
        mu, kappa, _, variance = self.prior
        reach = REACH * np.sqrt(variance * (kappa + 1) / kappa)
        x = np.clip(np.log1p(ages), mu - reach, mu + reach)[:, None]
        return _log_density(x, self.posterior[rows].T) - _log_density(x, self.prior)


def weighted_counts(y: Int64, weights: Float64, conditions: int) -> Float64:
    """Add up weights [N] by condition: float64 [K]."""
    return np.bincount(y, weights, conditions).astype(np.float64)


def _update(
    prior: Iterable[float], counts: Float64, means: Float64, squares: Float64
) -> tuple[Float64, Float64, Float64, Float64]:
    """Return mu, kappa, nu and squared scale [K] after K sets of values, given by counts, means and sums of squares [K]."""
    mu, kappa, nu, variance = prior
    kappa_n, nu_n = kappa + counts, nu + counts
    mu_n = (kappa * mu + counts * means) / kappa_n
    total = nu * variance + squares + kappa * counts / kappa_n * (means - mu) ** 2
    return mu_n, kappa_n, nu_n, total / nu_n


def _fit_prior(counts: Float64, means: Float64, squares: Float64) -> Float64:
    """Find the prior with the highest marginal likelihood, with hyperpriors that prefer equal conditions."""
    from scipy.optimize import minimize
    from scipy.special import gammaln

    centre = (counts @ means) / counts.sum()
    pooled = max((squares.sum() + counts @ (means - centre) ** 2) / counts.sum(), MIN_VARIANCE)
    deviation = np.sqrt(pooled)

    # 1/kappa and 1/nu reach 0 in few steps if conditions are equal; kappa and nu would grow for hundreds of steps.
    def prior(theta: Float64) -> Float64:
        return np.array([centre + deviation * theta[0], 1 / theta[1], 1 / theta[2], pooled * np.exp(theta[3])])

    def loss(theta: Float64) -> float:
        mu, kappa, nu, variance = prior(theta)
        _, kappa_n, nu_n, variance_n = _update((mu, kappa, nu, variance), counts, means, squares)
        evidence = (
            gammaln(nu_n / 2) - gammaln(nu / 2)
            + (np.log(kappa / kappa_n) + nu * np.log(nu * variance) - nu_n * np.log(nu_n * variance_n)) / 2
        )  # fmt: skip
        return float(-evidence.sum() + MEAN_RATE / kappa + VARIANCE_RATE / nu)

    bounds = [(-3, 3), (1e-5, 20), (1e-5, 0.5), (np.log(MIN_VARIANCE / pooled), 2)]
    return prior(minimize(loss, [0, 0.1, 0.05, 0], method="L-BFGS-B", bounds=bounds, options={"ftol": 1e-6}).x)


def _log_density(x: Float64, parameters: Float64) -> Float64:
    """Logarithm of the density of Student's t of a new value x, for mu, kappa, nu and squared scale."""
    mu, kappa, nu, variance = parameters
    scale = variance * (kappa + 1) / kappa
    constant = _log_gamma((nu + 1) / 2) - _log_gamma(nu / 2) - np.log(np.pi * nu * scale) / 2
    density: Float64 = constant - (nu + 1) / 2 * np.log1p((x - mu) ** 2 / (nu * scale))
    return density
