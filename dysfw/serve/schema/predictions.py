"""Schemas of predictions. ``dysfw.output.to_json`` creates them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ...explain.saliency_map import Method
from ...types import Status
from .base import Problem, Reference, Schema


class Image(Schema):
    """An image file; null if it could not be read."""

    source: str
    sha256: str | None
    width: int | None
    height: int | None


class Face(Schema):
    """A detected face, in px of the image and degrees."""

    index: int
    found: int
    box: list[float]
    score: float
    landmarks: list[list[float]]
    roll: float
    pose: dict[str, float] | None


class Region(Schema):
    """A region of the face, with the probabilities of its head."""

    name: str
    polygon: list[list[float]] | None = None
    probabilities: dict[str, float]


class RankedCondition(Schema):
    """A condition with its probability and identifiers."""

    rank: int
    label: str
    probability: float
    name: str | None = None
    mondo: str | None = None
    omim: str | None = None
    orpha: str | None = None
    imitates: str | None = None
    synonyms: list[str] | None = None


class GalleryCase(Schema):
    """A case of the gallery and its similarity."""

    id: str
    label: str
    similarity: float


class Agreement(Schema):
    """How far the regions agree."""

    first: int
    of: int
    overlap: float


class SaliencyMap(Schema):
    """A heat map of a region's crop, with the corners of the crop in px of the image."""

    region: str
    method: Method
    corners: list[list[float]]
    importance: list[list[float]]


class Explanation(Schema):
    """Contributions of the regions to the probability of a condition (Shapley values)."""

    label: str
    base_values: dict[str, float]
    contributions: dict[str, dict[str, float]]
    standard_error: dict[str, dict[str, float]] | None = None
    evidence: dict[str, dict[str, float]] | None = None
    agreement: Agreement
    maps: list[SaliencyMap]


class RecordSign(Schema):
    """A sign of a record, as an ontology knows it."""

    id: str
    name: str
    status: Status


class EvidencePart(Schema):
    """A part of a log-likelihood, such as that of one sign, with natural logarithms; null for what is not known."""

    id: str | None = None
    name: str
    status: Status | None = None
    log_ratio: dict[str, float | None]


class EvidenceData(Schema):
    """A file that evidence uses."""

    name: str
    sha256: str
    licence: str


class Evidence(Schema):
    """What one kind of evidence says of a record."""

    name: str
    weight: float
    log_likelihood: dict[str, float | None]
    parts: list[EvidencePart]
    data: list[EvidenceData]


class RecordResult(Schema):
    """What the patient's record adds to the prediction from the face."""

    signs: list[RecordSign]
    face_probabilities: dict[str, float | None]
    face_weight: float
    weights_learned_from: int
    evidence: list[Evidence]


class PredictionSet(Schema):
    """Conditions that include the true one with the stated coverage."""

    coverage: float
    labels: list[str]
    always_included: list[str]


class PredictionFields(Schema):
    """Fields of the prediction for a face and for a patient."""

    notice: str
    regions: list[Region]
    probabilities: dict[str, float]
    ranking: list[RankedCondition]
    record: RecordResult | None = None
    gallery_cases: list[GalleryCase]
    explanation: Explanation | None = None
    reliable: bool
    reasons: list[Problem]
    prediction_set: PredictionSet
    warnings: list[Problem]
    recipe: Reference
    bundle: Reference | None
    device: str
    precision: str
    runtimes: list[str]


class Prediction(PredictionFields):
    """The prediction for a face."""

    schema_: Literal["dysfw.prediction/1"] = Field(alias="schema")
    image: Image
    face: Face
    absent: dict[str, str]
    timings_ms: dict[str, float]


class Failure(Schema):
    """An image that could not be predicted."""

    schema_: Literal["dysfw.prediction/1"] = Field(alias="schema")
    notice: str
    image: Image
    error: Problem
    recipe: Reference
    bundle: Reference | None
    device: str
    precision: str
    runtimes: list[str]


class PatientImage(Schema):
    """An image of a patient, and why it was left out, if it was."""

    source: str
    sha256: str | None
    counted: bool
    left_out: str | None


class PatientPrediction(PredictionFields):
    """The prediction for a patient."""

    schema_: Literal["dysfw.patient/1"] = Field(alias="schema")
    patient: str
    images: list[PatientImage]


class Predictions(Schema):
    """Predictions for all images of a request, in order, and for the patient if one was named."""

    predictions: list[Prediction | Failure]
    patient: PatientPrediction | None
