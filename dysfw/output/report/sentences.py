"""Sentences of the reports."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from ...audit.permutation_null import ALPHA
from ...audit.result import AuditResult
from ...evaluation.result import DataSummary, Evaluation, Protocol
from ...stats.estimate import Estimate
from ...util.text import count, listed
from .formatting import bounds, number, p_value, share

# A caution has two causes: a significant effect, or a negative result that is inconclusive.
HEADLINE: Mapping[str, str] = {
    "pass": "the condition could not be predicted without the face",
    "caution": "something other than the face may reveal the condition",
    "inconclusive": "leakage cannot be excluded",
    "fail": "something other than the face reveals the condition",
}
MEANING: Mapping[str, str] = {
    "pass": "The audit tests only known shortcut features; there may be others.",
    "caution": "The scores may partly reflect something other than the face.",
    "inconclusive": "The scores may still partly reflect something other than the face.",
    "fail": "The scores are not evidence that the model recognises anything in faces.",
}


def headline(audit: AuditResult) -> str:
    """Return the phrase that follows the verdict in the headline."""
    return HEADLINE[_kind(audit)]


def meaning(audit: AuditResult) -> str:
    """Return a sentence on what the verdict means for the scores."""
    return MEANING[_kind(audit)]


def _kind(audit: AuditResult) -> str:
    return "inconclusive" if audit.verdict == "caution" and audit.p >= ALPHA else audit.verdict


def decisive_audit(audit: AuditResult, harmonised: AuditResult | None) -> AuditResult:
    """Return the audit of the images that the models actually saw.

    Args:
        audit: The audit of the original images.
        harmonised: The audit of the harmonised images, if the recipe harmonises them.
    """
    return harmonised or audit


def warnings_of(data: DataSummary, protocol: Protocol, weights: Sequence[Mapping[str, object]]) -> list[str]:
    """List what a reader must know before any score, besides the audit.

    Args:
        data: The data.
        protocol: How the data was split.
        weights: Weights that the recipe uses.

    Returns:
        One or two sentences for each warning.
    """
    warnings = []
    if data.patients is None:
        warnings.append(
            "The data do not name patients. Images of one person may be in both training and test data, which makes every "
            "score too high and the intervals too narrow."
        )
    elif not protocol.patient_wise:
        warnings.append("Images of one patient may be in both training and test data, which makes every score too high.")
    if not all(one.get("trained", True) for one in weights):
        warnings.append("Some weights are random, not trained: the scores are meaningless.")
    return warnings


def units(data: DataSummary) -> str:
    """Return what was resampled, permuted and split: "patients", or "images" if the patients are unknown."""
    return "images" if data.patients is None else "patients"


def uninformative_sets(evaluation: Evaluation) -> str:
    """Return a sentence if every prediction set contains all conditions, else an empty string."""
    sets, classes = evaluation.prediction_sets, len(evaluation.labels)
    if sets.size.value < classes - 1e-9:
        return ""
    return (
        f"No condition has the {min_patients(sets.target_coverage)} {units(evaluation.data)} for training that a coverage of "
        f"{share(sets.target_coverage)} requires. Every prediction set therefore contains all {classes} conditions and is "
        "uninformative."
    )


def min_patients(coverage: float) -> int:
    """Return how many patients a condition needs before a prediction set can exclude it.

    Args:
        coverage: Target coverage of the set, 0 to 1.
    """
    return math.ceil(round(coverage / (1 - coverage), 6))


def exclusions(data: DataSummary) -> str:
    """Return a sentence on the number of unused images, empty if there are none."""
    excluded = sum(finding.images for finding in data.findings if finding.severity == "exclusion")
    verb = "was" if excluded == 1 else "were"
    return f"{count(excluded, 'image')} {verb} not used; see the section “Data” of the report." if excluded else ""


def protocol_words(protocol: Protocol, data: DataSummary) -> str:
    """Describe the protocol: "5-fold cross-validation with 3 repeats, split by patient".

    Args:
        protocol: How the data was split.
        data: The data.
    """
    by_patient = protocol.patient_wise and data.patients is not None
    split = "split by patient" if by_patient else "split by image, not by patient"
    if protocol.kind == "cross-validation":
        repeats = f" with {count(protocol.repeats, 'repeat')}" if protocol.repeats > 1 else ""
        return f"{protocol.folds}-fold cross-validation{repeats}, {split}"
    if protocol.kind == "leave one source out":
        return f"leave-one-source-out over {count(len(protocol.sources), 'source')} ({listed(protocol.sources)}), {split}"
    return f"a single training and test set, {split}"


def data_words(data: DataSummary) -> str:
    """Describe the size of the data: "475 images of 240 patients"."""
    patients = count(data.patients, "patient") if data.patients is not None else "an unknown number of patients"
    return f"{count(data.images, 'image')} of {patients}"


def with_interval(estimate: Estimate) -> str:
    """Format an estimate: "0.618 (95 % interval 0.571 to 0.665)"."""
    ends = bounds(estimate)
    return number(estimate.value) + (f" (95 % interval {ends[0]} to {ends[1]})" if ends else " (no interval)")


def quotation(evaluation: Evaluation) -> str:
    """Return the minimum information that must accompany a quoted score."""
    e, audit = evaluation, decisive_audit(evaluation.audit, evaluation.audit_harmonised)
    measure = e.measures.get("balanced_accuracy")
    score = with_interval(measure) if measure else "not measured"
    baselines = [f"{number(1 / len(e.labels))} (chance)"]
    for model in e.models:
        if model.kind == "baseline" and "balanced_accuracy" in model.measures:
            baselines.append(f"{number(model.measures['balanced_accuracy'].value)} ({model.name})")
    harmonised = " after harmonisation" if e.audit_harmonised else ""
    p, records = p_value(audit.p), evaluation.audit.record
    of_records = f"; audit of the records: {records.verdict}" if records else ""
    return (
        f"Balanced accuracy {score} over {count(len(e.labels), 'condition')}, compared with {listed(baselines)}; "
        f"{protocol_words(e.protocol, e.data)}; {data_words(e.data)}; audit of the data: {audit.verdict}{harmonised} "
        f"(p {p if p.startswith('<') else f'= {p}'}){of_records}. "
        f"dysfw {e.versions.get('dysfw', '')}, recipe {e.recipe_fingerprint[:8]}, data {e.data.fingerprint[:8]}."
    )


def verdict_words(evaluation: Evaluation) -> str:
    """Return the verdicts of an evaluation's audits: "pass", or "fail, harmonised: pass, records: fail"."""
    harmonised, record = evaluation.audit_harmonised, evaluation.audit.record
    others = [f"harmonised: {harmonised.verdict}"] if harmonised else []
    others += [f"records: {record.verdict}"] if record else []
    return ", ".join([evaluation.audit.verdict, *others])
