"""Rendering of one image of a phantom, with the position and visibility of each vertex."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dysfw.plugin import Bool, Float32, UInt8
from dysfw_phantom.render.appearance import Appearance
from dysfw_phantom.render.attributes import attributes
from dysfw_phantom.render.background import background
from dysfw_phantom.render.brows import brow_strands, lash_strands
from dysfw_phantom.render.camera import Camera
from dysfw_phantom.render.capture import Capture
from dysfw_phantom.render.facial_hair import facial_hair_strands
from dysfw_phantom.render.figure import LASHES, Figure, build_figure
from dysfw_phantom.render.hair import hair_strands
from dysfw_phantom.render.noise import skin_noise, strand_noise
from dysfw_phantom.render.parameters import shading_parameters
from dysfw_phantom.render.raster import rasterise, visible
from dysfw_phantom.render.sensor import blur, develop, over
from dysfw_phantom.render.shade import shade
from dysfw_phantom.render.signs import deviations, styled, with_signs
from dysfw_phantom.render.strands import Strands, draw

if TYPE_CHECKING:
    from dysfw_phantom.mesh import HeadMesh
    from dysfw_phantom.patient import Patient

SAMPLES = 2  # per side of a pixel
TOLERANCE = 0.05  # dm by which a visible vertex may lie behind the rendered surface, because hair lifts the scalp
FACE_HEIGHT = 1.85  # from hairline to chin of the neutral head, dm
REFERENCE = 256  # size of the image to which Capture.blur refers, px


@dataclass(frozen=True, eq=False)
class Rendered:
    """A rendered image.

    Attributes:
        pixels: sRGB image, uint8 [size, size, 3].
        points: Vertices of the head in the image, float32 [V, 2], px, with pixel centres at +0.5.
        visible: Whether each vertex is inside the image and not occluded by the head, bool [V]. Hair is not considered.
    """

    pixels: UInt8
    points: Float32
    visible: Bool


@functools.lru_cache(maxsize=4)
def _chin(head: HeadMesh) -> int:
    """Return the midline vertex below the chin, which determines the height of the face."""
    x, y, z = head.vertices.T
    return int(np.argmax(np.where((np.abs(x) < 0.04) & (y > -1.3) & (y < -0.6) & (z > -0.4), 0.6 * z - y, -np.inf)))


def _camera(figure: Figure, capture: Capture, side: int) -> Camera:
    chin = _chin(figure.head)
    size = float(np.linalg.norm(figure.vertices[chin]) / np.linalg.norm(figure.head.vertices[chin]))
    return Camera.framing(
        figure.pose,
        face_height=FACE_HEIGHT * size,
        distance=capture.distance,
        fraction=capture.framing,
        shift=capture.shift,
        side=side,
    )


def _metering(figure: Figure, appearance: Appearance) -> float:
    """Return the exposure in stops of a camera that meters the face and partly compensates for dark skin."""
    return float(np.log2((0.55 + 0.45 * appearance.melanin) / figure.brightness()) * 0.85)


def _paint(strands: Strands | None, camera: Camera, zbuffer: Float32, layer: Float32) -> None:
    """Draw strands into the layer."""
    if strands is not None:
        px, near = camera.project(strands.points)
        width = (strands.width * near * camera.focal).astype(np.float32)
        draw(px, near, width, strands.colour, strands.opacity, zbuffer, layer)


def render(  # noqa: PLR0917
    head: HeadMesh, vertices: Float32, patient: Patient, appearance: Appearance, capture: Capture, size: int
) -> Rendered:
    """Render one image. The same arguments give the same bits on one machine, in any process.

    Args:
        head: The head mesh.
        vertices: The patient's shape with the expression of the image, float32 [V, 3], dm.
        patient: The patient.
        appearance: Colours of the patient.
        capture: Conditions of the image.
        size: Side of the image, px.

    Returns:
        The image and its vertices.
    """
    side = SAMPLES * size
    appearance = with_signs(appearance, patient)
    capture = styled(capture, appearance, patient.axes)
    figure = build_figure(head, vertices, appearance, capture)
    surface = figure.surface
    camera = _camera(figure, capture, side)
    points, near = camera.project(figure.posed)
    buffer = rasterise(points, near, surface.triangles, surface.part != LASHES, side)
    shading = shading_parameters(patient, appearance, capture, figure.lights, figure.pose.head)
    layer = np.zeros((side, side, 4), np.float32)
    columns = attributes(figure, capture.gaze, deviations(appearance, capture))
    shade(buffer, surface.triangles, surface.part, columns, shading, skin_noise(), strand_noise(), layer)
    _paint(lash_strands(figure, appearance, patient.sex), camera, buffer.near, layer)
    _paint(brow_strands(figure, appearance, patient.axes), camera, buffer.near, layer)
    _paint(facial_hair_strands(figure, appearance), camera, buffer.near, layer)
    roots = int(np.clip(2300 * size / REFERENCE, 2300, 5000))
    _paint(hair_strands(figure, appearance, capture, roots), camera, buffer.near, layer)

    ambience = np.float32(0.75 + 0.35 * (capture.light_key + capture.light_sky - 1))
    scene = background(capture.background, capture.seed, size) * ambience
    if capture.background_colour:
        scene[:] = capture.background_colour
    image = over(layer, scene)
    image = blur(image, capture.blur * size / REFERENCE)
    exposure = capture.exposure + _metering(figure, appearance)
    grain = np.random.default_rng([capture.seed, 13]).standard_normal((size, size), dtype=np.float32)
    pixels = develop(image, exposure, np.array(capture.white_balance, np.float32), capture.noise, grain)
    flat, depth = camera.project(figure.pose.transform_points(figure.vertices, head.vertices[:, 1]))
    return Rendered(pixels, flat / np.float32(SAMPLES), visible(flat, depth, buffer.near, TOLERANCE))
