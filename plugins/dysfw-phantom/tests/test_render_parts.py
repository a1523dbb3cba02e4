"""Components of the renderer: mesh refinement, rasteriser, strands, light and sensor."""

from __future__ import annotations

import numpy as np
import pytest
from dysfw_phantom.mesh import Part, load_head
from dysfw_phantom.render.camera import Camera, Pose
from dysfw_phantom.render.light import Lights, irradiance, shadow
from dysfw_phantom.render.raster import NOTHING, rasterise, visible
from dysfw_phantom.render.scalp import CENTRE, ROWS, radii, radius_at, root_pool
from dysfw_phantom.render.sensor import blur, develop, over
from dysfw_phantom.render.strands import draw
from dysfw_phantom.render.surface import refine, refined_surface, vertex_normals

HEAD = load_head()
SURFACE = refined_surface(HEAD)
# Two triangles over the same pixels, the second nearer; counter-clockwise as triangle, with y running down.
POINTS = np.array([[1, 9], [9, 9], [1, 1], [1, 9], [9, 9], [1, 1]], np.float32)
NEAR = np.array([0.1, 0.1, 0.1, 0.2, 0.2, 0.2], np.float32)
TRIANGLES = np.array([[0, 1, 2], [3, 4, 5]], np.int32)
BOTH = np.ones(2, np.bool_)


def test_refinement_keeps_vertices_and_divides_triangles_into_four():
    fine = refine(SURFACE, HEAD.vertices)
    np.testing.assert_array_equal(fine[: len(HEAD.vertices)], HEAD.vertices)
    assert len(SURFACE.triangles) == 4 * len(HEAD.triangles)
    assert (np.bincount(SURFACE.part) == 4 * np.bincount(HEAD.part)).all()


def test_refined_eyeballs_are_rounder():
    ball = HEAD.eyeball(Part.EYE_LEFT)
    edges = np.isin(SURFACE.edges, ball.vertices).all(1)
    radius = np.median(np.linalg.norm(HEAD.vertices[ball.vertices] - ball.centre, axis=1))
    flat = np.linalg.norm(HEAD.vertices[SURFACE.edges[edges]].mean(1) - ball.centre, axis=1)
    bent = np.linalg.norm(refine(SURFACE, HEAD.vertices)[len(HEAD.vertices) :][edges] - ball.centre, axis=1)
    assert np.median(np.abs(bent - radius)) < 0.7 * np.median(np.abs(flat - radius))


def test_normals_point_outwards():
    normals = vertex_normals(SURFACE.rest, SURFACE.triangles)
    assert normals[np.argmax(HEAD.vertices[:, 2]), 2] > 0.8
    assert normals[np.argmin(HEAD.vertices[:, 2]), 2] < -0.8
    np.testing.assert_allclose(np.linalg.norm(normals, axis=1), 1, atol=1e-3)


def test_the_nearer_triangle_is_drawn_in_any_order():
    for triangles in (TRIANGLES, TRIANGLES[::-1].copy()):
        triangle = rasterise(POINTS, NEAR, triangles, BOTH, 10).triangle
        assert set(triangles[triangle[triangle != NOTHING]][:, 0]) == {3}
        assert (triangle != NOTHING).sum() == 36  # 8 x 8 px halved along the diagonal, which belongs to both halves


def test_back_faces_and_excluded_triangles_are_not_drawn():
    behind = rasterise(POINTS, NEAR, TRIANGLES[:, ::-1].copy(), BOTH, 10)
    without = rasterise(POINTS, NEAR, TRIANGLES, np.zeros(2, np.bool_), 10)
    assert (behind.triangle == NOTHING).all()
    assert (without.triangle == NOTHING).all()


def test_barycentric_weights_reproduce_the_pixel_position():
    buffer = rasterise(POINTS, NEAR, TRIANGLES, BOTH, 10)
    rows, columns = np.nonzero(buffer.triangle != NOTHING)
    b, c = buffer.second[rows, columns], buffer.third[rows, columns]
    corners = POINTS[TRIANGLES[buffer.triangle[rows, columns]]]
    place = corners[:, 0] * (1 - b - c)[:, None] + corners[:, 1] * b[:, None] + corners[:, 2] * c[:, None]
    np.testing.assert_allclose(place, np.stack([columns, rows], 1) + 0.5, atol=1e-4)


def test_points_behind_a_triangle_are_hidden():
    buffer = rasterise(POINTS, NEAR, TRIANGLES, BOTH, 10)
    points = np.array([[3.2, 6.6], [3.2, 6.6], [40.0, 5.0]], np.float32)
    assert visible(points, np.array([0.2, 0.1, 0.2], np.float32), buffer.near, 0.05).tolist() == [True, False, False]


def test_a_camera_frames_the_face():
    pose = Pose.from_angles(0, 0, 0)
    camera = Camera.framing(pose, face_height=1.85, distance=10, fraction=0.5, shift=(0.1, 0.0), side=200)
    points, near = camera.project(np.array([[0, -0.18, 0], [0, 1.67, 0], [0, -0.18, 5]], np.float32))
    np.testing.assert_allclose(points[0], [120, 100], atol=1e-3)
    assert points[0, 1] - points[1, 1] == pytest.approx(100, abs=1e-3)  # 1.85 dm higher
    np.testing.assert_allclose(near, [0.1, 0.1, 0.2], rtol=1e-5)


def test_shoulders_follow_the_head_in_part():
    pose = Pose.from_angles(20, 0, 0)
    forwards = np.array([[0, 0, 1], [0, 0, 1]], np.float32)
    head, shoulders = pose.transform_directions(forwards, np.array([0.0, -2.0], np.float32))
    assert np.degrees(np.arctan2(head[0], head[2])) == pytest.approx(20, abs=0.1)
    assert np.degrees(np.arctan2(shoulders[0], shoulders[2])) == pytest.approx(8, abs=0.1)


def lights(key):
    ones = np.ones(3, np.float32)
    return Lights(np.array(key, np.float32), ones, 0.1, np.array([0, 0, 1], np.float32), 0 * ones, 0.2 * ones, 0.2 * ones)


def test_side_light_casts_a_shadow_with_a_red_edge():
    side = lights((1, 0, 0))
    normals = vertex_normals(SURFACE.rest, SURFACE.triangles)
    lit = shadow(SURFACE.rest, normals, SURFACE, HEAD.part != 4, side)
    light = irradiance(SURFACE, normals, lit, side)
    x, y, z = SURFACE.rest.T
    cheeks = (SURFACE.vertex_part == 0) & (np.abs(x) > 0.4) & (np.abs(x) < 0.6) & (y < -0.1) & (y > -0.6) & (z > -0.4)
    assert light[cheeks & (x > 0)].mean() > 2 * light[cheeks & (x < 0)].mean()
    assert lit[cheeks & (x < 0)].mean() < 0.2
    face = (SURFACE.vertex_part == 0) & (z > 0) & (np.abs(x) < 0.5) & (SURFACE.occlusion > 0.97)
    assert (light[face, 0] - light[face, 2]).max() > 0.02


def test_a_strand_covers_its_width_and_is_occluded_by_nearer_surfaces():
    px = np.array([[[0, 5], [10, 5]]], np.float32)
    near, width = np.full((1, 2), 0.1, np.float32), np.full((1, 2), 3, np.float32)
    colour, opaque = np.ones((1, 2, 3), np.float32), np.ones((1, 2), np.float32)
    free, covered = np.zeros((10, 10, 4), np.float32), np.zeros((10, 10, 4), np.float32)
    draw(px, near, width, colour, opaque, np.zeros((10, 10), np.float32), free)
    draw(px, near, width, colour, opaque, np.full((10, 10), 0.2, np.float32), covered)
    np.testing.assert_allclose(free[..., 3].sum(0), 3, atol=1e-4)
    assert not covered.any()


def test_radii_match_the_vertices():
    reach = radii(HEAD, HEAD.vertices)
    crown = HEAD.vertices[np.argmax(HEAD.vertices[:, 1])] - CENTRE
    length = float(np.linalg.norm(crown))
    assert radius_at(reach, *(float(c) for c in crown), length) == pytest.approx(length, rel=0.03)
    larger = radii(HEAD, CENTRE + 1.2 * (HEAD.vertices - CENTRE))
    np.testing.assert_allclose(larger[: ROWS // 2], 1.2 * reach[: ROWS // 2], rtol=1e-4)


def test_roots_are_on_the_upper_skin():
    places = root_pool(HEAD).interpolate(SURFACE.rest, SURFACE.triangles)
    assert places[:, 1].min() > -0.85
    assert abs(places[:, 0].mean()) < 0.05


def test_the_sensor_outputs_srgb_and_compresses_highlights():
    white, still = np.ones(3, np.float32), np.zeros((4, 4), np.float32)
    grey = develop(np.full((4, 4, 3), 0.2159, np.float32), 0.0, white, 0.0, still)
    assert (grey == 128).all()  # the middle of sRGB is 21.6 % of the light
    brighter = develop(np.full((4, 4, 3), 0.10795, np.float32), 1.0, white, 0.0, still)
    assert (brighter == 128).all()
    assert develop(np.full((4, 4, 3), 1.0, np.float32), 0.0, white, 0.0, still).max() < 255


def test_noise_does_not_change_the_mean():
    grain = np.random.default_rng(1).standard_normal((64, 64)).astype(np.float32)
    dark, light = (develop(np.full((64, 64, 3), x, np.float32), 0.0, np.ones(3, np.float32), 0.02, grain) for x in (0.05, 0.4))
    assert light.std() > 2
    assert dark.mean() == pytest.approx(63, abs=2)


def test_blur_keeps_the_mean_and_layers_are_blended_by_coverage():
    image = np.random.default_rng(2).random((20, 20, 3)).astype(np.float32)
    image[:6] = image[-6:] = image[:, :6] = image[:, -6:] = 0.5
    assert blur(image, 1.0).mean() == pytest.approx(image.mean(), rel=1e-3)
    assert blur(image, 1.0).std() < image.std()
    layer = np.zeros((4, 4, 4), np.float32)
    layer[0, 0] = 1  # one of the four samples of the first pixel
    np.testing.assert_allclose(over(layer, np.full((2, 2, 3), 0.2, np.float32))[0, 0], 0.25 + 0.75 * 0.2, rtol=1e-5)
