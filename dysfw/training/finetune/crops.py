"""The crops of a data set for fine-tuning, in memory-mapped files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from ...decoding.decode import read_image
from ...errors import DysfwError, ImageError
from ...imaging.warp import warp
from ...recipe.sections import Augment
from ...types import UInt8
from .augment import at_size, augment_pixels, compose, random_transform
from .region_frames import RegionFrames

MARGIN_SCALE = 1.4  # side of a crop with margin over that of a plain one


class CropStore:
    """All crops of a data set, cut once.

    For each region the store keeps the plain crop, as the recipe's pipeline cuts it, and a larger one with a margin, from which
    augmented crops are cut.

    Args:
        region_frames: Frames of N images.
        size: Side of the crops, px.
        folder: Folder for the files, which are as large as the crops.
        rows: 0 … N - 1, for example wrapped in a progress bar.

    Attributes:
        size: Side of the crops, px.
        plain: uint8 [N, R, S, S, 3], the plain crops; those of absent regions are arbitrary.

    Raises:
        DysfwError: An image cannot be read any more, or the disk is full.
    """

    def __init__(self, region_frames: RegionFrames, size: int, folder: Path, rows: Iterable[int]) -> None:
        self.size = size
        self._margin_size = round(MARGIN_SCALE * size)
        number, regions = region_frames.present.shape
        self.plain = _memory_map(folder / "plain.bin", (number, regions, size, size, 3))
        self._with_margin = _memory_map(folder / "with_margin.bin", (number, regions, self._margin_size, self._margin_size, 3))
        enlarge = np.array([[MARGIN_SCALE, 0.0, (1 - MARGIN_SCALE) / 2], [0.0, MARGIN_SCALE, (1 - MARGIN_SCALE) / 2]])
        for row in rows:
            pixels = _read(region_frames.samples[row].path)
            for region in np.flatnonzero(region_frames.present[row]):
                frame = region_frames.frames[row, region]
                self.plain[row, region] = warp(pixels, at_size(frame, size), size)
                larger = at_size(compose(frame, enlarge), self._margin_size)
                self._with_margin[row, region] = warp(pixels, larger, self._margin_size)

    def augmented(self, row: int, region: int, augment: Augment, rng: np.random.Generator) -> UInt8:
        """Cut one crop with random augmentation.

        Args:
            row: Index of the image.
            region: Index of the region.
            augment: Strengths, from the recipe.
            rng: Random numbers.

        Returns:
            uint8 [S, S, 3].
        """
        change, _ = random_transform(augment, rng)
        offset = (MARGIN_SCALE - 1) / 2
        inside = np.array([[1.0, 0.0, offset], [0.0, 1.0, offset]]) * (self._margin_size / MARGIN_SCALE)
        frame = compose(inside, change)
        return augment_pixels(warp(self._with_margin[row, region], at_size(frame, self.size), self.size), augment, rng)


def _memory_map(path: Path, shape: tuple[int, ...]) -> UInt8:
    try:
        return np.memmap(path, np.uint8, "w+", shape=shape)
    except OSError as error:
        raise DysfwError(
            f"cannot write the crops to {path.parent}: {error.strerror or error}", hint="free disk space"
        ) from None


def _read(path: Path) -> UInt8:
    try:
        return read_image(path).pixels
    except ImageError as error:
        raise DysfwError(f"{path} could be read earlier but cannot be read now: {error.message}") from None
