"""Consequences of duplicate images: which images are excluded, and which patients are treated as one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from .dataset import Sample, patient_numbers
from .duplicates import ImageSignature, near_copies, same_pixels

Pair = tuple[int, int]

# Codes of the findings on images that are not used.
CONFLICTING_LABELS, REPEATED, IN_BOTH_SPLITS = "duplicate_conflicting_labels", "duplicate_image", "patient_in_both_splits"


@dataclass(frozen=True, slots=True, eq=False)
class Duplicates:
    """Duplicate images of a data set, as indices into its samples.

    Attributes:
        original: The samples as given.
        samples: The same samples, with one common name for patients who share an image.
        contradictory: Groups of identical images with different labels.
        repeated: Pairs (kept, excluded) of identical images with the same label.
        near: Pairs of almost identical images among the remaining ones.
        split_conflicts: Training images of patients who share an image with a test patient.
    """

    original: tuple[Sample, ...]
    samples: tuple[Sample, ...]
    contradictory: tuple[tuple[int, ...], ...]
    repeated: tuple[Pair, ...]
    near: tuple[Pair, ...]
    split_conflicts: tuple[int, ...]

    @property
    def excluded(self) -> frozenset[int]:
        """Indices of the images that are not used."""
        return frozenset(self.reasons())

    def reasons(self) -> dict[int, str]:
        """Return the code of the finding for which each of the excluded images is not used."""
        reasons = dict.fromkeys(self.split_conflicts, IN_BOTH_SPLITS)
        reasons |= {n: REPEATED for _, n in self.repeated}
        return reasons | {n: CONFLICTING_LABELS for group in self.contradictory for n in group}

    def two_labels(self, i: int, j: int) -> bool:
        """Whether two images have different labels."""
        return self.original[i].label != self.original[j].label

    def one_patient(self, i: int, j: int) -> bool:
        """Whether two images are known to show the same patient."""
        return self.original[i].patient is not None and self.original[i].patient == self.original[j].patient

    def two_patients(self, i: int, j: int) -> bool:
        """Whether the data assigns two images to different patients."""
        return None not in (self.original[i].patient, self.original[j].patient) and not self.one_patient(i, j)


def find_duplicates(samples: Sequence[Sample], signatures: Sequence[ImageSignature]) -> Duplicates:
    """Find duplicate images and derive what to exclude.

    Args:
        samples: At least one sample.
        signatures: The signature of each sample's image, in the same order.

    Returns:
        The duplicates by kind.
    """
    equal = same_pixels(signatures)
    contradictory = [tuple(group) for group in equal if len({samples[n].label for n in group}) > 1]
    repeated = []
    for group in equal:
        if tuple(group) not in contradictory:
            kept = min(group, key=lambda n: _preference(samples[n], n))
            repeated += [(kept, n) for n in group if n != kept]
    excluded = {n for group in contradictory for n in group} | {n for _, n in repeated}
    unique = [n for n in range(len(samples)) if n not in excluded]
    near = [(unique[i], unique[j]) for i, j in near_copies([signatures[n] for n in unique])]
    renamed, split_conflicts = _join_patients(samples, [*repeated, *near])
    remaining = tuple(n for n in split_conflicts if n not in excluded)
    return Duplicates(tuple(samples), renamed, tuple(contradictory), tuple(repeated), tuple(near), remaining)


def _preference(sample: Sample, n: int) -> tuple[bool, bool, int]:
    """Sort key: the first of several identical images is kept. Test images come first, so that a published test set stays."""
    return sample.split != "test", sample.patient is None, n


def _join_patients(samples: Sequence[Sample], pairs: Sequence[Pair]) -> tuple[tuple[Sample, ...], list[int]]:
    """Give patients who share an image one common name.

    Returns:
        The renamed samples, and the training images of joined patients who are in both splits.
    """
    numbers = patient_numbers(samples)
    ends = numbers[np.array(pairs, np.int64).reshape(-1, 2)]
    size = int(numbers.max()) + 1
    graph = coo_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(size, size))
    members = defaultdict(list)
    for n, component in enumerate(connected_components(graph, directed=False)[1][numbers]):
        members[component].append(n)
    renamed, split_conflicts = list(samples), []
    for group in members.values():
        if len({int(numbers[n]) for n in group}) > 1:
            names = dict.fromkeys(samples[n].patient or str(samples[n].path) for n in group)
            for n in group:
                renamed[n] = replace(samples[n], patient=" = ".join(names))
            if len({samples[n].split for n in group}) > 1:
                split_conflicts += [n for n in group if samples[n].split == "train"]
    return tuple(renamed), split_conflicts
