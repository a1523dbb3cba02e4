"""Evidence that violates one rule of the contract each, and the check that must detect it."""

import numpy as np

from dysfw.builtin.evidence.demographics import Demographics
from dysfw.contracts.components import Evidence
from dysfw.testing.records import CONDITIONS, TYPICAL
from dysfw.types import ConditionIds, EvidencePart, InterpretedRecord, PatientRecord, RecordProblem, Sign, State

KNOWN = {label: frozenset(signs.split()) for label, (signs, _, _) in TYPICAL.items() if signs}
EVERY_SIGN = frozenset().union(*KNOWN.values())


class Typical(Evidence):
    """Counts the signs of a record that are typical of a condition."""

    def interpret(self, record):
        signs = [Sign(text, text, "observed") for text in record.observed if text in EVERY_SIGN]
        signs += [Sign(text, text, "excluded") for text in record.excluded if text in EVERY_SIGN]
        unknown = {*record.observed, *record.excluded} - EVERY_SIGN
        return InterpretedRecord(tuple(dict.fromkeys(signs)), tuple(RecordProblem("unknown_sign", "unknown") for _ in unknown))

    def log_likelihood(self, records, conditions):
        found = np.full((len(records), len(conditions)), np.nan, np.float32)
        for i, record in enumerate(records):
            for part in self.parts(record, conditions):
                found[i] = np.nan_to_num(found[i]) + part.log_ratio
        return found

    def parts(self, record, conditions):
        values = {"observed": (0.9, -0.6), "excluded": (-0.9, 0.6)}
        return tuple(
            EvidencePart(
                f"{sign.status} {sign.name}",
                np.array([self.value(sign, c, *values[sign.status]) for c in conditions], np.float32),
            )
            for sign in self.interpret(record).signs
        )

    def value(self, sign, condition, typical, other):
        return np.nan if condition.label not in KNOWN else typical if sign.id in KNOWN[condition.label] else other


class DoubleLogRatios(Demographics):
    def log_likelihood(self, records, conditions):
        return super().log_likelihood(records, conditions).astype(np.float64)


class InfiniteLogRatios(Typical):
    def log_likelihood(self, records, conditions):
        found = super().log_likelihood(records, conditions)
        return np.where(found < -1, np.float32(-np.inf), found)


class KnowsNothing(Demographics):
    def log_likelihood(self, records, conditions):
        return np.full((len(records), len(conditions)), np.nan, np.float32)


class ZeroForAnEmptyRecord(Typical):
    def log_likelihood(self, records, conditions):
        return np.nan_to_num(super().log_likelihood(records, conditions))


class PartsOfAnEmptyRecord(Typical):
    def parts(self, record, conditions):
        return super().parts(record, conditions) or (EvidencePart("length", np.zeros(len(conditions), np.float32)),)

    def log_likelihood(self, records, conditions):
        found = super().log_likelihood(records, conditions)
        return np.where(np.array([bool(r) for r in records])[:, None], found, np.float32(np.nan))


class SpeaksAgainst(Typical):
    def value(self, sign, condition, typical, other):
        return -super().value(sign, condition, typical, other)


class ComparesRecords(Demographics):
    """Centres over the batch."""

    def log_likelihood(self, records, conditions):
        found = super().log_likelihood(records, conditions)
        return found - np.nan_to_num(found).mean(axis=0) if len(records) else found


class Softmax(Demographics):
    """Divides by the sum over the conditions asked for."""

    def log_likelihood(self, records, conditions):
        found = super().log_likelihood(records, conditions)
        return found - np.log(1e-9 + np.nansum(np.exp(found), axis=1, keepdims=True)) if len(conditions) else found


class ByPosition(Demographics):
    """Takes conditions by their position, not by their label."""

    def log_likelihood(self, records, conditions):
        return super().log_likelihood(records, CONDITIONS[: len(conditions)])


class RequiresARecord(Typical):
    def log_likelihood(self, records, conditions):
        return np.stack([super(RequiresARecord, self).log_likelihood([one], conditions)[0] for one in records])


class RequiresAKnownCondition(Typical):
    def value(self, sign, condition, typical, other):
        if condition.label not in TYPICAL:
            raise KeyError(condition.label)
        return super().value(sign, condition, typical, other)


class LosesAPart(Demographics):
    def parts(self, record, conditions):
        return super().parts(record, conditions)[:1]


class UnnamedParts(Demographics):
    def parts(self, record, conditions):
        return tuple(EvidencePart("", part.log_ratio) for part in super().parts(record, conditions))


class RequiresIdentifiers(Typical):
    def interpret(self, record):
        for text in (*record.observed, *record.excluded):
            int(text.removeprefix("HP:"))
        return super().interpret(record)


class ProblemsWithoutMessage(Typical):
    def interpret(self, record):
        found = super().interpret(record)
        return InterpretedRecord(found.signs, tuple(RecordProblem(one.code, "") for one in found.problems))


class LeavesOutSilently(Typical):
    def interpret(self, record):
        return InterpretedRecord(super().interpret(record).signs)


class SwapsStatus(Typical):
    def interpret(self, record):
        swapped = super().interpret(record)
        signs = tuple(Sign(one.id, one.name, "observed") for one in swapped.signs)
        return InterpretedRecord(signs, swapped.problems[:1])


class CountsExcludedAsObserved(Typical):
    def parts(self, record, conditions):
        return super().parts(PatientRecord((*record.observed, *record.excluded)), conditions)


class EvidenceRequiresEveryClass(Demographics):
    def fit(self, records, y, conditions, groups):
        if 0 < len(np.unique(y)) < len(conditions):
            raise ValueError("a condition is missing")
        super().fit(records, y, conditions, groups)


class RequiresAges(Demographics):
    def fit(self, records, y, conditions, groups):
        min(record.age for record in records if record.age is not None)
        super().fit(records, y, conditions, groups)


class CountsImages(Demographics):
    def fit(self, records, y, conditions, groups):
        super().fit(records, y, conditions, np.arange(len(y)))


class KeepsTexts(Typical):
    """Keeps every sign that it was fitted to."""

    needs_fit = True

    def fit(self, records, y, conditions, groups):
        self.signs = sorted({sign for record in records for sign in record.observed})

    def state(self):
        return State({}, {"signs": self.signs})

    def restore(self, state):
        self.signs = state.values["signs"]


class KeepsAges(Demographics):
    def fit(self, records, y, conditions, groups):
        self.ages = np.array([record.age for record in records if record.age is not None], np.float32)
        super().fit(records, y, conditions, groups)

    def state(self):
        state = super().state()
        return State({**state.arrays, "ages": self.ages}, state.values)


class RoundsItsDistributions(Demographics):
    def state(self):
        state = super().state()
        return State({name: array.round(2) for name, array in state.arrays.items()}, state.values)


class KeepsConditions(Demographics):
    """Keeps conditions as objects, which no bundle can hold."""

    def state(self):
        state = super().state()
        return State(state.arrays, {**state.values, "conditions": [ConditionIds("a")]})


class EvidenceAcceptsAnyState(Demographics):
    def restore(self, state):
        if state.arrays:
            super().restore(state)


DETECTED_BY = {
    DoubleLogRatios: "returns_log_ratios",
    InfiniteLogRatios: "returns_log_ratios",
    KnowsNothing: "knows_the_example_records",
    ZeroForAnEmptyRecord: "knows_nothing_of_an_empty_record",
    PartsOfAnEmptyRecord: "knows_nothing_of_an_empty_record",
    SpeaksAgainst: "favours_the_right_condition",
    ComparesRecords: "compares_each_record_independently",
    Softmax: "compares_each_condition_independently",
    ByPosition: "compares_each_condition_independently",
    RequiresARecord: "accepts_nothing",
    RequiresAKnownCondition: "accepts_unknown_conditions",
    LosesAPart: "adds_up_its_parts",
    UnnamedParts: "adds_up_its_parts",
    RequiresIdentifiers: "accepts_any_text",
    ProblemsWithoutMessage: "accepts_any_text",
    LeavesOutSilently: "reports_what_it_uses",
    SwapsStatus: "reports_what_it_uses",
    CountsExcludedAsObserved: "distinguishes_excluded_signs",
    EvidenceRequiresEveryClass: "accepts_a_condition_without_patients",
    RequiresAges: "accepts_empty_records",
    CountsImages: "counts_each_patient_once",
    KeepsTexts: "keeps_no_patients_record",
    KeepsAges: "keeps_no_patients_record",
    RoundsItsDistributions: "restores_its_state_from_a_bundle",
    KeepsConditions: "restores_its_state_from_a_bundle",
    EvidenceAcceptsAnyState: "rejects_an_invalid_state",
}
