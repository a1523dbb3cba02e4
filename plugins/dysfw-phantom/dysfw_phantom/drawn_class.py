"""The classes of a data set: conditions with their patients, listed one by one, or taken from publications and annotations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from dysfw.plugin import DysfwError, count, listed

from .condition import Condition
from .published.annotated_patients import annotated_by_cases, annotated_patient
from .published.annotations import AnnotatedDisease, annotated_diseases
from .published.cases import PublishedCase, read_cases, shipped_cases
from .published.condition import RELEASE, default_label, find_disease
from .published.drawable import drawable_terms
from .published.hpo import current_id, hpo_terms
from .published.patients import PatientRecord, PublishedDisease, select_patients
from .spec_config import AnnotatedDiseases, ClassConfig, PublishedCases


@dataclass(frozen=True, slots=True)
class DrawnClass:
    """A class of a data set.

    Attributes:
        config: Numbers of patients and images, source and effects.
        condition: The condition.
        published: What is recorded of each patient; empty if signs are sampled from those of the condition.
    """

    config: ClassConfig
    condition: Condition
    published: tuple[PatientRecord, ...] = ()


class Expanded(NamedTuple):
    """The classes of a block, and what was left out."""

    classes: list[DrawnClass]
    left_out: list[str]


def published_classes(block: PublishedCases, seed: int, folder: Path) -> Expanded:
    """Make a class of each disease with enough published cases.

    Args:
        block: Which cases to use.
        seed: Random seed of the data set.
        folder: Folder to which the path of a file of cases is relative.

    Returns:
        The classes, those with most patients first.

    Raises:
        DysfwError: The cases cannot be read, or no disease has enough.
    """
    cases = read_cases(folder / block.file) if block.file else shipped_cases()
    if unknown := sorted(set(block.diseases or ()) - {case.disease for case in cases}):
        raise DysfwError(f"no case of {listed(unknown, 5)} is published here")
    selection = select_patients(cases, min_signs=block.min_signs, min_cases=block.min_cases, diseases=block.diseases)
    left_out, classes = Counter(selection.left_out), []
    for disease in selection.diseases:
        number = len(disease.patients)
        if disease.publications > 1 or block.one_publication == "keep":
            classes.append(_drawn_class(disease.id, disease.patients, block.images))
        elif block.one_publication == "leave out":
            left_out["of diseases whose cases are all from one publication"] += number
        elif patients := _patients_of_one_publication(disease, seed, block.min_signs):
            classes.append(_drawn_class(disease.id, patients, block.images))
        else:
            left_out[f"of diseases of one publication whose signs seldom occur together, {block.min_signs} of them"] += number
    if not classes:
        reasons = "; ".join(f"{count(number, 'case')} {reason}" for reason, number in left_out.items())
        raise DysfwError(f"no disease is left: {reasons}", hint="change min_cases, min_signs or one_publication")
    unknown = _unknown_ids(cases) if block.file else []
    return Expanded(classes, [*(f"{count(number, 'case')} {reason}" for reason, number in left_out.items()), *unknown])


def _unknown_ids(cases: Sequence[PublishedCase]) -> list[str]:
    """What to say about ids that are in no term, if there are any."""
    every = dict.fromkeys(id for case in cases for id in (*case.observed, *case.excluded))
    unknown = [id for id in every if current_id(id) not in hpo_terms()]
    if not unknown:
        return []
    return [f"{count(len(unknown), 'HPO id')} misspelt, or newer than the release of {RELEASE}: {listed(unknown, 5)}"]


def annotated_classes(block: AnnotatedDiseases, seed: int) -> Expanded:
    """Make a class of each annotated disease.

    Args:
        block: Which diseases to use, and how many patients they have.
        seed: Random seed of the data set.

    Returns:
        The classes, from the one with most patients to the one with fewest.

    Raises:
        DysfwError: A disease is not annotated, or fewer than required have enough signs.
    """
    left_out: list[str] = []
    if isinstance(block.diseases, int):
        drawable = {id: _drawable_number(disease) for id, disease in annotated_diseases().items()}
        ranked = sorted(
            (id for id, number in drawable.items() if number >= block.min_signs), key=lambda id: (-drawable[id], id)
        )
        if len(ranked) < block.diseases:
            raise DysfwError(
                f"diseases is {block.diseases:,}, but {len(ranked):,} have {count(block.min_signs, 'sign')} that can be drawn",
                hint="lower diseases or min_signs",
            )
        chosen = ranked[: block.diseases]
    else:
        chosen = [find_disease(id).id for id in block.diseases]
        if few := [id for id in chosen if _drawable_number(annotated_diseases()[id]) < block.min_signs]:
            left_out.append(f"{count(len(few), 'disease')} with fewer than {block.min_signs} annotated signs to draw")
            chosen = [id for id in chosen if id not in few]
        if not chosen:
            raise DysfwError("no disease of the list has enough annotated signs that can be drawn", hint="lower min_signs")
    numbers = np.rint(np.geomspace(block.patients[1], block.patients[0], len(chosen))).astype(int).tolist()
    numbered = zip(chosen, numbers, strict=True)
    return Expanded(
        [
            _drawn_class(id, _annotated_patients(annotated_diseases()[id], number, seed, 0), block.images)
            for id, number in numbered
        ],
        left_out,
    )


def _drawable_number(disease: AnnotatedDisease) -> int:
    """The number of terms that show signs of a disease."""
    return len({id for sign in disease.facial_signs if sign.frequency > 0 for id in drawable_terms(sign.term)})


def _patients_of_one_publication(disease: PublishedDisease, seed: int, min_signs: int) -> tuple[PatientRecord, ...]:
    """Draw as many patients by the annotations of a disease, or by its cases if too little is annotated.

    Age and sex are those of the cases; an unknown one is sampled.
    """
    number, known = len(disease.patients), annotated_diseases().get(disease.id)
    drawn = _annotated_patients(known, number, seed, min_signs) if known else ()
    drawn = drawn or _annotated_patients(annotated_by_cases(disease.id, disease.patients), number, seed, min_signs)
    return tuple(replace(one, age=case.age, sex=case.sex) for one, case in zip(drawn, disease.patients, strict=False))


def _annotated_patients(disease: AnnotatedDisease, number: int, seed: int, min_signs: int) -> tuple[PatientRecord, ...]:
    """Draw patients by the annotations of a disease; none if too few of its signs can be drawn, or seldom occur together."""
    if _drawable_number(disease) < max(min_signs, 1):
        return ()
    rng = np.random.default_rng([seed, int(disease.id.removeprefix("OMIM:"))])  # of the disease alone, whatever else is drawn
    drawn = [annotated_patient(disease, rng, min_signs) for _ in range(number)]
    return tuple(patient for patient in drawn if patient) if all(drawn) else ()


def _drawn_class(disease: str, patients: tuple[PatientRecord, ...], images: tuple[int, int]) -> DrawnClass:
    name = annotated_diseases()[disease].name if disease in annotated_diseases() else disease
    condition = Condition(label=default_label(disease), name=name, imitates=disease, age=(1.0, 70.0), terms=())
    return DrawnClass(ClassConfig(condition=condition.label, patients=len(patients), images=images), condition, patients)
