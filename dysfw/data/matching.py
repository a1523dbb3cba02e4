"""Chooses the controls that are most like the cases: optimal matching within a caliper.

Every case gets up to ``ratio`` controls, and no control serves two cases. Of all such assignments the one with the most cases
that have a control is chosen; of these, the one with the most that have two, and so on; of these, the one whose pairs differ
least in sum. Optimal matching is that of Rosenbaum (J Am Stat Assoc 1989; 84:1024–1032): unlike greedy matching it depends on
no order. The assignment problem is solved exactly by SciPy (Crouse, IEEE Trans Aerosp Electron Syst 2016; 52:1679–1696).

The difference of a pair is the sum of squared differences in pooled standard deviations. A pair is allowed if it differs by at
most the caliper in each variable. The default of 0.2 standard deviations is what Austin (Pharm Stat 2011; 10:150–161) found
best for the logit of a propensity score; here it applies to each variable itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from ..errors import DysfwError
from ..types import Bool, Int64

Float64 = npt.NDArray[np.float64]

CALIPER = 0.2  # pooled standard deviations
MAX_PAIRS = 100_000_000  # places × controls of one stratum that are compared at the same time: 0.8 GB
ROUNDING = 1e-9  # standard deviations; equal ages must not differ by how they were rounded
UNKNOWN = -1  # stratum of a patient of whom a value is unknown


@dataclass(frozen=True, slots=True, eq=False)
class Traits:
    """What patients are matched on.

    Attributes:
        values: float64 [N, V], the variables that may differ a little; NaN if unknown.
        strata: int64 [N], equal for patients who agree in all that must not differ; ``UNKNOWN`` if some of it is unknown.
    """

    values: Float64
    strata: Int64

    @property
    def known(self) -> Bool:
        """Bool [N], of whom everything is known."""
        known: Bool = (self.strata != UNKNOWN) & np.isfinite(self.values).all(axis=1)
        return known


@dataclass(frozen=True, slots=True, eq=False)
class Matching:
    """Which controls were chosen for which case.

    Attributes:
        controls: For each of the C cases the indices of its controls, the most similar first; empty if it has none.
        same: bool [C], whether any control agrees with the case in what must not differ.
        near: bool [C], whether any of these is within the caliper, too.
        spread: float64 [V], the pooled standard deviation of each variable.
    """

    controls: tuple[tuple[int, ...], ...]
    same: Bool
    near: Bool
    spread: Float64


def match(cases: Traits, controls: Traits, *, ratio: int, caliper: float = CALIPER) -> Matching:
    """Choose controls for cases.

    Args:
        cases: C patients.
        controls: K patients.
        ratio: The most controls that a case gets, at least 1.
        caliper: The most by which a pair may differ in each variable, in pooled standard deviations; infinite for no limit.

    Returns:
        The assignment. A patient of whom something is unknown is not matched.

    Raises:
        DysfwError: There are too many patients to compare.
    """
    spread = _pooled_deviation(cases.values, controls.values)
    chosen: list[tuple[int, ...]] = [()] * len(cases.strata)
    same, near = np.zeros(len(chosen), bool), np.zeros(len(chosen), bool)
    case_known, control_known = cases.known, controls.known
    for stratum in np.unique(cases.strata[case_known]).tolist():
        rows = np.flatnonzero(case_known & (cases.strata == stratum))
        columns = np.flatnonzero(control_known & (controls.strata == stratum))
        if not len(columns):
            continue
        _refuse_too_many(len(rows) * ratio, len(columns))
        cost, allowed = _costs(cases.values[rows], controls.values[columns], spread, caliper)
        same[rows], near[rows] = True, allowed.any(axis=1)
        for row, found in zip(rows.tolist(), _assign(cost, allowed, ratio), strict=True):
            chosen[row] = tuple(columns[found].tolist())
    return Matching(tuple(chosen), same, near, spread)


def _pooled_deviation(cases: Float64, controls: Float64) -> Float64:
    """The square root of the mean variance of both groups, float64 [V]; a variance of fewer than two values counts as 0."""
    variances = [[np.var(known, ddof=1) if len(known) > 1 else 0.0 for known in _known(group)] for group in (cases, controls)]
    deviation: Float64 = np.sqrt(np.mean(np.array(variances, np.float64).reshape(2, -1), axis=0))
    return deviation


def _known(values: Float64) -> Iterator[Float64]:
    """The known values of each variable."""
    for column in values.T:
        yield column[~np.isnan(column)]


def _refuse_too_many(places: int, controls: int) -> None:
    if places * controls > MAX_PAIRS:
        raise DysfwError(
            f"too many patients to compare at the same time: {places:,} places for controls (cases × --ratio) × {controls:,} "
            f"controls; at most {MAX_PAIRS:,}",
            hint="lower --ratio, add sex or ancestry to --on, or draw a part of the controls",
        )


def _costs(cases: Float64, controls: Float64, spread: Float64, caliper: float) -> tuple[Float64, Bool]:
    """What each pair differs by, float64 [C, K], and which pairs are allowed, bool [C, K]."""
    cost = np.zeros((len(cases), len(controls)))
    allowed = np.ones(cost.shape, bool)
    for n, deviation in enumerate(spread.tolist()):
        difference = np.abs(cases[:, n, None] - controls[:, n])
        # Where all values are equal within both groups, no difference between the groups is small.
        difference = difference / deviation if deviation > 0 else np.where(difference > 0, np.inf, 0.0)
        allowed &= difference <= caliper + ROUNDING
        cost += np.square(difference)
    return cost, allowed & np.isfinite(cost)


def _assign(cost: Float64, allowed: Bool, ratio: int) -> list[Int64]:
    """The controls of each case, by rising cost.

    Each case has ``ratio`` places. A filled place earns more than all pairs together can cost, and a first place earns as much
    more than a second one. The sum of concave gains is largest where the controls are divided most evenly.
    """
    cases, controls = cost.shape
    rounded = np.where(allowed, np.round(cost, 12), 0.0)
    step = 1.0 + float(rounded.max(initial=0.0)) * min(cases * ratio, controls)
    gains = step * np.arange(ratio, 0, -1.0)
    places = np.where(allowed, rounded, 0.0)[:, None, :] - gains[:, None] * allowed[:, None, :]
    rows, columns = linear_sum_assignment(places.reshape(cases * ratio, controls))
    kept = allowed[rows // ratio, columns]
    rows, columns = rows[kept] // ratio, columns[kept]
    found = [columns[rows == case] for case in range(cases)]
    return [one[np.lexsort((one, cost[case, one]))].astype(np.int64) for case, one in enumerate(found)]
