"""Finds the gallery cases that are most similar to a face, if the heads keep cases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..contracts.components import GalleryBased, Head
from ..types import Bool, Float32, Neighbor

MAX_NEIGHBORS = 5


@dataclass(frozen=True, slots=True, eq=False)
class GalleryIndex:
    """The M gallery cases of a bundle.

    Attributes:
        ids: Ids of the cases.
        labels: Their conditions.
        present: bool [M, R], the regions that each case shows. The head of a region keeps these cases, in this order.
    """

    ids: tuple[str, ...]
    labels: tuple[str, ...]
    present: Bool


def find_neighbors(
    heads: Mapping[str, Head], gallery: GalleryIndex, embeddings: Float32, present: Bool
) -> list[tuple[Neighbor, ...]]:
    """Find the most similar gallery cases.

    Args:
        heads: Heads by region.
        gallery: The cases that the heads keep.
        embeddings: float32 [N, R, dim].
        present: bool [N, R].

    Returns:
        For each of the N faces up to ``MAX_NEIGHBORS`` cases, the most similar first. The similarity is the mean over the
        regions present in both.
    """
    total, shared = (np.zeros((len(embeddings), len(gallery.ids))) for _ in range(2))
    for r, head in enumerate(heads.values()):
        rows, cases = np.flatnonzero(present[:, r]), np.flatnonzero(gallery.present[:, r])
        if isinstance(head, GalleryBased) and len(rows) and len(cases):
            both = np.ix_(rows, cases)
            total[both] += head.similarity(embeddings[rows, r])
            shared[both] += 1
    similarity = np.where(shared > 0, total / np.maximum(shared, 1), -np.inf)
    nearest = np.argsort(-similarity, axis=1, kind="stable")[:, :MAX_NEIGHBORS]
    return [
        tuple(
            Neighbor(gallery.ids[m], gallery.labels[m], float(similarity[n, m])) for m in row if np.isfinite(similarity[n, m])
        )
        for n, row in enumerate(nearest)
    ]
