"""Who is in a data set: the patients of a spec, numbered, with their photographs' names. Nothing is drawn or rendered yet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from .effects import ENDINGS
from .seeds import Stream, generator
from .spec import ClassKeys, Spec

CHUNK = 16  # photographs, about: what one process makes at a time, and the most that a kill loses of each


@dataclass(frozen=True, slots=True)
class Member:
    """A patient to be made. number: in the data set, from 0; part: which of the spec's classes; photographs: how many."""

    number: int
    part: int
    photographs: int
    split: str | None

    def patient(self, spec: Spec) -> str:
        """The patient's name, which sorts in the order of numbers."""
        return f"{spec.keys.name}-{self.number + 1:06d}"

    def label(self, spec: Spec) -> str:
        """What a classifier should say of the photographs."""
        return self.patient(spec) if spec.keys.label == "patient" else spec.conditions[self.part].label

    def path(self, spec: Spec, photograph: int) -> str:
        """Where a photograph (from 0) lies in the data set; for patients as labels, as in Labeled Faces in the Wild."""
        effects = spec.keys.classes[self.part].effects
        name, ending = self.patient(spec), ENDINGS[effects.file(spec.keys.file).format]
        if spec.keys.label == "patient":
            return f"{name}/{name}_{photograph + 1:04d}{ending}"
        return f"{self.label(spec)}/{name}-{photograph + 1:02d}{ending}"


def members(spec: Spec) -> Iterator[Member]:
    """The patients of a spec, class after class."""
    number = 0
    for part, keys in enumerate(spec.keys.classes):
        least, most = keys.photographs
        for split in _splits(keys):
            photographs = int(generator(spec.keys.seed, number, Stream.COUNT).integers(least, most, endpoint=True))
            yield Member(number, part, photographs, split)
            number += 1


def _splits(keys: ClassKeys) -> list[str | None]:
    """The split of each patient of a class, in whole patients as close to the parts as can be."""
    if keys.split is None:
        return [None] * keys.patients
    ends = np.rint(np.cumsum(list(keys.split.values())) * keys.patients).astype(int)
    ends[-1] = keys.patients
    return [name for name, number in zip(keys.split, np.diff(ends, prepend=0), strict=True) for _ in range(number)]


def chunks(spec: Spec) -> list[tuple[Member, ...]]:
    """The patients in runs of about ``CHUNK`` photographs, whatever the number of processes."""
    runs: list[tuple[Member, ...]] = []
    run: list[Member] = []
    for member in members(spec):
        run.append(member)
        if sum(m.photographs for m in run) >= CHUNK:
            runs.append(tuple(run))
            run = []
    return [*runs, tuple(run)] if run else runs
