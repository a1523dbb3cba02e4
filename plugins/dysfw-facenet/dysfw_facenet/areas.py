"""Area averages of many rectangles at once, computed from an integral image.

Each value of a network's input is the mean over one cell of a grid on the image. It is exact for fractional cells, and the cost
depends on the grid only, not on the size of the rectangle. Outside the image, everything is mid-grey.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dysfw.plugin import Float32, Int64, UInt8

Float64 = npt.NDArray[np.float64]
MID_GREY, SCALE = 127.5, 128.0  # as in MTCNN's training


class Areas:
    """An image from which rectangles can be resampled.

    Resampled values are normalised as in MTCNN's training: (v - 127.5) / 128.

    Args:
        pixels: uint8 [H, W, 3].
    """

    def __init__(self, pixels: UInt8) -> None:
        self.height, self.width = pixels.shape[:2]
        # Differences of sums over thousands of pixels: float32 is not precise enough. In float64 the sums are exact.
        self._sums = np.zeros((self.height + 1, self.width + 1, 3))
        rows = self._sums.reshape(self.height + 1, -1)
        grey = MID_GREY * np.arange(1, self.width + 1).repeat(3)
        np.subtract(pixels.cumsum(axis=1, dtype=np.int32).reshape(self.height, -1), grey, out=rows[1:, 3:])
        for row in range(self.height):  # several times as fast as cumsum along this axis
            np.add(rows[row + 1], rows[row], out=rows[row + 1])

    def whole(self, height: int, width: int) -> Float32:
        """Resample the whole image to float32 [height, width, 3]."""
        bands = np.diff(_interpolated(self._sums, np.linspace(0, self.height, height + 1), 0), axis=0)
        cells = np.diff(_interpolated(bands, np.linspace(0, self.width, width + 1), 1), axis=1)
        cells *= height / self.height * width / self.width / SCALE
        return cells.astype(np.float32)

    def crops(self, boxes: Float32, size: int) -> Float32:
        """Resample rectangles.

        Args:
            boxes: float32 [B, 4], x0 y0 x1 y1 in px, with positive area; they may extend beyond the image.
            size: Side of the output, px.

        Returns:
            float32 [B, 3, size, size].
        """
        low, side = boxes[:, :2].astype(np.float64), (boxes[:, 2:] - boxes[:, :2]).astype(np.float64)
        edges = low[:, :, None] + side[:, :, None] * np.linspace(0, 1, size + 1)  # [B, (x, y), size + 1]
        x0, x1, fx = _bracket(edges[:, 0], self.width)
        y0, y1, fy = _bracket(edges[:, 1], self.height)
        fx, fy = fx[:, None, :, None], fy[:, :, None, None]
        cells = _between(self._row(y0, x0, x1, fx), self._row(y1, x0, x1, fx), fy)
        means = np.diff(np.diff(cells, axis=1), axis=2)
        means /= (side[:, 0] * side[:, 1] / size**2 * SCALE)[:, None, None, None]
        return means.transpose(0, 3, 1, 2).astype(np.float32, order="C")

    def _row(self, y: Int64, x0: Int64, x1: Int64, fraction: Float64) -> Float64:
        """Sums at rows y [B, R] and between columns x0 and x1 [B, C]: [B, R, C, 3]."""
        sums, start = self._sums.reshape(-1, 3), (y * (self.width + 1))[:, :, None]
        return _between(sums.take(start + x0[:, None], axis=0), sums.take(start + x1[:, None], axis=0), fraction)


def _bracket(edges: Float64, length: int) -> tuple[Int64, Int64, Float64]:
    """The integer positions below and above each edge, clamped to the image, and the fraction between them."""
    edges = edges.clip(0, length)
    below = edges.astype(np.int64)
    return below, np.minimum(below + 1, length), edges - below


def _between(low: Float64, high: Float64, fraction: Float64) -> Float64:
    """Interpolate; ``high`` is overwritten, since copies would take as long as the arithmetic."""
    high -= low
    high *= fraction
    high += low
    return high


def _interpolated(sums: Float64, edges: Float64, axis: int) -> Float64:
    """Interpolate sums at fractional edges along one axis."""
    below, above, fraction = _bracket(edges, sums.shape[axis] - 1)
    return _between(sums.take(below, axis), sums.take(above, axis), fraction.reshape(-1, *[1] * (sums.ndim - 1 - axis)))
