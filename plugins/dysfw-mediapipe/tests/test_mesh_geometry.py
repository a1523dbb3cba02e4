"""Pose, visibility and outlines of meshes that are rotated by known angles."""

from __future__ import annotations

import numpy as np
import pytest
from dysfw_mediapipe.groups import group_outline
from dysfw_mediapipe.pose import head_pose, rotate_to_front
from dysfw_mediapipe.regions import HALVES, outline, silhouette
from dysfw_mediapipe.segmenter import CROP_SIDE
from dysfw_mediapipe.visibility import absence_reason, facing, outside_fraction

from dysfw.imaging.geometry import square_frame
from dysfw.imaging.warp import warp
from dysfw.types import ANATOMY

SQUARE = np.array([[0.0, 0], [10, 0], [10, 10], [0, 10]])


def rotation(axis, degrees):
    """A rotation matrix for x right, y down, z away.

    Positive angles rotate y towards z (axis 0, the chin goes down), x towards z (axis 1, the subject turns to the viewer's
    right) or x towards y (axis 2, the head tilts clockwise for the viewer).
    """
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    i, j = [k for k in range(3) if k != axis]
    matrix = np.eye(3)
    matrix[[i, i, j, j], [i, j, i, j]] = c, -s, s, c
    return matrix


@pytest.fixture(scope="module")
def mesh(segmenter, astronaut):
    """The astronaut's mesh, rotated until its pose is zero."""
    image, face = astronaut
    matrix = square_frame(face.box.reshape(2, 2), face.roll, 0.25, CROP_SIDE)
    found = segmenter._mesh.request(warp(image.pixels, matrix, CROP_SIDE)).astype(np.float64)
    assert found.shape == (478, 3)
    for _ in range(5):
        pose = head_pose(found, 0.0)
        found = found @ rotation(2, -pose.roll).T @ rotation(1, -pose.yaw).T @ rotation(0, -pose.pitch).T
    return found


def test_a_frontal_mesh_has_pose_zero_and_faces_the_camera(mesh):
    pose = head_pose(mesh, 0.0)
    assert (pose.yaw, pose.pitch, pose.roll) == pytest.approx((0, 0, 0), abs=0.5)
    for name in ANATOMY:
        assert facing(outline(name, mesh)) > 0.75, name


@pytest.mark.parametrize("degrees", [-50, -20, 10, 40])
def test_each_angle_is_measured_with_the_documented_sign(mesh, degrees):
    frontal = head_pose(mesh, 0.0)
    yawed = mesh @ rotation(1, degrees).T
    assert head_pose(yawed, 0.0).yaw - frontal.yaw == pytest.approx(degrees, abs=0.5)
    assert head_pose(mesh @ rotation(0, degrees).T, 0.0).pitch - frontal.pitch == pytest.approx(degrees, abs=0.5)
    assert head_pose(mesh @ rotation(2, degrees).T, 0.0).roll - frontal.roll == pytest.approx(degrees, abs=0.5)
    tip, canthi = yawed[1], yawed[[33, 263]].mean(axis=0)
    assert np.sign(tip[0] - canthi[0]) == np.sign(degrees)  # the nose points in the direction of the yaw


def test_the_roll_of_the_crop_is_added_and_wrapped(mesh):
    base = head_pose(mesh, 0.0).roll
    assert head_pose(mesh, np.pi / 2).roll == pytest.approx(base + 90, abs=1e-6)
    assert -180 <= head_pose(mesh, np.pi).roll < 180


@pytest.mark.parametrize(("axis", "name"), [(1, "nose"), (1, "periorbital"), (1, "face"), (0, "philtrum")])
def test_regions_turned_away_are_absent(mesh, axis, name):
    def rotated_outline(degrees):
        return outline(name, mesh @ rotation(axis, degrees).T + [5000, 5000, 0])

    for degrees, expected in ((0, None), (30, None), (80, "turned away"), (-80, "turned away")):
        surface = rotated_outline(degrees)
        assert absence_reason(surface[:, :2], surface, width=10_000, height=10_000) == expected, degrees
    assert facing(rotated_outline(180)) < 0


@pytest.mark.parametrize("turns", [((1, 50),), ((1, -60), (2, 20)), ((0, 25), (1, 30), (2, -100))])
def test_a_rotated_mesh_is_rotated_back(mesh, turns):
    rotated = mesh
    for axis, degrees in turns:
        rotated = rotated @ rotation(axis, degrees).T
    np.testing.assert_allclose(rotate_to_front(rotated), mesh, atol=1)  # px of 256


CHEEKS = {"right": (50, 187, 205, 207, 36, 123), "left": (280, 411, 425, 427, 266, 352)}  # around the malar eminences


@pytest.mark.parametrize(
    ("degrees", "absent_sides"), [(0, ()), (20, ()), (60, ("left",)), (-60, ("right",)), (-100, ("right",))]
)
def test_groups_turned_away_are_absent(mesh, degrees, absent_sides):
    rotated = mesh @ rotation(1, degrees).T + [5000, 5000, 0]
    for side, numbers in CHEEKS.items():
        polygon, surface = group_outline(numbers, rotated[:, :2], rotated, rotate_to_front(rotated))
        absent = absence_reason(polygon, surface, width=10_000, height=10_000)
        assert absent == ("turned away" if side in absent_sides else None), (side, facing(surface))


@pytest.mark.parametrize(
    ("shift", "expected"), [((0, 0), 0.0), ((-4, 0), 0.4), ((0, 17), 0.7), ((15, 15), 0.75), ((50, 0), 1.0)]
)
def test_the_fraction_outside_the_image_is_exact(shift, expected):
    assert outside_fraction(SQUARE + shift, width=20, height=20) == pytest.approx(expected)


def test_the_silhouette_is_a_clockwise_convex_hull():
    points = np.random.default_rng(0).normal(size=(200, 2))
    hull = silhouette(points)
    edges = np.roll(hull, -1, axis=0) - hull
    for corner, edge in zip(hull, edges, strict=True):
        to_point = points - corner
        assert (edge[0] * to_point[:, 1] - edge[1] * to_point[:, 0] > -1e-9).all()
    assert len(hull) < 40


def test_outlines_have_distinct_vertices_with_symmetric_pairs(mesh):
    for name, half in HALVES.items():
        flat = [pair for vertex in half for pair in vertex]
        assert all((right == left) == (abs(mesh[right, 0] - mesh[left, 0]) < 1e-9) for right, left in flat), name
        assert len(set(half)) == len(half), name
        for right, left in flat:
            if right != left:
                assert mesh[right, 0] < mesh[left, 0], (name, right, left)
                assert abs(mesh[right, 1] - mesh[left, 1]) < 12, (name, right, left)
