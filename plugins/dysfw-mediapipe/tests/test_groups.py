"""Regions defined by groups of mesh landmarks."""

from __future__ import annotations

import numpy as np
import pytest
from dysfw_mediapipe.segmenter import FaceMesh

from dysfw.types import ANATOMY

EYES = {
    "right_eye": [33, 246, 161, 160, 159, 158, 157, 173, 133, 155, 154, 153, 145, 144, 163, 7],
    "left_eye": [263, 362, 386, 374],
}


def polygons(segmenter, image, face):
    return {region.name: region.polygon for region in segmenter.segment([image], [face])[0].regions}


def test_groups_and_anatomical_regions_can_be_combined_in_any_order(phantoms):
    image, face = phantoms[0]
    assert FaceMesh(groups=EYES).regions == ("right_eye", "left_eye")
    mixed = FaceMesh(regions=["left_eye", "nose"], groups=EYES)
    assert list(polygons(mixed, image, face)) == ["left_eye", "nose"]
    assert FaceMesh(regions=list(ANATOMY), groups=EYES).regions == ANATOMY


def test_the_outline_of_a_group_is_convex_and_around_its_landmarks(phantoms, astronaut):
    segmenter = FaceMesh(groups=EYES)
    for image, face in [*phantoms[::8], astronaut]:
        found = polygons(segmenter, image, face)
        for name, eye in zip(EYES, face.landmarks[:2], strict=True):
            polygon = found[name]
            assert polygon.dtype == np.float32
            centre = (polygon.min(axis=0) + polygon.max(axis=0)) / 2
            assert np.linalg.norm(centre - eye) < 0.25 * np.linalg.norm(face.landmarks[1] - face.landmarks[0])
            following = np.roll(polygon, -1, axis=0) - polygon
            turns = (
                following[:, 0] * np.roll(following, -1, axis=0)[:, 1] - following[:, 1] * np.roll(following, -1, axis=0)[:, 0]
            )
            assert (turns >= 0).all()  # convex, clockwise for the viewer


@pytest.mark.parametrize(("groups", "part"), [
    ({"eye": [33, 133, 478]}, "groups: eye contains landmark 478; the mesh has landmarks 0 to 477"),
    ({"eye": [33, 33, 133]}, "groups: eye needs at least 3 different landmarks"),
    ({"Eye": [1, 2, 3]}, "'Eye' must be a name of a-z"),
    ({"nose": [1, 2, 3]}, "other than face, forehead"),
])  # fmt: skip
def test_invalid_groups_are_refused(groups, part):
    with pytest.raises(ValueError, match=part):
        FaceMesh(groups=groups)
