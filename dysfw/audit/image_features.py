"""Shortcut features of images outside the face: colour, border, background, sharpness and framing.

Colours are in CIE 1976 L*a*b* (D65): "lightness" 0 to 100, "green–red" and "blue–yellow" about -100 to 100.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from PIL import Image as Pillow

from ..types import Bool, Face, UInt8
from .head_mask import centres, outside_head

Float64 = npt.NDArray[np.float64]

CHANNELS = ("lightness", "green–red", "blue–yellow")
SIDE = 128  # px, longer side of the scaled image that colours are measured in
CELLS = 8  # cells of the background thumbnail along each side
MAX_LINES = 512  # approximate number of rows and columns read at the original resolution
# Linear sRGB to CIE XYZ, IEC 61966-2-1, each row divided by the white D65 so that white is 1, 1, 1.
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
TO_XYZ /= TO_XYZ.sum(axis=1, keepdims=True)


def colour_features(pixels: UInt8, face: Face | None) -> dict[str, float]:
    """Measure mean and standard deviation of colours outside the head.

    Args:
        pixels: uint8 [H, W, 3], RGB.
        face: The face, or None.

    Returns:
        The features by name; NaN if the head covers the image.
    """
    lab, outside = _small(pixels, face)
    seen = lab[outside]
    values = {name: seen[:, channel] for channel, name in enumerate(CHANNELS)} | {"chroma": np.hypot(seen[:, 1], seen[:, 2])}
    means = {f"mean {name} outside the head": _or_nan(np.mean, value) for name, value in values.items()}
    return means | {f"standard deviation of {name} outside the head": _or_nan(np.std, value) for name, value in values.items()}


def quality_features(pixels: UInt8) -> dict[str, float]:
    """Measure sharpness, noise and compression artefacts of the whole image.

    The face is included, because a plain background does not show whether the lens was in focus. A single number cannot encode
    a sign in the face.

    Args:
        pixels: uint8 [H, W, 3], RGB.

    Returns:
        The features by name.
    """
    grey = Pillow.fromarray(pixels).convert("L")
    return {f"sharpness at {side} px": _sharpness(grey, side) for side in (256, 64)} | {
        "noise": _noise(pixels),
        "blockiness (8 px)": _blockiness(np.asarray(grey)),
    }


def border_features(pixels: UInt8, face: Face | None) -> dict[str, float]:
    """Measure the colour of the outermost pixels on each side, outside the head.

    Args:
        pixels: uint8 [H, W, 3], RGB.
        face: The face, or None.

    Returns:
        The features by name; NaN for a side that the head covers.
    """
    height, width = pixels.shape[:2]
    x, y = centres(width, width), centres(height, height)
    sides = {
        "upper": (pixels[0], x, y[:1]),
        "lower": (pixels[-1], x, y[-1:]),
        "left": (pixels[:, 0], x[:1], y),
        "right": (pixels[:, -1], x[-1:], y),
    }
    features: dict[str, float] = {}
    for side, (line, across, along) in sides.items():
        seen = lab_of(line)[outside_head(across, along, width, height, face).ravel()]
        features |= {f"mean {name} of the {side} border": _or_nan(np.mean, seen[:, c]) for c, name in enumerate(CHANNELS)}
        features[f"standard deviation of lightness of the {side} border"] = _or_nan(np.std, seen[:, 0])
    return features


def background_features(pixels: UInt8, face: Face | None) -> dict[str, float]:
    """Make a thumbnail of the background, CELLS × CELLS.

    Args:
        pixels: uint8 [H, W, 3], RGB.
        face: The face, or None.

    Returns:
        The features by name. A cell that the head covers has the mean of the others.
    """
    lab, outside = _small(pixels, face)
    rows = np.arange(CELLS)[:, None] == np.arange(outside.shape[0]) * CELLS // outside.shape[0]
    columns = np.arange(CELLS)[:, None] == np.arange(outside.shape[1]) * CELLS // outside.shape[1]
    weight = rows @ outside.astype(float) @ columns.T
    features: dict[str, float] = {}
    for channel, name in enumerate(CHANNELS):
        total = rows @ np.where(outside, lab[..., channel], 0.0) @ columns.T
        covered = weight == 0
        cell = total / np.where(covered, 1, weight)
        cell[covered] = _or_nan(np.mean, cell[~covered])
        places = ((row, column) for row in range(CELLS) for column in range(CELLS))
        features |= {f"{name} at row {r + 1}, column {c + 1} of {CELLS}": float(cell[r, c]) for r, c in places}
    return features


def framing_features(pixels: UInt8, face: Face | None) -> dict[str, float]:
    """Measure size and position of the face as fractions of the image.

    Args:
        pixels: uint8 [H, W, 3], RGB.
        face: The face, or None.

    Returns:
        The features by name; NaN without a face.
    """
    if face is None:
        return dict.fromkeys(FRAMING, np.nan)
    height, width = pixels.shape[:2]
    x0, y0, x1, y1 = (float(v) for v in face.box)
    return dict(zip(FRAMING, ((y1 - y0) / height, (x0 + x1) / 2 / width, (y0 + y1) / 2 / height), strict=True))


FRAMING = ("face height (fraction of the image)", "face centre, horizontal", "face centre, vertical")


def lab_of(pixels: npt.NDArray[np.generic]) -> Float64:
    """Convert sRGB, 0 to 255, [..., 3] to L*a*b*, float64 [..., 3] (CIE 15:2004)."""
    srgb = np.asarray(pixels, np.float64) / 255
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    xyz = linear @ TO_XYZ.T
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz * (29 / 6) ** 2 / 3 + 4 / 29)
    x, y, z = f[..., 0], f[..., 1], f[..., 2]
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def _small(pixels: UInt8, face: Face | None) -> tuple[Float64, Bool]:
    """Scale the image down to SIDE; return L*a*b* [h, w, 3] and bool [h, w], the pixels outside the head."""
    height, width = pixels.shape[:2]
    scale = min(1.0, SIDE / max(height, width))
    size = max(CELLS, round(width * scale)), max(CELLS, round(height * scale))
    small = np.asarray(Pillow.fromarray(pixels).resize(size, Pillow.Resampling.BOX, reducing_gap=2.0))
    return lab_of(small), outside_head(centres(size[0], width), centres(size[1], height), width, height, face)


def _or_nan(measure: Callable[[Float64], np.float64], values: Float64) -> float:
    return float(measure(values)) if len(values) else float("nan")


def _sharpness(grey: Pillow.Image, side: int) -> float:
    """Return the logarithm of the variance of the Laplacian (Pech-Pacheco et al., ICPR 2000;3:314-317).

    The longer side is scaled to ``side`` px, so that the value does not depend on the resolution.
    """
    scale = side / max(grey.size)
    size = max(3, round(grey.width * scale)), max(3, round(grey.height * scale))
    g = np.asarray(grey.resize(size, Pillow.Resampling.BICUBIC, reducing_gap=3.0), np.float64)
    laplacian = g[:-2, 1:-1] + g[2:, 1:-1] + g[1:-1, :-2] + g[1:-1, 2:] - 4 * g[1:-1, 1:-1]
    return float(np.log(laplacian.var() + 1e-3))


def _noise(pixels: UInt8) -> float:
    """Return the standard deviation of the noise in the green channel, grey values.

    The median absolute diagonal difference of 2 × 2 px (the finest Haar wavelet) / 0.6745 (Donoho & Johnstone, Biometrika
    1994;81:425-455).
    """
    height, width = (length // 2 * 2 for length in pixels.shape[:2])
    step_y, step_x = (2 * max(1, length // (2 * MAX_LINES)) for length in (height, width))
    even_y, even_x = np.arange(0, height, step_y), np.arange(0, width, step_x)
    a, b, c, d = (pixels[even_y + i][:, even_x + j, 1].astype(np.float64) for i in (0, 1) for j in (0, 1))
    return float(np.median(np.abs(a - b - c + d)) / 2 / 0.6745)


def _blockiness(grey: UInt8) -> float:
    """Return the ratio of steps between columns at multiples of 8 px to steps elsewhere.

    About 1 unless the image was saved as JPEG at this size (after Wang, Bovik & Evans, ICIP 2000;3:981-984).
    """
    rows = grey[:: max(1, grey.shape[0] // MAX_LINES), : 8 * MAX_LINES].astype(np.int16)
    steps = np.abs(np.diff(rows, axis=1)).mean(axis=0)
    at_blocks = np.arange(1, len(steps) + 1) % 8 == 0
    return float((steps[at_blocks].mean() + 0.1) / (steps[~at_blocks].mean() + 0.1))
