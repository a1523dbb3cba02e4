"""The result of an evaluation, as ``metrics.json`` stores it and the report shows it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from ..audit.result import AuditResult
from ..data.conditions import Condition
from ..stats.estimate import Estimate
from ..stats.fixed_specificity import MeanSensitivityAt, SensitivityAt
from ..stats.metrics import CalibrationBin
from ..stats.roc import RocCurves


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Protocol(_Part):
    """How the images were divided into training and test.

    Attributes:
        kind: Kind of division.
        patient_wise: Whether no patient is on both sides of a split.
        claim: What the scores show and what they do not, in sentences.
        folds: Number of folds; 0 without cross-validation.
        repeats: Number of times the folds were drawn; 0 without cross-validation.
        seed: Random seed of the folds.
        splits: Number of splits.
        sources: The sources that were left out, one after the other.
    """

    kind: Literal["cross-validation", "held out", "leave one source out"]
    patient_wise: bool
    claim: str
    folds: int
    repeats: int
    seed: int
    splits: int
    sources: list[str] = []


class Finding(_Part):
    """A problem of the data.

    Attributes:
        code: A stable snake_case word for programs.
        severity: "exclusion" means that the images were not used.
        message: A sentence for people.
        images: Number of images concerned.
        examples: Some of these.
    """

    code: str
    severity: Literal["note", "warning", "exclusion"]
    message: str
    images: int
    examples: list[str] = []


class Excluded(_Part):
    """The images that were not used for one reason.

    Attributes:
        code: The code of the finding that describes them.
        images: Number of images.
        patients: Number of patients of whom no image was left; None if the data do not name patients.
    """

    code: str
    images: int
    patients: int | None


class DataFlow(_Part):
    """Images and patients from the data as they were found to those that were used.

    The numbers add up: what was found is what was excluded and what was used; of patients, joined ones are counted in between.

    Attributes:
        images_found: Images that the data list.
        patients_found: Patients that the data list; None if they do not name the patient of every image.
        excluded: The images that were not used, by reason, in the order in which they were excluded. An image has one reason.
        patients_joined: By how many the number of patients fell because patients who share an image count as one.
        images_used: Images that were trained or tested with.
        patients_used: Their patients.
        images_tested: Those of the images used that were tested.
    """

    images_found: int
    patients_found: int | None
    excluded: list[Excluded]
    patients_joined: int | None
    images_used: int
    patients_used: int | None
    images_tested: int


class DataSummary(_Part):
    """The images that were evaluated.

    Attributes:
        origin: Where the data come from.
        fingerprint: sha256 over the images, their labels and patients.
        images: Number of images.
        patients: Number of patients; None if the data do not name them.
        per_label: Numbers of images and patients of each condition.
        sources: Number of images of each source.
        findings: Problems of the data.
        flow: How many images were found, excluded and used.
    """

    origin: str
    fingerprint: str
    images: int
    patients: int | None
    per_label: dict[str, tuple[int, int | None]]
    sources: dict[str, int]
    findings: list[Finding]
    flow: DataFlow


class ClassScores(_Part):
    """Scores of one condition.

    Attributes:
        label: The condition.
        images: Number of images.
        patients: Number of patients.
        measures: Sensitivity, specificity, precision, auroc, top_3 and others, by name.
        at_specificity: Sensitivity at fixed specificities, in ascending order of these.
    """

    label: str
    images: int
    patients: int
    measures: dict[str, Estimate]
    at_specificity: list[SensitivityAt] = []


class EvaluatedModel(_Part):
    """The recipe, a part of it, or a baseline, on the same images in the same folds.

    Attributes:
        name: Name of the model.
        kind: What it is.
        images: Number of images that it predicted; a region may be absent from some.
        measures: Measures by name.
        difference: This model minus the recipe, paired, for the main measures; empty for the recipe itself.
    """

    name: str
    kind: Literal["recipe", "input", "region", "fusion", "baseline"]
    images: int
    measures: dict[str, Estimate]
    difference: dict[str, Estimate]


class Calibration(_Part):
    """Calibration of the probabilities.

    Attributes:
        temperature: Divisor of the logarithms of the probabilities, as geometric mean over the splits.
        temperatures: Its minimum and maximum.
        ece_before: Expected calibration error before calibration.
        ece: Expected calibration error after calibration.
        bins_before: Bins of the probabilities before calibration.
        bins: Bins of the calibrated probabilities.
    """

    temperature: float
    temperatures: tuple[float, float]
    ece_before: Estimate
    ece: Estimate
    bins_before: list[CalibrationBin]
    bins: list[CalibrationBin]


class PredictionSets(_Part):
    """Conformal prediction sets.

    Attributes:
        target_coverage: The coverage that the recipe requests, 0 to 1.
        coverage: Share of images whose set contains the true condition.
        coverage_by_label: The same for each condition.
        size: Mean number of conditions in a set.
        empty: Share of empty sets.
    """

    target_coverage: float
    coverage: Estimate
    coverage_by_label: dict[str, float]
    size: Estimate
    empty: float


class Rejection(_Part):
    """Test images whose prediction was flagged as not reliable.

    Attributes:
        rejected: Share of flagged images.
        reasons: Number of images by code of the reason.
        accuracy_kept: Accuracy of the predictions without a flag.
        accuracy_rejected: Accuracy of the flagged predictions; None if there are none.
    """

    rejected: Estimate
    reasons: dict[str, int]
    accuracy_kept: Estimate
    accuracy_rejected: Estimate | None


class PatientLevel(_Part):
    """Predictions for patients from all their images. Each patient counts once.

    Attributes:
        patients: Number of patients.
        with_several_images: Number of patients with several images.
        images_per_patient: Mean number of images of these.
        measures: Measures by name.
        difference: Patient level minus image level, paired.
        sets: Prediction sets of the patients.
        per_image_coverage: Coverage of the prediction sets of single images.
    """

    patients: int
    with_several_images: int
    images_per_patient: float
    measures: dict[str, Estimate]
    difference: dict[str, Estimate]
    sets: PredictionSets
    per_image_coverage: Estimate


class WorstError(_Part):
    """An image with a wrong prediction of high probability.

    Attributes:
        path: The image.
        patient: The patient, if known.
        label: The true condition.
        predicted: The predicted condition.
        probability: Its probability.
        probability_of_label: Probability of the true condition.
        reliable: False if the prediction was flagged.
    """

    path: str
    patient: str | None
    label: str
    predicted: str
    probability: float
    probability_of_label: float
    reliable: bool


class Evaluation(_Part):
    """The full evaluation of a recipe.

    Attributes:
        schema_: Version of the format.
        name: Name of the recipe.
        command: The command that repeats the evaluation.
        created: Time in UTC, ISO 8601.
        research_use: The note that this is for research use only.
        recipe: The resolved recipe.
        recipe_fingerprint: Its fingerprint.
        bundle: Always None, because the recipe is trained in each fold.
        protocol: How images were divided into training and test.
        data: The images.
        audit: The audit of the images as they are.
        audit_harmonised: The audit of the images as the recipe harmonises them; None if it does not.
        labels: K conditions.
        conditions: Names and identifiers of the labels, as far as the data give them.
        unaffected: Label of people without a condition, if there is one.
        measures: Measures of the recipe by name; see ``dysfw.stats.metrics``.
        top: For each n the share of images whose condition is among the first n.
        top_macro: The same as mean over the conditions.
        classes: Scores of each condition.
        at_specificity: Mean sensitivity over the conditions at fixed specificities.
        roc: ROC curves of the conditions, and their mean.
        confusion: The true condition, the predicted condition (indices of ``labels``) and the number of such images, mean over
            the repeats. Pairs that do not occur are left out.
        models: The recipe, its regions, other fusions, and baselines.
        calibration: Calibration of the probabilities.
        prediction_sets: Prediction sets.
        rejection: Predictions flagged as not reliable.
        patients: Patient-level predictions; None if no patient has several images.
        worst: The errors with the highest probabilities.
        resamples: Number of bootstrap resamples.
        weights: The weight files used.
        versions: Versions of the packages used.
        device: The device used.
        precision: The precision used.
        seconds: Time by stage.
    """

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
    at_specificity: list[MeanSensitivityAt]
    roc: RocCurves
    confusion: list[tuple[int, int, float]]
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
