"""Measures with their intervals. All models are measured on the same resamples, so that differences are paired."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..types import Float32, Int64
from .bootstrap import Float64, estimate
from .estimate import Estimate
from .metrics import Measures, calibration_errors, measure, top_sizes

COMPARED = ("accuracy", "balanced_accuracy", "top_3", "auroc_macro", "auroc_affected", "log_loss", "brier")


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """The measures of one model.

    Attributes:
        value: Measures on all images (B = 1).
        resampled: Measures on each of B resamples.
        patients: Number of patients behind each overall share, by name; see ``dysfw.stats.bootstrap.estimate``.
        patients_per_class: int64 [K], the same for the shares of each class.
    """

    value: Measures
    resampled: Measures
    patients: dict[str, int]
    patients_per_class: dict[str, Int64]

    def overall(self) -> dict[str, Estimate]:
        """Estimate every overall measure that is defined, by name."""
        estimates = {}
        for name, values in self.value.overall.items():
            value, resampled = float(values[0]), self.resampled.overall[name]
            if np.isfinite(value):
                centred = _centred(resampled, value) if name == "ece" else resampled
                estimates[name] = estimate(value, centred, self.patients.get(name))
        return estimates

    def of_class(self, k: int) -> dict[str, Estimate]:
        """Estimate every measure of class ``k`` that is defined, by name."""
        return {
            name: estimate(float(values[0, k]), self.resampled.per_class[name][:, k], int(self.patients_per_class[name][k]))
            for name, values in self.value.per_class.items()
            if np.isfinite(values[0, k])
        }

    def minus(self, other: Measured, names: Sequence[str] = COMPARED) -> dict[str, Estimate]:
        """Estimate the paired differences from another model.

        Args:
            other: A model measured on the same images with the same weights.
            names: Names of the measures.

        Returns:
            This model minus the other, by the names of those measures that both have.
        """
        estimates = {}
        for name in (name for name in names if name in self.value.overall and name in other.value.overall):
            value = float(self.value.overall[name][0] - other.value.overall[name][0])
            if np.isfinite(value):
                estimates[name] = estimate(value, self.resampled.overall[name] - other.resampled.overall[name])
        return estimates


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
    """Compute all measures, with and without resampling.

    Args:
        probabilities: As in ``dysfw.stats.metrics.measure``.
        y: int64 [N], the classes.
        groups: int64 [N], the patients.
        weights: float64 [B, N], from ``dysfw.stats.bootstrap.patient_weights``.
        unaffected: The class without a condition.
        splits: As in ``dysfw.stats.metrics.measure``.
        parts: float64 [N], the weight of each image; equal by default.

    Returns:
        The measures.
    """
    counts = np.ones(len(y)) if parts is None else parts
    per_class = _patients_per_class(probabilities, y, groups)
    return Measured(
        value=measure(probabilities, y, counts[None], unaffected, splits=splits),
        resampled=measure(probabilities, y, weights if parts is None else weights * counts, unaffected, splits=splits),
        patients=_patients(per_class, len(np.unique(groups)), unaffected),
        patients_per_class=per_class,
    )


def calibration_error(probabilities: Float32 | Float64, y: Int64, weights: Float64) -> Estimate:
    """Estimate the expected calibration error alone, as ``measured`` does with all measures.

    Args:
        probabilities: As in ``dysfw.stats.metrics.measure``.
        y: int64 [N], the classes.
        weights: float64 [B, N], from ``dysfw.stats.bootstrap.patient_weights``.
    """
    value = float(calibration_errors(probabilities, y, np.ones((1, len(y))))[0])
    return estimate(value, _centred(calibration_errors(probabilities, y, weights), value))


def _patients_per_class(probabilities: Float32 | Float64, y: Int64, groups: Int64) -> dict[str, Int64]:
    """Number of patients behind the shares of each class.

    The sensitivity has the patients of the class, the specificity all others, and the precision those with an image predicted
    as the class. The AUROC is a share of pairs; the number of pairs without a common patient is that of the smaller side's
    patients.
    """
    classes = probabilities.shape[-1]
    patients, patient = np.unique(groups, return_inverse=True)

    def per_class(of_image: Int64, rows: Int64) -> tuple[Int64, Int64]:
        """int64 [K], patients with an image of each class; and the patients of this class only."""
        pairs = np.unique(of_image * len(patients) + patient[rows])
        alone = np.bincount(pairs % len(patients), minlength=len(patients)) == 1
        found = np.bincount(pairs // len(patients), minlength=classes)
        return found, np.bincount(pairs // len(patients), alone[pairs % len(patients)], minlength=classes).astype(np.int64)

    predicted = probabilities.argmax(axis=-1).reshape(-1, len(y))
    images = np.arange(len(y))
    members, only = per_class(y, images)
    others = len(patients) - only
    predicted_as, _ = per_class(predicted.ravel(), np.tile(images, len(predicted)))
    return {
        "sensitivity": members,
        "specificity": others,
        "precision": predicted_as,
        "auroc": np.minimum(members, others),
        **{f"top_{n}": members for n in top_sizes(classes)},
    }


def _patients(per_class: dict[str, Int64], total: int, unaffected: int | None) -> dict[str, int]:
    """Number of patients behind the overall shares.

    For a mean over the classes, each class counts as if it had as few patients as the smallest. An AUROC needs two patients for
    each pair.
    """
    members = per_class["sensitivity"]
    even = int(members[members > 0].min() * (members > 0).sum())
    tops = [name for name in per_class if name.startswith("top_")]
    patients = {"accuracy": total, "balanced_accuracy": even, "auroc_macro": even // 2}
    patients |= dict.fromkeys(tops, total) | {f"{name}_macro": even for name in tops}
    return patients if unaffected is None else patients | {"auroc_affected": int(per_class["auroc"][unaffected])}


def _centred(resampled: Float64, value: float) -> Float64:
    """Resampled calibration errors, shifted so that their mean is the measured error.

    Resampling adds noise to each bin, and noise can only increase a sum of absolute differences. Without the shift, all
    resamples may exceed the value whose interval they describe. The interval describes the error for this number of images; for
    the same reason, it would be lower for infinitely many.
    """
    return np.clip(resampled - np.nanmean(resampled) + value, 0, 1)
