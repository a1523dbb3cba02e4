"""Sentences that a report builds from what was found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...audit.result import AuditResult, Verdict
from ...estimate import Estimate
from ...evaluation.result import DataSummary, Evaluation, Protocol
from ...text import count, listed
from .numbers import bounds, number, p_value

HEADLINE: Mapping[Verdict, str] = {
    "pass": "nothing beside the face gives the conditions away",
    "caution": "something beside the face may give the conditions away",
    "fail": "something beside the face gives the conditions away",
}
MEANING: Mapping[Verdict, str] = {
    "pass": "The audit looks for the clues that it knows; there may be others.",
    "caution": "The scores may owe something to what is not the face.",
    "fail": "The scores are no evidence that anything was recognised in faces.",
}


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


def exclusions(data: DataSummary) -> str:
    """How many photographs took no part, or nothing."""
    excluded = sum(problem.photographs for problem in data.problems if problem.severity == "exclusion")
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
    for contender in e.contenders:
        if contender.kind == "baseline" and "balanced_accuracy" in contender.measures:
            beside.append(f"{number(contender.measures['balanced_accuracy'].value)} ({contender.name})")
    harmonised = " after harmonising" if e.audit_harmonised else ""
    return (
        f"Balanced accuracy {score} over {count(len(e.labels), 'condition')}, against {listed(beside)}; "
        f"{protocol_words(e.protocol, e.data)}; {people(e.data)}; audit of the data: {audit.verdict}{harmonised} "
        f"(p {p_value(audit.p)}). "
        f"dysfw {e.versions.get('dysfw', '')}, recipe {e.recipe_fingerprint[:8]}, data {e.data.fingerprint[:8]}."
    )


def own_verdict(evaluation: Evaluation) -> str:
    """ "pass", "pass, harmonised"."""
    audit = governing(evaluation.audit, evaluation.audit_harmonised)
    return f"{audit.verdict}, harmonised" if evaluation.audit_harmonised else audit.verdict
