"""Sentences that a report builds from what was found."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from ...audit.permutation_null import LEVEL
from ...audit.result import AuditResult
from ...evaluation.result import DataSummary, Evaluation, Protocol
from ...stats.estimate import Estimate
from ...util.text import count, listed
from .formatting import bounds, number, p_value, share

# A caution is of two kinds: something was found, or nothing was, and it could have been missed.
HEADLINE: Mapping[str, str] = {
    "pass": "nothing beside the face was found to give the conditions away",
    "caution": "something beside the face may give the conditions away",
    "missed": "nothing beside the face was found to give the conditions away, but it could have been missed",
    "fail": "something beside the face gives the conditions away",
}
MEANING: Mapping[str, str] = {
    "pass": "The audit looks for the clues that it knows; there may be others.",
    "caution": "The scores may owe something to what is not the face.",
    "missed": "The scores may still owe something to what is not the face.",
    "fail": "The scores are no evidence that anything was recognised in faces.",
}


def headline(audit: AuditResult) -> str:
    """What stands beside the verdict."""
    return HEADLINE[_kind(audit)]


def meaning(audit: AuditResult) -> str:
    """What the verdict says about the scores."""
    return MEANING[_kind(audit)]


def _kind(audit: AuditResult) -> str:
    return "missed" if audit.verdict == "caution" and audit.p >= LEVEL else audit.verdict


def governing(audit: AuditResult, harmonised: AuditResult | None) -> AuditResult:
    """The audit of the photographs as they were judged."""
    return harmonised or audit


def warnings_of(data: DataSummary, protocol: Protocol, weights: Sequence[Mapping[str, object]]) -> list[str]:
    """What a reader must know before any score, beside the audit."""
    found = []
    if data.patients is None:
        found.append(
            "The data does not name patients. Photographs of one person may stand on both sides of a split, which makes every "
            "score too good, and the intervals, which count each photograph as a patient, too narrow."
        )
    elif not protocol.patient_wise:
        found.append("Photographs of one patient may stand on both sides of a split, which makes every score too good.")
    if not all(weights_of.get("trained", True) for weights_of in weights):
        found.append("Weights that take part are random: whatever was measured means nothing.")
    return found


def units(data: DataSummary) -> str:
    """What was drawn, shuffled and kept together."""
    return "photographs" if data.patients is None else "patients"


def idle_sets(evaluation: Evaluation) -> str:
    """That the prediction sets say nothing, where each holds every condition; else nothing."""
    sets, number_of = evaluation.prediction_sets, len(evaluation.labels)
    if sets.size.value < number_of - 1e-9:
        return ""
    return (
        f"No condition has the {least_patients(sets.target_coverage)} {units(evaluation.data)} to learn from that a coverage of "
        f"{share(sets.target_coverage)} needs, so every prediction set holds all {number_of} conditions and says nothing."
    )


def least_patients(coverage: float) -> int:
    """How many patients of a condition it takes before a prediction set of this coverage can leave it out."""
    return math.ceil(round(coverage / (1 - coverage), 6))


def exclusions(data: DataSummary) -> str:
    """How many photographs took no part, or nothing."""
    excluded = sum(problem.images for problem in data.problems if problem.severity == "exclusion")
    return f"{count(excluded, 'photograph')} took no part; the report's section on the data says why." if excluded else ""


def protocol_words(protocol: Protocol, data: DataSummary) -> str:
    """ "5-fold cross-validation, repeated 3 times, no patient on both sides of a split"."""
    by_patient = protocol.patient_wise and data.patients is not None
    side = "no patient on both sides of a split" if by_patient else "divided by photographs, not by patients"
    if protocol.kind == "cross-validation":
        times = f", repeated {count(protocol.repeats, 'time')}" if protocol.repeats > 1 else ""
        return f"{protocol.folds}-fold cross-validation{times}, {side}"
    if protocol.kind == "held out":
        return f"one part of the photographs held out and judged once, {side}"
    return f"each of {count(len(protocol.sources), 'source')} left out in turn ({listed(protocol.sources)}), {side}"


def people(data: DataSummary) -> str:
    """ "475 photographs of 240 patients"."""
    patients = count(data.patients, "patient") if data.patients is not None else "an unknown number of patients"
    return f"{count(data.images, 'photograph')} of {patients}"


def with_interval(estimate: Estimate) -> str:
    """ "0.618 (95 % interval 0.571 to 0.665)"."""
    ends = bounds(estimate)
    return number(estimate.value) + (f" (95 % interval {ends[0]} to {ends[1]})" if ends else " (no interval)")


def quotation(evaluation: Evaluation) -> str:
    """The least that must be said wherever the score is quoted."""
    e, audit = evaluation, governing(evaluation.audit, evaluation.audit_harmonised)
    measure = e.measures.get("balanced_accuracy")
    score = with_interval(measure) if measure else "not measured"
    beside = [f"{number(1 / len(e.labels))} (guessing)"]
    for model in e.models:
        if model.kind == "baseline" and "balanced_accuracy" in model.measures:
            beside.append(f"{number(model.measures['balanced_accuracy'].value)} ({model.name})")
    harmonised = " after harmonising" if e.audit_harmonised else ""
    return (
        f"Balanced accuracy {score} over {count(len(e.labels), 'condition')}, against {listed(beside)}; "
        f"{protocol_words(e.protocol, e.data)}; {people(e.data)}; audit of the data: {audit.verdict}{harmonised} "
        f"(p {p_value(audit.p)}). "
        f"dysfw {e.versions.get('dysfw', '')}, recipe {e.recipe_fingerprint[:8]}, data {e.data.fingerprint[:8]}."
    )


def own_verdict(evaluation: Evaluation) -> str:
    """ "pass"; "fail, harmonised: pass"."""
    harmonised = evaluation.audit_harmonised
    return evaluation.audit.verdict + (f", harmonised: {harmonised.verdict}" if harmonised else "")
