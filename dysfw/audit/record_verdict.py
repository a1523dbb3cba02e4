"""Verdict of an audit of records: pass, caution or fail, with reason and advice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..stats.estimate import Estimate
from ..util.text import count, listed
from .permutation_null import ALPHA, PermutationNull, Statistic
from .record_permutation import ASSESSED, EXCLUDED, TESTED
from .record_result import CompletenessFeature, RecordClass, RecordGroup, SpecificTerm
from .verdict import LARGE_AUROC, LARGE_SHARE, NAME_PATIENTS, AuditVerdict, with_interval, with_p

# A negative result is informative only if the audit could have detected that the nearest record is right this much of the way
# from chance to perfection. With two conditions that is a balanced accuracy of 0.7.
MAX_DETECTABLE_SHARE = 0.4
FLATTERED = "Figures of evidence on these data are flattered by how the records were made."
MAY_BE_FLATTERED = "Figures of evidence on these data may be flattered by how the records were made."
SAME_SIGNS = (
    "Assess the same signs in all patients, and record each as observed or excluded. If you cannot, report figures of evidence "
    "also without excluded signs."
)
NAME_PUBLICATIONS = (
    "If patients were published, name the publication of each (column `publication`): records of one publication resemble each "
    "other, and p is too small if the audit does not know them."
)
OF_SIGNS = "which may be an effect of the signs themselves"
MAX_NAMED = 3  # terms and conditions in a sentence


@dataclass(frozen=True, slots=True, eq=False)
class RecordFacts:
    """What an audit of records measured.

    Attributes:
        null: The statistics under permuted labels.
        groups: Result of each part of the records.
        classes: Conditions that excluded signs reveal, the strongest first.
        features: Leaking properties of whole records, the strongest first.
        terms: Terms as specific as the diagnosis.
        chance: Balanced accuracy of a record drawn at random.
        tested: Number of conditions with patients of at least two publications.
        knows_patients: Whether the patient of every image is known.
        knows_publications: Whether any publication is known.
    """

    null: PermutationNull
    groups: Sequence[RecordGroup]
    classes: Sequence[RecordClass]
    features: Sequence[CompletenessFeature]
    terms: Sequence[SpecificTerm]
    chance: float
    tested: int
    knows_patients: bool
    knows_publications: bool

    def share(self, accuracy: float) -> float:
        """How much of the way from chance to perfection a balanced accuracy is."""
        return (accuracy - self.chance) / (1 - self.chance)


@dataclass(frozen=True, slots=True)
class _Leak:
    """Something in the records that reveals the condition.

    Attributes:
        words: Its description.
        advice: What to do.
        large: Whether the effect is large, and cannot be that of the signs themselves.
        strength: From 0 (chance) to 1 (perfection), lower end of its interval.
    """

    words: str
    advice: str
    large: bool
    strength: float


def decide_record_verdict(facts: RecordFacts) -> AuditVerdict:
    """Decide the verdict on the records.

    "fail": excluded signs or the completeness of records reveal a condition, significantly and clearly; or a term names it.
    "caution": a smaller effect; or assessed signs or their number, which may also be a real effect of the observed signs; or
    nothing was found, with too few publications or unknown patients. "pass": everything else.

    Args:
        facts: What was measured.

    Returns:
        The verdict.
    """
    leaks = _naming_terms(facts)
    if facts.null.p < ALPHA:
        leaks += [*_excluded(facts), *_completeness(facts), *_assessed(facts)]
    unknown = (*(() if facts.knows_patients else (NAME_PATIENTS,)), *(() if facts.knows_publications else (NAME_PUBLICATIONS,)))
    leaks.sort(key=lambda leak: not leak.large)  # those of all conditions stay first
    check = _check_terms(facts.terms)
    if not leaks:
        verdict = _nothing_found(facts, (NAME_PATIENTS,) if not facts.knows_patients else ())
        return AuditVerdict(verdict.verdict, verdict.reason, (*check, *verdict.advice))
    cause = _cause([leak.words for leak in leaks[:2]])
    advice = tuple(dict.fromkeys([leak.advice for leak in leaks] + [*check, *unknown]))
    if leaks[0].large:
        return AuditVerdict("fail", f"The records reveal the condition: {cause} ({with_p(facts.null)}). {FLATTERED}", advice)
    reason = f"The records are associated with the condition: {cause} ({with_p(facts.null)}). {MAY_BE_FLATTERED}"
    return AuditVerdict("caution", reason, advice)


def _cause(words: Sequence[str]) -> str:
    """Join what was found; that signs may explain it is said once."""
    before = [one.removesuffix(f", {OF_SIGNS}") if OF_SIGNS in words[-1] else one for one in words[:-1]]
    return "; and ".join([*before, words[-1]])


def _naming_terms(facts: RecordFacts) -> list[_Leak]:
    naming = [one for one in facts.terms if one.names_condition]
    if not naming:
        return []
    first = naming[0]
    words = f"the term {first.term!r} names {first.label}, in {first.patients} of {first.of} of its records"
    terms = listed((repr(one.term) for one in naming), MAX_NAMED)
    return [
        _Leak(words, f"Leave out the terms that name a condition: {terms}.", large=True, strength=first.patients / first.of)
    ]


def _excluded(facts: RecordFacts) -> list[_Leak]:
    """The leak through excluded signs: of all conditions together, and of the condition where it is clearest."""
    significant = Statistic(EXCLUDED, None) in facts.null.significant()
    if not significant and not facts.classes:
        return []
    accuracy = next(group.balanced_accuracy for group in facts.groups if group.name == EXCLUDED)
    words = "the excluded signs lead to a record of the same condition, " + _accuracy(accuracy, facts)
    strength = facts.share(_low(accuracy)) if significant else 0.0
    if facts.classes:
        clearest = max(facts.classes, key=lambda one: _low(one.named))
        words += (
            f"; of single conditions, clearly for {len(facts.classes)}, most for {clearest.label}: "
            f"{with_interval(clearest.named)} of its {count(clearest.patients, 'patient')}"
        )
        strength = max(strength, facts.share(_low(clearest.named)))
    return [_Leak(words, SAME_SIGNS, large=strength >= LARGE_SHARE, strength=strength)]


def _completeness(facts: RecordFacts) -> list[_Leak]:
    """The leaks through properties of whole records.

    Only those that start with "has" can be large: the number of assessed signs also depends on how many signs a condition has.
    """
    found = []
    for one in facts.features:
        side = 1 if one.auroc.value >= 0.5 else -1
        end = one.auroc.low if side > 0 else one.auroc.high
        strength = side * (2 * (one.auroc.value if end is None else end) - 1)
        words = f"{one.label} by a single property of its records, {one.words}"
        advice = f"Complete the records of all conditions alike: {one.words} ({one.label})."
        large = strength >= 2 * LARGE_AUROC - 1
        if not one.name.startswith("has "):
            words, advice, large = f"{words}, {OF_SIGNS}", SAME_SIGNS, False
        found.append(_Leak(words, advice, large=large, strength=strength))
    return sorted(found, key=lambda leak: -leak.strength)[:MAX_NAMED]


def _assessed(facts: RecordFacts) -> list[_Leak]:
    if Statistic(ASSESSED, None) not in facts.null.significant():
        return []
    accuracy = next(group.balanced_accuracy for group in facts.groups if group.name == ASSESSED)
    words = (
        f"which signs were assessed, observed or not, leads to a record of the same condition, {_accuracy(accuracy, facts)}, "
        f"{OF_SIGNS}"
    )
    return [_Leak(words, SAME_SIGNS, large=False, strength=facts.share(_low(accuracy)))]


def _check_terms(terms: Sequence[SpecificTerm]) -> tuple[str, ...]:
    specific = [one for one in terms if not one.names_condition]
    if not specific:
        return ()
    words = listed((f"{one.term} ({one.label}, {one.patients} of {one.of})" for one in specific), MAX_NAMED)
    return (f"Check that these terms are signs, and do not stand for the diagnosis; no other condition has them: {words}.",)


def _nothing_found(facts: RecordFacts, patients: tuple[str, ...]) -> AuditVerdict:
    found = f"No leakage through the records detected ({with_p(facts.null)})"
    if not facts.tested:
        reason = f"{found}, but no condition has patients of two publications, so that it cannot be excluded."
        return AuditVerdict("caution", reason, (*patients, "Add patients of other publications."))
    tested = [Statistic(group.name, None) for group in facts.groups if group.name in TESTED]
    if not tested:
        return AuditVerdict(
            "caution" if patients else "pass", f"{found}. They have no signs, and are equally complete.", patients
        )
    limit = max(facts.null.detectable(tested).tolist())
    if facts.share(limit) > MAX_DETECTABLE_SHARE:
        reason = f"{found}, but the records are too few to exclude it."
        advice = (
            f"Add patients with a record. The smallest balanced accuracy that this audit could have detected is {limit:.2f}, "
            f"with a chance of {facts.chance:.2f}.",
        )
        return AuditVerdict("caution", reason, (*advice, *patients))
    could = f"{found}. The audit could have detected a balanced accuracy of {limit:.2f} or more"
    if patients:
        return AuditVerdict("caution", f"{could}, provided that every image shows a different patient.", patients)
    return AuditVerdict("pass", f"{could}.", ())


def _accuracy(estimate: Estimate, facts: RecordFacts) -> str:
    return f"balanced accuracy {with_interval(estimate)}, chance {facts.chance:.2f}"


def _low(estimate: Estimate) -> float:
    return estimate.value if estimate.low is None else estimate.low
