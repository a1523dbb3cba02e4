"""Compares predictions from all images of a patient with predictions from single images."""

from __future__ import annotations

import numpy as np

from ..stats.bootstrap import Float64, estimate
from ..stats.intervals import Measured, measured
from ..types import Float32, Int64
from .calibration import prediction_sets
from .fold_runner import RECIPE
from .pooled_predictions import PooledPredictions
from .result import PatientLevel


def patient_level(
    pooled: PooledPredictions, y: Int64, groups: Int64, weights: Float64, *, target_coverage: float, labels: tuple[str, ...]
) -> PatientLevel | None:
    """Compare patient-level with image-level predictions.

    Each patient counts once: the weights of a patient's images sum to one, on both sides of the comparison. Patients with
    images of several conditions are left out.

    Args:
        pooled: Predictions of N images, all of them tested.
        y: int64 [N], classes.
        groups: int64 [N], patients.
        weights: float64 [B, N], weights of the bootstrap resamples.
        target_coverage: The coverage that the recipe requests, 0 to 1.
        labels: K conditions.

    Returns:
        The comparison; None if no patient has several images.
    """
    _, first, patient = np.unique(groups, return_index=True, return_inverse=True)
    mixed = np.bincount(patient, y != y[first][patient]) > 0
    rows = np.flatnonzero(~mixed[patient])
    y, groups, weights = y[rows], groups[rows], weights[:, rows]
    _, first, patient, images = np.unique(groups, return_index=True, return_inverse=True, return_counts=True)
    several = images > 1
    if not several.any():
        return None
    image_weights = 1 / images[patient]

    def measured_by(probabilities: Float32) -> Measured:
        return measured(probabilities[:, rows], y, groups, weights, splits=pooled.splits[:, rows], parts=image_weights)

    per_patient = measured_by(pooled.per_patient)
    sets = pooled.per_patient_sets[:, rows[first]]
    covered = pooled.sets[:, rows, y].mean(axis=0) * image_weights
    return PatientLevel(
        patients=len(first),
        with_several_images=int(several.sum()),
        images_per_patient=float(images[several].mean()),
        measures=per_patient.overall(),
        difference=per_patient.minus(measured_by(pooled.by_name[RECIPE])),
        sets=prediction_sets(sets, y[first], groups[first], weights[:, first], target_coverage=target_coverage, labels=labels),
        per_image_coverage=estimate(
            float(covered.sum() / len(first)), (weights @ covered) / (weights @ image_weights), len(first)
        ),
    )
