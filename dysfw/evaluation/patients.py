"""What judging a patient by all of their photographs together is worth, against judging each photograph by itself."""

from __future__ import annotations

import numpy as np

from ..stats.bootstrap import Float64, estimate
from ..stats.intervals import Measured, measured
from ..types import Float32, Int64
from .fold_runner import RECIPE
from .pooled_predictions import PooledPredictions
from .reliability import prediction_sets
from .result import PatientLevel


def patient_level(
    pooled: PooledPredictions, y: Int64, groups: Int64, weights: Float64, *, target_coverage: float, labels: tuple[str, ...]
) -> PatientLevel | None:
    """All photographs were judged. None where no patient has several photographs. Patients under several labels are left out.

    Each patient counts once: each of their photographs by its part, on both sides of the comparison. weights: float64 [B, N].
    """
    _, first, patient = np.unique(groups, return_index=True, return_inverse=True)
    mixed = np.bincount(patient, y != y[first][patient]) > 0
    rows = np.flatnonzero(~mixed[patient])
    y, groups, weights = y[rows], groups[rows], weights[:, rows]
    _, first, patient, images = np.unique(groups, return_index=True, return_inverse=True, return_counts=True)
    several = images > 1
    if not several.any():
        return None
    parts = 1 / images[patient]

    def measured_by(probabilities: Float32) -> Measured:
        return measured(probabilities[:, rows], y, groups, weights, splits=pooled.splits[:, rows], parts=parts)

    per_patient = measured_by(pooled.per_patient)
    sets = pooled.per_patient_sets[:, rows[first]]
    covered = pooled.sets[:, rows, y].mean(axis=0) * parts
    return PatientLevel(
        patients=len(first),
        with_several_images=int(several.sum()),
        images_per_patient=float(images[several].mean()),
        measures=per_patient.overall(),
        difference=per_patient.minus(measured_by(pooled.by_name[RECIPE])),
        sets=prediction_sets(sets, y[first], groups[first], weights[:, first], target_coverage=target_coverage, labels=labels),
        per_image_coverage=estimate(float(covered.sum() / len(first)), (weights @ covered) / (weights @ parts), len(first)),
    )
