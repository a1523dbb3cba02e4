"""The classes of a data set: conditions with their patients, listed one by one, or taken from publications and annotations."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from dysfw.plugin import DysfwError, count, listed

from .condition import Condition
from .published.annotations import annotated_diseases
from .published.cases import read_cases, shipped_cases
from .published.condition import annotated_condition, default_label, find_disease
from .published.drawable import drawable_terms
from .published.patients import PublishedPatient, select_patients
from .spec_config import AnnotatedDiseases, ClassConfig, PublishedCases


@dataclass(frozen=True, slots=True)
class DrawnClass:
    """A class of a data set.

    Attributes:
        config: Numbers of patients and images, source and effects.
        condition: The condition.
        published: The published patients, if each patient is one of them.
    """

    config: ClassConfig
    condition: Condition
    published: tuple[PublishedPatient, ...] = ()


class Expanded(NamedTuple):
    """The classes of a block, and what was left out."""

    classes: list[DrawnClass]
    left_out: list[str]


def published_classes(block: PublishedCases, folder: Path) -> Expanded:
    """Make a class of each disease with enough published cases.

    Args:
        block: Which cases to use.
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
            name = annotated_diseases()[disease.id].name if disease.id in annotated_diseases() else disease.id
            condition = Condition(label=default_label(disease.id), name=name, imitates=disease.id, age=(1.0, 70.0), terms=())
            classes.append(DrawnClass(_config(condition, number, block.images), condition, disease.patients))
        elif block.one_publication == "leave out":
            left_out["of diseases whose cases are all from one publication"] += number
        elif drawable := _condition_with(disease.id, block.min_signs):
            classes.append(DrawnClass(_config(drawable, number, block.images), drawable))
        else:
            left_out[f"of diseases of one publication that have fewer than {block.min_signs} annotated signs to draw"] += number
    if not classes:
        raise DysfwError(
            f"no disease has {count(block.min_cases, 'case')} with {count(block.min_signs, 'sign')} that phantoms can show",
            hint="lower min_cases or min_signs",
        )
    return Expanded(classes, [f"{count(number, 'case')} {reason}" for reason, number in left_out.items()])


def annotated_classes(block: AnnotatedDiseases) -> Expanded:
    """Make a class of each annotated disease.

    Args:
        block: Which diseases to use, and how many patients they have.

    Returns:
        The classes, from the one with most patients to the one with fewest.

    Raises:
        DysfwError: A disease is not annotated, or fewer than required have enough signs.
    """
    left_out: list[str] = []
    if isinstance(block.diseases, int):
        known = {id: _condition_with(id, block.min_signs) for id in annotated_diseases()}
        ranked = sorted(filter(None, known.values()), key=lambda one: (-len(one.terms), one.label))
        if len(ranked) < block.diseases:
            raise DysfwError(
                f"diseases is {block.diseases:,}, but {len(ranked):,} have {count(block.min_signs, 'sign')} that can be drawn",
                hint="lower diseases or min_signs",
            )
        conditions = ranked[: block.diseases]
    else:
        conditions = [annotated_condition(find_disease(id)) for id in block.diseases]
        if few := [one.label for one in conditions if len(one.terms) < block.min_signs]:
            left_out.append(f"{count(len(few), 'disease')} with fewer than {block.min_signs} annotated signs to draw")
            conditions = [one for one in conditions if one.label not in few]
    numbers = np.rint(np.geomspace(block.patients[1], block.patients[0], len(conditions))).astype(int).tolist()
    numbered = zip(conditions, numbers, strict=True)
    return Expanded([DrawnClass(_config(one, number, block.images), one) for one, number in numbered], left_out)


def _condition_with(disease: str, min_signs: int) -> Condition | None:
    """The condition of an annotated disease; None if it has too few signs that can be drawn."""
    found = annotated_diseases().get(disease)
    if found is None or not any(drawable_terms(sign.term) for sign in found.signs):
        return None
    condition = annotated_condition(found)
    return condition if len(condition.terms) >= min_signs else None


def _config(condition: Condition, patients: int, images: tuple[int, int]) -> ClassConfig:
    return ClassConfig(condition=condition.label, patients=patients, images=images)
