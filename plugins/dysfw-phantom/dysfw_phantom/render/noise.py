"""Tileable noise that every picture draws from: made once, from a fixed seed, so that pictures are the same everywhere."""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np

from dysfw.plugin import Float32

SIDE = 512  # a power of two: texture coordinates wrap by a bit mask


def _blurred(rng: np.random.Generator, sigma_x: float, sigma_y: float) -> Float32:
    """White noise under a Gaussian of the given widths (texels), periodic, mean 0, standard deviation 1."""
    frequency = np.fft.fftfreq(SIDE)
    gain = np.exp(-2 * np.pi**2 * ((sigma_y * frequency[:, None]) ** 2 + (sigma_x * frequency[None]) ** 2))
    noise = np.real(np.fft.ifft2(np.fft.fft2(rng.normal(size=(SIDE, SIDE))) * gain))
    return np.asarray((noise - noise.mean()) / noise.std(), dtype=np.float32)


class SkinNoise(NamedTuple):
    """fine: float32 [SIDE, SIDE, 4], pores, spots of some millimetres, and how pores rise to the right and downwards, together
    because they are read together. coarse: float32 [SIDE / 4, SIDE / 4], blotches of some centimetres over the same area twice.
    """

    fine: Float32
    coarse: Float32


@functools.cache
def skin_noise() -> SkinNoise:
    """The texture of all skins."""
    rng = np.random.default_rng(20240611)
    pores = _blurred(rng, 0.9, 0.9) - 0.5 * _blurred(rng, 2.5, 2.5)
    spots = _blurred(rng, 2.6, 2.6)
    blotches = 0.6 * _blurred(rng, 10, 10) + 0.8 * _blurred(rng, 30, 30)
    fine = np.stack([pores, spots, np.roll(pores, -1, 1) - pores, np.roll(pores, -1, 0) - pores], 2)
    return SkinNoise(np.ascontiguousarray(fine, np.float32), np.ascontiguousarray(blotches[::4, ::4], np.float32))


@functools.cache
def strand_noise() -> Float32:
    """float32 [SIDE, SIDE]: streaks along the second-to-last axis, for hair painted on the scalp and for woven cloth."""
    return _blurred(np.random.default_rng(20240612), 0.8, 14.0)
