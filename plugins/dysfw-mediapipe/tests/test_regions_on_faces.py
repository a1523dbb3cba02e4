"""What the segmenter finds on synthetic faces and on one photograph, upright, mirrored and turned."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from dysfw_mediapipe.segmenter import FaceMesh

from dysfw.types import ANATOMY, Face, Image

from .conftest import BUNDLED, TASK, image_of, mirrored, quarter_turned


def one(segmenter, image, face):
    return segmenter.segment([image], [face])[0]


def eye_distance(face):
    return float(np.linalg.norm(face.landmarks[1] - face.landmarks[0]))


def polygons(segmentation):
    return {region.name: region.polygon for region in segmentation.regions}


def middle(polygon):
    """Of its bounding box."""
    return (polygon.min(axis=0) + polygon.max(axis=0)) / 2


def crosses_itself(polygon):
    a, b = polygon.astype(float), np.roll(polygon.astype(float), -1, axis=0)

    def side(o, u, v):
        return (u[..., 0] - o[..., 0]) * (v[..., 1] - o[..., 1]) - (u[..., 1] - o[..., 1]) * (v[..., 0] - o[..., 0])

    p, q, r, s = a[:, None], b[:, None], a[None], b[None]
    return bool(((side(p, q, r) * side(p, q, s) < 0) & (side(r, s, p) * side(r, s, q) < 0)).any())


def test_all_seven_regions_are_found_on_every_synthetic_face(segmenter, phantoms):
    images, faces = zip(*phantoms, strict=True)
    for found in segmenter.segment(images, faces):
        assert tuple(region.name for region in found.regions) == ANATOMY
        assert not found.absent
        for region in found.regions:
            assert region.polygon.dtype == np.float32
            assert region.polygon.shape[0] >= 3
            assert region.polygon.shape[1] == 2


def test_no_polygon_crosses_itself(segmenter, phantoms, astronaut):
    for image, face in [*phantoms, astronaut]:
        for name, polygon in polygons(one(segmenter, image, face)).items():
            assert not crosses_itself(polygon), name


def test_the_regions_lie_where_anatomy_has_them(segmenter, phantoms, astronaut):
    for image, face in [*phantoms, astronaut]:
        up = np.array([np.sin(face.roll), -np.cos(face.roll)])
        height = {name: float(middle(p) @ up) for name, p in polygons(one(segmenter, image, face)).items()}
        order = ("forehead", "periorbital", "nose", "philtrum", "mouth", "chin")
        assert sorted(order, key=lambda name: -height[name]) == list(order)


def test_the_regions_agree_with_the_detectors_landmarks(segmenter, phantoms, astronaut):
    for image, face in [*phantoms, astronaut]:
        found = polygons(one(segmenter, image, face))
        right_eye, left_eye, nose, *_ = face.landmarks
        for point, name in ((right_eye, "periorbital"), (left_eye, "periorbital"), (nose, "nose")):
            low, high = found[name].min(axis=0), found[name].max(axis=0)
            assert (low < point).all(), name
            assert (point < high).all(), name


def test_a_mirrored_photograph_has_mirrored_regions_and_the_opposite_yaw(segmenter, phantoms, astronaut):
    for image, face in [*phantoms[::6], astronaut]:
        here, there = one(segmenter, image, face), one(segmenter, *mirrored(image, face))
        for name, polygon in polygons(there).items():
            if name == "face":
                continue  # its vertices are those of a convex hull, and need not be the same ones
            back = np.concatenate([polygon[:1], polygon[:0:-1]])
            back[:, 0] = image.width - back[:, 0]
            gap = np.linalg.norm(back - polygons(here)[name], axis=1).mean() / eye_distance(face)
            assert gap < 0.1, name  # 0.02 is usual, 0.07 the largest of 124 faces
        assert there.pose.yaw == pytest.approx(-here.pose.yaw, abs=4)
        assert there.pose.pitch == pytest.approx(here.pose.pitch, abs=4)
        assert there.pose.roll == pytest.approx(-here.pose.roll, abs=4)


def test_a_face_on_its_side_or_upside_down_has_the_same_regions_turned(segmenter, phantoms, astronaut):
    for image, face in [*phantoms[::16], astronaut]:
        upright = one(segmenter, image, face)
        turned_image, turned_face, expected = image, face, polygons(upright)
        for quarter in (1, 2, 3):
            width = turned_image.width
            turned_image, turned_face = quarter_turned(turned_image, turned_face)
            expected = {name: np.stack([p[:, 1], width - p[:, 0]], axis=1) for name, p in expected.items()}
            found = one(segmenter, turned_image, turned_face)
            for name, polygon in polygons(found).items():
                assert np.linalg.norm(middle(polygon) - middle(expected[name])) < 0.06 * eye_distance(face), (name, quarter)
            lean = (found.pose.roll - upright.pose.roll + 90 * quarter + 180) % 360 - 180
            assert abs(lean) < 3
            assert found.pose.yaw == pytest.approx(upright.pose.yaw, abs=3)


def test_the_astronaut_looks_into_the_camera(segmenter, astronaut):
    pose = one(segmenter, *astronaut).pose
    assert abs(pose.yaw) < 5
    assert abs(pose.pitch) < 8
    assert abs(pose.roll) < 8


def test_an_answer_depends_on_its_own_image_alone(segmenter, phantoms):
    images, faces = zip(*phantoms[:6], strict=True)
    together = segmenter.segment(images, faces)
    alone = segmenter.segment(images[::-1], faces[::-1])[::-1]
    for a, b in zip(together, alone, strict=True):
        assert a.pose == b.pose
        for name, polygon in polygons(a).items():
            np.testing.assert_array_equal(polygon, polygons(b)[name])


def test_regions_beyond_the_edge_of_the_image_are_absent(segmenter, phantoms):
    image, face = phantoms[0]
    whole = polygons(one(segmenter, image, face))
    bottom = int(whole["mouth"][:, 1].max())  # cut the chin off
    found = one(segmenter, image_of(image.pixels[:bottom]), face)
    assert found.absent["chin"] == "out of the image"
    assert {"forehead", "periorbital", "nose"} <= polygons(found).keys()


def test_a_picture_without_a_face_has_every_region_absent_with_the_reason(segmenter, phantoms):
    image, face = phantoms[0]
    found = one(segmenter, image_of(np.full_like(image.pixels, 128)), face)
    assert found.regions == ()
    assert found.pose is None
    assert dict(found.absent) == dict.fromkeys(ANATOMY, "the mesh finds no face")


def test_a_neighbours_face_is_not_taken_for_the_one_asked_for(segmenter, phantoms):
    image, face = phantoms[0]
    beside = replace(face, landmarks=face.landmarks + np.float32([2 * eye_distance(face), 0]))
    assert set(one(segmenter, image, beside).absent.values()) == {"the mesh finds another face"}


def test_a_box_without_area_has_every_region_absent(segmenter, phantoms):
    image, face = phantoms[0]
    flat = Face(np.float32([10, 10, 10, 50]), 1.0, face.landmarks)
    assert set(one(segmenter, image, flat).absent.values()) == {"the box of the face spans no area"}


def test_small_faces_in_large_images_are_found(segmenter, phantoms):
    image, face = phantoms[0]
    canvas = np.full((2000, 3000, 3), 90, np.uint8)
    small = image.pixels[::4, ::4]
    canvas[1500 : 1500 + small.shape[0], 2500 : 2500 + small.shape[1]] = small
    corner = np.float32([2500, 1500])
    moved = Face(face.box / 4 + np.tile(corner, 2), 1.0, face.landmarks / 4 + corner)
    assert tuple(polygons(one(segmenter, image_of(canvas), moved))) == ANATOMY


def test_inputs_are_not_written_to(segmenter, phantoms):
    image, face = phantoms[0]
    pixels = image.pixels.copy()
    pixels.setflags(write=False)
    one(segmenter, Image(pixels, "x", ""), face)
    np.testing.assert_array_equal(pixels, image.pixels)


@pytest.mark.skipif(not BUNDLED, reason="this mediapipe brings no model of its own to compare with")
def test_both_generations_models_agree_closely(phantoms):
    bundled, task = FaceMesh(), FaceMesh(model=TASK)
    for image, face in phantoms[::4]:
        ours, theirs = polygons(one(bundled, image, face)), polygons(one(task, image, face))
        for name in set(ours) - {"face"}:
            gap = np.linalg.norm(ours[name] - theirs[name], axis=1).mean() / eye_distance(face)
            assert gap < 0.15, name  # 0.025 is usual, 0.13 the largest of 620 faces
