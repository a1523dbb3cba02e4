"""Plan of a data set: the patients of a spec with the names of their images. Nothing is sampled or rendered yet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest

import numpy as np

from .effects import ENDINGS
from .published.patients import PatientRecord
from .seeds import Stream, generator
from .spec import Spec
from .spec_config import ClassConfig

DEFAULT_SOURCE = "phantom"  # source in the manifest if a class does not specify one
CHUNK = 16  # approximate number of images that a process renders at a time, which is also the maximum lost if it is killed


@dataclass(frozen=True, slots=True)
class PlannedPatient:
    """A patient to be created.

    Attributes:
        number: Number in the data set, from 0.
        class_index: Index of the class in the spec.
        images: Number of images.
        split: "train", "test" or None.
        published: Its signs; None if they are sampled from those of the condition.
    """

    number: int
    class_index: int
    images: int
    split: str | None
    published: PatientRecord | None = None

    def name(self, spec: Spec) -> str:
        """Return the name of the patient. Names sort in the order of numbers."""
        return f"{spec.config.name}-{self.number + 1:06d}"

    def label(self, spec: Spec) -> str:
        """Return the label of the images."""
        return self.name(spec) if spec.config.label == "patient" else spec.classes[self.class_index].condition.label

    def source(self, spec: Spec) -> str:
        """Return the source of the images."""
        return spec.classes[self.class_index].config.source or DEFAULT_SOURCE

    def path(self, spec: Spec, index: int) -> str:
        """Return the path of an image in the data set.

        Args:
            spec: The spec of the data set.
            index: Number of the image, from 0.

        Returns:
            A relative path. If patients are labels, it is that of Labeled Faces in the Wild.
        """
        effects = spec.classes[self.class_index].config.effects
        name, ending = self.name(spec), ENDINGS[effects.file(spec.config.file).format]
        if spec.config.label == "patient":
            return f"{name}/{name}_{index + 1:04d}{ending}"
        return f"{self.label(spec)}/{name}-{index + 1:02d}{ending}"


def planned_patients(spec: Spec) -> Iterator[PlannedPatient]:
    """Plan the patients of a spec, class by class.

    Args:
        spec: The spec.

    Yields:
        The patients in the order of their numbers.
    """
    number = 0
    for class_index, one in enumerate(spec.classes):
        low, high = one.config.images
        for split, published in zip_longest(_splits(one.config), one.published):
            images = int(generator(spec.config.seed, number, Stream.COUNT).integers(low, high, endpoint=True))
            yield PlannedPatient(number, class_index, images, split, published)
            number += 1


def _splits(config: ClassConfig) -> list[str | None]:
    """Return the split of each patient of a class, rounding the fractions to whole patients."""
    if config.split is None:
        return [None] * config.patients
    ends = np.rint(np.cumsum(list(config.split.values())) * config.patients).astype(int)
    ends[-1] = config.patients
    return [name for name, number in zip(config.split, np.diff(ends, prepend=0), strict=True) for _ in range(number)]


def chunks(spec: Spec) -> list[tuple[PlannedPatient, ...]]:
    """Divide the patients into chunks of about ``CHUNK`` images, independently of the number of processes.

    Args:
        spec: The spec.

    Returns:
        The chunks; the images of a patient are in one chunk.
    """
    complete: list[tuple[PlannedPatient, ...]] = []
    current: list[PlannedPatient] = []
    for patient in planned_patients(spec):
        current.append(patient)
        if sum(p.images for p in current) >= CHUNK:
            complete.append(tuple(current))
            current = []
    return [*complete, tuple(current)] if current else complete
