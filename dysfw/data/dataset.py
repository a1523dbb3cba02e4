"""A labelled data set: which photograph shows which condition, in which patient."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ..errors import DysfwError
from ..types import Int64
from ..util.text import count, listed
from .conditions import Condition


@dataclass(frozen=True, slots=True)
class Sample:
    """One photograph. patient: None where the data does not say, each photograph then counts as a patient of its own.
    split: "train", "test" or None. source: the hospital, study or web site it came from."""

    path: Path
    label: str
    patient: str | None = None
    split: str | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Dataset:
    """origin: the folder or manifest it was read from. ignored: files in it that are no images, or in no class, by name.
    conditions: what is known of the labels, of those of which something is."""

    samples: tuple[Sample, ...]
    origin: Path
    ignored: tuple[str, ...] = ()
    conditions: Mapping[str, Condition] = field(default_factory=dict)

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(sorted({sample.label for sample in self.samples}))

    @property
    def knows_patients(self) -> bool:
        """Whether every photograph names its patient, without which no split can claim to be patient-wise."""
        return all(sample.patient is not None for sample in self.samples)

    def name_of(self, sample: Sample) -> str:
        """What to call a photograph: see ``relative``."""
        return self.relative(sample.path)

    def relative(self, path: Path) -> str:
        """A path as the data gives it: relative to the data's folder where it lies in it."""
        folder = self.origin if self.origin.is_dir() else self.origin.parent
        return str(path.relative_to(folder) if path.is_relative_to(folder) else path)

    def split(self, name: str) -> tuple[Sample, ...]:
        """The items of one split; all of them are "train" where the data names no splits."""
        if all(sample.split is None for sample in self.samples):
            return self.samples if name == "train" else ()
        return tuple(sample for sample in self.samples if sample.split == name)


def patient_numbers(samples: Sequence[Sample]) -> Int64:
    """int64 [N]: a number for each patient; a photograph without one gets its own."""
    keys = [("patient", i.patient) if i.patient is not None else ("photograph", str(n)) for n, i in enumerate(samples)]
    numbers = {key: number for number, key in enumerate(dict.fromkeys(keys))}
    return np.array([numbers[key] for key in keys], np.int64)


def refuse_too_small(samples: Sequence[Sample], where: Path) -> None:
    """Raise DysfwError where nothing could be learned: one class, or a class with a single patient."""
    patients = {(sample.label, number) for sample, number in zip(samples, patient_numbers(samples), strict=True)}
    per_label = Counter(label for label, _ in patients)
    if len(per_label) < 2:
        raise DysfwError(
            f"{where}: {count(len(per_label), 'class', 'classes')} to learn from ({listed(per_label)}); at least 2 are needed",
            hint="use one folder for each class, or a manifest with the columns path and label",
        )
    small = [f"{label!r} ({count(n, 'patient')})" for label, n in sorted(per_label.items()) if n < 2]
    if small:
        raise DysfwError(
            f"{where}: too few patients in {listed(small)}; a class needs photographs of at least 2 patients, so that one "
            "can be held out",
            hint="add photographs (about 20 a condition are usual), or leave the class out",
        )
