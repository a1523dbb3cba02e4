"""Patients of an annotated disease: signs drawn by their frequencies, recorded as a publication would record them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache

import numpy as np

from dysfw.plugin import Int64

from .annotations import AnnotatedDisease, AnnotatedSign, estimated_frequency
from .cases import shipped_cases
from .drawable import drawable_signs, drawable_terms
from .hpo import ancestors, current_id
from .patients import PatientRecord, select_patients

MAX_DRAWS = 2_000  # of one patient
MIN_EXCLUDED = 0.005  # fraction of the published cases; terms that are excluded less often are left out


@cache
def exclusion_frequencies() -> Mapping[str, float]:
    """Return how often each term is stated as absent, as a fraction of all published cases, by HPO id.

    What a publication looked for names the publication, and with it the disease. So what a drawn patient was examined for comes
    from all publications together.
    """
    cases = shipped_cases()
    counts = Counter(term for case in cases for term in {current_id(id) for id in case.excluded})
    return {term: number / len(cases) for term, number in sorted(counts.items()) if number >= MIN_EXCLUDED * len(cases)}


def annotated_by_cases(disease: str, patients: Sequence[PatientRecord]) -> AnnotatedDisease:
    """Annotate a disease as HPO does: by how many of the published patients have each sign.

    Args:
        disease: OMIM id.
        patients: Its published patients.

    Returns:
        The disease, named by its id, with every sign that was observed.
    """
    present = Counter(term for one in patients for term in one.observed)
    absent = Counter(term for one in patients for term in one.excluded)
    signs = [
        AnnotatedSign(term, estimated_frequency(number, number + absent[term]), number, number + absent[term], stated=True)
        for term, number in present.items()
    ]
    return AnnotatedDisease(disease, disease, tuple(sorted(signs, key=lambda sign: (-sign.frequency, sign.term))))


@cache
def recorded_numbers() -> Int64:
    """Return how many signs published patients have and lack, int64 [N, 2], of the patients with two or more signs to draw.

    Annotations list all that was ever seen in a disease. Without a limit, the length of the record would tell that a disease is
    drawn by them.
    """
    diseases = select_patients(shipped_cases(), min_signs=2, min_cases=1).diseases
    return np.array([(len(one.observed), len(one.excluded)) for disease in diseases for one in disease.patients])


def annotated_patient(disease: AnnotatedDisease, rng: np.random.Generator, min_signs: int = 0) -> PatientRecord | None:
    """Draw a patient: each annotated sign with its frequency, independently of the others.

    As in a publication, not all of them are recorded: all that phantoms can show, and some of the others.

    Args:
        disease: The disease.
        rng: Source of randomness.
        min_signs: Minimum number of signs that phantoms can show; patients with fewer are drawn again, because publications
            with fewer are not used either. So are patients whose signs contradict each other.

    Returns:
        The patient, without publication, age and sex; None if ``MAX_DRAWS`` patients were not possible.
    """
    signs = sorted(disease.signs, key=lambda sign: sign.term)
    frequencies = np.array([sign.frequency for sign in signs])
    for _ in range(MAX_DRAWS):
        present = rng.random(len(signs)) < frequencies
        has = [sign.term for sign, is_present in zip(signs, present, strict=True) if is_present]
        signs_of = drawable_signs(has)
        shown = signs_of.observed
        if len(shown) >= min_signs and not signs_of.contradictory:
            observed, absent = (int(number) for number in rng.choice(recorded_numbers()))
            excluded = _excluded(has, absent, rng)
            recorded = _recorded(has, observed, rng)
            return PatientRecord("", recorded, excluded, shown, drawable_signs(has, excluded).excluded, None, None)
    return None


def _recorded(has: Sequence[str], number: int, rng: np.random.Generator) -> tuple[str, ...]:
    """Choose the signs that are recorded, about so many: those that phantoms can show, and some of the others."""
    others = [term for term in has if not drawable_terms(term)]
    hidden = max(len(has) - max(number, len(has) - len(others)), 0)
    left_out = set(rng.permutation(others)[:hidden].tolist())
    return tuple(term for term in has if term not in left_out)


def _excluded(has: Sequence[str], number: int, rng: np.random.Generator) -> tuple[str, ...]:
    """Draw terms that are stated as absent, the more often those that often are; none contradicts a sign of the patient."""
    implied = frozenset[str]().union(*(ancestors(term) for term in has))
    possible = {term: frequency for term, frequency in exclusion_frequencies().items() if term not in implied}
    weights = np.array(list(possible.values()))
    drawn = rng.choice(list(possible), min(number, len(possible)), replace=False, p=weights / weights.sum())
    return tuple(sorted(drawn.tolist()))
