"""Which images a split must keep together: those of one patient, and those of one publication."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..types import Int64
from .dataset import Sample, patient_numbers


def split_groups(samples: Sequence[Sample]) -> Int64:
    """Number the groups of images that no split may divide.

    Patients of one publication were examined by the same people for the same signs, so that a test patient is partly known from
    the others. Images of a patient who is in several publications connect these.

    Args:
        samples: N samples.

    Returns:
        int64 [N], the number of each sample's group, from 0. Without publications, groups are patients.
    """
    patients = patient_numbers(samples)
    if not any(sample.publication for sample in samples):
        return patients
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    names = {sample.publication for sample in samples if sample.publication}
    numbers = {name: number for number, name in enumerate(sorted(names), int(patients.max()) + 1)}
    rows = [n for n, sample in enumerate(samples) if sample.publication]
    publications = [numbers[samples[n].publication or ""] for n in rows]
    nodes = int(patients.max()) + 1 + len(names)
    edges = coo_array((np.ones(len(rows)), (patients[rows], publications)), shape=(nodes, nodes))
    _, component = connected_components(edges, directed=False)
    _, groups = np.unique(component[patients], return_inverse=True)
    return groups.astype(np.int64)
