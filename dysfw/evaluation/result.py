"""What an evaluation found, as ``metrics.json`` holds it and the report shows it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from ..audit.result import AuditResult
from ..data.conditions import Condition
from ..stats.estimate import Estimate
from ..stats.metrics import CalibrationBin


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Protocol(_Part):
    """How photographs were divided into those learned from and those judged. claim: what the scores may be said to show, in a
    sentence, with what they may not. folds, repeats: 0 but for cross-validation. sources: left out one by one."""

    kind: Literal["cross-validation", "held out", "leave one source out"]
    patient_wise: bool
    claim: str
    folds: int
    repeats: int
    seed: int
    splits: int
    sources: list[str] = []


class Problem(_Part):
    """Something about the data that the reader must know. severity "exclusion": ``photographs`` took no part."""

    code: str
    severity: Literal["note", "warning", "exclusion"]
    message: str
    images: int
    examples: list[str] = []


class DataSummary(_Part):
    """The photographs that were evaluated. patients: None where the data does not name them. per_label: photographs and
    patients. sources: photographs by source."""

    origin: str
    fingerprint: str
    images: int
    patients: int | None
    per_label: dict[str, tuple[int, int | None]]
    sources: dict[str, int]
    problems: list[Problem]


class ClassScores(_Part):
    """One condition. measures: sensitivity, specificity, precision, auroc, top_3 … by name."""

    label: str
    images: int
    patients: int
    measures: dict[str, Estimate]


class EvaluatedModel(_Part):
    """One way to judge the same photographs in the same folds. measures by name; difference: contender minus recipe, paired, of
    the measures that matter most; empty for the recipe itself. photographs: how many it judged (a region may be absent)."""

    name: str
    kind: Literal["recipe", "region", "fusion", "baseline"]
    images: int
    measures: dict[str, Estimate]
    difference: dict[str, Estimate]


class Calibration(_Part):
    """temperature: by which the logarithms of the probabilities are divided, the geometric mean over the splits; temperatures:
    the least and the largest. ece: expected calibration error. Bins are of the calibrated probabilities, and of those
    before."""

    temperature: float
    temperatures: tuple[float, float]
    ece_before: Estimate
    ece: Estimate
    bins_before: list[CalibrationBin]
    bins: list[CalibrationBin]


class PredictionSets(_Part):
    """Conformal prediction sets. target_coverage: the coverage asked for. size: mean number of conditions in a set."""

    target_coverage: float
    coverage: Estimate
    coverage_by_label: dict[str, float]
    size: Estimate
    empty: float


class Rejection(_Part):
    """What would have been called not reliable, out of fold. reasons: photographs by code. accuracy: of those kept."""

    rejected: Estimate
    reasons: dict[str, int]
    accuracy_kept: Estimate
    accuracy_rejected: Estimate | None


class PatientLevel(_Part):
    """Patients judged by all of their photographs together, each counting once. patients: how many; several: how many of them
    have several photographs; photographs: per patient, of those. measures by name; difference: to judging each photograph by
    itself, every patient counting once, paired. sets of the patients; single: coverage of the photographs by themselves."""

    patients: int
    with_several_images: int
    images_per_patient: float
    measures: dict[str, Estimate]
    difference: dict[str, Estimate]
    sets: PredictionSets
    per_image_coverage: Estimate


class WorstError(_Part):
    """A photograph that was judged wrongly with great confidence."""

    path: str
    patient: str | None
    label: str
    predicted: str
    probability: float
    probability_of_label: float
    reliable: bool


class Evaluation(_Part):
    """recipe: resolved. patients: None where nobody has several photographs. measures of the recipe: by name, see
    ``dysfw.stats.metrics``. top, top_macro: share of photographs (mean of the conditions' shares) whose condition is
    among the first n. confusion: photographs, mean over the repeats, rows are the truth. conditions: what the data says of the
    labels. command: what repeats this."""

    schema_: Literal["dysfw.evaluation/1"] = Field(default="dysfw.evaluation/1", alias="schema")
    name: str
    command: str
    created: str
    research_use: str
    recipe: dict[str, Any]
    recipe_fingerprint: str
    bundle: str | None
    protocol: Protocol
    data: DataSummary
    audit: AuditResult
    audit_harmonised: AuditResult | None
    labels: list[str]
    conditions: dict[str, Condition] = {}
    unaffected: str | None
    measures: dict[str, Estimate]
    top: dict[int, Estimate]
    top_macro: dict[int, Estimate]
    classes: list[ClassScores]
    confusion: list[list[float]]
    models: list[EvaluatedModel]
    calibration: Calibration
    prediction_sets: PredictionSets
    rejection: Rejection
    patients: PatientLevel | None = None
    worst: list[WorstError]
    resamples: int
    weights: list[dict[str, Any]]
    versions: dict[str, str]
    device: str
    precision: str
    seconds: dict[str, float]
