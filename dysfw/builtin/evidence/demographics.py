"""The evidence ``demographics``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import numpy as np
from pydantic import Field

from ...contracts.components import Evidence
from ...stats.quantile import patient_shares
from ...types import ConditionIds, EvidencePart, Float32, Int64, PatientRecord, State
from .age import AgeModel, Float64
from .fitted_conditions import FittedConditions
from .sex import SexModel


class Demographics(Evidence):
    """Age and sex, where the conditions of the training data differ in them.

    Ages have a normal distribution on the scale log(age + 1) in each condition, and sexes a binomial one. Both are shrunken
    towards those of all patients, by as much as the data ask for (empirical Bayes): if conditions do not differ, or have few
    patients, the log-likelihoods are about 0. Each patient counts once. The age or sex is not known of a condition in which
    fewer than three patients have it. Ages that are far from those of the training data count as the most extreme ones there.

    Switch a part off if the way in which patients were collected decides it: if affected children are compared with unaffected
    adults, the age predicts the collection, not the condition.

    Args:
        age: Whether the age counts.
        sex: Whether the sex counts.
        error: Share of records in which the age, or the sex, is assumed to be wrong; above 0 and below 0.5. No part counts for
            more than log((1 - error) / error) in either direction, 4.6 by default.
    """

    def __init__(self, age: bool = True, sex: bool = True, error: Annotated[float, Field(gt=0, lt=0.5)] = 0.01) -> None:
        if not (age or sex):
            raise ValueError("age or sex must be true; leave out demographics to use neither")
        if not 0 < error < 0.5:
            raise ValueError(f"error must be above 0 and below 0.5, found {error}")
        self.age, self.sex, self.error = age, sex, error
        self._conditions = FittedConditions()
        self._ages = AgeModel(np.full(4, np.nan), np.empty((0, 4)))
        self._sexes = SexModel(np.nan, np.empty(0))

    @property
    def needs_fit(self) -> bool:
        """Always True."""
        return True

    def fit(self, records: Sequence[PatientRecord], y: Int64, conditions: Sequence[ConditionIds], groups: Int64) -> None:
        """Fit the distributions of age and sex in each condition.

        Args:
            records: N records.
            y: int64 [N] in 0..K-1.
            conditions: The K conditions.
            groups: int64 [N], the patients.
        """
        self._conditions = FittedConditions(tuple(conditions))
        ages, female = self._ages_of(records), self._females_of(records)
        self._ages = AgeModel.fit(*_known(ages, y, groups), len(conditions))
        self._sexes = SexModel.fit(*_known(female, y, groups), len(conditions))

    def log_likelihood(self, records: Sequence[PatientRecord], conditions: Sequence[ConditionIds]) -> Float32:
        """Compare conditions by how well they explain age and sex.

        Returns:
            float32 [N, K].
        """
        of_ages, of_sexes = self._log_ratios(records, conditions)
        total = np.where(np.isnan(of_ages), of_sexes, of_ages + np.nan_to_num(of_sexes))
        return total.astype(np.float32)

    def parts(self, record: PatientRecord, conditions: Sequence[ConditionIds]) -> tuple[EvidencePart, ...]:
        """Return the parts "age" and "sex", each if it is known."""
        ratios = zip(("age", "sex"), self._log_ratios([record], conditions), strict=True)
        return tuple(
            EvidencePart(name, of_part[0].astype(np.float32)) for name, of_part in ratios if np.isfinite(of_part).any()
        )

    def state(self) -> State:
        """Return the distributions, and the conditions that they belong to."""
        arrays = {
            "age_prior": self._ages.prior,
            "age": self._ages.posterior,
            "sex_prior": np.array([self._sexes.prior]),
            "sex": self._sexes.posterior,
        }
        return State(arrays, self._conditions.values())

    def restore(self, state: State) -> None:
        """Restore the fitted state."""
        self._conditions = FittedConditions.restore(state.values)
        count = len(self._conditions.conditions)
        shapes = {"age_prior": (4,), "age": (count, 4), "sex_prior": (1,), "sex": (count,)}
        if wrong := [name for name, shape in shapes.items() if np.shape(state.arrays.get(name, np.nan)) != shape]:
            raise ValueError(f"invalid state: {wrong[0]} must have the shape {list(shapes[wrong[0]])}")
        prior, ages, female, sexes = (np.asarray(state.arrays[name], np.float64) for name in shapes)
        self._ages, self._sexes = AgeModel(prior, ages), SexModel(float(female[0]), sexes)

    def _log_ratios(self, records: Sequence[PatientRecord], conditions: Sequence[ConditionIds]) -> list[Float64]:
        """Log ratios [N, K] of age and of sex; NaN if unknown."""
        rows = self._conditions.rows(conditions)
        known = rows >= 0
        found = []
        for model, values in ((self._ages, self._ages_of(records)), (self._sexes, self._females_of(records))):
            ratios = np.full((len(records), len(rows)), np.nan)
            ratios[:, known] = _bounded(model.log_ratios(values, rows[known]), self.error)
            found.append(ratios)
        return found

    def _ages_of(self, records: Sequence[PatientRecord]) -> Float64:
        """Ages [N] in years; NaN if unknown, impossible or switched off."""
        ages = np.array([np.nan if r.age is None or not self.age else r.age for r in records], np.float64)
        return np.where(np.isfinite(ages) & (ages >= 0), ages, np.nan)

    def _females_of(self, records: Sequence[PatientRecord]) -> Float64:
        """Sexes [N], 1 for female and 0 for male; NaN if unknown or switched off."""
        return np.array([{"female": 1.0, "male": 0.0}.get(r.sex or "", np.nan) if self.sex else np.nan for r in records])


def _known(values: Float64, y: Int64, groups: Int64) -> tuple[Float64, Int64, Float64]:
    """Return the known values, their conditions, and the share of each in its patient."""
    rows = np.flatnonzero(~np.isnan(values))
    return values[rows], y[rows], patient_shares(np.zeros_like(rows), groups[rows])


def _bounded(log_ratios: Float64, error: float) -> Float64:
    """Mix both densities of each ratio with a share of the other, for records that are wrong."""
    right, wrong = np.log1p(-error), np.log(error)
    with np.errstate(invalid="ignore"):  # NaN where nothing is known
        bounded: Float64 = np.logaddexp(right + log_ratios, wrong) - np.logaddexp(right, wrong + log_ratios)
    return bounded
