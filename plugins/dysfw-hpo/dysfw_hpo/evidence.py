"""The evidence ``hpo``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated

import numpy as np
from pydantic import Field

from dysfw.plugin import (
    ConditionIds,
    Evidence,
    EvidencePart,
    Float32,
    Int64,
    InterpretedRecord,
    PatientRecord,
    Sign,
    State,
    Weights,
)  # fmt: skip

from .conditions import KnownConditions, diseases_of, find_conditions
from .data import HpoData, load_hpo, weights_of
from .learned import LearnedFrequencies
from .profiles import Profiles, load_profiles
from .record_signs import RecordReader
from .release import find_release

RECORDS_AT_ONCE = 256  # whose different signs are compared with all conditions at the same time
NOT_MENTIONED = "signs that are not mentioned"


class Hpo(Evidence):
    """Observed and excluded signs, by the Human Phenotype Ontology and its annotations of diseases.

    A condition is known by its identifiers in OMIM and Orphanet. If none is annotated, its signs are learned from training
    patients: those that at least two patients have. Signs can be ids or names of terms; the closest ones are suggested for what
    is unknown.

    An excluded sign counts little by default. In publications the signs that are excluded are often those for which the disease
    is known, so that counting them in full makes rankings worse.

    Args:
        excluded_weight: How much excluded signs count, 0 to 1. Choose 1 if all patients were examined for the same signs.
        annotations: Whether conditions are known by the annotations of their identifiers. False learns the signs of all
            conditions from training patients: annotations that were written from your own patients then flatter no figure.
    """

    def __init__(self, excluded_weight: Annotated[float, Field(ge=0, le=1)] = 0.1, annotations: bool = True) -> None:
        if not 0 <= excluded_weight <= 1:
            raise ValueError(f"excluded_weight must be between 0 and 1, found {excluded_weight}")
        self.excluded_weight, self.annotations = excluded_weight, annotations
        self._learned = LearnedFrequencies()
        self._found: tuple[tuple[ConditionIds, ...], LearnedFrequencies, KnownConditions] | None = None

    @property
    def needs_fit(self) -> bool:
        """Whether conditions without an annotated disease need it: always True. Annotated diseases are known without it."""
        return True

    def weights(self) -> tuple[Weights, ...]:
        """Return the release of the ontology."""
        return (weights_of(find_release()),)

    def load(self) -> None:
        """Load the ontology, its names and the diseases."""
        data, _ = self._data()
        data.names.load()

    def interpret(self, record: PatientRecord) -> InterpretedRecord:
        """Find the signs of a record, and what cannot be used."""
        data, _ = self._data()
        return RecordReader(data).read(record)

    def fit(self, records: Sequence[PatientRecord], y: Int64, conditions: Sequence[ConditionIds], groups: Int64) -> None:
        """Learn the signs of conditions that have no annotated disease, from observed signs.

        Args:
            records: N records.
            y: int64 [N] in 0..K-1.
            conditions: The K conditions.
            groups: int64 [N], the patients.
        """
        data, profiles = self._data()
        labels = {
            k: one.label for k, one in enumerate(conditions) if not (self.annotations and diseases_of(one, data, profiles))
        }
        learned = [records[n] if k in labels else PatientRecord() for n, k in enumerate(y.tolist())]
        signs = [[sign.id for sign in self._signs(one) if sign.status == "observed"] for one in learned]
        self._learned = LearnedFrequencies.fit(data.ontology, signs, y, groups, labels)

    def log_likelihood(self, records: Sequence[PatientRecord], conditions: Sequence[ConditionIds]) -> Float32:
        """Compare conditions by how well they explain the signs of each record.

        Args:
            records: N records.
            conditions: K conditions.

        Returns:
            float32 [N, K].
        """
        known = self._conditions(conditions)
        values = np.full((len(records), len(conditions)), np.nan, np.float32)
        for start in range(0, len(records), RECORDS_AT_ONCE):
            signs = [self._signs(record) for record in records[start : start + RECORDS_AT_ONCE]]
            values[start : start + len(signs), known.known] = self._compare(signs, known)
        return values

    def parts(self, record: PatientRecord, conditions: Sequence[ConditionIds]) -> tuple[EvidencePart, ...]:
        """Return one part for each sign, and one for the signs of the condition that the record does not mention."""
        signs = self._signs(record)
        if not signs:
            return ()
        known = self._conditions(conditions)
        observed, excluded, scale = self._divided(signs)
        rows = [known.likelihood.observed(observed), self.excluded_weight * known.likelihood.excluded(excluded)]
        names = [sign.name if sign.status == "observed" else f"{sign.name} (excluded)" for sign in signs]
        of: list[Sign | None] = list(signs)
        if observed:
            rows, names, of = [*rows, known.likelihood.silence(len(observed))[None]], [*names, NOT_MENTIONED], [*of, None]
        ratios = np.full((len(names), len(conditions)), np.nan, np.float32)
        ratios[:, known.known] = np.concatenate(rows) * scale
        return tuple(EvidencePart(name, ratio, sign) for name, ratio, sign in zip(names, ratios, of, strict=True))

    def state(self) -> State:
        """Return what was learned from training patients."""
        return self._learned.state()

    def restore(self, state: State) -> None:
        """Restore what was learned."""
        self._learned = LearnedFrequencies.restore(state)

    def _data(self) -> tuple[HpoData, Profiles]:
        return load_hpo(), load_profiles()

    def _conditions(self, conditions: Sequence[ConditionIds]) -> KnownConditions:
        """Find what is known of conditions; those of the last call are kept, since calls repeat them."""
        key = tuple(conditions)
        found, learned = self._found, self._learned  # other threads may replace them meanwhile
        if found is None or found[0] != key or found[1] is not learned:
            self._found = found = key, learned, find_conditions(key, *self._data(), learned, annotated=self.annotations)
        return found[2]

    def _signs(self, record: PatientRecord) -> list[Sign]:
        """The signs of a record that count, observed ones first."""
        signs = RecordReader(self._data()[0], suggest=False).read(record).signs
        return [sign for sign in signs if sign.status == "observed" or self.excluded_weight > 0]

    def _divided(self, signs: Sequence[Sign]) -> tuple[list[int], list[int], float]:
        """Positions of observed and of excluded terms, and what their log ratios are multiplied with."""
        position = self._data()[0].ontology.position
        observed = [position[sign.id] for sign in signs if sign.status == "observed"]
        excluded = [position[sign.id] for sign in signs if sign.status == "excluded"]
        return observed, excluded, 1 / np.sqrt(max(len(observed), 1))

    def _compare(self, records: Sequence[Sequence[Sign]], known: KnownConditions) -> Float32:
        """Add up the log ratios of each record's signs: float32 [N, known conditions]; NaN without signs."""
        divided = [self._divided(signs) for signs in records]
        likelihood = known.likelihood
        total = np.full((len(records), int(known.known.sum())), np.nan, np.float32)
        of_observed = _table(likelihood.observed, [observed for observed, _, _ in divided])
        of_excluded = _table(likelihood.excluded, [excluded for _, excluded, _ in divided])
        for row, (observed, excluded, scale) in enumerate(divided):
            if observed or excluded:
                value = likelihood.silence(len(observed)) + of_observed(observed)
                value += self.excluded_weight * of_excluded(excluded)
                total[row] = value * scale
        return total


def _table(
    log_ratios: Callable[[Sequence[int]], Float32], lists: Sequence[Sequence[int]]
) -> Callable[[Sequence[int]], Float32]:
    """Compute the log ratios of all terms in some lists, each once, and return how to add up those of one list."""
    row_of = {term: row for row, term in enumerate(dict.fromkeys(term for terms in lists for term in terms))}
    table = log_ratios(list(row_of))
    return lambda terms: np.asarray(table[[row_of[term] for term in terms]].sum(axis=0))
