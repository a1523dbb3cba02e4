"""The refined mesh of a patient, posed and lit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dysfw.plugin import Float32
from dysfw_phantom.render.camera import Pose, smoothstep
from dysfw_phantom.render.capture import Capture
from dysfw_phantom.render.light import Lights, irradiance, shadow
from dysfw_phantom.render.parameters import scene_lights
from dysfw_phantom.render.scalp import hair_height
from dysfw_phantom.render.signs import Look
from dysfw_phantom.render.surface import Surface, refine, refined_surface, vertex_normals

if TYPE_CHECKING:
    from dysfw_phantom.mesh import HeadMesh

SCALP = 0.018  # dm by which hair lifts the surface below it
MIN_HEIGHT = -2.65  # dm at rest: the mesh is stretched below, so that its cut edge never shows
LASHES = 4


@dataclass(frozen=True, eq=False)
class Figure:
    """A patient in front of the camera. Arrays refer to the N vertices of the refined mesh unless stated otherwise.

    Attributes:
        head: The head mesh.
        surface: Its refinement.
        vertices: Vertices of the head before posing, float32 [V, 3], dm.
        pose: Pose of head and shoulders.
        lights: Lights of the scene.
        height: Height above the hairline at rest, float32 [N], dm.
        fine: Vertices before posing, float32 [N, 3], dm.
        normals: Normals before posing, float32 [N, 3].
        posed: Posed vertices, float32 [N, 3], dm.
        facing: Posed normals, float32 [N, 3].
        lit: Fraction of the key light that reaches each vertex, float32 [N].
        light: Linear irradiance, float32 [N, 3].
    """

    head: HeadMesh
    surface: Surface
    vertices: Float32
    pose: Pose
    lights: Lights
    height: Float32
    fine: Float32
    normals: Float32
    posed: Float32
    facing: Float32
    lit: Float32
    light: Float32

    def brightness(self) -> float:
        """Return the mean irradiance of the face."""
        x, y, z = self.surface.rest.T
        face = (self.surface.vertex_part == 0) & (z > -0.2) & (np.abs(y + 0.2) < 0.6) & (np.abs(x) < 1)
        return float(self.light[face].mean())


def build_figure(head: HeadMesh, vertices: Float32, appearance: Look, capture: Capture) -> Figure:
    """Pose and light a patient.

    Args:
        head: The head mesh.
        vertices: The patient's shape with the expression of the image, float32 [V, 3], dm.
        appearance: Appearance of the patient, with signs.
        capture: Conditions of the image.

    Returns:
        The figure.
    """
    surface = refined_surface(head)
    rest_y = surface.rest[:, 1]
    vertices = np.ascontiguousarray(vertices, np.float32)
    fine = refine(surface, vertices)
    height = hair_height(surface, appearance)
    if capture.hair_style != "bald":
        fine += vertex_normals(fine, surface.triangles) * (SCALP * smoothstep(0.0, 0.15, height))[:, None]
    normals = vertex_normals(fine, surface.triangles)
    fine[:, 1] -= 3 * np.maximum(MIN_HEIGHT - rest_y, 0)
    pose = Pose.from_angles(capture.yaw, capture.pitch, capture.roll)
    posed, facing = pose.transform_points(fine, rest_y), pose.transform_directions(normals, rest_y)
    lights = scene_lights(capture)
    lit = shadow(posed, facing, surface, head.part != LASHES, lights)
    light = irradiance(surface, facing, lit, lights)
    return Figure(head, surface, vertices, pose, lights, height, fine, normals, posed, facing, lit, light)
