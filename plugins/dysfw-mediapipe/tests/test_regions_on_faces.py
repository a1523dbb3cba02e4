"""Regions of synthetic faces and of a photo: upright, mirrored and rotated."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dysfw.types import ANATOMY, Face, Image

from .conftest import make_image, mirrored, rotated_90

pytestmark = pytest.mark.slow


def segment_one(segmenter, image, face):
    return segmenter.segment([image], [face])[0]


def eye_distance(face):
    return float(np.linalg.norm(face.landmarks[1] - face.landmarks[0]))


def polygons(segmentation):
    return {region.name: region.polygon for region in segmentation.regions}


def centre(polygon):
    """The centre of the bounding box."""
    return (polygon.min(axis=0) + polygon.max(axis=0)) / 2


def crosses_itself(polygon):
    a, b = polygon.astype(float), np.roll(polygon.astype(float), -1, axis=0)

    def side(o, u, v):
        return (u[..., 0] - o[..., 0]) * (v[..., 1] - o[..., 1]) - (u[..., 1] - o[..., 1]) * (v[..., 0] - o[..., 0])

    p, q, r, s = a[:, None], b[:, None], a[None], b[None]
    return bool(((side(p, q, r) * side(p, q, s) < 0) & (side(r, s, p) * side(r, s, q) < 0)).any())


def test_all_regions_of_synthetic_faces_are_found(segmenter, phantoms):
    images, faces = zip(*phantoms, strict=True)
    for found in segmenter.segment(images, faces):
        assert tuple(region.name for region in found.regions) == ANATOMY
        assert not found.absent
        for region in found.regions:
            assert region.polygon.dtype == np.float32
            assert region.polygon.shape[0] >= 3
            assert region.polygon.shape[1] == 2


def test_polygons_do_not_intersect_themselves(segmenter, phantoms, astronaut):
    for image, face in [*phantoms, astronaut]:
        for name, polygon in polygons(segment_one(segmenter, image, face)).items():
            assert not crosses_itself(polygon), name


def test_regions_are_in_anatomical_order(segmenter, phantoms, astronaut):
    for image, face in [*phantoms, astronaut]:
        up = np.array([np.sin(face.roll), -np.cos(face.roll)])
        height = {name: float(centre(p) @ up) for name, p in polygons(segment_one(segmenter, image, face)).items()}
        order = ("forehead", "periorbital", "nose", "philtrum", "mouth", "chin")
        assert sorted(order, key=lambda name: -height[name]) == list(order)


def test_regions_contain_the_detectors_landmarks(segmenter, phantoms, astronaut):
    for image, face in [*phantoms, astronaut]:
        found = polygons(segment_one(segmenter, image, face))
        right_eye, left_eye, nose, *_ = face.landmarks
        for point, name in ((right_eye, "periorbital"), (left_eye, "periorbital"), (nose, "nose")):
            low, high = found[name].min(axis=0), found[name].max(axis=0)
            assert (low < point).all(), name
            assert (point < high).all(), name


def test_mirroring_an_image_mirrors_regions_and_pose(segmenter, phantoms, astronaut):
    for image, face in [*phantoms[::6], astronaut]:
        here, there = segment_one(segmenter, image, face), segment_one(segmenter, *mirrored(image, face))
        for name, polygon in polygons(there).items():
            if name == "face":
                continue  # a convex hull, whose vertices can differ
            back = np.concatenate([polygon[:1], polygon[:0:-1]])
            back[:, 0] = image.width - back[:, 0]
            gap = np.linalg.norm(back - polygons(here)[name], axis=1).mean() / eye_distance(face)
            assert gap < 0.1, name  # typically 0.02, at most 0.07 of 124 faces
        assert there.pose.yaw == pytest.approx(-here.pose.yaw, abs=4)
        assert there.pose.pitch == pytest.approx(here.pose.pitch, abs=4)
        assert there.pose.roll == pytest.approx(-here.pose.roll, abs=4)


def test_rotating_an_image_rotates_regions_and_roll(segmenter, phantoms, astronaut):
    for image, face in [*phantoms[::16], astronaut]:
        upright = segment_one(segmenter, image, face)
        rotated_image, rotated_face, expected = image, face, polygons(upright)
        for quarter in (1, 2, 3):
            width = rotated_image.width
            rotated_image, rotated_face = rotated_90(rotated_image, rotated_face)
            expected = {name: np.stack([p[:, 1], width - p[:, 0]], axis=1) for name, p in expected.items()}
            found = segment_one(segmenter, rotated_image, rotated_face)
            for name, polygon in polygons(found).items():
                assert np.linalg.norm(centre(polygon) - centre(expected[name])) < 0.06 * eye_distance(face), (name, quarter)
            lean = (found.pose.roll - upright.pose.roll + 90 * quarter + 180) % 360 - 180
            assert abs(lean) < 3
            assert found.pose.yaw == pytest.approx(upright.pose.yaw, abs=3)


def test_the_pose_of_a_frontal_photo_is_small(segmenter, astronaut):
    pose = segment_one(segmenter, *astronaut).pose
    assert abs(pose.yaw) < 5
    assert abs(pose.pitch) < 8
    assert abs(pose.roll) < 8


def test_results_do_not_depend_on_the_batch(segmenter, phantoms):
    images, faces = zip(*phantoms[:6], strict=True)
    together = segmenter.segment(images, faces)
    alone = segmenter.segment(images[::-1], faces[::-1])[::-1]
    for a, b in zip(together, alone, strict=True):
        assert a.pose == b.pose
        for name, polygon in polygons(a).items():
            np.testing.assert_array_equal(polygon, polygons(b)[name])


def test_regions_outside_the_image_are_absent(segmenter, phantoms):
    image, face = phantoms[0]
    whole = polygons(segment_one(segmenter, image, face))
    bottom = int(whole["mouth"][:, 1].max())  # cut the chin off
    found = segment_one(segmenter, make_image(image.pixels[:bottom]), face)
    assert found.absent["chin"] == "out of the image"
    assert {"forehead", "periorbital", "nose"} <= polygons(found).keys()


def test_without_a_face_every_region_is_absent(segmenter, phantoms):
    image, face = phantoms[0]
    found = segment_one(segmenter, make_image(np.full_like(image.pixels, 128)), face)
    assert found.regions == ()
    assert found.pose is None
    assert dict(found.absent) == dict.fromkeys(ANATOMY, "the mesh finds no face")


def test_a_mesh_on_another_face_is_rejected(segmenter, phantoms):
    image, face = phantoms[0]
    other_face = replace(face, landmarks=face.landmarks + np.float32([2 * eye_distance(face), 0]))
    assert set(segment_one(segmenter, image, other_face).absent.values()) == {"the mesh finds another face"}


def test_with_an_empty_box_every_region_is_absent(segmenter, phantoms):
    image, face = phantoms[0]
    flat = Face(np.float32([10, 10, 10, 50]), 1.0, face.landmarks)
    assert set(segment_one(segmenter, image, flat).absent.values()) == {"the box of the face has no area"}


def test_small_faces_in_large_images_are_found(segmenter, phantoms):
    image, face = phantoms[0]
    canvas = np.full((2000, 3000, 3), 90, np.uint8)
    small = image.pixels[::4, ::4]
    canvas[1500 : 1500 + small.shape[0], 2500 : 2500 + small.shape[1]] = small
    corner = np.float32([2500, 1500])
    moved = Face(face.box / 4 + np.tile(corner, 2), 1.0, face.landmarks / 4 + corner)
    assert tuple(polygons(segment_one(segmenter, make_image(canvas), moved))) == ANATOMY


def test_inputs_are_not_changed(segmenter, phantoms):
    image, face = phantoms[0]
    pixels = image.pixels.copy()
    pixels.setflags(write=False)
    segment_one(segmenter, Image(pixels, "x", ""), face)
    np.testing.assert_array_equal(pixels, image.pixels)
