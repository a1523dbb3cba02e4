"""A photograph of a phantom: shape, patient, appearance and photograph become pixels, with the truth about each vertex."""

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
from dysfw_phantom.render.figure import LASHES, Figure, figure_of
from dysfw_phantom.render.hair import hair_strands
from dysfw_phantom.render.looks import looks_of
from dysfw_phantom.render.noise import skin_noise, strand_noise
from dysfw_phantom.render.raster import rasterise, visible
from dysfw_phantom.render.sensor import blur, develop, over
from dysfw_phantom.render.shade import shade
from dysfw_phantom.render.strands import Strands, draw

if TYPE_CHECKING:
    from dysfw_phantom.mesh import HeadMesh
    from dysfw_phantom.patient import Patient

SAMPLES = 2  # per side of a pixel
TOLERANCE = 0.05  # dm by which a vertex may lie behind what is drawn and still be visible: hair lifts the scalp
FACE_HEIGHT = 1.85  # dm from hairline to chin of the neutral head
REFERENCE = 256  # px: the size for which a photograph's blur is meant


@dataclass(frozen=True, eq=False)
class Rendered:
    """pixels: uint8 [size, size, 3], sRGB. points: float32 [V, 2] px, the head's vertices in the picture, pixel centres at
    +0.5. visible: bool [V], in the picture and not hidden by the head itself (hair is not asked)."""

    pixels: UInt8
    points: Float32
    visible: Bool


@functools.lru_cache(maxsize=4)
def _chin(head: HeadMesh) -> int:
    """The vertex below the chin in the midline: the measure of how long a face is."""
    x, y, z = head.vertices.T
    return int(np.argmax(np.where((np.abs(x) < 0.04) & (y > -1.3) & (y < -0.6) & (z > -0.4), 0.6 * z - y, -np.inf)))


def _camera(figure: Figure, photo: Capture, side: int) -> Camera:
    chin = _chin(figure.head)
    size = float(np.linalg.norm(figure.vertices[chin]) / np.linalg.norm(figure.head.vertices[chin]))
    return Camera.framing(
        figure.pose,
        face_height=FACE_HEIGHT * size,
        distance=photo.distance,
        fraction=photo.framing,
        shift=photo.shift,
        side=side,
    )


def _metering(figure: Figure, look: Appearance) -> float:
    """Stops by which a camera that measures the face opens; it gives dark skin more light, but not all that it lacks."""
    return float(np.log2((0.55 + 0.45 * look.melanin) / figure.brightness()) * 0.85)


def _paint(strands: Strands | None, camera: Camera, zbuffer: Float32, layer: Float32) -> None:
    if strands is not None:
        px, near = camera.project(strands.points)
        width = (strands.width * near * camera.focal).astype(np.float32)
        draw(px, near, width, strands.colour, strands.opacity, zbuffer, layer)


def render(  # noqa: PLR0917 each is its own kind of thing
    head: HeadMesh, vertices: Float32, patient: Patient, appearance: Appearance, photograph: Capture, size: int
) -> Rendered:
    """vertices: float32 [V, 3], the patient's shape with the photograph's expression; size: side of the picture, px.

    The same arguments give the same bits on one machine, in any process.
    """
    side = SAMPLES * size
    figure = figure_of(head, vertices, appearance, photograph)
    surface = figure.surface
    camera = _camera(figure, photograph, side)
    points, near = camera.project(figure.posed)
    buffer = rasterise(points, near, surface.triangles, surface.part != LASHES, side)
    looks = looks_of(patient, appearance, photograph, figure.lights, figure.pose.head)
    layer = np.zeros((side, side, 4), np.float32)
    shade(
        buffer, surface.triangles, surface.part, attributes(figure, photograph.gaze), looks, skin_noise(), strand_noise(), layer
    )
    _paint(lash_strands(figure, appearance, patient.sex), camera, buffer.near, layer)
    _paint(brow_strands(figure, appearance, patient.axes), camera, buffer.near, layer)
    roots = int(np.clip(2300 * size / REFERENCE, 2300, 5000))
    _paint(hair_strands(figure, appearance, photograph, roots), camera, buffer.near, layer)

    ambience = np.float32(0.75 + 0.35 * (photograph.light_key + photograph.light_sky - 1))
    scene = background(photograph.place, photograph.seed, size) * ambience
    if photograph.backdrop:
        scene[:] = photograph.backdrop
    picture = over(layer, scene)
    picture = blur(picture, photograph.blur * size / REFERENCE)
    exposure = photograph.exposure + _metering(figure, appearance)
    grain = np.random.default_rng([photograph.seed, 13]).standard_normal((size, size), dtype=np.float32)
    pixels = develop(picture, exposure, np.array(photograph.white, np.float32), photograph.noise, grain)
    flat, depth = camera.project(figure.pose.place(figure.vertices, head.vertices[:, 1]))
    return Rendered(pixels, flat / SAMPLES, visible(flat, depth, buffer.near, TOLERANCE))
