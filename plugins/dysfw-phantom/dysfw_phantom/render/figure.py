"""A patient before the camera: the refined mesh with its hair's volume, posed and lit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dysfw.plugin import Float32
from dysfw_phantom.render.appearance import Appearance
from dysfw_phantom.render.camera import Pose, smoothstep
from dysfw_phantom.render.capture import Capture
from dysfw_phantom.render.light import Lights, irradiance, shadow
from dysfw_phantom.render.looks import lights_of
from dysfw_phantom.render.scalp import hair_height
from dysfw_phantom.render.surface import Surface, normals_of, refine, surface_of

if TYPE_CHECKING:
    from dysfw_phantom.mesh import HeadMesh

SCALP = 0.018  # dm by which hair lifts the surface it covers
LOWEST = -2.65  # dm at rest: below it the mesh is drawn out, so that the edge where it is cut off never shows
LASHES = 4


@dataclass(frozen=True, eq=False)
class Figure:
    """vertices: float32 [V, 3], the head's, unposed. All others are of the refined mesh, float32 [N, 3] or [N].

    fine, normals: unposed; posed, facing: the same, posed. height: above the hairline, dm at rest. lit: share of the key light
    that arrives. light: linear irradiance.
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
        """Mean irradiance of the face."""
        x, y, z = self.surface.rest.T
        face = (self.surface.vertex_part == 0) & (z > -0.2) & (np.abs(y + 0.2) < 0.6) & (np.abs(x) < 1)
        return float(self.light[face].mean())


def figure_of(head: HeadMesh, vertices: Float32, look: Appearance, photo: Capture) -> Figure:
    """vertices: float32 [V, 3], the patient's shape with the photograph's expression."""
    surface = surface_of(head)
    rest_y = surface.rest[:, 1]
    vertices = np.ascontiguousarray(vertices, np.float32)
    fine = refine(surface, vertices)
    height = hair_height(surface, look)
    if photo.hair_style != "bald":
        fine += normals_of(fine, surface.triangles) * (SCALP * smoothstep(0.0, 0.15, height))[:, None]
    normals = normals_of(fine, surface.triangles)
    fine[:, 1] -= 3 * np.maximum(LOWEST - rest_y, 0)
    pose = Pose.of(photo.yaw, photo.pitch, photo.roll)
    posed, facing = pose.place(fine, rest_y), pose.turn(normals, rest_y)
    lights = lights_of(photo)
    lit = shadow(posed, facing, surface, head.part != LASHES, lights)
    light = irradiance(surface, facing, lit, lights)
    return Figure(head, surface, vertices, pose, lights, height, fine, normals, posed, facing, lit, light)
