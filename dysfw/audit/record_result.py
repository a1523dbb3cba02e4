"""Result of an audit of records, a part of ``audit.json``."""

from __future__ import annotations

from ..stats.estimate import Estimate
from .result_part import Part, Verdict


class RecordGroup(Part):
    """How well the nearest record names the condition, by one part of the records.

    Attributes:
        name: "excluded": excluded signs, compared with the signs assessed in other patients. "assessed": the signs that were
            assessed, whatever their status. "signs": the signs with their status, for comparison; no leak.
        records: Number of records with such a part.
        balanced_accuracy: Share of patients whose nearest record has their condition, as a mean over the conditions.
        p: p-value of the balanced accuracy (permutation test), not corrected for the number of groups; None for "signs".
    """

    name: str
    records: int
    balanced_accuracy: Estimate
    p: float | None


class RecordClass(Part):
    """A condition that excluded signs reveal.

    Attributes:
        label: The condition.
        patients: Number of its patients.
        named: Share of its patients whose nearest record, by the excluded signs, has the condition.
        p: p-value (permutation test), corrected for the number of conditions.
    """

    label: str
    patients: int
    named: Estimate
    p: float


class CompletenessFeature(Part):
    """A property of whole records that leaks a condition.

    Attributes:
        name: Name of the feature, such as "has a record".
        label: The condition that it predicts best.
        auroc: AUROC of the raw value, 0 to 1; 0.5 is chance, and 0 is as strong as 1.
        words: Description, "has a record: 0 of 150, 325 of 325 others".
    """

    name: str
    label: str
    auroc: Estimate
    words: str


class SpecificTerm(Part):
    """A term that occurs in the records of one condition only, and in most of them.

    Attributes:
        term: The term as it was written.
        label: The condition.
        patients: Number of the condition's patients whose record has the term.
        of: Number of the condition's patients with signs.
        names_condition: Whether the words of the condition's label are in the term.
    """

    term: str
    label: str
    patients: int
    of: int
    names_condition: bool


class RecordAudit(Part):
    """Result of an audit of records: is the condition known from how a record was made?

    Attributes:
        verdict: "pass", "caution" or "fail".
        reason: Reason of the verdict.
        advice: What to do, one sentence each.
        p: p-value of the whole audit of records, corrected for all statistics.
        patients: Number of patients; of images, if the patients are unknown.
        units: Number of patients in the permutation test: one of each publication and condition.
        records: Number of patients with a record.
        chance: Balanced accuracy of a record drawn at random.
        groups: Result of each part of the records; of those that some record has.
        classes: Conditions that excluded signs reveal, the strongest first.
        features: Leaking properties of whole records, the strongest first.
        terms: Terms as specific as the diagnosis.
    """

    verdict: Verdict
    reason: str
    advice: list[str]
    p: float
    patients: int
    units: int
    records: int
    chance: float
    groups: list[RecordGroup]
    classes: list[RecordClass]
    features: list[CompletenessFeature]
    terms: list[SpecificTerm]
