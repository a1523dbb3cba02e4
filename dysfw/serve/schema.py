"""The answers of the API, for its OpenAPI document. ``dysfw.output.to_json`` makes them."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from ..data.conditions import Condition
from ..explain.saliency_map import Method


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Problem(Part):
    code: str
    message: str


class ErrorResponse(Part):
    """A request that was not answered."""

    error: Problem


class ImageOf(Part):
    source: str
    sha256: str | None
    width: int | None
    height: int | None


class FaceOf(Part):
    index: int
    found: int
    box: list[float]
    score: float
    landmarks: list[list[float]]
    roll: float
    pose: dict[str, float] | None


class RegionOf(Part):
    name: str
    polygon: list[list[float]] | None = None
    probabilities: dict[str, float]


class Ranked(Part):
    rank: int
    label: str
    probability: float
    name: str | None = None
    mondo: str | None = None
    omim: str | None = None
    orpha: str | None = None
    synonyms: list[str] | None = None


class GalleryCaseOf(Part):
    id: str
    label: str
    similarity: float


class AgreementOf(Part):
    first: int
    of: int
    overlap: float


class MapOf(Part):
    region: str
    method: Method
    corners: list[list[float]]
    importance: list[list[float]]


class ExplanationOf(Part):
    label: str
    base_values: dict[str, float]
    contributions: dict[str, dict[str, float]]
    standard_error: dict[str, dict[str, float]] | None = None
    agreement: AgreementOf
    maps: list[MapOf]


class SetOf(Part):
    coverage: float
    labels: list[str]
    always_included: list[str]


class Named(Part):
    name: str
    fingerprint: str


class PredictionFields(Part):
    """What is said of a face and of a patient alike."""

    notice: str
    regions: list[RegionOf]
    probabilities: dict[str, float]
    ranking: list[Ranked]
    gallery_cases: list[GalleryCaseOf]
    explanation: ExplanationOf | None = None
    reliable: bool
    reasons: list[Problem]
    prediction_set: SetOf
    warnings: list[Problem]
    recipe: Named
    bundle: Named | None
    device: str
    precision: str


class PredictionOf(PredictionFields):
    schema_: Literal["dysfw.prediction/1"] = Field(alias="schema")
    image: ImageOf
    face: FaceOf
    absent: dict[str, str]
    timings_ms: dict[str, float]


class FailureOf(Part):
    """A photograph that could not be judged."""

    schema_: Literal["dysfw.prediction/1"] = Field(alias="schema")
    notice: str
    image: ImageOf
    error: Problem
    recipe: Named
    bundle: Named | None
    device: str
    precision: str


class PatientImageOf(Part):
    source: str
    sha256: str | None
    counted: bool
    left_out: str | None


class PatientOf(PredictionFields):
    schema_: Literal["dysfw.patient/1"] = Field(alias="schema")
    patient: str
    images: list[PatientImageOf]


class Predictions(Part):
    """predictions: for each photograph, in order, one for each face that is judged, or why it could not be. patient: where one
    was named and any photograph could be judged."""

    predictions: list[PredictionOf | FailureOf]
    patient: PatientOf | None


class LabelOf(Part):
    label: str
    condition: Condition | None


class Limits(Part):
    upload_bytes: int
    images: int


class BundleOf(Part):
    """What this server judges by."""

    notice: str
    dysfw: str
    recipe: Named
    bundle: Named
    about: str
    labels: list[LabelOf]
    regions: list[str]
    device: str
    precision: str
    warnings: list[Problem]
    limits: Limits


class Health(Part):
    status: Literal["ok"]
