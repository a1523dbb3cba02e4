"""Predictions for faces and patients."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .arrays import Bool, Float32
from .images import FaceEmbedding, Failure, Notice
from .record import EvidencePart, PatientRecord, Sign


@dataclass(frozen=True, slots=True)
class Neighbor:
    """A gallery case that is similar to a face.

    Attributes:
        case: Id of the case.
        label: Its condition.
        similarity: Mean over the regions present in both; 1 means identical.
    """

    case: str
    label: str
    similarity: float


@dataclass(frozen=True, slots=True)
class PredictionSet:
    """A set of conditions that contains the true one with a given probability.

    Attributes:
        coverage: The share of patients whose true condition is in their set, 0 to 1.
        members: Indices of the labels in the set, in order.
        always: Indices of the labels with too few patients to exclude them from any set.
    """

    coverage: float
    members: tuple[int, ...]
    always: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class EvidenceResult:
    """What one kind of evidence says of a patient's record.

    Attributes:
        name: Name of the component, as in the recipe.
        log_likelihood: float32 [K], natural logarithms of likelihood ratios, before weighting; NaN for unknown conditions.
        weight: Weight in the combination with the face.
        parts: The parts that it adds up, such as signs.
    """

    name: str
    log_likelihood: Float32
    weight: float
    parts: tuple[EvidencePart, ...] = ()


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class BasePrediction:
    """The prediction of a trained recipe for one face or one patient.

    Attributes:
        labels: The K conditions.
        regions: Names of the R regions.
        probabilities: float32 [K], sum 1; calibrated if the recipe has a reliability model.
        region_probabilities: float32 [R, K], uncalibrated probabilities of each region's head; NaN for absent regions.
        reliable: False if there are any ``reasons``.
        reasons: Why the prediction may be wrong.
        prediction_set: The conditions that cannot be excluded.
        notices: All warnings, including the reasons.
        neighbors: The most similar gallery cases, most similar first, if the heads keep cases.
        record: The patient's record, if the recipe reads one and it was given; ``probabilities`` then combine both.
        face_probabilities: float32 [K], what the face alone predicts, if there is a record; None without.
        evidence: What each kind of evidence says of the record; those that know nothing of it are left out.
        signs: The signs of the record, as an ontology knows them.
    """

    labels: tuple[str, ...]
    regions: tuple[str, ...]
    probabilities: Float32
    region_probabilities: Float32
    reliable: bool
    reasons: tuple[Notice, ...]
    prediction_set: PredictionSet
    notices: tuple[Notice, ...]
    neighbors: tuple[Neighbor, ...] = ()
    record: PatientRecord | None = None
    face_probabilities: Float32 | None = None
    evidence: tuple[EvidenceResult, ...] = ()
    signs: tuple[Sign, ...] = ()

    @property
    def ranking(self) -> list[int]:
        """Indices of the labels from the most to the least probable; ties keep the labels' order."""
        return [int(k) for k in np.argsort(-self.probabilities, kind="stable")]

    @property
    def present(self) -> Bool:
        """Which regions contributed, bool [R]."""
        return np.asarray(~np.isnan(self.region_probabilities).any(axis=1))


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Prediction(BasePrediction):
    """The prediction for one face.

    Attributes:
        face_embedding: The face and its embeddings.
    """

    face_embedding: FaceEmbedding


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class PatientPrediction(BasePrediction):
    """The prediction for one patient from several images. Region probabilities are means over the images that show the region.

    Attributes:
        patient: Name of the patient.
        images: The prediction for each image, in order.
        left_out: For each image the reason why it is not used, or "".
        failures: Images that could not be used at all.
    """

    patient: str
    images: tuple[Prediction, ...]
    left_out: tuple[str, ...]
    failures: tuple[Failure, ...] = ()

    @property
    def counted(self) -> tuple[Prediction, ...]:
        """Predictions of the images that are used: at least one."""
        return tuple(one for one, reason in zip(self.images, self.left_out, strict=True) if not reason)
