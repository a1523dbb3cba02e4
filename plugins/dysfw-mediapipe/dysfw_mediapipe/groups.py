"""Regions defined in a recipe as groups of mesh landmarks."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np

from dysfw.plugin import ANATOMY

from .regions import Float64, hull, silhouette

LANDMARK_COUNT = 478  # including the irises


def check_groups(groups: Mapping[str, Sequence[int]]) -> dict[str, tuple[int, ...]]:
    """Check groups of landmarks.

    Args:
        groups: Landmark numbers by region name.

    Returns:
        The groups without repeated landmarks.

    Raises:
        ValueError: If a name or a landmark is invalid, or a group has fewer than three landmarks.
    """
    for name, numbers in groups.items():
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or name in ANATOMY:
            raise ValueError(f"groups: {name!r} must be a name of a-z, 0-9 and _ other than {', '.join(ANATOMY)}")
        wrong = [number for number in numbers if not 0 <= number < LANDMARK_COUNT]
        if wrong:
            raise ValueError(f"groups: {name} contains landmark {wrong[0]}; the mesh has landmarks 0 to {LANDMARK_COUNT - 1}")
        if len(set(numbers)) < 3:
            raise ValueError(f"groups: {name} needs at least 3 different landmarks, found {list(numbers)}")
    return {name: tuple(dict.fromkeys(numbers)) for name, numbers in groups.items()}


def group_outline(numbers: Sequence[int], points: Float64, mesh: Float64, front: Float64) -> tuple[Float64, Float64]:
    """The convex hull of a group's landmarks, in the image and on the mesh.

    The outline on the mesh uses the landmarks and the order of the frontal view. So its orientation is reversed if the group
    faces away from the camera, which the outline in the image cannot show.

    Args:
        numbers: Numbers of the landmarks.
        points: Landmarks in the image, float64 [478, 2], px.
        mesh: Landmarks of the mesh, float64 [478, 3].
        front: The mesh rotated to a frontal view, float64 [478, 3].

    Returns:
        The outline in the image, [V, 2], and on the mesh, [W, 3], both clockwise for the viewer.
    """
    chosen = np.array(numbers)
    return silhouette(points[chosen]), mesh[chosen[hull(front[chosen, :2])]]
