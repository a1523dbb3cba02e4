"""Patients of an annotated disease: signs drawn by their frequencies, recorded as a publication would record them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache

import numpy as np

from .annotations import AnnotatedDisease, AnnotatedSign, estimated_frequency
from .cases import shipped_cases
from .drawable import drawable_signs
from .hpo import ancestors, current_id
from .patients import PatientRecord

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


def annotated_patient(disease: AnnotatedDisease, rng: np.random.Generator, min_signs: int = 0) -> PatientRecord | None:
    """Draw a patient: each annotated sign with its frequency, independently of the others.

    Args:
        disease: The disease.
        rng: Source of randomness.
        min_signs: Minimum number of signs that phantoms can show; patients with fewer are drawn again, because publications
            with fewer are not used either.

    Returns:
        The patient, without publication, age and sex; None if ``MAX_DRAWS`` patients had too few signs.
    """
    signs = sorted(disease.signs, key=lambda sign: sign.term)
    frequencies = np.array([sign.frequency for sign in signs])
    for _ in range(MAX_DRAWS):
        present = rng.random(len(signs)) < frequencies
        observed = tuple(sign.term for sign, has in zip(signs, present, strict=True) if has)
        shown = drawable_signs(observed).observed
        if len(shown) >= min_signs:
            excluded = _excluded(observed, rng)
            return PatientRecord("", observed, excluded, shown, drawable_signs(observed, excluded).excluded, None, None)
    return None


def _excluded(observed: tuple[str, ...], rng: np.random.Generator) -> tuple[str, ...]:
    """Draw the terms that are stated as absent; none contradicts an observed one."""
    implied = frozenset[str]().union(*(ancestors(term) for term in observed))
    asked = {term: rng.random() < frequency for term, frequency in exclusion_frequencies().items()}
    return tuple(term for term, is_asked in asked.items() if is_asked and term not in implied)
