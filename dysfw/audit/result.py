"""Result of an audit, as stored in ``audit.json``."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ..data.findings import Finding
from ..stats.estimate import Estimate
from .record_result import RecordAudit
from .result_part import Part, Verdict


class GroupResult(Part):
    """Prediction of the condition from one group of features.

    Attributes:
        name: "file", "colour", "border", "background", "framing" or "all".
        features: Number of features.
        accuracy: Out-of-fold accuracy.
        balanced_accuracy: Out-of-fold balanced accuracy.
        p: p-value of the balanced accuracy (permutation test), not corrected for the number of groups.
    """

    name: str
    features: int
    accuracy: Estimate
    balanced_accuracy: Estimate
    p: float


class ClassResult(Part):
    """Prediction of one condition against all others from all features.

    Attributes:
        label: The condition.
        images: Number of its images.
        patients: Number of its patients.
        auroc: Out-of-fold AUROC.
        p: p-value of the AUROC (permutation test), corrected for the number of conditions (max-T).
    """

    label: str
    images: int
    patients: int
    auroc: Estimate
    p: float


class ShortcutFeature(Part):
    """A single feature that leaks a condition.

    Attributes:
        name: Name of the feature.
        group: Group of the feature.
        label: The condition that it predicts best.
        auroc: AUROC of the raw value, 0 to 1; 0.5 is chance, and 0 is as strong as 1.
        words: Description, "width (px): 128 in 150 of 150, 256 in 325 of 325 others".
    """

    name: str
    group: str
    label: str
    auroc: float
    words: str


class AuditResult(Part):
    """Result of an audit.

    Attributes:
        verdict: "pass", "caution" or "fail": on the images. That on the records is in ``record``.
        reason: Reason of the verdict.
        advice: What to do, one sentence each.
        p: p-value of the whole audit of the images, corrected for all statistics.
        permutations: Number of label permutations.
        seed: Random seed.
        images: Number of images.
        patients: Number of patients; None if unknown.
        excluded: Number of images that cannot be read, by error code.
        labels: The conditions.
        chance: Balanced accuracy of random guessing.
        majority: Accuracy of always predicting the most frequent condition.
        groups: Result of each group of features.
        classes: Result of each condition.
        features: Significant single features, the strongest first.
        harmonised: Whether the images were harmonised.
        findings: What was found in the data beside that: unreadable files, photos of several people, what was recognised.
        record: The audit of the patients' records; None, and left out of JSON, if there are none or the images were harmonised.
    """

    schema_: Literal["dysfw.audit/1"] = Field(default="dysfw.audit/1", alias="schema")
    verdict: Verdict
    reason: str
    advice: list[str]
    p: float
    permutations: int
    seed: int
    images: int
    patients: int | None
    excluded: dict[str, int]
    labels: list[str]
    chance: float
    majority: float
    groups: list[GroupResult]
    classes: list[ClassResult]
    features: list[ShortcutFeature]
    harmonised: bool = False
    findings: list[Finding] = Field(default_factory=list)
    record: RecordAudit | None = Field(default=None, exclude_if=lambda record: record is None)
