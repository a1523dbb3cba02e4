"""The known cases that a face is most like, where the heads keep cases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..contracts.components import GalleryBased, Head
from ..types import Bool, Float32, Neighbor

MAX_NEIGHBORS = 5


@dataclass(frozen=True, slots=True, eq=False)
class GalleryIndex:
    """ids, labels: of M cases. present: bool [M, R], which regions each shows: a region's head keeps these, in this order."""

    ids: tuple[str, ...]
    labels: tuple[str, ...]
    present: Bool


def find_neighbors(
    heads: Mapping[str, Head], known: GalleryIndex, embeddings: Float32, present: Bool
) -> list[tuple[Neighbor, ...]]:
    """embeddings float32 [N, R, dim], present bool [N, R] -> for each of N faces the ``MAX_NEIGHBORS`` cases that are most like it."""
    total, shared = (np.zeros((len(embeddings), len(known.ids))) for _ in range(2))
    for r, head in enumerate(heads.values()):
        rows, cases = np.flatnonzero(present[:, r]), np.flatnonzero(known.present[:, r])
        if isinstance(head, GalleryBased) and len(rows) and len(cases):
            both = np.ix_(rows, cases)
            total[both] += head.similarity(embeddings[rows, r])
            shared[both] += 1
    similarity = np.where(shared > 0, total / np.maximum(shared, 1), -np.inf)
    first = np.argsort(-similarity, axis=1, kind="stable")[:, :MAX_NEIGHBORS]
    return [
        tuple(Neighbor(known.ids[m], known.labels[m], float(similarity[n, m])) for m in order if np.isfinite(similarity[n, m]))
        for n, order in enumerate(first)
    ]
