"""Shading kernel: colours each sample of the rasterised buffer."""

from __future__ import annotations

import numba as nb
import numpy as np

from dysfw.plugin import Float32
from dysfw_phantom.render.cloth import cloth_colour, neckline
from dysfw_phantom.render.columns import COLUMNS, HAIR, LIGHT, NORMAL, OPEN, SHADOW, THETA
from dysfw_phantom.render.eyes import eye_colour, mouth_colour, tooth_colour
from dysfw_phantom.render.light import Lights
from dysfw_phantom.render.noise import SIDE, SkinNoise
from dysfw_phantom.render.parameters import ShadingParameters
from dysfw_phantom.render.raster import NOTHING, Buffer
from dysfw_phantom.render.skin import ramp, relief, skin_colour
from dysfw_phantom.render.surface import Int8, Int32
from dysfw_phantom.render.uncounted import inlined, uncounted

SKIN, EYE_RIGHT, EYE_LEFT, TEETH, TONGUE = 0, 2, 3, 5, 6  # mesh.Part
FACE = -1.0  # minimum y of the face at rest, dm; its colours vary slowly enough for one sample per pixel
# Indices of a point's material: linear colour, broad and sharp highlights, tilt of the normal to the left and up.
RED, GREEN, BLUE, SHINE, GLOSS, TILT_X, TILT_Y, MATERIAL = 0, 1, 2, 3, 4, 5, 6, 7


@inlined
def _dot(x: float, y: float, z: float, d: Float32) -> float:
    """Dot product with d."""
    return float(x * d[0] + y * d[1] + z * d[2])


@inlined
def _lobes(cosine: float) -> tuple[float, float]:
    """Return a broad and a sharp highlight: the cosine to the powers of 8 and 32."""
    d = max(cosine, 0.0)
    d *= d
    d *= d
    broad = d * d
    sharp = broad * broad
    return broad, sharp * sharp


@inlined
def _skin(q: Float32, m: Float32, edge: float, shading: ShadingParameters, noise: SkinNoise, weave: Float32) -> None:  # noqa: PLR0917 numba
    """Write the material of skin, lips and scalp into m. edge: distance below the neckline, dm."""
    skin, x, y, z, theta = shading.skin, q[0], q[1], q[2], q[THETA]
    r, g, b, tilt_x, tilt_y, mouth = skin_colour(q, skin, noise)
    if z > -0.2 and -0.85 < y < 0.9:
        fold_x, fold_y = relief(x, y, skin)
        tilt_x, tilt_y = tilt_x + fold_x, tilt_y + fold_y
    cavity = (0.30 + 0.70 * ramp(0.05, 0.60, q[OPEN])) * (1 - 0.35 * mouth * ramp(0.85, 0.35, q[OPEN]))
    r, g, b = r * (0.25 + 0.75 * cavity), g * cavity, b * cavity  # nostrils and the line between the lips
    under = 1 - 0.45 * ramp(-0.10, 0.0, edge)  # shadow of the clothes
    front = ramp(0.75, 0.25, abs(theta)) * ramp(-0.75, -0.2, y)
    shine = skin.oil * (0.035 + 0.045 * front) * (1 + 0.6 * mouth)
    if q[HAIR] > -0.06:
        streak = weave[int(y * 160) & (SIDE - 1), int(theta * 300) & (SIDE - 1)]
        w = ramp(-0.035, 0.075, q[HAIR] + 0.028 * streak) * skin.scalp
        r, g, b = r + (skin.hair[0] * 0.45 - r) * w, g + (skin.hair[1] * 0.45 - g) * w, b + (skin.hair[2] * 0.45 - b) * w
        shine *= 1 - 0.8 * w
    m[RED], m[GREEN], m[BLUE] = r * under, g * under, b * under
    m[SHINE], m[GLOSS] = shine, skin.oil * (0.045 * front + 0.10 * mouth)
    m[TILT_X], m[TILT_Y] = tilt_x, tilt_y


@inlined
def _body(q: Float32, m: Float32, shading: ShadingParameters, noise: SkinNoise, weave: Float32) -> None:
    """Write the material of skin or cloth into m; its relief tilts the normal and modulates the light in q."""
    edge = neckline(q[0], q[1], q[2], shading.cloth)
    if edge > 0:
        m[RED], m[GREEN], m[BLUE], m[TILT_X], m[TILT_Y] = cloth_colour(q, edge, shading.cloth, weave)
        m[SHINE], m[GLOSS] = 0.0, 0.0
    else:
        _skin(q, m, edge, shading, noise, weave)
    key, right, up = shading.lights.key, shading.right, shading.up
    x = m[TILT_X] * right[0] + m[TILT_Y] * up[0]
    y = m[TILT_X] * right[1] + m[TILT_Y] * up[1]
    z = m[TILT_X] * right[2] + m[TILT_Y] * up[2]
    f = min(max(1 + 0.63 * _dot(x, y, z, key) + 0.32 * y, 0.35), 1.6)
    q[LIGHT], q[LIGHT + 1], q[LIGHT + 2] = q[LIGHT] * (0.12 + 0.88 * f), q[LIGHT + 1] * f, q[LIGHT + 2] * f
    q[NORMAL], q[NORMAL + 1], q[NORMAL + 2] = q[NORMAL] + x, q[NORMAL + 1] + y, q[NORMAL + 2] + z


@inlined
def _eye(q: Float32, m: Float32, kind: int, shading: ShadingParameters) -> None:
    """Write the material of an eyeball into m and adapt light and normal in q."""
    length = np.sqrt(q[0] * q[0] + q[1] * q[1] + q[2] * q[2]) + 1e-9
    x, y, z = q[0] / length, q[1] / length, q[2] / length
    eye = shading.right_eye if kind == EYE_RIGHT else shading.left_eye
    m[RED], m[GREEN], m[BLUE] = eye_colour(x, y, z, q[THETA], eye)
    mean = 0.35 * q[LIGHT] + 0.40 * q[LIGHT + 1] + 0.25 * q[LIGHT + 2]
    for c in range(3):
        q[LIGHT + c] = 0.5 * (q[LIGHT + c] + mean)  # creases redden light, but the white of the eye only slightly
    bulge = 0.7 * ramp(0.48, 0.40, np.sqrt(x * x + y * y))  # the cornea curves more than the sclera
    q[NORMAL], q[NORMAL + 1] = q[NORMAL] + bulge * x, q[NORMAL + 1] + bulge * y


@inlined
def _mouth(q: Float32, m: Float32, kind: int) -> None:
    """Write the material of teeth, tongue or oral mucosa into m."""
    m[SHINE], m[GLOSS] = 0.0, 0.0
    if kind == TEETH:
        m[RED], m[GREEN], m[BLUE] = tooth_colour(q[0])
        m[SHINE] = 0.03
    else:
        m[RED], m[GREEN], m[BLUE] = mouth_colour(q[2], kind == TONGUE)


@inlined
def _reflected(q: Float32, m: Float32, wet: bool, lights: Lights, halves: Float32) -> tuple[float, float]:
    """Return the fraction of the key light and of the fill light reflected specularly towards the camera."""
    length = np.sqrt(q[NORMAL] ** 2 + q[NORMAL + 1] ** 2 + q[NORMAL + 2] ** 2) + 1e-9
    x, y, z = q[NORMAL] / length, q[NORMAL + 1] / length, q[NORMAL + 2] / length
    to_key, to_fill = _dot(x, y, z, halves[0]), _dot(x, y, z, halves[1])
    if wet:
        return 0.9 * ramp(0.990, 0.996, to_key) * (0.25 + 0.75 * q[SHADOW]), 0.2 * ramp(0.95, 0.99, to_fill)
    broad, sharp = _lobes(to_key)
    grazing = 1 - max(z, 0.0)
    key = (m[SHINE] * broad + m[GLOSS] * sharp) * q[SHADOW] * (1 + 3 * grazing * grazing)
    return key * q[OPEN], 0.30 * m[SHINE] * _lobes(to_fill)[0] * q[OPEN]


@inlined
def _describe(q: Float32, m: Float32, kind: int, shading: ShadingParameters, noise: SkinNoise, weave: Float32) -> bool:  # noqa: PLR0917 numba
    """Write the material of a point into m. Returns whether it is wet, as eyes are."""
    wet = kind in (EYE_RIGHT, EYE_LEFT)
    if kind == SKIN:
        _body(q, m, shading, noise, weave)
    elif wet:
        _eye(q, m, kind, shading)
    else:
        _mouth(q, m, kind)
    return wet


@inlined
def _leader(row: int, column: int, buffer: Buffer, part: Int8, face: bool) -> tuple[int, int]:
    """Return the sample whose colour a skin sample reuses: one per pixel of the face, two per pixel elsewhere.

    A sample is its own leader if the leader lies on something else.
    """
    v = row - (row & 1) if face else row
    u = column - (column & 1) if face else max(column - ((row ^ column) & 1), 0)
    t = buffer.triangle[v, u]
    near = buffer.near[row, column]
    if t != NOTHING and part[t] == SKIN and abs(buffer.near[v, u] - near) < 0.01 * near:
        return v, u
    return row, column


@uncounted
def _shade(  # noqa: PLR0917 numba
    buffer: Buffer,
    triangles: Int32,
    part: Int8,
    attributes: Float32,
    shading: ShadingParameters,
    noise: SkinNoise,
    weave: Float32,
    halves: Float32,
    q: Float32,
    m: Float32,
    out: Float32,
) -> None:
    """See ``shade``. q, m: float32 [COLUMNS] and [MATERIAL], which are overwritten."""
    for row in range(len(out)):
        for column in range(len(out)):
            t = buffer.triangle[row, column]
            if t == NOTHING:
                continue
            i, j, k = np.uintp(triangles[t, 0]), np.uintp(triangles[t, 1]), np.uintp(triangles[t, 2])
            kind = part[t]
            b, c = buffer.second[row, column], buffer.third[row, column]
            a = np.float32(1) - b - c
            q[1] = a * attributes[i, 1] + b * attributes[j, 1] + c * attributes[k, 1]
            face = q[1] > FACE
            if kind == SKIN and not face:
                q[0] = a * attributes[i, 0] + b * attributes[j, 0] + c * attributes[k, 0]
                q[2] = a * attributes[i, 2] + b * attributes[j, 2] + c * attributes[k, 2]
            if kind == SKIN and (face or abs(neckline(q[0], q[1], q[2], shading.cloth) - 0.05) > 0.12):
                v, u = _leader(row, column, buffer, part, face)
                if v != row or u != column:
                    for n in range(4):
                        out[row, column, n] = out[v, u, n]
                    continue
            for n in range(COLUMNS):
                q[n] = a * attributes[i, n] + b * attributes[j, n] + c * attributes[k, n]
            wet = _describe(q, m, kind, shading, noise, weave)
            key, fill = _reflected(q, m, wet, shading.lights, halves)
            for n in range(3):
                shine = key * shading.lights.key_colour[n] + fill * shading.lights.fill_colour[n]
                out[row, column, n] = m[n] * q[LIGHT + n] + shine
            out[row, column, 3] = 1.0


def shade(  # noqa: PLR0917 as the kernel
    buffer: Buffer,
    triangles: Int32,
    part: Int8,
    attributes: Float32,
    shading: ShadingParameters,
    noise: SkinNoise,
    weave: Float32,
    out: Float32,
) -> None:
    """Shade the samples of a buffer.

    Args:
        buffer: The rasterised buffer.
        triangles: Vertex indices of the triangles, int32 [M, 3].
        part: Part of each triangle, int8 [M]; see ``mesh.Part``.
        attributes: Vertex attributes, float32 [N, COLUMNS]; see ``columns``.
        shading: Parameters of skin, eyes, clothes and lights.
        noise: Textures of the skin.
        weave: Texture of hair and fabric.
        out: Receives linear red, green, blue and coverage, float32 [side, side, 4].
    """
    q, m = np.empty(COLUMNS, np.float32), np.zeros(MATERIAL, np.float32)
    _shade(buffer, triangles, part, attributes, shading, noise, weave, _halves(shading.lights), q, m, out)


@nb.njit(cache=True)
def _halves(lights: Lights) -> Float32:
    """Return the directions halfway from key and fill light to the camera, float32 [2, 3]."""
    halves = np.stack((lights.key, lights.fill)) + np.array([0.0, 0.0, 1.0], np.float32)
    for h in range(2):
        halves[h] /= np.sqrt((halves[h] * halves[h]).sum())
    return halves
