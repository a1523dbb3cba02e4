"""Colour spaces that HEIF and AVIF files name by number instead of an ICC profile (ITU-T H.273)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ...decoding.limits import unsupported
from ...types import UInt8

HDR = {16: "PQ", 18: "HLG"}  # transfer characteristics
LINEAR = 8
GAMMA = {4: 2.2, 5: 2.8}
BLOCK_ROWS = 256
# Chromaticities x, y of red, green and blue, with the white point D65, by colour primaries.
PRIMARIES = {
    5: ((0.640, 0.330), (0.290, 0.600), (0.150, 0.060)),  # BT.601, 625 lines
    6: ((0.630, 0.340), (0.310, 0.595), (0.155, 0.070)),  # BT.601, 525 lines
    9: ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),  # BT.2020
    12: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),  # Display P3
}
SRGB = ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060))
D65 = (0.3127, 0.3290)


def nclx_to_srgb(pixels: UInt8, primaries: int, transfer: int) -> UInt8:
    """Convert pixels to sRGB.

    Args:
        pixels: uint8 [height, width, 3].
        primaries: Colour primaries, by their number in H.273.
        transfer: Transfer characteristics, by their number in H.273.

    Returns:
        The pixels in sRGB; the same array if they already are.

    Raises:
        ImageError: unsupported_pixels, for high dynamic range.
    """
    if transfer in HDR:
        raise unsupported(f"high dynamic range ({HDR[transfer]}) has no defined white")
    # BT.709's camera curve and unspecified ones are shown as sRGB, as by viewers.
    if primaries not in PRIMARIES and transfer != LINEAR and transfer not in GAMMA:
        return pixels
    steps = np.arange(256) / 255
    light = steps if transfer == LINEAR else steps ** GAMMA[transfer] if transfer in GAMMA else _srgb_to_light(steps)
    matrix = np.linalg.inv(_to_xyz(SRGB)) @ _to_xyz(PRIMARIES.get(primaries, SRGB))
    codes = _light_to_code()
    converted = np.empty_like(pixels)
    for row in range(0, len(pixels), BLOCK_ROWS):
        mixed = light.astype(np.float32)[pixels[row : row + BLOCK_ROWS]] @ matrix.T.astype(np.float32)
        converted[row : row + BLOCK_ROWS] = codes[(np.clip(mixed, 0, 1) * (len(codes) - 1) + 0.5).astype(np.int32)]
    return converted


def _srgb_to_light(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def _light_to_code() -> UInt8:
    """The sRGB value of 2**16 steps of light."""
    light = np.linspace(0, 1, 1 << 16)
    values = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    codes: UInt8 = np.rint(values * 255).astype(np.uint8)
    return codes


def _to_xyz(primaries: tuple[tuple[float, float], ...]) -> npt.NDArray[np.float64]:
    """The matrix from linear RGB to CIE XYZ."""
    columns = np.array([(x / y, 1, (1 - x - y) / y) for x, y in primaries]).T
    white = np.array([D65[0] / D65[1], 1, (1 - D65[0] - D65[1]) / D65[1]])
    return columns * np.linalg.solve(columns, white)
