"""What judging a patient by all of their photographs together is worth, against judging each photograph by itself."""

from __future__ import annotations

import numpy as np

from ..resampling import Float64, estimate
from ..types import Float32, Int64
from .collected import Collected
from .intervals import Measured, measured
from .result import PatientLevel
from .trial import RECIPE
from .trusted import prediction_sets


def patient_level(
    collected: Collected, y: Int64, groups: Int64, weights: Float64, *, wanted: float, labels: tuple[str, ...]
) -> PatientLevel | None:
    """All photographs were judged. None where no patient has several photographs. Patients under several labels are left out.

    Each patient counts once: each of their photographs by its part, on both sides of the comparison. weights: float64 [B, N].
    """
    _, first, patient = np.unique(groups, return_index=True, return_inverse=True)
    mixed = np.bincount(patient, y != y[first][patient]) > 0
    rows = np.flatnonzero(~mixed[patient])
    y, groups, weights = y[rows], groups[rows], weights[:, rows]
    _, first, patient, photographs = np.unique(groups, return_index=True, return_inverse=True, return_counts=True)
    several = photographs > 1
    if not several.any():
        return None
    parts = 1 / photographs[patient]

    def measured_by(probabilities: Float32) -> Measured:
        return measured(probabilities[:, rows], y, groups, weights, splits=collected.splits[:, rows], parts=parts)

    together = measured_by(collected.together)
    sets = collected.together_sets[:, rows[first]]
    covered = collected.sets[:, rows, y].mean(axis=0) * parts
    return PatientLevel(
        patients=len(first),
        several=int(several.sum()),
        photographs=float(photographs[several].mean()),
        measures=together.overall(),
        difference=together.minus(measured_by(collected.by_name[RECIPE])),
        sets=prediction_sets(sets, y[first], groups[first], weights[:, first], wanted=wanted, labels=labels),
        single=estimate(float(covered.sum() / len(first)), (weights @ covered) / (weights @ parts), len(first)),
    )
