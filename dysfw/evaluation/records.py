"""Adds the records of test patients to the predictions from their faces."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from ..bundle.contents import OutOfFoldPredictions
from ..inference.classifier import Classifier
from ..inference.evidence import EvidenceModel
from ..inference.reliability_model import Assessed, ReliabilityModel
from ..reliability.combination import combine, fit_combination
from ..training.embedded_dataset import EmbeddedDataset
from ..types import Bool, Float32, Int64

FACE, RECORD = "face alone", "record alone"  # keys of predictions, if the recipe reads records


@dataclass(frozen=True, slots=True, eq=False)
class CombinedPredictions:
    """Predictions for M test images from face and record.

    Attributes:
        probabilities: float32 [M, K].
        sets: bool [M, K], prediction sets.
        reliability: Calibrates the face.
        model: Reads records; None if the recipe does not.
        values: float32 [M, E, K], log-likelihoods of the records.
        apart: float32 [M, K], what face and record predict alone; empty if the recipe reads no records.
    """

    probabilities: Float32
    sets: Bool
    reliability: ReliabilityModel
    model: EvidenceModel | None = None
    values: Float32 | None = None
    apart: Mapping[str, Float32] = field(default_factory=dict)

    def of_patients(self, face: Float32, groups: Int64) -> tuple[Float32, Bool]:
        """Combine the prediction from a patient's faces with the patient's records, which count together as one.

        Args:
            face: float32 [M, K], for the patient of each image.
            groups: int64 [M], the patients.

        Returns:
            Probabilities and prediction sets, float32 and bool [M, K].
        """
        face_sets = self.reliability.sets(face)
        if self.model is None or self.values is None:
            return face, face_sets
        _, patient = np.unique(groups, return_inverse=True)
        members = np.eye(patient.max() + 1, dtype=np.float32)[patient].T
        known = ~np.isnan(self.values)
        with np.errstate(invalid="ignore"):
            means = np.einsum("gm,mek->gek", members, np.nan_to_num(self.values)) / np.einsum("gm,mek->gek", members, known)
        values = means.astype(np.float32)[patient]
        combined = self.model.combined(face, values, self.reliability.prior)
        return combined, self.model.sets(combined, values, face_sets)


def combine_with_records(
    classifier: Classifier, test: EmbeddedDataset, assessed: Assessed, out_of_fold: OutOfFoldPredictions
) -> CombinedPredictions:
    """Combine the predictions for test images with the records of their patients.

    Args:
        classifier: Fitted on the training images.
        test: M test images.
        assessed: The predictions from their faces.
        out_of_fold: Out-of-fold predictions on the training images, by which the record alone is calibrated.

    Returns:
        The predictions; those of the faces if the recipe reads no records.
    """
    model, reliability = classifier.evidence, classifier.reliability
    if model is None:
        return CombinedPredictions(assessed.probabilities, assessed.sets, reliability)
    values = model.log_likelihoods([sample.record for sample in test.samples])
    combined = model.combined(assessed.probabilities, values, reliability.prior)
    apart = {FACE: assessed.probabilities, RECORD: _record_alone(reliability, values, out_of_fold)}
    return CombinedPredictions(combined, model.sets(combined, values, assessed.sets), reliability, model, values, apart)


def _record_alone(reliability: ReliabilityModel, values: Float32, out_of_fold: OutOfFoldPredictions) -> Float32:
    """What the record predicts without the face, with weights of its own. Without a record it is the prior."""
    assert out_of_fold.log_likelihoods is not None  # noqa: S101  # the recipe has evidence
    classes = values.shape[2]
    guess = np.full((len(out_of_fold.y), classes), 1 / classes, np.float32)  # says nothing, whatever its weight
    weights = fit_combination(guess, out_of_fold.log_likelihoods, out_of_fold.y, out_of_fold.groups)
    at_prior = np.tile(reliability.prior.astype(np.float32), (len(values), 1))
    return combine(at_prior, values, reliability.prior, weights)
