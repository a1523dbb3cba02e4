"""Camera model: blur, exposure, white balance, noise, tone curve and quantisation."""

from __future__ import annotations

import numba as nb
import numpy as np

from dysfw.plugin import Float32, UInt8

KNEE = 0.62  # linear light above this value is compressed, so that highlights do not clip


@nb.njit(cache=True)
def _blur_rows(image: Float32, kernel: Float32) -> Float32:
    """Blur along the second axis with an odd kernel and repeated edges. Called twice with swapped axes."""
    height, width, channels = image.shape
    out = np.zeros(image.shape, np.float32)
    half = len(kernel) // 2
    for y in range(height):
        for k in range(len(kernel)):  # outside the loop over pixels, which is then done many pixels at a time
            # pixels whose neighbour is inside the image
            first, last = min(max(half - k, 0), width), max(min(width + half - k, width), 0)
            for x in range(first):
                for c in range(channels):
                    out[y, x, c] += kernel[k] * image[y, 0, c]
            row = out[y, first:last].reshape(-1)
            neighbours = image[y, first + k - half : last + k - half].reshape(-1)
            for i in range(len(row)):
                row[i] += kernel[k] * neighbours[i]
            for x in range(last, width):
                for c in range(channels):
                    out[y, x, c] += kernel[k] * image[y, width - 1, c]
    return out


def blur(image: Float32, sigma: float) -> Float32:
    """Apply a Gaussian blur.

    Args:
        image: float32 [height, width, 3].
        sigma: Standard deviation, px; below 0.2 the image is returned as it is.

    Returns:
        float32 [height, width, 3].
    """
    if sigma < 0.2:
        return image
    half = max(1, int(np.ceil(2.5 * sigma)))
    kernel = np.exp(-0.5 * (np.arange(-half, half + 1) / sigma) ** 2)
    kernel = (kernel / kernel.sum()).astype(np.float32)
    rows = _blur_rows(image, kernel)
    return np.ascontiguousarray(_blur_rows(np.ascontiguousarray(rows.transpose(1, 0, 2)), kernel).transpose(1, 0, 2))


@nb.njit(cache=True)
def over(layer: Float32, background: Float32) -> Float32:
    """Downsample a layer by 2 and composite it over a background.

    Args:
        layer: Premultiplied linear RGBA, float32 [2 S, 2 S, 4].
        background: Linear RGB, float32 [S, S, 3].

    Returns:
        Linear RGB, float32 [S, S, 3].
    """
    side = len(background)
    out = np.empty(background.shape, np.float32)
    for y in range(side):
        for x in range(side):
            i, j = 2 * y, 2 * x
            free = 1 - 0.25 * (layer[i, j, 3] + layer[i, j + 1, 3] + layer[i + 1, j, 3] + layer[i + 1, j + 1, 3])
            for c in range(3):
                total = layer[i, j, c] + layer[i, j + 1, c] + layer[i + 1, j, c] + layer[i + 1, j + 1, c]
                out[y, x, c] = 0.25 * total + free * background[y, x, c]
    return out


def _curve() -> Float32:
    """Return the tone curve, float32 [4096]: linear light from 0 to 4 to sRGB from 0 to 1, compressed above KNEE."""
    light = np.arange(4096) / 1024
    light = np.where(light < KNEE, light, KNEE + (1 - KNEE) * (1 - np.exp(-(light - KNEE) / (1 - KNEE))))
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055).astype(np.float32)


CURVE = _curve()


@nb.njit(cache=True)
def _develop(image: Float32, gain: Float32, grain: Float32, noise: float, curve: Float32) -> UInt8:
    height, width, _ = image.shape
    out = np.empty((height, width, 3), np.uint8)
    for y in range(height):
        for c in range(3):
            row, shift = (y + 37 * c + 5) % height, (61 * c + 9) % width
            for x in range(width):
                light = max(image[y, x, c] * gain[c], 0.0)
                shifted = x + shift if x + shift < width else x + shift - width
                chroma = grain[row, shifted]  # shifted noise in place of another draw
                light += (0.75 * chroma + 0.66 * grain[y, x]) * noise * (0.12 + np.sqrt(light))
                place = min(max(light, 0.0) * 1024, 4094.0)
                i = int(place)
                value = curve[i] + (place - i) * (curve[i + 1] - curve[i])
                out[y, x, c] = int(min(value, 1.0) * 255 + 0.5)
    return out


def develop(image: Float32, exposure: float, white: Float32, noise: float, grain: Float32) -> UInt8:
    """Convert linear light to an 8-bit sRGB image.

    Args:
        image: Linear RGB, float32 [S, S, 3].
        exposure: Exposure, stops.
        white: Gains of red, green and blue, float32 [3].
        noise: Standard deviation of the noise at full light.
        grain: Standard normal noise, float32 [S, S].

    Returns:
        uint8 [S, S, 3].
    """
    return _develop(image, (white * 2.0**exposure).astype(np.float32), grain, noise, CURVE)
