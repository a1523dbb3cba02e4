"""Regions that a recipe makes of mesh landmarks: the convex hulls of groups of them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np

from dysfw.plugin import ANATOMY

from .regions import Float64, hull, silhouette

LANDMARKS = 478  # of the mesh with its irises


def check_groups(groups: Mapping[str, Sequence[int]]) -> dict[str, tuple[int, ...]]:
    """Raises ValueError, naming the group, where a name or its landmarks cannot be used."""
    for name, numbers in groups.items():
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or name in ANATOMY:
            raise ValueError(f"groups: {name!r} must be a name of a-z, 0-9 and _ that is none of {', '.join(ANATOMY)}")
        wrong = [number for number in numbers if not 0 <= number < LANDMARKS]
        if wrong:
            raise ValueError(f"groups: {name} names landmark {wrong[0]}; the mesh has 0 to {LANDMARKS - 1}")
        if len(set(numbers)) < 3:
            raise ValueError(f"groups: {name} needs 3 different landmarks or more, found {list(numbers)}")
    return {name: tuple(dict.fromkeys(numbers)) for name, numbers in groups.items()}


def outline_of(numbers: Sequence[int], place: Float64, mesh: Float64, front: Float64) -> tuple[Float64, Float64]:
    """The convex hull of a group's landmarks, clockwise for the viewer: in the image, [V, 2], and on the mesh, [W, 3].

    place: float64 [478, 2], px of the image. mesh: float64 [478, 3]. front: the mesh, straightened. The outline on the mesh
    takes the landmarks that surround the group as seen from the front: by its order a group shows its back once it is turned
    away, which no order taken from the image would tell.
    """
    chosen = np.array(numbers)
    return silhouette(place[chosen]), mesh[chosen[hull(front[chosen, :2])]]
