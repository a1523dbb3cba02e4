"""Whose images may be in a composite, by the column ``composite_consent`` of a manifest.

An image counts if its row says yes, its patient is named, and no row of this patient and no copy of the image says no. Without
a name, ten images of one person could pass for ten patients.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..data.dataset import Dataset, Sample
from .composite_ledger import MIN_PATIENTS


@dataclass(frozen=True, slots=True)
class Consent:
    """What the rows of a manifest say.

    Attributes:
        agreed: Images whose row says yes, of named patients none of whose rows says no.
        refused: Images of patients one of whose rows says no.
        wanted: Those training images in ``agreed`` whose condition has enough such patients.
    """

    agreed: frozenset[Path]
    refused: frozenset[Path]
    wanted: frozenset[Path]


@dataclass(frozen=True, slots=True)
class Counted:
    """The patients of each condition who count, once it is known which images are copies.

    Attributes:
        images: By condition and patient, the images that count; a condition without any is empty.
        patients: Number of all patients who are named, by condition.
        without_consent: Hashes of the pixels of all images in the data that must be in no composite.
    """

    images: Mapping[str, Mapping[str, Sequence[Path]]]
    patients: Mapping[str, int]
    without_consent: frozenset[str]


def stated_consent(dataset: Dataset) -> Consent:
    """Find whose images may count, before any image is read.

    Args:
        dataset: The data as they were read.
    """
    samples = dataset.samples
    refusing = {one.patient for one in samples if one.composite_consent is False and one.patient is not None}
    refused = frozenset(one.path for one in samples if one.composite_consent is False or one.patient in refusing)
    agreed = frozenset(
        one.path for one in samples if one.composite_consent and one.patient is not None and one.path not in refused
    )
    training = [one for one in dataset.split("train") if one.path in agreed]
    patients: defaultdict[str, set[str | None]] = defaultdict(set)
    for one in training:
        patients[one.label].add(one.patient)
    wanted = frozenset(one.path for one in training if len(patients[one.label]) >= MIN_PATIENTS)
    return Consent(agreed, refused, wanted)


def counted_patients(
    consent: Consent, pixels: Mapping[Path, str], checked: Sequence[Sample], trained: Sequence[Sample]
) -> Counted:
    """Find the patients who count, and whose images must be in no composite.

    Args:
        consent: What the rows say.
        pixels: Hash of the pixels of every image that can be read; of equal images it is the same.
        checked: All samples that the checks kept. Patients who share an image have one name here.
        trained: Those that were trained on.
    """
    refused_pixels = {pixels[path] for path in consent.refused if path in pixels}
    # Two names that turned out to be one person: if one of them refused, nobody counts.
    refusing = {one.patient for one in checked if one.path in consent.refused or pixels.get(one.path) in refused_pixels}
    images: dict[str, dict[str, list[Path]]] = {label: {} for label in sorted({one.label for one in trained})}
    named: defaultdict[str, set[str]] = defaultdict(set)
    for one in trained:
        if one.patient is None:
            continue
        named[one.label].add(one.patient)
        if one.path in consent.agreed and one.patient not in refusing:
            images[one.label].setdefault(one.patient, []).append(one.path)
    renamed = {one.path: one.patient for one in checked}
    agreed_pixels = {pixels[path] for path in consent.agreed if path in pixels and renamed.get(path) not in refusing}
    without = frozenset(pixels.values()) - agreed_pixels | refused_pixels
    return Counted(images, {label: len(names) for label, names in named.items()}, without)
