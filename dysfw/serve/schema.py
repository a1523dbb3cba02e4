"""Schemas of the API's responses, for its OpenAPI document. ``dysfw.output.to_json`` creates the responses."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from ..data.conditions import Condition
from ..explain.saliency_map import Method


class Schema(BaseModel):
    """Base class: no other fields are allowed."""

    model_config = ConfigDict(extra="forbid")


class Problem(Schema):
    """An error, warning or reason."""

    code: str
    message: str


class ErrorResponse(Schema):
    """A request that was rejected."""

    error: Problem


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
    agreement: Agreement
    maps: list[SaliencyMap]


class PredictionSet(Schema):
    """Conditions that include the true one with the stated coverage."""

    coverage: float
    labels: list[str]
    always_included: list[str]


class Reference(Schema):
    """Name and fingerprint of a recipe or bundle."""

    name: str
    fingerprint: str


class PredictionFields(Schema):
    """Fields of the prediction for a face and for a patient."""

    notice: str
    regions: list[Region]
    probabilities: dict[str, float]
    ranking: list[RankedCondition]
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


class Label(Schema):
    """A label of the model, and its condition."""

    label: str
    condition: Condition | None


class Limits(Schema):
    """Limits of a request."""

    upload_bytes: int
    images: int


class Bundle(Schema):
    """The model that the server uses."""

    notice: str
    dysfw: str
    recipe: Reference
    bundle: Reference
    about: str
    labels: list[Label]
    regions: list[str]
    device: str
    precision: str
    runtimes: list[str]
    warnings: list[Problem]
    limits: Limits


class Health(Schema):
    """The state of the server."""

    status: Literal["ok"]
