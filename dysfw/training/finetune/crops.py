"""The crops of a data set small enough to be tuned on, cut once and kept in files that are mapped into memory: for each region
the plain crops, as a recipe's pipeline would cut them, and wide ones, out of which varied crops can be cut."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from ...errors import DysfwError, ImageError
from ...imaging.decode import read_image
from ...imaging.warp import warp
from ...recipe.sections import Augment
from ...types import UInt8
from .augment import at_size, compose, perturbation, recolour
from .region_frames import Prepared

WIDE = 1.4  # side of a wide crop over that of a plain one


class Crops:
    """plain: uint8 [N, R, S, S, 3], those of absent regions arbitrary.

    prepared: N photographs. size: S, px. folder: for the files, which are as large as the crops. rows: 0..N-1, which may report
    how far it is. Raises DysfwError where a photograph cannot be read any more, or the disk is full.
    """

    def __init__(self, prepared: Prepared, size: int, folder: Path, rows: Iterable[int]) -> None:
        self.size = size
        self._wide_size = round(WIDE * size)
        number, regions = prepared.present.shape
        self.plain = _mapped(folder / "plain.bin", (number, regions, size, size, 3))
        self._wide = _mapped(folder / "wide.bin", (number, regions, self._wide_size, self._wide_size, 3))
        around = np.array([[WIDE, 0.0, (1 - WIDE) / 2], [0.0, WIDE, (1 - WIDE) / 2]])
        for row in rows:
            pixels = _read(prepared.samples[row].path)
            for region in np.flatnonzero(prepared.present[row]):
                frame = prepared.frames[row, region]
                self.plain[row, region] = warp(pixels, at_size(frame, size), size)
                self._wide[row, region] = warp(pixels, at_size(compose(frame, around), self._wide_size), self._wide_size)

    def varied(self, row: int, region: int, augment: Augment, rng: np.random.Generator) -> UInt8:
        """uint8 [S, S, 3]: one crop as ``augment`` varies it."""
        change, _ = perturbation(augment, rng)
        inside = np.array([[1.0, 0.0, (WIDE - 1) / 2], [0.0, 1.0, (WIDE - 1) / 2]]) * (self._wide_size / WIDE)
        frame = compose(inside, change)
        return recolour(warp(self._wide[row, region], at_size(frame, self.size), self.size), augment, rng)


def _mapped(path: Path, shape: tuple[int, ...]) -> UInt8:
    try:
        return np.memmap(path, np.uint8, "w+", shape=shape)
    except OSError as error:
        raise DysfwError(f"cannot write the crops to {path.parent}: {error.strerror or error}", hint="make room") from None


def _read(path: Path) -> UInt8:
    try:
        return read_image(path).pixels
    except ImageError as error:
        raise DysfwError(f"{path} could be read before and cannot now: {error.message}") from None
