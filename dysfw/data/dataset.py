"""Labelled data sets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ..errors import DysfwError
from ..types import Failure, Int64, PatientRecord
from ..util.paths import shown
from ..util.text import count, listed
from .conditions import Condition
from .findings import Finding

EMPTY = PatientRecord()
MAX_REASONS = 3  # in one message


@dataclass(frozen=True, slots=True)
class Sample:
    """One labelled image.

    Attributes:
        path: The image file.
        label: The condition.
        patient: The patient; None if unknown. Such an image is treated as a separate patient.
        split: "train", "test" or None.
        source: Hospital, study or website that the image comes from.
        publication: Publication that describes the patient. No split divides one.
        record: What is known of the patient beside the images; empty if nothing is.
        composite_consent: Whether the patient agreed that this image becomes part of a composite that is given away; None if
            nothing is stated, which is no consent.
    """

    path: Path
    label: str
    patient: str | None = None
    split: str | None = None
    source: str | None = None
    publication: str | None = None
    record: PatientRecord = field(default=EMPTY, repr=False)
    composite_consent: bool | None = None


@dataclass(frozen=True, slots=True)
class Dataset:
    """A labelled data set.

    Attributes:
        samples: The labelled images.
        origin: The folder or manifest that the data set was read from.
        conditions: Names and identifiers of labels, if known.
        findings: What was recognised, changed or left out while the data set was read.
    """

    samples: tuple[Sample, ...]
    origin: Path
    conditions: Mapping[str, Condition] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()

    @property
    def labels(self) -> tuple[str, ...]:
        """All labels, sorted."""
        return tuple(sorted({sample.label for sample in self.samples}))

    @property
    def knows_patients(self) -> bool:
        """Whether the patient of every image is known; otherwise no split is guaranteed to be patient-wise."""
        return all(sample.patient is not None for sample in self.samples)

    def name_of(self, sample: Sample) -> str:
        """Return the name of a sample in messages, see ``relative``."""
        return self.relative(sample.path)

    def relative(self, path: Path) -> str:
        """Return a path relative to the data folder, or unchanged if it is outside."""
        folder = self.origin if self.origin.is_dir() else self.origin.parent
        return shown(path.relative_to(folder) if path.is_relative_to(folder) else path)

    def split(self, name: str) -> tuple[Sample, ...]:
        """Return the samples of one split.

        Args:
            name: "train" or "test". If the data has no splits, all samples belong to "train".

        Returns:
            The samples, in order.
        """
        if all(sample.split is None for sample in self.samples):
            return self.samples if name == "train" else ()
        return tuple(sample for sample in self.samples if sample.split == name)


def patient_numbers(samples: Sequence[Sample]) -> Int64:
    """Number the patients.

    Args:
        samples: N samples.

    Returns:
        int64 [N], the number of each sample's patient. A sample without a patient gets its own number.
    """
    keys = [("patient", i.patient) if i.patient is not None else ("image", str(n)) for n, i in enumerate(samples)]
    numbers = {key: number for number, key in enumerate(dict.fromkeys(keys))}
    return np.array([numbers[key] for key in keys], np.int64)


def refuse_too_small(samples: Sequence[Sample], where: Path, failures: Sequence[Failure] = ()) -> None:
    """Check that there are enough classes and patients to train and test.

    Args:
        samples: The samples.
        where: Folder or manifest, for the message.
        failures: Images that could not be used, which may be the reason.

    Raises:
        DysfwError: If there are fewer than two classes, or a class has fewer than two patients.
    """
    if failures and not samples:
        raise DysfwError(f"{where}: none of the {count(len(failures), 'image')} could be used: {_reasons(failures)}")
    lost = f". Not used: {count(len(failures), 'image')} ({_reasons(failures)})" if failures else ""
    patients = {(sample.label, number) for sample, number in zip(samples, patient_numbers(samples), strict=True)}
    per_label = Counter(label for label, _ in patients)
    if len(per_label) < 2:
        raise DysfwError(
            f"{where}: {count(len(per_label), 'class', 'classes')} found ({listed(per_label)}); at least 2 are needed{lost}",
            hint="use one folder for each class, or a manifest with the columns path and label",
        )
    small = [f"{label!r} ({count(n, 'patient')})" for label, n in sorted(per_label.items()) if n < 2]
    if small:
        raise DysfwError(
            f"{where}: too few patients in {listed(small)}; a class needs images of at least 2 patients, one for training and "
            f"one for testing{lost}",
            hint="add images (about 20 per condition are typical), or leave classes out (`dysfw train --leave-out-small`); "
            "`dysfw gallery add` takes conditions of which you have one patient",
        )


def _reasons(failures: Sequence[Failure]) -> str:
    """The reasons of failures, the most frequent first, each with its number of images and the message of one."""
    messages = {failure.code: failure.message for failure in reversed(failures)}
    counts = Counter(failure.code for failure in failures).most_common(MAX_REASONS)
    return "; ".join(f"{number} {code}: {messages[code]}" for code, number in counts)
