"""The patients of a published disease, as phantoms of a data set: one patient for each case whose signs can be drawn."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .cases import PublishedCase, publication_numbers
from .drawable import drawable_signs
from .hpo import current_id


@dataclass(frozen=True, slots=True)
class PatientRecord:
    """What is drawn and recorded of a patient. It does not say which case it is.

    Attributes:
        publication: A number that cases of one publication share, such as "publication-0012"; empty for a patient whose signs
            are drawn by their annotated frequencies.
        observed: HPO ids of all observed signs.
        excluded: HPO ids of all excluded signs.
        shown: HPO ids of the terms to draw.
        not_shown: HPO ids of drawable terms that must not be visible.
        age: Age in years, None if it is not published.
        sex: "male", "female" or None if it is not published.
    """

    publication: str
    observed: tuple[str, ...]
    excluded: tuple[str, ...]
    shown: tuple[str, ...]
    not_shown: tuple[str, ...]
    age: float | None
    sex: str | None


@dataclass(frozen=True, slots=True)
class PublishedDisease:
    """A disease with the patients that can be drawn.

    Attributes:
        id: OMIM id.
        patients: One for each case, in the order of the table.
        publications: Number of publications that describe them.
    """

    id: str
    patients: tuple[PatientRecord, ...]
    publications: int


@dataclass(frozen=True, slots=True)
class Selection:
    """The diseases that were selected, and why cases were left out.

    Attributes:
        diseases: The diseases, those with most patients first.
        left_out: Number of cases by reason.
    """

    diseases: tuple[PublishedDisease, ...]
    left_out: Mapping[str, int]


def select_patients(
    cases: Sequence[PublishedCase], *, min_signs: int, min_cases: int, diseases: Sequence[str] | None = None
) -> Selection:
    """Select the cases whose signs can be drawn, by disease.

    Args:
        cases: Published cases.
        min_signs: Minimum number of drawable signs of a case.
        min_cases: Minimum number of such cases of a disease.
        diseases: OMIM ids of the diseases to use; None for all.

    Returns:
        The diseases with their patients.
    """
    chosen = None if diseases is None else set(diseases)
    patients: defaultdict[str, list[PatientRecord]] = defaultdict(list)
    left_out: Counter[str] = Counter()
    for case, publication in zip(cases, publication_numbers(cases), strict=True):
        if chosen is not None and case.disease not in chosen:
            continue
        patient = _patient(case, publication)
        if len(patient.shown) < min_signs:
            left_out[f"with fewer than {min_signs} signs that can be drawn"] += 1
        else:
            patients[case.disease].append(patient)
    selected = []
    for disease, of_disease in patients.items():
        if len(of_disease) < min_cases:
            left_out[f"of diseases with fewer than {min_cases} such cases"] += len(of_disease)
        else:
            selected.append(PublishedDisease(disease, tuple(of_disease), len({one.publication for one in of_disease})))
    return Selection(tuple(sorted(selected, key=lambda one: (-len(one.patients), one.id))), left_out)


def _patient(case: PublishedCase, publication: str) -> PatientRecord:
    # Sorted, because the order in which signs are listed is a habit of a publication.
    observed, excluded = (tuple(sorted(set(map(current_id, ids)))) for ids in (case.observed, case.excluded))
    signs = drawable_signs(observed, excluded)
    return PatientRecord(publication, observed, excluded, signs.observed, signs.excluded, case.age, case.sex)
