"""What follows from copies among the photographs of a data set: which are left out, and which patients count as one."""

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


@dataclass(frozen=True, slots=True, eq=False)
class Copies:
    """Photographs by their numbers.

    before: as they came. items: those whose patients are joined by copies have one name for them. contradicted: groups that are
    equal, pixel for pixel, under different labels. repeated: (the one kept, one that is left out), equal and under one label.
    near: nearly equal, among what is left. torn: for training, of patients who were joined to one for testing.
    """

    before: tuple[Sample, ...]
    samples: tuple[Sample, ...]
    contradicted: tuple[tuple[int, ...], ...]
    repeated: tuple[Pair, ...]
    near: tuple[Pair, ...]
    split_conflicts: tuple[int, ...]

    @property
    def out(self) -> frozenset[int]:
        """Those that take no part."""
        contradicted = {n for group in self.contradicted for n in group}
        return frozenset(contradicted | {n for _, n in self.repeated} | set(self.split_conflicts))

    def two_labels(self, i: int, j: int) -> bool:
        return self.before[i].label != self.before[j].label

    def one_patient(self, i: int, j: int) -> bool:
        """Known to be one."""
        return self.before[i].patient is not None and self.before[i].patient == self.before[j].patient

    def two_patients(self, i: int, j: int) -> bool:
        """Said to be two."""
        return None not in (self.before[i].patient, self.before[j].patient) and not self.one_patient(i, j)


def find_copies(samples: Sequence[Sample], traces: Sequence[ImageSignature]) -> Copies:
    """items, traces: of the same N >= 1 photographs."""
    equal = same_pixels(traces)
    contradicted = [tuple(group) for group in equal if len({samples[n].label for n in group}) > 1]
    repeated = []
    for group in equal:
        if tuple(group) not in contradicted:
            kept = min(group, key=lambda n: _preference(samples[n], n))
            repeated += [(kept, n) for n in group if n != kept]
    out = {n for group in contradicted for n in group} | {n for _, n in repeated}
    unique = [n for n in range(len(samples)) if n not in out]
    near = [(unique[i], unique[j]) for i, j in near_copies([traces[n] for n in unique])]
    renamed, split_conflicts = _joined(samples, [*repeated, *near])
    left = tuple(n for n in split_conflicts if n not in out)
    return Copies(tuple(samples), renamed, tuple(contradicted), tuple(repeated), tuple(near), left)


def _preference(sample: Sample, n: int) -> tuple[bool, bool, int]:
    """Of equal photographs the first in this order is kept: one for testing, so that a test stays what it was published as."""
    return sample.split != "test", sample.patient is None, n


def _joined(samples: Sequence[Sample], pairs: Sequence[Pair]) -> tuple[tuple[Sample, ...], list[int]]:
    """The items, with one name for all patients whom pairs of photographs join; and the training photographs of those whom that
    puts into both splits."""
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
