"""The image pyramid of the proposal network, with all its levels side by side on one canvas.

One call for all levels takes a fraction of the time of one call for each, and images of similar shapes have canvases of the
same size, for which a runtime need not plan again.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from dysfw.plugin import Float32

WINDOW, STRIDE = 12, 2  # px: windows of the proposal network
BORDER = 4  # px of mid-grey around each level: a window may extend beyond the image by a third of its side
FACTOR = 0.709  # scale of one level relative to the previous one: half the area
GRID = 16  # px: sides of canvases are multiples of it, so that few sizes occur
LOWEST = -1e30  # what max pooling must ignore
FIRST_KERNEL = 3  # px: kernel of the first convolution


@dataclass(frozen=True, slots=True)
class Level:
    """One level of the pyramid.

    Attributes:
        height: Its height, px.
        width: Its width, px.
        row: Row of its border on the canvas; even, so that windows start at multiples of the stride.
        column: Column of its border on the canvas; even.
    """

    height: int
    width: int
    row: int
    column: int


@dataclass(frozen=True, slots=True, eq=False)
class Pyramid:
    """The levels of images of one size, and where they are on the canvas.

    Attributes:
        levels: The levels, the largest first; empty if the image is smaller than any face.
        height: Height of the canvas, px.
        width: Width of the canvas, px.
        level_of: int16 [windows down, windows across]: the level of each window of the canvas, -1 if it is in none.
    """

    levels: tuple[Level, ...]
    height: int
    width: int
    level_of: npt.NDArray[np.int16]

    def canvas(self, resample: Callable[[int, int], Float32]) -> Float32:
        """Put all levels of an image on the canvas.

        Args:
            resample: Resamples the image to float32 [height, width, 3]; 0 is mid-grey.

        Returns:
            float32 [4, height, width]: the pixels, and what to add to the first convolution after its activation. If the side
            of a level is odd, its last max pooling covers only one position within the level, and the other is ignored.
        """
        canvas = np.zeros((4, self.height, self.width), np.float32)
        for level in self.levels:
            top, left = level.row + BORDER, level.column + BORDER
            pixels = resample(level.height, level.width)
            canvas[:3, top : top + level.height, left : left + level.width] = pixels.transpose(2, 0, 1)
            bottom, right = level.row + _slot(level.height), level.column + _slot(level.width)
            if level.height % 2:
                canvas[3, bottom + 1, level.column + 2 : right + 2] = LOWEST
            if level.width % 2:
                canvas[3, level.row + 2 : bottom + 2, right + 1] = LOWEST
        return canvas


@lru_cache(64)
def pyramid_of(height: int, width: int, min_side: float) -> Pyramid:
    """Arrange the pyramid of images of one size.

    Args:
        height: Height of the images, px.
        width: Width of the images, px.
        min_side: Side of the smallest face to detect, px.
    """
    sizes = []
    scale = WINDOW / min_side
    # One additional level, because a face that is cut off may be larger than the image.
    while min(height, width) * scale >= WINDOW * FACTOR:
        sizes.append((math.ceil(height * scale), math.ceil(width * scale)))
        scale *= FACTOR
    if not sizes:
        return Pyramid((), 0, 0, np.empty((0, 0), np.int16))
    levels, canvas_height, canvas_width = _smallest_canvas(sizes)
    down, across = (_windows(side - FIRST_KERNEL + 1) for side in (canvas_height, canvas_width))
    level_of = np.full((down, across), -1, np.int16)
    for number, level in enumerate(levels):
        row, column = level.row // STRIDE, level.column // STRIDE
        level_of[row : row + _windows(_slot(level.height)), column : column + _windows(_slot(level.width))] = number
    return Pyramid(levels, canvas_height, canvas_width, level_of)


def _slot(side: int) -> int:
    """Positions of the first convolution that a level takes along one side: even, since max pooling takes pairs."""
    positions = side + 2 * BORDER - FIRST_KERNEL + 1
    return positions + positions % 2


def _windows(positions: int) -> int:
    """Windows along a side with so many positions of the first convolution: max pooling, then two 3 px convolutions."""
    return positions // STRIDE - 4


def _smallest_canvas(sizes: list[tuple[int, int]]) -> tuple[tuple[Level, ...], int, int]:
    """The levels and the height and width of the canvas, of several heights the one with the smallest area."""
    lowest = _slot(sizes[0][0])
    heights = range(_on_grid(lowest), _on_grid(lowest * 3 // 2) + 1, max(GRID, lowest // 8 // GRID * GRID))
    arranged = [(_arranged(sizes, height - FIRST_KERNEL + 1), height) for height in heights]
    candidates = [
        (levels, height, _on_grid(max(one.column + _slot(one.width) for one in levels))) for levels, height in arranged
    ]
    return min(candidates, key=lambda one: one[1] * one[2])


def _on_grid(positions: int) -> int:
    return math.ceil((positions + FIRST_KERNEL - 1) / GRID) * GRID


def _arranged(sizes: list[tuple[int, int]], height: int) -> tuple[Level, ...]:
    """Place the levels, the largest first, each in the first free rectangle that is large enough."""
    levels = []
    free = [(0, 0, height, math.inf)]  # row, column, height, width; the last one has no end
    for size in sizes:
        down, across = map(_slot, size)
        index = next(i for i, (_, _, rows, columns) in enumerate(free) if down <= rows and across <= columns)
        row, column, rows, columns = free[index]
        levels.append(Level(*size, row, column))
        # Beside an endless rectangle's level, all rows are free; beside another's, only those of the level.
        endless = math.isinf(columns)
        below = (row + down, column, rows - down, across if endless else columns)
        beside = (row, column + across, rows if endless else down, columns - across)
        free[index : index + 1] = [below, beside]
    return tuple(levels)
