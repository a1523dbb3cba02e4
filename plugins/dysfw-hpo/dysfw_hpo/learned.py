"""Frequencies of signs in conditions that no disease of the annotations stands for, learned from training patients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy import sparse

from dysfw.plugin import Int64, State

from .compiled import Sparse
from .ontology import Int32, Ontology
from .profiles import FloatArray, expected_of

MIN_PATIENTS = 2  # with a sign: a sign that only one patient has would be a part of that patient's record
PRIOR_PATIENTS = 2.0  # patients with the mean frequencies of all diseases, that are added to those of a condition


@dataclass(frozen=True, slots=True, eq=False)
class LearnedFrequencies:
    """The signs of training patients in L conditions.

    Attributes:
        labels: Their labels.
        patients: int64 [L], number of patients with at least one observed sign.
        condition: int32 [M], the condition of each entry, as a position in ``labels``.
        term: int32 [M], the number in the id of its term: 343 for "HP:0000343".
        affected: int32 [M], number of patients with the term or one below it; at least 2.
    """

    labels: tuple[str, ...] = ()
    patients: Int64 = field(default_factory=lambda: np.empty(0, np.int64))
    condition: Int32 = field(default_factory=lambda: np.empty(0, np.int32))
    term: Int32 = field(default_factory=lambda: np.empty(0, np.int32))
    affected: Int32 = field(default_factory=lambda: np.empty(0, np.int32))

    @classmethod
    def fit(
        cls, ontology: Ontology, signs: Sequence[Sequence[str]], y: Int64, groups: Int64, labels: Mapping[int, str]
    ) -> LearnedFrequencies:
        """Count the patients with each sign.

        Only observed signs count. Which signs were looked for depends on what the clinician suspected, and would give the
        condition away. A patient has a sign if any of the patient's records has it.

        Args:
            ontology: The terms.
            signs: Ids of the observed signs of N records.
            y: int64 [N], their conditions.
            groups: int64 [N], their patients.
            labels: Labels of the conditions to learn, by their number in ``y``.

        Returns:
            The frequencies.
        """
        numbers = {number: row for row, number in enumerate(labels)}
        of_patient: dict[tuple[int, int], set[int]] = {}
        for ids, number, patient in zip(signs, y.tolist(), groups.tolist(), strict=True):
            if ids and number in numbers:
                own = of_patient.setdefault((numbers[number], patient), set())
                own.update(one for id in ids for one in ontology.ancestor_positions(ontology.position[id]).tolist())
        patients = np.bincount([row for row, _ in of_patient], minlength=len(numbers)).astype(np.int64)
        pairs = [(row, one) for (row, _), own in of_patient.items() for one in own if ontology.signs[one]]
        found, counts = np.unique(np.array(pairs, np.int32).reshape(-1, 2), axis=0, return_counts=True)
        kept = counts >= MIN_PATIENTS
        terms = np.array([int(ontology.ids[one][3:]) for one in found[kept, 1]], np.int32)
        return cls(tuple(labels.values()), patients, found[kept, 0], terms, counts[kept].astype(np.int32))

    def frequency(self, ontology: Ontology) -> Sparse:
        """Estimate the frequencies, without the share that ``prior`` returns.

        Args:
            ontology: The T terms.

        Returns:
            Sparse float32 [L, T] in CSR format.
        """
        current = [ontology.current(f"HP:{number:07d}") for number in self.term.tolist()]
        known = np.array([id is not None for id in current], bool)
        term = np.array([ontology.position[id] for id in current if id is not None], np.int64)
        condition, affected = self.condition[known], self.affected[known]
        value = affected / (self.patients[condition] + PRIOR_PATIENTS)
        return sparse.csr_matrix((value.astype(np.float32), (condition, term)), shape=(len(self.labels), len(ontology)))

    def prior(self) -> FloatArray:
        """Return how much of the frequencies comes from the mean over all diseases: float32 [L], falling with the patients."""
        return (PRIOR_PATIENTS / (self.patients + PRIOR_PATIENTS)).astype(np.float32)

    def expected(self, ontology: Ontology) -> FloatArray:
        """Return how many of a condition's most specific signs a patient has on average: float32 [L]."""
        frequency = self.frequency(ontology)
        present = frequency.astype(bool)
        above = present @ (ontology.up - sparse.identity(len(ontology), dtype=bool, format="csr").astype(np.int8))
        return expected_of(frequency - frequency.multiply(above > 0))

    def known(self) -> dict[str, int]:
        """Return the rows of conditions with enough patients, by label."""
        return {label: row for row, label in enumerate(self.labels) if self.patients[row] >= MIN_PATIENTS}

    def state(self) -> State:
        """Return what a bundle keeps."""
        arrays: dict[str, npt.NDArray[np.generic]] = {
            "patients": self.patients, "condition": self.condition, "term": self.term, "affected": self.affected,
        }  # fmt: skip
        return State(arrays, {"labels": list(self.labels)})

    @classmethod
    def restore(cls, state: State) -> LearnedFrequencies:
        """Restore what a bundle kept.

        Args:
            state: What ``state`` returned.

        Raises:
            ValueError: It is something else.
        """
        labels = state.values.get("labels")
        names = ("patients", "condition", "term", "affected")
        if not isinstance(labels, list) or any(name not in state.arrays for name in names):
            raise ValueError(f"invalid state: expected labels and the arrays {', '.join(names)}")
        patients, condition, term, affected = (np.asarray(state.arrays[name]) for name in names)
        if len(patients) != len(labels) or not len(condition) == len(term) == len(affected):
            raise ValueError("invalid state: its arrays do not fit together")
        if len(condition) and not 0 <= condition.min() <= condition.max() < len(labels):
            raise ValueError("invalid state: an entry belongs to no condition")
        return cls(
            tuple(map(str, labels)), patients.astype(np.int64), condition.astype(np.int32), term.astype(np.int32),
            affected.astype(np.int32),
        )  # fmt: skip
