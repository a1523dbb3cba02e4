"""Tileable noise textures with a fixed seed, shared by all images."""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np

from dysfw.plugin import Float32

SIDE = 512  # a power of two, because texture coordinates wrap with a bit mask


def _blurred(rng: np.random.Generator, sigma_x: float, sigma_y: float) -> Float32:
    """Return periodic Gaussian-filtered white noise with mean 0 and standard deviation 1. Widths are in texels."""
    frequency = np.fft.fftfreq(SIDE)
    gain = np.exp(-2 * np.pi**2 * ((sigma_y * frequency[:, None]) ** 2 + (sigma_x * frequency[None]) ** 2))
    noise = np.real(np.fft.ifft2(np.fft.fft2(rng.normal(size=(SIDE, SIDE))) * gain))
    return np.asarray((noise - noise.mean()) / noise.std(), dtype=np.float32)


class SkinNoise(NamedTuple):
    """Textures of the skin.

    Attributes:
        fine: float32 [SIDE, SIDE, 4]: pores, spots of a few millimetres, and the slope of the pores to the right and down.
        coarse: float32 [SIDE / 4, SIDE / 4]: blotches of a few centimetres, repeated twice over the same area.
    """

    fine: Float32
    coarse: Float32


@functools.cache
def skin_noise() -> SkinNoise:
    """Return the textures of the skin, created on the first call."""
    rng = np.random.default_rng(20240611)
    pores = _blurred(rng, 0.9, 0.9) - 0.5 * _blurred(rng, 2.5, 2.5)
    spots = _blurred(rng, 2.6, 2.6)
    blotches = 0.6 * _blurred(rng, 10, 10) + 0.8 * _blurred(rng, 30, 30)
    fine = np.stack([pores, spots, np.roll(pores, -1, 1) - pores, np.roll(pores, -1, 0) - pores], 2)
    return SkinNoise(np.ascontiguousarray(fine, np.float32), np.ascontiguousarray(blotches[::4, ::4], np.float32))


@functools.cache
def strand_noise() -> Float32:
    """Return streaks along the first axis, float32 [SIDE, SIDE], for hair on the scalp and for woven cloth."""
    return _blurred(np.random.default_rng(20240612), 0.8, 14.0)
