"""Patients who can be matched: what is known of each of them, from all of their images."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np

from ..types import Sex
from ..util.paths import shown
from .dataset import Sample, patient_numbers
from .matching import UNKNOWN, Traits

T = TypeVar("T")
NEAR = ("age", "yaw", "sharpness")  # may differ within the caliper
EXACT = ("sex", "ancestry")  # must not differ
VARIABLES = ("age", "sex", "ancestry", "yaw", "sharpness")


class ImageQuality(NamedTuple):
    """How a face was taken.

    Attributes:
        yaw: Of the head, degrees; None if the recipe's segmenter does not estimate it.
        sharpness: See ``dysfw.reliability.quality``, octaves.
    """

    yaw: float | None
    sharpness: float


@dataclass(frozen=True, slots=True, repr=False)
class MatchPatient:
    """A patient with all images.

    Attributes:
        name: The patient, or the image if the patient is not known.
        samples: The images.
        age: Median over the images, years; None if unknown.
        sex: None if unknown, or if the rows contradict each other.
        ancestry: The same.
        yaw: Median of the absolute angle over the images, degrees: turning left and right count alike.
        sharpness: Median over the images, octaves.
    """

    name: str
    samples: tuple[Sample, ...]
    age: float | None = None
    sex: Sex | None = None
    ancestry: str | None = None
    yaw: float | None = None
    sharpness: float | None = None

    def lacks(self, variables: Sequence[str]) -> tuple[str, ...]:
        """Which of the variables are unknown."""
        return tuple(name for name in variables if getattr(self, name) is None)


def patients_of(samples: Sequence[Sample], quality: Mapping[Path, ImageQuality]) -> tuple[MatchPatient, ...]:
    """Collect the patients of a data set.

    Args:
        samples: Their images. An image without a patient is one of its own.
        quality: How the faces were taken, by path, as far as it is known.

    Returns:
        The patients, sorted by name, so that the order of a table's rows never changes who is matched.
    """
    images: defaultdict[int, list[Sample]] = defaultdict(list)
    for number, sample in zip(patient_numbers(samples).tolist() if samples else (), samples, strict=True):
        images[number].append(sample)
    found = [_patient(sorted(same, key=lambda one: str(one.path)), quality) for same in images.values()]
    return tuple(sorted(found, key=lambda one: (one.name, str(one.samples[0].path))))


def _patient(samples: Sequence[Sample], quality: Mapping[Path, ImageQuality]) -> MatchPatient:
    records = [sample.record for sample in samples]
    faces = [quality[sample.path] for sample in samples if sample.path in quality]
    return MatchPatient(
        samples[0].patient or shown(Path(*samples[0].path.parts[-2:])),
        tuple(samples),
        _median(record.age for record in records),
        _only(record.sex for record in records),
        _only(record.ancestry for record in records),
        _median(abs(face.yaw) if face.yaw is not None else None for face in faces),
        _median(face.sharpness for face in faces),
    )


def _median(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return statistics.median(known) if known else None


def _only(values: Iterable[T | None]) -> T | None:
    known = {value for value in values if value is not None}
    return known.pop() if len(known) == 1 else None


def traits_of(
    cases: Sequence[MatchPatient], controls: Sequence[MatchPatient], variables: Sequence[str]
) -> tuple[Traits, Traits]:
    """Bring what patients are matched on into arrays.

    Ages are compared by their square root. Faces change fastest in infancy, so that a month counts more there than a year among
    adults; growth standards therefore stretch young ages by a power below 1 (WHO Child Growth Standards: Methods and
    development, Geneva 2006). A square root does so, and unlike a logarithm has a value at birth.

    Args:
        cases: The cases.
        controls: The controls.
        variables: Some of ``VARIABLES``.

    Returns:
        The traits of the cases and of the controls.
    """
    near = [name for name in NEAR if name in variables]
    exact = [name for name in EXACT if name in variables]
    strata: dict[tuple[str | None, ...], int] = {}

    def traits(patients: Sequence[MatchPatient]) -> Traits:
        values = np.full((len(patients), len(near)), np.nan)
        numbers = np.full(len(patients), UNKNOWN, np.int64)
        for n, one in enumerate(patients):
            known = [getattr(one, name) for name in near]
            values[n] = [np.nan if value is None else value for value in known]
            key = tuple(getattr(one, name) for name in exact)
            if None not in key:
                folded = tuple(part.casefold() for part in key)
                numbers[n] = strata.setdefault(folded, len(strata))
        if "age" in near:
            values[:, near.index("age")] = np.sqrt(values[:, near.index("age")])
        return Traits(values, numbers)

    return traits(cases), traits(controls)
