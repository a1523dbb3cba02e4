"""Measures with their intervals. All contenders are measured on the same resamples, so that differences are paired."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..types import Float32, Int64
from .bootstrap import Float64, estimate
from .estimate import Estimate
from .metrics import Measures, measure, top_sizes

COMPARED = ("accuracy", "balanced_accuracy", "top_3", "auroc_macro", "auroc_affected", "log_loss", "brier")


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """One contender. value: measured on the photographs as they are (B = 1); resampled: on each of B resamples.

    patients, patients_per_class: by a share's name, how many patients it is of (int, and int [K]); see ``resampling.estimate``.
    """

    value: Measures
    resampled: Measures
    patients: dict[str, int]
    patients_per_class: dict[str, Int64]

    def overall(self) -> dict[str, Estimate]:
        """Every overall measure that is defined."""
        found = {}
        for name, values in self.value.overall.items():
            value, resampled = float(values[0]), self.resampled.overall[name]
            if np.isfinite(value):
                spread = _centred(resampled, value) if name == "ece" else resampled
                found[name] = estimate(value, spread, self.patients.get(name))
        return found

    def of_class(self, k: int) -> dict[str, Estimate]:
        """Every measure of class ``k`` that is defined."""
        return {
            name: estimate(float(values[0, k]), self.resampled.per_class[name][:, k], int(self.patients_per_class[name][k]))
            for name, values in self.value.per_class.items()
            if np.isfinite(values[0, k])
        }

    def minus(self, other: Measured, names: Sequence[str] = COMPARED) -> dict[str, Estimate]:
        """Paired differences to another contender that was measured on the same photographs with the same weights."""
        found = {}
        for name in (name for name in names if name in self.value.overall and name in other.value.overall):
            value = float(self.value.overall[name][0] - other.value.overall[name][0])
            if np.isfinite(value):
                found[name] = estimate(value, self.resampled.overall[name] - other.resampled.overall[name])
        return found


def measured(
    probabilities: Float32 | Float64,
    y: Int64,
    groups: Int64,
    weights: Float64,
    unaffected: int | None = None,
    *,
    splits: Int64 | None = None,
    parts: Float64 | None = None,
) -> Measured:
    """Measure as ``measures.measure`` does, with and without resampling. groups: int [N], patients; weights: float64 [B, N],
    from ``resampling.patient_weights``. parts: float64 [N], how much each photograph counts; all the same by default."""
    counts = np.ones(len(y)) if parts is None else parts
    per_class = _patients_per_class(probabilities, y, groups)
    return Measured(
        value=measure(probabilities, y, counts[None], unaffected, splits=splits),
        resampled=measure(probabilities, y, weights * counts, unaffected, splits=splits),
        patients=_patients(per_class, len(np.unique(groups)), unaffected),
        patients_per_class=per_class,
    )


def _patients_per_class(probabilities: Float32 | Float64, y: Int64, groups: Int64) -> dict[str, Int64]:
    """How many patients the shares of each class are of.

    The sensitivity is of the class' own patients, the specificity of all others, and the precision of those of whom a
    photograph was ranked as the class. The AUROC is a share of pairs; of pairs that have no patient in common there are as many
    as the smaller side has patients.
    """
    classes = range(probabilities.shape[-1])
    first = probabilities.argmax(axis=-1).reshape(-1, len(y))
    own = np.array([len(np.unique(groups[y == k])) for k in classes])
    others = np.array([len(np.unique(groups[y != k])) for k in classes])
    ranked = np.array([len(np.unique(groups[(first == k).any(axis=0)])) for k in classes])
    return {
        "sensitivity": own,
        "specificity": others,
        "precision": ranked,
        "auroc": np.minimum(own, others),
        **{f"top_{n}": own for n in top_sizes(len(classes))},
    }


def _patients(per_class: dict[str, Int64], total: int, unaffected: int | None) -> dict[str, int]:
    """How many patients the overall shares are of. A mean over the classes counts as if each had as few as the smallest; an
    AUROC takes two patients for each pair."""
    own = per_class["sensitivity"]
    even = int(own[own > 0].min() * (own > 0).sum())
    tops = [name for name in per_class if name.startswith("top_")]
    patients = {"accuracy": total, "balanced_accuracy": even, "auroc_macro": even // 2}
    patients |= dict.fromkeys(tops, total) | {f"{name}_macro": even for name in tops}
    return patients if unaffected is None else patients | {"auroc_affected": int(per_class["auroc"][unaffected])}


def _centred(resampled: Float64, value: float) -> Float64:
    """Resampled calibration errors, moved to have the measured one as their mean.

    Drawing adds noise to each bin, and noise only ever adds to a sum of absolute differences: as they are, all resamples may be
    above the value that they are to surround. The interval is of the error as measured on so many photographs; for the same
    reason that of endlessly many would be smaller.
    """
    return np.clip(resampled - np.nanmean(resampled) + value, 0, 1)
