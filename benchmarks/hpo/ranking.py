"""The place of the right disease, for each case."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt
from cases import Cases

Float64 = npt.NDArray[np.float64]
LogLikelihood = Callable[..., npt.NDArray[np.float32]]  # of records and conditions
AT_ONCE = 256  # cases, so that memory stays flat


def blocks(cases: Cases, log_likelihood: LogLikelihood) -> Iterator[tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]]:
    """Compute log-likelihoods of the cases whose disease is among those that are ranked, some at a time.

    Args:
        cases: The cases.
        log_likelihood: As of evidence.

    Yields:
        The positions of n cases, and float32 [n, K].
    """
    covered = np.flatnonzero(cases.covered)
    for start in range(0, len(covered), AT_ONCE):
        rows = covered[start : start + AT_ONCE]
        values = log_likelihood([cases.records[n] for n in rows], cases.diseases)
        yield rows, np.nan_to_num(values, nan=0.0)  # a record without a usable sign says nothing


def places(values: npt.NDArray[np.float32], truth: npt.NDArray[np.int64]) -> Float64:
    """Find the place of the right disease; of equal ones, the mean of their places."""
    own = values[np.arange(len(truth)), truth][:, None]
    return 1 + (values > own).sum(axis=1) + ((values == own).sum(axis=1) - 1) / 2


def rank_all(cases: Cases, log_likelihood: LogLikelihood) -> Float64:
    """Find the place of the right disease of each case; infinite if it is not among those that are ranked."""
    found = np.full(len(cases.records), np.inf)
    for rows, values in blocks(cases, log_likelihood):
        found[rows] = places(values, cases.truth[rows])
    return found
